import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { type Account, chooseAccount } from "./ssh-host/account.ts";
import { ensureKeys, fingerprint } from "./ssh-host/keys.ts";
import { startNodeHost } from "./ssh-host/node-host.ts";
import { findSshd, startSshd } from "./ssh-host/openssh.ts";
import { startService, stopService } from "./ssh-host/service.ts";
import { growTree } from "./ssh-host/tree.ts";

/**
 * A host to try Gatehouse on: a real OpenSSH server on loopback with its own keys, an account, logs with made-up
 * personal data, secrets that nobody should read, and a service that can be restarted. Where OpenSSH cannot run, a
 * server made of `ssh2` and a pseudo-terminal takes its place; its shell is this process's own user, so it is for
 * trying things out and nothing else.
 */
export interface DemoHost {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly home: string;
  /** Folder with the demo's own programs; the target's label `gatehouse.path` puts it before the system's. */
  readonly programs: string;
  readonly privateKeyFile: string;
  /** `SHA256:…`, what a target's `hostKey` pins. */
  readonly hostKey: string;
  readonly kind: "openssh" | "ssh2";
  /** Ends the server, its sessions and the demo service. */
  stop(): Promise<void>;
}

export interface DemoHostOptions {
  /** Holds keys, configuration and the demo tree. A second start uses them again. */
  readonly folder: string;
  readonly log: (line: string) => void;
  /** For tests of the substitute. Absent: OpenSSH when it can run. */
  readonly kind?: "openssh" | "ssh2";
}

export async function startDemoHost({ folder, log, kind }: DemoHostOptions): Promise<DemoHost> {
  const home = path.resolve(folder);
  await mkdir(home, { recursive: true });
  const keys = await ensureKeys(path.join(home, "keys"));
  const port = await choosePort(path.join(home, "port"));
  const sshd = kind === "ssh2" ? null : await findSshd(log);
  const account: Account = await chooseAccount({ folder: home, own: sshd === null, log });
  const tree = await growTree(account);
  await writeFile(path.join(account.root, "authorized_keys"), `${keys.clientPublic}\n`);
  await chmod(path.join(account.root, "authorized_keys"), 0o644);
  await startService(account, tree);
  const server =
    sshd === null
      ? await startNodeHost({ port, keys, account, log })
      : await startSshd({ sshd, folder: home, port, keys, account, log });
  log(`demo host: ${account.user}@127.0.0.1:${port} (${sshd === null ? "ssh2" : "OpenSSH"})`);
  return {
    host: "127.0.0.1",
    port,
    user: account.user,
    home: account.home,
    programs: tree.programs,
    privateKeyFile: keys.clientPrivateFile,
    hostKey: fingerprint(keys.hostPublic),
    kind: sshd === null ? "ssh2" : "openssh",
    async stop() {
      await stopService(account, tree);
      await server.stop();
    },
  };
}

/** The port of the last start while it is free, so that a configured target stays right; else any free one. */
async function choosePort(file: string): Promise<number> {
  const last = await stat(file).then(
    async () => Number(await readFile(file, "utf8")),
    () => 0,
  );
  const port = (last > 0 ? await tryPort(last) : null) ?? (await tryPort(0));
  if (port === null) throw new Error("no free port on 127.0.0.1");
  await writeFile(file, String(port));
  return port;
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const chosen = typeof address === "object" && address !== null ? address.port : null;
      server.close(() => resolve(chosen));
    });
  });
}
