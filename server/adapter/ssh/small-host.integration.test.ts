import { afterAll, describe, expect, test } from "vitest";
import { startSmallHost } from "../../../test/fixtures/small-host.ts";
import type { PreparedShell } from "../../core/guard/shell/index.ts";
import type { Authorized } from "../../gateway/authorized.ts";
import type { ShellConnection } from "../../gateway/ports.ts";
import { createShellConnector } from "./index.ts";

const connector = createShellConnector();
const person = { id: "engineer@acme.test" };

afterAll(() => connector.close());

async function start(on: ShellConnection | undefined, text: string, change: { cwd?: string; changesDirectory?: boolean } = {}) {
  const command = {
    original: text,
    sent: text,
    programs: [],
    changesDirectory: change.changesDirectory ?? false,
  } as unknown as Authorized<PreparedShell>;
  const environment = { NOTE: "a 'b' $c \\ ü\n2\n" };
  const run = { cwd: change.cwd ?? "/", environment, columns: 80, rows: 24, interactive: false, pty: false };
  if (on === undefined) throw new Error("no session");
  const chunks: Uint8Array[] = [];
  const program = await on.run(command, run, { output: (bytes) => void chunks.push(bytes) });
  return { program, output: () => Buffer.concat(chunks).toString("utf8") };
}

test("a host that gives few channels gets further connections, no more than there are sessions and one", async () => {
  const host = await startSmallHost({ channels: 2 });
  const sessions = await Promise.all([0, 1, 2].map(() => connector.connect(host.target, host.credential, person)));
  const [first, second, third] = sessions;
  const programs = await Promise.all([first, first, second, second, third, third].map((on) => start(on, "sleep 60")));
  expect(host.connections.size).toBeGreaterThanOrEqual(3);
  expect(host.connections.size).toBeLessThanOrEqual(4);
  for (const session of sessions) session.close();
  await Promise.all(programs.map(({ program }) => program.end));
  await expect.poll(() => host.connections.size, { timeout: 5_000 }).toBe(0);
  await host.stop();
});

describe("a host without bash", () => {
  test("runs lines in its sh, with the same care", async () => {
    const host = await startSmallHost({ line: (line) => line.replaceAll("/bin/bash", "/bin/no-bash") });
    const session = await connector.connect(host.target, host.credential, person);
    expect(session).toMatchObject({ language: "sh", home: "/" });
    const run = async (text: string, change: Parameters<typeof start>[2] = {}) => {
      const { program, output } = await start(session, text, change);
      return { ...(await program.end), output: output() };
    };
    const end = await run('printf %s "$NOTE"; env; echo "[$b$1$#]"; exit 3');
    expect(end).toMatchObject({ ended: "exited", exitCode: 3 });
    expect(end.output).toContain("a 'b' $c \\ ü\n2\n");
    expect(end.output).toContain("SHELL=/bin/sh");
    expect(end.output).toContain("[0]");
    expect(end.output).not.toContain("__");
    const text = "printf %s 'a!b\\c\"d$e`f %n 100% \\x41 ünï 日本\n\n'";
    expect((await run(text)).output).toBe('a!b\\c"d$e`f %n 100% \\x41 ünï 日本\n\n');
    expect(await run("cd /usr/lib", { changesDirectory: true })).toMatchObject({ exitCode: 0, cwd: "/usr/lib" });
    expect(await run("pwd; pwd -P", { cwd: "/usr/lib" })).toMatchObject({ output: "/usr/lib\n/usr/lib\n" });
    expect(await run("echo ran", { cwd: "/no/such/place" })).toMatchObject({ exitCode: 125 });
    expect(await run("cat")).toMatchObject({ exitCode: 0, output: "" });
    session.close();
    await host.stop();
  });

  test("and one without any shell says what it lacks", async () => {
    const host = await startSmallHost({ line: (line) => line.replaceAll(/\/bin\/(bash|sh)/g, "/bin/none") });
    await expect(connector.connect(host.target, host.credential, person)).rejects.toMatchObject({
      code: "target-unreachable",
      message: expect.stringContaining("it needs /bin/bash or /bin/sh"),
    });
    await host.stop();
  });
});
