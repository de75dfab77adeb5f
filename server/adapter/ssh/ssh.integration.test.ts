import { readFileSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SshTarget } from "../../core/domain/configuration.ts";
import type { PreparedShell } from "../../core/guard/shell/index.ts";
import { type DemoHost, startDemoHost } from "../../demo/ssh-host.ts";
import type { Authorized } from "../../gateway/authorized.ts";
import type { ShellConnection, ShellRun } from "../../gateway/ports.ts";
import { createShellConnector } from "./index.ts";

const person = { id: "engineer@acme.test" };

for (const kind of ["openssh", "ssh2"] as const) {
  describe(`a host with ${kind}`, () => {
    let folder: string;
    let host: DemoHost;
    let connection: ShellConnection;
    const connector = createShellConnector();

    const target = (change: Partial<SshTarget["ssh"]> = {}): SshTarget => ({
      kind: "target",
      id: "web-1",
      type: "ssh",
      environment: "dev",
      labels: { "gatehouse.path": host.programs },
      ssh: { host: host.host, port: host.port, user: host.user, hostKey: host.hostKey, ...change },
    });
    const credential = () => ({ privateKey: readFileSync(host.privateKeyFile, "utf8"), password: null });
    const connect = (change: Partial<SshTarget["ssh"]> = {}) => connector.connect(target(change), credential(), person);

    beforeAll(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), "gatehouse-ssh-"));
      await chmod(folder, 0o755);
      host = await startDemoHost({ folder, log: () => undefined, kind });
      connection = await connect();
    });
    afterAll(async () => {
      await connector.close();
      await host?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    type Change = Partial<ShellRun> & { readonly changesDirectory?: boolean; readonly on?: ShellConnection | undefined };
    const start = async (text: string, { on = connection, ...change }: Change = {}) => {
      // The only place outside the gateway: these tests are about the runner.
      const command = {
        original: text,
        sent: text,
        changesDirectory: change.changesDirectory ?? false,
        programs: [],
        interactive: false,
        background: false,
        raw: false,
      } as unknown as Authorized<PreparedShell>;
      const chunks: Uint8Array[] = [];
      const program = await on.run(
        command,
        { cwd: connection.home, environment: {}, columns: 80, rows: 24, interactive: false, pty: true, ...change },
        { output: (bytes) => void chunks.push(bytes) },
      );
      return { program, output: () => Buffer.concat(chunks).toString("utf8") };
    };
    const run = async (text: string, change: Change = {}) => {
      const { program, output } = await start(text, change);
      const end = await program.end;
      return { ...end, output: output() };
    };

    test("a program runs and its exit code comes from SSH", async () => {
      expect(await run("echo hello; exit 3")).toEqual({ ended: "exited", exitCode: 3, output: "hello\r\n" });
    });

    test("the environment is clean and the person's variables are in it", async () => {
      const { output } = await run('printf "%s\\n" "$NOTE"; env; echo "[$b$1$#]"', {
        environment: { NOTE: "a 'b' \"c\" $d `e` !f \\ ü\n2" },
      });
      expect(output).toContain("a 'b' \"c\" $d `e` !f \\ ü\r\n2");
      expect(output).toContain("LESSSECURE=1");
      expect(output).toContain("[0]");
      expect(output).not.toContain("SSH_CONNECTION");
      expect(output).not.toContain("__");
    });

    test("text arrives byte for byte", async () => {
      const text = "printf %s 'a!b\\c\"d$e`f %n 100% \\x41 ünï 日本'";
      expect((await run(text)).output).toBe('a!b\\c"d$e`f %n 100% \\x41 ünï 日本');
    });

    test("where a `cd` leads is reported, and a directory with an odd name", async () => {
      const odd = "we ird;'\u0001dir";
      expect(await run("mkdir -p $'we ird;\\'\\001dir'")).toMatchObject({ exitCode: 0 });
      const end = await run("cd $'we ird;\\'\\001dir'", { changesDirectory: true });
      expect(end).toMatchObject({ ended: "exited", exitCode: 0, cwd: `${connection.home}/${odd}` });
      expect(await run("pwd; pwd -P", { cwd: `${connection.home}/${odd}` })).toMatchObject({ exitCode: 0 });
    });

    test("a directory that became a link is refused before anything runs", async () => {
      await symlink("/etc", path.join(host.home, "link"));
      const end = await run("echo ran", { cwd: `${connection.home}/link` });
      expect(end).toMatchObject({ ended: "lost" });
      expect(end.output).not.toContain("ran");
      expect(await run("echo ran", { cwd: "/no/such/place" })).toMatchObject({ ended: "exited", exitCode: 125 });
    });

    test("Ctrl-C ends a program", async () => {
      const { program } = await start("sleep 60");
      await new Promise((resolve) => setTimeout(resolve, 200));
      program.write(Buffer.from("\u0003"));
      expect(await program.end).toMatchObject({ ended: "exited", exitCode: 130 });
    });

    test("a closed channel ends a program that ignores signals", async () => {
      const { program } = await start("trap '' INT TERM; sleep 60; sleep 60");
      await new Promise((resolve) => setTimeout(resolve, 200));
      program.signal("KILL");
      await program.end;
    });

    test("keys reach only what is interactive", async () => {
      const { program, output } = await start('read -r line; echo "got <$line>"', { interactive: true });
      await new Promise((resolve) => setTimeout(resolve, 200));
      program.write(Buffer.from("typed\r"));
      await program.end;
      expect(output()).toContain("got <typed>");
      expect((await run('read -r line; echo "got <$line>"')).output).toContain("got <>");
    });

    test("the size of the window reaches the program", async () => {
      const { program, output } = await start("stty size; read -r _; stty size", { interactive: true, columns: 100, rows: 30 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      program.resize(120, 40);
      await new Promise((resolve) => setTimeout(resolve, 100));
      program.write(Buffer.from("\r"));
      await program.end;
      expect(output()).toMatch(/30 100[\s\S]*40 120/);
    });

    // The substitute's pseudo-terminal may drop the last words of a program that is read slowly.
    test.skipIf(kind === "ssh2")("a slow reader slows the program down and loses nothing", async () => {
      let received = 0;
      const command = {
        original: "",
        sent: "head -c 3000000 /dev/zero | tr '\\0' x",
        changesDirectory: false,
        programs: [],
        interactive: false,
        background: false,
        raw: false,
      } as unknown as Authorized<PreparedShell>;
      const program = await connection.run(
        command,
        { cwd: connection.home, environment: {}, columns: 80, rows: 24, interactive: false, pty: true },
        {
          output: async (bytes) => {
            received += bytes.length;
            await new Promise((resolve) => setTimeout(resolve, 1));
          },
        },
      );
      expect(await program.end).toMatchObject({ exitCode: 0 });
      expect(received).toBe(3_000_000);
    });

    test("a forged report changes nothing", async () => {
      const { output, ...end } = await run("printf '\\033]7788;E;00;/etc\\007x\\033]7788;B;00;1;/etc\\007y'");
      expect(output).toBe("xy");
      expect(end).toEqual({ ended: "exited", exitCode: 0 });
    });

    test("files are asked for without running anything", async () => {
      expect(await connection.realpath(`${connection.home}/shop-api/../shop-api/logs`)).toBe(`${connection.home}/shop-api/logs`);
      expect(await connection.realpath("/no/such/file")).toBeNull();
      expect(await connection.isDirectory(`${connection.home}/shop-api`)).toBe(true);
      expect(await connection.list(`${connection.home}/shop-api`)).toEqual(expect.arrayContaining(["logs/", "config/", ".env"]));
    });

    test("the demo service is restarted through its manager", async () => {
      const pid = async () => /Main PID: ([0-9]+)/.exec((await run("systemctl status shop-api")).output)?.[1];
      const before = await pid();
      expect(await run("systemctl restart shop-api")).toMatchObject({ exitCode: 0 });
      const after = await pid();
      expect(before).toBeDefined();
      expect(after).toBeDefined();
      expect(after).not.toBe(before);
    });

    const connections = async () => {
      const port = host.port.toString(16).toUpperCase().padStart(4, "0");
      const table = await readFile("/proc/net/tcp", "utf8");
      // Those that lead to the server; 01: established.
      return table.split("\n").filter((line) => new RegExp(`^ *\\d+: \\S+ \\S+:${port} 01 `).test(line)).length;
    };

    test("sessions of one person share a connection, of two people they do not", async () => {
      const before = await connections();
      const [second, third] = await Promise.all([connect(), connect()]);
      expect(await connections()).toBe(before);
      const other = await connector.connect(target(), credential(), { id: "reviewer@acme.test" });
      expect(await connections()).toBe(before + 1);
      const ended: string[] = [];
      connection.onClosed((reason) => ended.push(reason));
      const { program: stays } = await start("sleep 2; exit 7");
      const { program: goes } = await start("sleep 60", { on: second });
      second.close();
      second.close();
      await expect(start("true", { on: second })).rejects.toThrow("has ended");
      expect(await goes.end).not.toMatchObject({ exitCode: 0 });
      third.close();
      other.close();
      await expect.poll(connections, { timeout: 5_000 }).toBe(before);
      expect(await stays.end).toMatchObject({ ended: "exited", exitCode: 7 });
      expect(ended).toEqual([]);
    });

    // The substitute has no such limit.
    test.skipIf(kind === "ssh2")("more programs than a connection has channels have a further one", async () => {
      const before = await connections();
      const sessions = await Promise.all(Array.from({ length: 4 }, () => connect()));
      const programs = await Promise.all(
        [...sessions, ...sessions, ...sessions, ...sessions].map((on) => start("sleep 60", { on })),
      );
      expect(programs).toHaveLength(16);
      expect(await connections()).toBeGreaterThan(before);
      expect(await connections()).toBeLessThanOrEqual(before + 3);
      for (const session of sessions) session.close();
      await Promise.all(programs.map(({ program }) => program.end));
      expect(await run("exit 4")).toMatchObject({ exitCode: 4 });
    });

    // The substitute's server is this process.
    test.skipIf(kind === "ssh2")(
      "where the shared connection breaks, every session hears of it, and the next has a new one",
      async () => {
        const alone = { id: `${kind}@acme.test` };
        const two = await Promise.all([0, 1].map(() => connector.connect(target(), credential(), alone)));
        const heard = two.map((each) => new Promise<string>((resolve) => each.onClosed(resolve)));
        const { program } = await start("kill -9 $PPID; sleep 60", { on: two[0] });
        const reasons = await Promise.all(heard);
        for (const reason of reasons) expect(reason).toMatch(/the host closed the connection|lost/);
        expect(await program.end).toMatchObject({ ended: "lost" });
        const again = await connector.connect(target(), credential(), alone);
        expect(await (await start("exit 5", { on: again })).program.end).toMatchObject({ exitCode: 5 });
        again.close();
      },
    );

    test.each([
      ["a key that is not pinned", { hostKey: undefined }, /not pinned; it shows `SHA256:.*an admin sets/],
      ["another key", { hostKey: `SHA256:${"A".repeat(43)}` }, /is not the pinned one: it shows `SHA256:/],
      ["no server", { port: 1 }, /refuses the connection/],
      ["an unknown name", { host: "no-such-host.invalid" }, /no host of the name|no SSH connection/],
      ["an unknown account", { user: "nobody-here" }, /does not let `nobody-here` in/],
    ] as const)("%s is explained", async (_name, change, message) => {
      await expect(connect(change)).rejects.toMatchObject({
        code: "target-unreachable",
        message: expect.stringMatching(message),
      });
    });

    test("a key that is none is explained", async () => {
      await expect(connector.connect(target(), { privateKey: "no key", password: null }, person)).rejects.toThrow(
        /not a private key/,
      );
    });
  });
}
