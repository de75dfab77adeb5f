import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { wrap } from "./wrapper.ts";

/** Login shells that read the line first, each in its own way. */
const LOGIN = ["/bin/bash", "/bin/dash", "/bin/zsh", "/usr/bin/fish", "/bin/tcsh", "/bin/busybox ash"];
/** What runs the command then. */
const INNER = [
  ["bash", "/bin/bash"],
  ["sh", "/bin/sh"],
  ["sh", "/bin/dash"],
  ["sh", "/bin/busybox ash"],
] as const;

const present = (shell: string) => existsSync(shell.split(" ")[0] ?? "");
const AWKWARD = "'\"$x`\\!{a,b}*?~#;&|<>()[]%s\\n\\x41\\0101 ü 日\n\n";

describe.each(LOGIN.filter(present))("through %s", (login) => {
  test.each(INNER.filter(([, shell]) => present(shell)))("%s by %s gets every byte, and a clean place", (language, shell) => {
    const line = wrap({
      command: `printf '<%s>' "$A" '${AWKWARD.replaceAll("'", "'\\''")}' "$#" "$PWD"; cd /usr; exit 7`,
      cwd: "/tmp",
      nonce: "00ff",
      environment: { A: AWKWARD, PATH: "/usr/bin:/bin" },
      interactive: false,
      reportsDirectory: true,
      path: null,
      language,
    }).replace(`SHELL=/bin/${language}`, "SHELL=x");
    const [program = "", ...words] = login.split(" ");
    const env = { NODE_ENV: "test", HOME: "/", USER: "u", LOGNAME: "u", PATH: "/usr/bin:/bin", x: "inherited" } as const;
    const ran = spawnSync(
      program,
      [...words, "-c", line.replace(`/bin/${language} -`, `${shell} -`).replace(`/bin/sh -c`, `${shell} -c`)],
      { env },
    );
    const begin = language === "bash" ? "B" : "b";
    const [pid] = /(?<=00ff;)\d+/.exec(ran.stdout.toString()) ?? [""];
    expect(ran.stderr.toString()).toBe("");
    expect(ran.stdout.toString()).toBe(
      `\x1b]7788;${begin};00ff;${pid};/tmp\x07<${AWKWARD}><${AWKWARD}><0></tmp>\x1b]7788;${begin === "B" ? "E" : "e"};00ff;/usr\x07`,
    );
    expect(ran.status).toBe(7);
  });
});
