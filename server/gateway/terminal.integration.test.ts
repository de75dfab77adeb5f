import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createShellConnector } from "../adapter/ssh/index.ts";
import { type Policy, SCHEMA_OF_KIND, type SshTarget } from "../core/domain/configuration.ts";
import { describeShell, type ShellWhere } from "../core/guard/shell/index.ts";
import { compilePolicySet, decide } from "../core/policy/index.ts";
import { type DemoHost, startDemoHost } from "../demo/ssh-host.ts";
import { placesOf } from "./places.ts";
import type { ShellConnection } from "./ports.ts";
import type { OpenShellSession } from "./sessions.ts";
import type { SavedPlace } from "./store-ports.ts";
import { Terminal } from "./terminal.ts";
import type { TerminalBlock } from "./terminal-options.ts";

const policy = (id: string, rest: object): Policy =>
  SCHEMA_OF_KIND.policy.parse({ kind: "policy", id, principals: { everyone: true }, ...rest });
const { set } = compilePolicySet(
  [
    policy("programs", { effect: "permit", actions: ["shell:exec", "shell:interactive"] }),
    policy("files", { effect: "permit", actions: ["file:read"], resources: { paths: ["/**"] } }),
    policy("raw", { effect: "permit", actions: ["shell:raw"] }),
    policy("no-secrets", { effect: "forbid", actions: ["file:read"], resources: { paths: ["**/.env"] } }),
  ],
  1,
);

/** Judges as the gateway does, without its store. */
function judgeOf(target: SshTarget, connection: ShellConnection) {
  const judge = (text: string, where: ShellWhere) => {
    const described = describeShell(text, where);
    if ("refusal" in described) throw new Error(described.refusal.message);
    const principal = { id: "e@acme.test", name: "E", groups: [], attributes: {} };
    return {
      described,
      microActions: described.microActions,
      decision: decide(set, { principal, target, microActions: described.microActions, facts: described.facts }, 0),
    };
  };
  const asked: string[] = [];
  return {
    judge,
    paused: false,
    mayGoOn: () => true,
    /** What was run beside the person's lines. */
    asked,
    async judgeInPlace(text: string, where: ShellWhere) {
      return judge(text, { ...where, ...(await placesOf(judge(text, where).microActions, connection)) });
    },
    async aside(text: string, where: ShellWhere) {
      const { described, decision } = judge(text, where);
      if (decision.outcome !== "allow") return null;
      asked.push(text);
      return { command: described.prepared, executed: async () => undefined };
    },
    async submit(text: string, where: ShellWhere) {
      const places = await placesOf(judge(text, where).microActions, connection);
      const { described, decision, microActions } = judge(text, { ...where, ...places });
      if (decision.outcome !== "allow") return { allowed: false, decision, microActions, ended: "denied", message: "denied" };
      return { allowed: true, command: described.prepared, decision, microActions, executed: async () => undefined };
    },
  };
}

