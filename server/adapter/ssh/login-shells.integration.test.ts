import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Language } from "../../core/guard/shell/index.ts";
import { type Report, ReportFilter } from "./report.ts";
import { probe, wrap } from "./wrapper.ts";

/**
 * sshd gives a command to the account's login shell as `SHELL -c COMMAND`. Whatever shell that is, what the clean shell gets
 * has to be what was judged, byte for byte; and whatever goes by the name of `sh` on a host without bash.
 */

const LOGIN_SHELLS: readonly (readonly [name: string, ...command: string[]])[] = [
  ["bash", "bash"],
  ["dash", "dash"],
  ["zsh", "zsh"],
  ["fish", "fish"],
  ["busybox ash", "busybox", "ash"],
  ["tcsh", "tcsh"],
  ["csh", "csh"],
  ["ksh", "ksh"],
  ["mksh", "mksh"],
  ["yash", "yash"],
];
/** What runs the command then. */
const INNER: readonly { readonly language: Language; readonly shell: string }[] = [
  { language: "bash", shell: "/bin/bash" },
  { language: "sh", shell: "/bin/sh" },
  { language: "sh", shell: "/bin/dash" },
  { language: "sh", shell: "/bin/busybox ash" },
];
const isHere = (program: string) => spawnSync("/bin/sh", ["-c", `command -v ${program}`]).status === 0;

const NONCE = "c0ffee";
const PLAIN = { nonce: NONCE, environment: {}, interactive: false, reportsDirectory: false, path: null } as const;
const { username } = userInfo();
let home = "";
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "gatehouse-shells-"));
  writeFileSync(join(home, ".bashrc"), "alias printf=false\nexport STOLEN=1\n");
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** As if `shell` were what `/bin/sh` leads to. */
const as = (shell: string, command: string) => command.replace("/bin/sh -c ", `${shell} -c `);

function through(shell: readonly string[], command: string): { readonly output: string; readonly reports: readonly Report[] } {
  const [program = "", ...first] = shell;
  const env = {
    NODE_ENV: "test",
    HOME: home,
    USER: username,
    LOGNAME: username,
    PATH: "/usr/bin:/bin",
    EVIL: "1",
    BASH_ENV: "/x",
  } as const;
  const raw = execFileSync(program, [...first, "-c", command], { cwd: "/", env, stdio: ["ignore", "pipe", "pipe"] });
  const reports: Report[] = [];
  const filter = new ReportFilter(NONCE, (report) => reports.push(report));
  return { output: Buffer.concat([filter.push(raw)]).toString("utf8"), reports };
}

/** Everything that some shell reads in a way of its own. */
const HOSTILE = [
  "plain",
  "line feeds at the end\n\n",
  'it\'s "quoted" `tick` $HOME ${HOME} $(id) $((1+1))',
  "back\\slash \\\\ \\n \\' \\\" \\$ trailing\\",
  "new\nline\r\ttab",
  "! !! !x ^a^b",
  "# % %s %n & && | || ; ;; < > << >> ( ) { } [ ] * ? ~ ~root = == @ : , . - + / ^",
  "ünï 日本 🜚 \u0085 \u00a0 \u2028",
  "\u0001\u0007\u001b[31m\u007f",
  "{a,b} {1..3} (echo x) =ls **/* $0 $1 $? $$ $! $status %1 \\(x)",
] as const;

describe.each(LOGIN_SHELLS)("login shell %s", (_name, ...shell) => {
  const [program = ""] = shell;
  // Only what is installed can be asked; bash and dash are on every Debian.
  describe.skipIf(!isHere(program))(isHere(program) ? "is here" : "is not installed here", () => {
    describe.each(INNER.filter(({ shell: inner }) => isHere(inner.split(" ")[0] ?? "")))(
      "$shell",
      ({ language, shell: inner }) => {
        test("is looked around in", () => {
          const { reports, output } = through(shell, as(inner, probe(NONCE, language)));
          expect(reports).toEqual([{ kind: "begin", subject: username, directory: home }]);
          expect(output).toBe("");
        });

        test("what runs is what was judged, in its place, with its variables and no others", () => {
          for (const text of HOSTILE) {
            const quoted = `'${text.replaceAll("'", "'\\''")}'`;
            const command = `printf '<%s>' ${quoted} "$X"; printf '|%s' "$#" "$PWD" "\${EVIL-}\${STOLEN-}\${BASH_ENV-}\${b-}"`;
            const wrapped = wrap({ ...PLAIN, command, cwd: home, environment: { X: text }, reportsDirectory: true, language });
            const { output, reports } = through(shell, as(inner, wrapped));
            expect(output).toBe(`<${text}><${text}>|0|${home}|`);
            expect(reports.map(({ kind, directory }) => [kind, directory])).toEqual([
              ["begin", home],
              ["end", home],
            ]);
          }
        });

        test("its exit code is the command's", () => {
          const [first = "", ...more] = shell;
          const command = as(inner, wrap({ ...PLAIN, command: "exit 42", cwd: "/", language }));
          expect(spawnSync(first, [...more, "-c", command], { env: { NODE_ENV: "test", HOME: home } }).status).toBe(42);
        });
      },
    );
  });
});

test("where no bash can be started the login shell says why, and nothing is reported", () => {
  const env = { NODE_ENV: "test", HOME: home } as const;
  // A restricted shell starts no program by its path.
  expect(spawnSync("rbash", ["-c", probe(NONCE, "bash")], { env }).stderr.toString()).toMatch(/restricted/);
  const without = probe(NONCE, "bash").replace("/bin/bash --noprofile", "/no/such/bash --noprofile");
  const said = spawnSync("dash", ["-c", without], { env });
  expect(said.status).not.toBe(0);
  expect(said.stdout.toString()).toBe("");
  expect(said.stderr.toString()).toContain("/no/such/bash");
});
