import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import os from "node:os";
import ssh2, { type Connection, type ServerChannel } from "ssh2";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SshTarget } from "../../core/domain/configuration.ts";
import type { PreparedShell } from "../../core/guard/shell/index.ts";
import { generated } from "../../demo/ssh-host/keys.ts";
import type { Authorized } from "../../gateway/authorized.ts";
import type { ShellConnection } from "../../gateway/ports.ts";
import { createShellConnector } from "./index.ts";

/** A server that gives two channels a connection, as one with `MaxSessions 2`. */
const MOST = 2;
const keys = generated();
const connector = createShellConnector();
const connections = new Set<Connection>();
const server = new ssh2.Server({ hostKeys: [keys.private] }, (connection) => {
  connections.add(connection);
  let open = 0;
  connection.on("error", () => undefined);
  connection.on("close", () => connections.delete(connection));
  connection.on("authentication", (attempt) => (attempt.method === "password" ? attempt.accept() : attempt.reject(["password"])));
  connection.on("session", (accept, reject) => {
    if (open === MOST) return reject();
    open++;
    const session = accept();
    session.on("exec", (take, _refuse, { command }) => {
      const channel = take();
      channel.on("close", () => open--);
      runs(command, channel);
    });
  });
});

function runs(command: string, channel: ServerChannel): void {
  const program = spawn("/bin/sh", ["-c", command], { env: { NODE_ENV: "test", HOME: "/", PATH: "/usr/bin:/bin" }, cwd: "/" });
  channel.resume();
  program.stdout.pipe(channel, { end: false });
  channel.on("close", () => program.kill("SIGKILL"));
  program.on("close", (code) => {
    channel.exit(code ?? 1);
    channel.end();
  });
}

let sessions: readonly ShellConnection[] = [];

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const key = ssh2.utils.parseKey(keys.public);
  if (key instanceof Error) throw key;
  const target: SshTarget = {
    kind: "target",
    id: "small",
    type: "ssh",
    environment: "dev",
    labels: {},
    ssh: {
      host: "127.0.0.1",
      port: (server.address() as AddressInfo).port,
      user: os.userInfo().username,
      hostKey: `SHA256:${createHash("sha256").update(key.getPublicSSH()).digest("base64").replace(/=+$/, "")}`,
    },
  };
  const person = { id: "engineer@acme.test" };
  sessions = await Promise.all([0, 1, 2].map(() => connector.connect(target, { privateKey: null, password: "any" }, person)));
});

afterAll(async () => {
  await connector.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

async function start(on: ShellConnection | undefined, text: string) {
  const command = { original: text, sent: text, changesDirectory: false, programs: [] } as unknown as Authorized<PreparedShell>;
  const run = { cwd: "/", environment: {}, columns: 80, rows: 24, interactive: false, pty: false };
  if (on === undefined) throw new Error("no session");
  return on.run(command, run, { output: () => undefined });
}

test("a host that gives few channels gets further connections, no more than there are sessions and one", async () => {
  const [first, second, third] = sessions;
  const asked = [first, first, second, second, third, third].map((on) => start(on, "sleep 60"));
  const programs = await Promise.all(asked);
  expect(connections.size).toBeGreaterThanOrEqual(3);
  expect(connections.size).toBeLessThanOrEqual(4);
  for (const session of sessions) session.close();
  await Promise.all(programs.map(({ end }) => end));
  await expect.poll(() => connections.size, { timeout: 5_000 }).toBe(0);
});