describe("a terminal on a real host", () => {
  let folder: string;
  let host: DemoHost;
  let connection: ShellConnection;
  let terminal: Terminal;
  let judges: ReturnType<typeof judgeOf>;
  let shown = "";
  let verdict = "";
  let moved: SavedPlace | null = null;
  let cwd = "";
  let recorded = "";
  const blocks: TerminalBlock[] = [];
  const remembered: string[] = [];
  const connector = createShellConnector();

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "gatehouse-terminal-"));
    await chmod(folder, 0o755);
    host = await startDemoHost({ folder, log: () => undefined });
    const target: SshTarget = {
      kind: "target",
      id: "web-1",
      type: "ssh",
      environment: "dev",
      labels: { "gatehouse.path": host.programs },
      ssh: { host: host.host, port: host.port, user: host.user, hostKey: host.hostKey },
    };
    connection = await connector.connect(
      target,
      { privateKey: readFileSync(host.privateKeyFile, "utf8"), password: null },
      { id: "engineer@acme.test" },
    );
    judges = judgeOf(target, connection);
    const session = {
      id: "s",
      target,
      identity: "",
      connection,
      judge: judges,
      onInterrupt: () => undefined,
      // Nobody watches.
      show: { resized: () => undefined, output: () => undefined, onChange: () => () => undefined },
    } as unknown as OpenShellSession;
    terminal = new Terminal({
      session,
      detectors: [],
      now: () => performance.now(),
      columns: 100,
      rows: 30,
      history: ["echo from yesterday"],
      from: null,
      before: "",
      waiting: null,
      recording: {
        output: (bytes) => {
          recorded += `o${new TextDecoder().decode(bytes)}`;
        },
        resized: () => undefined,
        command: (text) => {
          recorded += `<m ${text}>`;
        },
        exited: (code) => {
          recorded += `<x ${code}>`;
        },
        room: () => null,
      },
      events: {
        block: (block) => blocks.push(block),
        remember: (text) => remembered.push(text),
        edit: () => undefined,
        moved: (place) => {
          moved = place;
        },
        output: (bytes) => {
          shown += new TextDecoder().decode(bytes);
          terminal?.acknowledge(bytes.length);
        },
        verdict: (_text, decision) => {
          verdict = decision?.outcome ?? "";
        },
        state: (state) => {
          cwd = state.cwd;
        },
        ended: () => undefined,
        failed: (error) => {
          shown += String(error);
        },
      },
    });
  });
  afterAll(async () => {
    terminal?.close();
    await connector.close();
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const keys = (text: string) => terminal.input(new TextEncoder().encode(text));
  const plain = () => stripVTControlCharacters(shown).replaceAll("\r", "");
  const until = async (pattern: RegExp) => {
    for (let i = 0; i < 200 && !pattern.test(plain()); i++) await new Promise((resolve) => setTimeout(resolve, 25));
    expect(plain()).toMatch(pattern);
  };
  const line = async (text: string, pattern: RegExp) => {
    shown = "";
    keys(`${text}\r`);
    await until(pattern);
    await until(/\$ $/);
    return shown;
  };

  test("a line runs and its output is shown", async () => {
    await line("echo one two | wc -w", /\n2\n/);
  });

  test("a secret file is denied, and so is a link to it", async () => {
    expect(await line("cat shop-api/.env", /no-secrets/)).not.toContain("correct-horse");
    await symlink(path.join(host.home, "shop-api/.env"), path.join(host.home, "innocent"));
    expect(await line("cat innocent", /no-secrets/)).not.toContain("correct-horse");
    expect(await line("cat i*t; head inn?cent", /no-secrets|known only/)).not.toContain("correct-horse");
  });

  test("personal data is masked as it streams", async () => {
    const output = await line("tail -n 300 shop-api/logs/app.log", /order placed/);
    expect(output).not.toMatch(/[a-z]@example\.test/);
    expect(output).not.toContain("4111-1111-1111");
    expect(output).toContain("email=***");
  });

  test("a directory is entered, in a built-in and in a line", async () => {
    await line("cd shop-api", /\$ $/);
    expect(cwd).toBe(`${connection.home}/shop-api`);
    await line("cd logs && pwd", /shop-api\/logs\n/);
    expect(cwd).toBe(`${connection.home}/shop-api/logs`);
    await line("cd", /\$ $/);
  });

  test("Ctrl-C ends what runs, and what was typed meanwhile waits", async () => {
    shown = "";
    keys("sleep 60\r");
    await new Promise((resolve) => setTimeout(resolve, 300));
    keys("\u0003");
    await until(/✕130/);
  });

  test("Tab completes from the host", async () => {
    shown = "";
    keys("ls shop-api/lo\t");
    await until(/shop-api\/logs\//);
    keys("\u0003");
    await until(/\$ $/);
  });

  test("the verdict while typing comes at once, and again with what the host says of links and globs", async () => {
    const said = async (typed: string, first: string, then: string) => {
      verdict = "";
      keys(typed);
      const began = performance.now();
      while (verdict === "" && performance.now() - began < 1_000) await new Promise((resolve) => setTimeout(resolve, 2));
      expect(performance.now() - began, typed).toBeLessThan(50 + 100);
      expect(verdict, typed).toBe(first);
      await new Promise((resolve) => setTimeout(resolve, 450));
      expect(verdict, typed).toBe(then);
      keys("\u0003");
    };
    // `shop-api/.env` fits the glob as the shell reads it, `innocent` leads there; of the log folder all names are harmless.
    await said("cat shop-api/.e*", "deny", "deny");
    await said("cat innocent", "allow", "deny");
    await said("cat shop-api/logs/*.log", "allow", "allow");
    await said("cat shop-api/pack*e*", "allow", "allow");
  });

  const completed = async (typed: string, pattern: RegExp) => {
    shown = "";
    keys(`${typed}\t`);
    await until(pattern);
    keys("\u0003");
    await until(/\^C[\s\S]*\$ $/);
  };

  test("Tab knows programs, their subcommands and options", async () => {
    await completed("journalc", /journalctl /);
    await completed("ls | sha256s", /sha256sum /);
    await completed("pus", /pushd /);
    await completed("systemctl is-a", /systemctl is-active /);
    await completed("tail --ret", /--retry /);
  });

  test("Tab asks the host for units, with a fixed line, once in a while", async () => {
    judges.asked.length = 0;
    await completed("systemctl restart sho", /restart shop-api\.service /);
    await completed("journalctl -u sh", /-u shop-api\.service /);
    expect(judges.asked).toEqual(["systemctl list-units --all --plain --no-legend --no-pager 2>/dev/null # for Tab"]);
  });

  test("Tab asks git for branches and tags, and a hostile name stays a name", async () => {
    const repository = path.join(host.home, "repo");
    const owner = statSync(host.home);
    const git = (...words: string[]) =>
      execFileSync("git", words, {
        cwd: repository,
        env: { NODE_ENV: "test", PATH: "/usr/bin:/bin", HOME: host.home, GIT_CONFIG_NOSYSTEM: "1" },
        ...(process.getuid?.() === 0 ? { uid: owner.uid, gid: owner.gid } : {}),
      });
    mkdirSync(repository);
    chownSync(repository, owner.uid, owner.gid);
    git("init", "-q", "-b", "trunk");
    git("-c", "user.name=e", "-c", "user.email=e@acme.test", "commit", "-q", "--allow-empty", "-m", "first");
    git("branch", "release/4.12");
    git("branch", "x$(id)");
    git("branch", "mail-ann.smith@example.com");
    git("tag", "v4.12.0");
    await line("cd repo", /\$ $/);
    judges.asked.length = 0;
    await completed("git checkout re", /checkout release\/4\.12 /);
    await completed("git log v4", /log v4\.12\.0 /);
    await completed("git checkout x", /checkout x\\\$\\\(id\\\) /);
    shown = "";
    keys("git checkout mai\t");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(plain()).not.toContain("smith");
    keys("\u0003");
    await until(/\^C/);
    expect(judges.asked).toHaveLength(1);
    await line("cd", /\$ $/);
  });

  test("Tab shows nothing that policy does not let the person see", async () => {
    judges.asked.length = 0;
    const allowed = judges.judge;
    judges.judge = (text, where) => {
      const judged = allowed(text, where);
      return /^(ls|systemctl|git)/.test(text) ? { ...judged, decision: { ...judged.decision, outcome: "deny" } } : judged;
    };
    judges.aside = async () => null;
    shown = "";
    // Another folder: nothing is remembered of it.
    for (const typed of ["cat shop-api/lo", "ls /us"]) {
      keys(`${typed}\t`);
      await new Promise((resolve) => setTimeout(resolve, 150));
      keys("\u0003");
    }
    expect(plain()).not.toMatch(/logs\/|usr\//);
    judges.judge = allowed;
  });

  test("each line is a block, with what was decided, how it ended and how long it took", async () => {
    blocks.length = 0;
    recorded = "";
    await line("sh -c 'exit 3' ; false", /✕1/);
    await line(" cat shop-api/.env", /no-secrets/);
    await line("help", /The gateway does these/);
    const last = (number: number) => blocks.filter((block) => block.number === number).at(-1);
    const [first] = blocks;
    if (first === undefined) throw new Error("no block");
    expect(first).toMatchObject({ line: "sh -c 'exit 3' ; false", ended: null });
    expect(last(first.number)).toMatchObject({ outcome: "allow", ended: { exitCode: 1 } });
    expect(last(first.number + 1)).toMatchObject({ outcome: "deny", ended: { exitCode: 126 } });
    expect(last(first.number + 2)).toMatchObject({ line: "help", outcome: "builtin" });
    expect(recorded).toMatch(/<m sh -c 'exit 3' ; false>.*<x 1>.*<m {2}cat shop-api\/\.env>.*no-secrets.*<x 126>/s);
    // A line that begins with a space is not looked for again.
    expect(remembered.slice(-2)).toEqual(["sh -c 'exit 3' ; false", "help"]);
  });

  test("the history is that of the last session", async () => {
    shown = "";
    keys("\u0012yester");
    await until(/echo from yesterday/);
    keys("\r");
    await until(/\nfrom yesterday\n/);
  });

  test("directories are stacked", async () => {
    await line("pushd shop-api", /shop-api .*\n/);
    expect(cwd).toBe(`${connection.home}/shop-api`);
    await line("pushd logs", /logs .*shop-api .*\n/);
    await line("pushd", /shop-api .*logs .*\n/);
    expect(cwd).toBe(`${connection.home}/shop-api`);
    await line("dirs", /shop-api .*logs .*\n/);
    await line("popd", /logs .*\n/);
    await line("popd", /\n/);
    expect(cwd).toBe(connection.home);
    expect(moved).toMatchObject({ cwd: connection.home, previous: `${connection.home}/shop-api/logs`, stack: [] });
    await line("popd", /directory stack empty/);
    await line("pushd nowhere", /no such directory/);
  });

  test("a pager shows what was judged, and no key of it leads to another file or starts anything", async () => {
    shown = "";
    writeFileSync(
      path.join(host.home, ".lesskey"),
      "#command\nX shell id -u\\n\n#env\nLESSSECURE=\nLESSOPEN=id -u > marker; cat %s\n",
    );
    const owner = statSync(host.home);
    chownSync(path.join(host.home, ".lesskey"), owner.uid, owner.gid);
    const before = readdirSync(host.home).sort();
    keys("less shop-api/logs/app.log\r");
    await until(/level=\w+/);
    const tries = [
      "!id -u\r",
      "!!\r",
      "#id -u\r",
      "|^id -u\r",
      "|.cat > marker\r",
      ":e /etc/passwd\r",
      "\u0018\u0016/etc/passwd\r",
      "E/etc/passwd\r",
      ":n\r",
      "smarker\r",
      "Smarker\r",
      "-omarker\r",
      "-Omarker\r",
      "--log-file=marker\r",
      "-k/etc/passwd\r",
      "-tmain\r",
      "-T/etc/passwd\r",
      ":t main\r",
      "v",
      "X",
      "\u001b:e /etc/passwd\r",
      "+!id -u\r",
      "--lesskey-src=/etc/passwd\r",
      "--lesskey-content=X shell id\r",
      "%!id\r",
      "&!id\r\r",
    ];
    for (const each of tries) {
      keys(each);
      await new Promise((resolve) => setTimeout(resolve, 60));
      // Whatever asks for more is given up.
      keys("\u001b\u001b\u0003");
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    keys("q\rq");
    await until(/\$ $/);
    expect(plain()).not.toMatch(/root:x:0|nobody:/);
    expect(plain()).not.toMatch(new RegExp(`^${owner.uid}$`, "m"));
    expect(
      readdirSync(host.home)
        .sort()
        .filter((name) => !name.startsWith(".less")),
    ).toEqual(before.filter((name) => !name.startsWith(".less")));
    expect(plain()).toMatch(/not available/i);
  });

  test("a raw shell says what it is, takes keys, masks what it shows, is recorded, and leads back", async () => {
    shown = "";
    recorded = "";
    blocks.length = 0;
    keys("raw-shell\r");
    await until(/RAW SHELL.*not judged/);
    await until(/[$#] $/);
    keys("cat shop-api/.env | head -1; cd /usr && x=7; echo $x in $PWD ann.smith@example.com\r");
    await until(/7 in \/usr \*+/);
    expect(plain()).not.toContain("smith@example");
    keys("exit 4\r");
    await until(/✕4 \$ $/);
    expect(cwd).toBe(connection.home);
    expect(blocks.at(-1)).toMatchObject({ line: "raw-shell", outcome: "allow", ended: { exitCode: 4 } });
    expect(recorded).toMatch(/<m raw-shell>.*RAW SHELL.*7 in \/usr.*<x 4>/s);
  });

  test("a hostile sequence is taken out", async () => {
    const output = await line("printf 'a\\033]52;c;cm0K\\007b\\033[21tc\\n'", /abc/);
    expect(output).not.toContain("\u001b]52;");
  });
});
