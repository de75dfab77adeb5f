// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are for a shell
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resourceName } from "../../domain/micro-action.ts";
import { describeShell, incomplete, type ShellWhere } from "./index.ts";

const where: ShellWhere = { cwd: "/srv/app", home: "/home/deploy", user: "deploy", environment: {} };

function actions(text: string, change: Partial<ShellWhere> = {}): string[] {
  const described = describeShell(text, { ...where, ...change });
  if ("refusal" in described) return [`refused: ${described.refusal.message}`];
  return described.microActions.map(
    (action) => `${action.action.replace(/^(shell|file):/, "")} ${resourceName(action.resource)}`,
  );
}

const ROWS: readonly { rule: string; text: string; has: readonly string[]; lacks?: readonly string[] }[] = [
  { rule: "SG-4 quotes", text: "'r'\"m\" x", has: ["exec rm", "delete /srv/app/x"] },
  { rule: "SG-4 a variable", text: "p=/etc/passwd; cat $p", has: ["read /etc/passwd"] },
  { rule: "SG-4 a variable of several values", text: "for p in /a /b; do cat $p; done", has: ["read /a", "read /b"] },
  { rule: "SG-4 a name that nothing set", text: "r${x}m y", has: ["exec rm"] },
  { rule: "SG-4 positional parameters are empty", text: "r$@m y", has: ["exec rm"] },
  { rule: "SG-4 both values after a condition", text: "p=/a; if true; then p=/b; fi; cat $p", has: ["read /a", "read /b"] },
  { rule: "SG-4 home", text: "cat ~/x", has: ["read /home/deploy/x"] },
  { rule: "SG-4 a quoted tilde", text: "cat '~/x'", has: ["read /srv/app/~/x"] },
  { rule: "SG-4 exported before", text: "cat $F", has: ["read /etc/hosts"] },
  { rule: "SG-5 a glob", text: "cat /etc/h*", has: ["read /etc/h*"] },
  {
    rule: "SG-5 a glob in a loop",
    text: 'for f in /var/log/*.log; do tail -5 "$f"; done',
    has: ["read /var/log/*.log"],
    lacks: ["opaque"],
  },
  { rule: "SG-5 unknown", text: 'cat "$(ls)"', has: ['opaque path `"$(ls)"`', "exec ls"] },
  { rule: "SG-18 a list of names", text: "tar cf - -T <(echo .env)", has: ["opaque files that are named in `<(echo .env)`"] },
  {
    rule: "SG-18 names from the input",
    text: "tar cfT - /dev/stdin <<< .env",
    has: ["opaque files that are named in `/dev/stdin`"],
  },
  {
    rule: "SG-18 names, zero between",
    text: "sort --files0-from=- <<< .env",
    has: ["opaque files that are named in `--files0-from=-`"],
  },
  {
    rule: "SG-18 a list of roots",
    text: "find -files0-from /l -type f",
    has: ["read /l", "opaque files that are named in `/l`"],
  },
  {
    rule: "SG-18 a module of jq",
    text: "jq -n --arg a b 'import \"c\" as $x; $x'",
    has: ["opaque filter `'import \"c\" as $x; $x'` of `jq`"],
  },
  { rule: "SG-18 the environment of jq", text: "jq -n '$ENV'", has: ["opaque filter `'$ENV'` of `jq`"] },
  { rule: "SG-18 a field of jq", text: "jq --arg a b '.env' x", has: ["read /srv/app/x"], lacks: ["opaque"] },
  { rule: "SG-18 a file of dmesg", text: "dmesg -F .env", has: ["read /srv/app/.env"] },
  { rule: "SG-18 a configuration of whatis", text: "whatis -C .env ls", has: ["read /srv/app/.env"] },
  { rule: "SG-18 patterns of git", text: "git ls-files -o -X .env", has: ["read /srv/app/.env"] },
  { rule: "SG-7 an integer runs code", text: "declare -i x='a[$(id)]'", has: ["opaque `declare -i`"] },
  { rule: "SG-7 a list in a text runs code", text: "declare -a x='($(id))'", has: ["opaque `declare x='($(id))'`"] },
  { rule: "SG-7 what was a list", text: "x=(); declare x=$(id)", has: ["opaque `declare x=$(id)`"] },
  { rule: "SG-7 what was nothing", text: "declare x=$(id)", has: ["exec id"], lacks: ["opaque"] },
  { rule: "SG-7 a place in a list", text: "a=([x]=1)", has: ["opaque arithmetic in `[x]=1`"] },
  { rule: "SG-7 a number in a list", text: "a=([0]=1 b)", has: [], lacks: ["opaque"] },
  { rule: "SG-10 a job's command", text: "jobs -x cat /etc/hosts", has: ["read /etc/hosts"] },
  { rule: "SG-7 the shell's integers run code", text: "RANDOM='a[$(id)]'", has: ["opaque RANDOM"] },
  { rule: "SG-7 in a loop", text: "for SECONDS in 'a[$(id)]'; do :; done", has: ["opaque SECONDS"] },
  { rule: "SG-7 indirection", text: "x=y; cat ${!x}", has: ["opaque `${!x}`"] },
  { rule: "SG-7 arithmetic runs code", text: "x='a[$(id)]'; ((x))", has: ["opaque arithmetic on `x`"] },
  { rule: "SG-7 a subscript runs code", text: "echo ${a[$(id)]}", has: ["exec id"] },
  { rule: "SG-7 test -v runs code", text: "test -v 'a[$(id)]'", has: ["opaque test on `'a[$(id)]'`"] },
  { rule: "SG-8 cd and", text: "cd /etc && cat shadow", has: ["read /etc/shadow"], lacks: ["read /srv/app/shadow"] },
  { rule: "SG-8 cd may fail", text: "cd /etc; cat shadow", has: ["read /etc/shadow", "read /srv/app/shadow"] },
  { rule: "SG-9 read", text: "read x <<< rm; $x y", has: ["opaque program `$x`, which is known only when it runs"] },
  { rule: "SG-9 printf -v", text: "x=ls; printf -v x rm; $x", has: ["opaque program `$x`, which is known only when it runs"] },
  { rule: "SG-9 default assignment", text: ": ${x:=rm}; echo ok", has: ["exec echo"] },
  { rule: "SG-9 nameref", text: "declare -n r=x; r=rm; $x y", has: ["opaque `declare -n`"] },
  { rule: "SG-9 a function", text: "f() { x=rm; }; x=ls; f; $x", has: ["opaque call of the function `f`"] },
  { rule: "SG-10 a trap", text: "trap 'cat /etc/shadow' EXIT", has: ["read /etc/shadow"] },
  { rule: "SG-10 sh -c with arguments", text: "sh -c 'cat $1' x /etc/shadow", has: ["read /etc/shadow"] },
  { rule: "SG-10 backticks", text: "echo `cat /etc/shadow`", has: ["read /etc/shadow"] },
  { rule: "SG-11 standard folder", text: "/usr/bin/cat /x", has: ["exec cat"] },
  { rule: "SG-11 elsewhere", text: "./run", has: ["exec /srv/app/run", "opaque effects of `/srv/app/run`, which are not known"] },
  { rule: "SG-12 abbreviated", text: "journalctl --vacuum-s=1", has: ["exec journalctl"] },
  { rule: "SG-13 no entry", text: "frobnicate", has: ["exec frobnicate", "opaque effects of `frobnicate`, which are not known"] },
  { rule: "SG-13 may be an option", text: "sort *", has: ["opaque word `*` of `sort`, which may be an option"] },
  {
    rule: "SG-14 wrappers in wrappers",
    text: "sudo -u x env A=1 nice -n 5 timeout 3 cat /a",
    has: ["exec sudo", "exec env", "exec nice", "exec timeout", "exec cat", "read /a", "privilege:escalate sudo"],
  },
  { rule: "SG-14 find -exec", text: "find /a -name b -exec cat {} +", has: ["read /a/**/b"] },
  { rule: "SG-14 xargs", text: "ls | xargs rm", has: ["exec rm"] },
  { rule: "SG-15 awk", text: "awk '{ system(\"cat /etc/shadow\") }' x", has: ["exec sh", "read /etc/shadow"] },
  {
    rule: "SG-15 awk, a plain pattern",
    text: "awk -F: '$3 > 10 { print $1 \" > \" $2 }' /a",
    has: ["exec awk", "read /a"],
    lacks: ["write", "opaque"],
  },
  { rule: "SG-15 sed e", text: "sed 's/a/b/e' x", has: ["exec sh"] },
  { rule: "SG-15 sed w", text: "sed -n 's/a/b/gw /out' x", has: ["write /out"] },
  { rule: "SG-15 sed r", text: "sed '/x/r /etc/shadow' y", has: ["read /etc/shadow"] },
  { rule: "SG-17 an editor", text: "vim x", has: ["interactive vim"] },
  { rule: "SG-23 keys that end processes", text: "top -d 5", has: ["interactive top", "process:signal top"] },
  { rule: "SG-23 without them", text: "top -s", has: ["interactive top"], lacks: ["process:signal"] },
  { rule: "SG-23 htop", text: "htop", has: ["process:signal htop"] },
  { rule: "SG-23 htop that only reads", text: "htop --readonly", has: ["interactive htop"], lacks: ["process:signal"] },
  { rule: "SG-17 top in batch", text: "top -bn1", has: ["exec top"], lacks: ["interactive"] },
  {
    rule: "SG-18 redirections",
    text: "cat < /a > /b 2>> /c <> /d",
    has: ["read /a", "write /b", "write /c", "read /d", "write /d"],
  },
  { rule: "SG-18 a tree", text: "grep -r x /etc", has: ["read /etc/**", "read /etc"] },
  { rule: "SG-18 sinks", text: "ls > /dev/null 2>&1", has: ["exec ls"], lacks: ["write"] },
  {
    rule: "SG-19 dot dot",
    text: "cat /lib/../etc/shadow",
    has: ["opaque path `/lib/../etc/shadow` with `..` after what may be a link"],
  },
  { rule: "SG-19 dot dot in the working directory", text: "cat ../x", has: ["read /srv/x"] },
  { rule: "SG-19 two names", text: "cat /var/run/x", has: ["read /var/run/x", "read /run/x"] },
  { rule: "SG-20 a setting", text: "LD_PRELOAD=x ls", has: ["opaque LD_PRELOAD"] },
  { rule: "SG-20 harmless", text: "LC_ALL=C sort /a", has: ["exec sort"], lacks: ["opaque"] },
  { rule: "SG-20 a name of one's own", text: "export REQUEST_ID=7 SINCE=$(date)", has: ["exec date"], lacks: ["opaque"] },
  { rule: "SG-20 a name that a program knows", text: "export TAPE=/a LOG=/b", has: ["opaque TAPE"], lacks: ["opaque LOG"] },
  { rule: "SG-20 an exported one gets another value", text: "F=/b; cat $F", has: ["read /b"], lacks: ["opaque"] },
  { rule: "SG-20 a catalogue of messages is a file", text: "LANGUAGE=../a ls", has: ["opaque LANGUAGE"] },
  { rule: "SG-20 how one read splits", text: "IFS=: read -r a b < /c", has: ["read /c"], lacks: ["opaque"] },
  { rule: "SG-20 how everything splits", text: "IFS=: eval ls", has: ["opaque IFS"] },
  { rule: "SG-20 a builtin sees it too", text: "x=/a eval 'cat $x'", has: ["opaque x"] },
  { rule: "SG-20 so does a text for a shell", text: "x=/a watch 'cat $x'", has: ["opaque path `$x`"] },
  { rule: "SG-20 and one behind env", text: "env x=/a watch 'cat $x'", has: ["opaque path `$x`"] },
  { rule: "SG-21 written to", text: "echo a > /dev/tcp/h.test/80", has: ["network:connect h.test", "write /dev/tcp/h.test/80"] },
  {
    rule: "SG-21 read and written to",
    text: "{ echo a >&0; } </dev/tcp/h.test/80",
    has: ["opaque what is written to a connection"],
  },
  { rule: "SG-21 another protocol", text: "curl dict://localhost:1/x", has: ["opaque protocol `dict` of `curl`"] },
  { rule: "SG-4 a number or nothing", text: "cat /a/$(pgrep -o n)/b", has: ["read /a/b", "read /a/*/b"], lacks: ["opaque"] },
  {
    rule: "SG-4 numbers in turn",
    text: "for p in $(pgrep n); do cat /proc/$p/stat; done",
    has: ["read /proc/*/stat"],
    lacks: ["opaque"],
  },
  { rule: "SG-12 files with a colon between", text: "file -m /a:/b /c", has: ["read /a", "read /b", "read /c"] },
  { rule: "SG-12 a value behind an equals sign", text: "kubectl get -f=/a", has: ["read /a"] },
  { rule: "SG-15 awk reads into a field", text: "awk '{getline $1 < \"/a\"}'", has: ["opaque path `'{getline $1 < \"/a\"}'`"] },
  { rule: "SG-15 sed after a label", text: "sed ':a e id' /b", has: ["exec id"] },
  {
    rule: "SG-14 find runs for what another name has",
    text: "find /a -name x -exec true \\; -o -exec cat {} \\;",
    has: ["read /a/**"],
  },
  { rule: "SG-16 a version that is none", text: "python3 -v", has: ["interactive python3"] },
  { rule: "SG-12 ps reads its line again", text: "ps -axe", has: ["opaque `ps e` prints the environment of processes"] },
  { rule: "SG-12 ps reads it once", text: "ps -u deploy -o pid,rss", has: ["exec ps"], lacks: ["opaque"] },
  { rule: "SG-21 /dev/tcp", text: "cat < /dev/tcp/h.test/80", has: ["network:connect h.test"] },
];

describe("rules", () => {
  for (const row of ROWS) {
    test(`${row.rule}: ${row.text}`, () => {
      const found = actions(row.text, row.rule.includes("exported") ? { environment: { F: "/etc/hosts" } } : {});
      expect(found).toEqual(expect.arrayContaining([...row.has]));
      for (const lack of row.lacks ?? []) expect(found.filter((action) => action.startsWith(lack))).toEqual([]);
    });
  }
});

test("SG-12 an option that makes it another program is the subcommand", () => {
  const sub = (text: string) => {
    const described = describeShell(text, where);
    if ("refusal" in described) return null;
    const command = described.microActions.find((action) => action.action === "shell:exec")?.context?.command;
    return typeof command === "object" && command !== null && "subcommand" in command ? command.subcommand : null;
  };
  expect([
    sub("journalctl --vacuum-s=1"),
    sub("hostname evil"),
    sub("date -s x"),
    sub("systemctl restart x"),
    sub("git -c a=b status"),
    sub("ip route show"),
  ]).toEqual(["vacuum", "set", "set", "restart", "configured", "route show"]);
});

test("SG-22 SQL in a line is handed out with where it would go", () => {
  const embedded = (text: string, environment: Record<string, string> = {}) => {
    const described = describeShell(text, { ...where, environment });
    return "refusal" in described
      ? described.refusal.message
      : described.embedded.map(({ text: sql, connection }) => [sql, connection && Object.values(connection).join(" ")]);
  };
  const shop = "db.test 5433 shop reader";
  expect(embedded("psql -h db.test -p 5433 -U reader -d shop -c 'select 1'")).toEqual([["select 1", shop]]);
  expect(embedded("psql postgres://reader:x@db.test:5433/shop -c 'select 1'")).toEqual([["select 1", shop]]);
  expect(embedded("psql 'host=db.test port=5433 dbname=shop user=reader' -Atc 'select 1'")).toEqual([["select 1", shop]]);
  expect(embedded("PGHOST=db.test PGPORT=5433 psql shop reader <<< 'select 1'")).toEqual([["select 1", shop]]);
  expect(embedded("echo 'select 1' | psql", { PGHOST: "db.test", PGPORT: "5433", PGDATABASE: "shop", PGUSER: "reader" })).toEqual(
    [["select 1\n", shop]],
  );
  expect(embedded("psql shop <<'E'\nselect 1;\nE")).toEqual([["select 1;\n", " 5432 shop deploy"]]);
  expect(embedded("psql -f - shop <<< 'select 1'")).toEqual([["select 1", " 5432 shop deploy"]]);
  expect(embedded("psql -c 'select 1' -c 'select 2' shop")).toEqual([
    ["select 1", " 5432 shop deploy"],
    ["select 2", " 5432 shop deploy"],
  ]);
  expect(embedded("mysql -e 'select 1' shop")).toEqual([["select 1", null]]);
  // What is not known is not said.
  expect(embedded("PGSERVICE=x psql -c 'select 1'")).toEqual([["select 1", null]]);
  expect(embedded("env PGHOST=x psql -c 'select 1'")).toEqual([["select 1", null]]);
  expect(embedded("sudo -u postgres psql -c 'select 1'")).toEqual([["select 1", null]]);
  expect(embedded('psql -h "$(cat x)" -c "select 1" shop')).toEqual([["select 1", null]]);
  expect(embedded("psql -c '\\! id'")).toEqual([]);
  expect(embedded("psql -v x=1 -c 'select :x'")).toEqual([]);
  expect(embedded("cat x | psql")).toEqual([]);
  expect(embedded("psql -f x.sql shop")).toEqual([]);
  expect(actions("psql -c 'select 1' shop")).toContain("opaque `psql`: SQL that is not judged here");
});

test("SG-23 signals are named", () => {
  const signals = (text: string) => {
    const described = describeShell(text, where);
    return "refusal" in described
      ? []
      : described.microActions.flatMap(({ action, resource, context }) =>
          action === "process:signal"
            ? [`${resourceName(resource)} ${JSON.stringify(context?.command).match(/"signal":"(.*?)"/)?.[1]}`]
            : [],
        );
  };
  expect(signals("kill 1")).toEqual(["kill TERM"]);
  expect(signals("kill -9 1")).toEqual(["kill KILL"]);
  expect(signals("kill -SIGHUP 1")).toEqual(["kill HUP"]);
  expect(signals("kill -s USR1 1")).toEqual(["kill USR1"]);
  expect(signals("kill $x 1")).toEqual(["kill TERM"]);
  expect(signals('kill "$(cat x)" 1')).toEqual(["kill TERM"]);
  expect(signals("kill $(cat x)")).toEqual(["kill "]);
  expect(signals("pkill --signal=KILL java")).toEqual(["pkill KILL"]);
  expect(signals("killall -KILL java")).toEqual(["killall KILL"]);
  expect(signals("systemctl kill -s HUP nginx")).toEqual(["systemctl HUP"]);
  expect(signals("docker kill -s INT web")).toEqual(["docker INT"]);
  expect(signals("kubectl delete pod web-0")).toEqual(["kubectl TERM"]);
  expect(signals("ss -K dst 10.0.0.1")).toEqual(["ss TERM"]);
  expect(signals("kill -l; kill -0 5; kubectl delete configmap x")).toEqual([]);
});

test("SG-19 a link is described as what it leads to", () => {
  const physical = new Map([
    ["/srv/app/l", "/etc/shadow"],
    ["/tmp/d", "/etc"],
  ]);
  expect(actions("cat l", { physical })).toEqual(expect.arrayContaining(["read /srv/app/l", "read /etc/shadow"]));
  expect(actions("cat /tmp/d/s*", { physical })).toEqual(expect.arrayContaining(["read /tmp/d/s*", "read /etc/s*"]));
});

test.each([
  ["a control character", "ls \u0007"],
  ["a carriage return", "ls\r"],
  ["half a character", "ls \ud800"],
  ["too long", `echo ${"x".repeat(17_000)}`],
  ["too deep", "(".repeat(100)],
  ["does not parse", "ls )"],
  ["an open here-document", "cat <<E\nx"],
  ["an error in a substitution", "echo $(ls | )"],
])("SG-1 SG-2 %s is refused", (_name, text) => {
  expect(actions(text)[0]).toMatch(/^refused/);
});

test.each([
  ['echo "', true],
  ["echo 'a", true],
  ["cat <<E\nx", true],
  ["ls \\", true],
  ["ls |", true],
  ["for x in a; do", true],
  ["ls", false],
  ["ls )", false],
  ["echo a", false],
])("more text is wanted after %j: %s", (text, wanted) => {
  expect(incomplete(text)).toBe(wanted);
});

test("SG-25 a raw shell is asked for by a line of its own, and by nothing that looks like it", () => {
  const actions = (text: string) => {
    const described = describeShell(text, where);
    if ("refusal" in described) throw new Error(described.refusal.message);
    return { raw: described.prepared.raw, actions: described.microActions.map(({ action }) => action) };
  };
  expect(actions(" raw-shell ")).toEqual({ raw: true, actions: ["shell:raw"] });
  for (const text of ["raw-shell -c id", "raw-shell; id", "'raw-shell'", "exec raw-shell", "raw-shell &", "x=1 raw-shell"]) {
    expect(actions(text).raw, text).toBe(false);
    expect(actions(text).actions, text).not.toContain("shell:raw");
  }
});

test("the gateway's own words are told from the host's", () => {
  const builtin = (text: string) => {
    const described = describeShell(text, where);
    return "refusal" in described ? null : described.builtin;
  };
  expect(builtin("cd ~/x")).toEqual({ name: "cd", arguments: ["/home/deploy/x"] });
  expect(builtin("export A=b C='d e'")).toEqual({ name: "export", arguments: ["A=b", "C=d e"] });
  expect(builtin("export A='it'\\''s $HOME'")).toEqual({ name: "export", arguments: ["A=it's $HOME"] });
  expect(builtin('export A="a \\$b \\"c\\\\" B=d\\ e')).toEqual({ name: "export", arguments: ['A=a $b "c\\', "B=d e"] });
  expect(builtin('export A="`id`"')).toBeNull();
  expect(builtin("export A='a'$x")).toBeNull();
  expect(builtin("cd /a; ls")).toBeNull();
  expect(builtin("cd $x")).toBeNull();
  expect(builtin("ls")).toBeNull();
});

test("SG-31 every kind of node is met", () => {
  const declared = readFileSync(path.join(path.dirname(new URL(import.meta.resolve("unbash")).pathname), "types.d.ts"), "utf8");
  const kinds = new Set([...declared.matchAll(/readonly type: "(\w+)"/g)].map((match) => match[1] as string));
  const met = new Set<string>();
  const texts = [
    "a=1 b+=2; c=(x y); time ! ls -l 'q' \"d $x ${y:-z} $(id) `id` $((1+2))\" $'a' $\"l\" *.c a? [ab]* {a,b} <(ls) @(x|y) | cat",
    "if a; then b; elif c; then d; else e; fi; while a; do b; done; until a; do b; done; for x in a b; do c; done; select s in a; do b; done",
    "for ((i=0;i<3;i++)); do :; done; ((a=b?(c):-d)); (( $(id) )); case x in a|b) c;; d) e;& *) f;;& esac; (a); { b; } > z; f() { g; }; coproc h; coproc N { i; }",
    "[[ -f x && ! ( a == b || -z $c ) ]]; a <in >out 2>&1 {fd}>f <<<here <<E <<'Q'\nbody $x\nE\nraw\nQ",
    "echo ${#a} ${!a} ${a[1]} ${a:1:2} ${a/b/c} ${a#b} ${a^^} ${a@Q} ${!p*} ${a:=b}; a && b || c &",
  ];
  for (const text of texts) {
    const described = describeShell(text, where, met);
    expect(described, text).not.toHaveProperty("refusal");
  }
  const missing = [...kinds].filter((kind) => !met.has(kind)).sort();
  // What is part of its owner and has no meaning of its own, or is an error that the reader refuses.
  const within = ["ArrayValue", "FileDescriptor", "FileDescriptorVariable", "HereDocDelimiter", "Unknown"];
  expect(missing.filter((kind) => !within.includes(kind))).toEqual([]);
});

const bash = spawnSync("bash", ["--version"]).status === 0;
describe.skipIf(!bash)("SG-32 a real bash", () => {
  test("its arguments are among those that were foreseen", { timeout: 60_000 }, () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "gatehouse-argv-"));
    try {
      writeFileSync(
        path.join(folder, "cat"),
        `#!/bin/bash\nprintf '%s\\0' "$@" >> '${folder}/argv'; printf '\\1' >> '${folder}/argv'\n`,
      );
      chmodSync(path.join(folder, "cat"), 0o755);
      const piece = fc.constantFrom(
        "a",
        "b",
        "/",
        "'c d'",
        '"e f"',
        "\\g",
        "\\ ",
        "$x",
        "${x}",
        '"$x"',
        "$u",
        '"$u"',
        "~",
        "{p,q}",
        "{1..3}",
        "$'\\x68i'",
        "\\\n",
        "''",
        '""',
        "=",
        ":",
        "-n",
        "${y:-z}",
        '"${x}k"',
        "$@",
        '"$@"',
        "{m,'n,o'}",
        "#",
        "%",
        "$#",
      );
      const word = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(""));
      fc.assert(
        fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), (words) => {
          const text = `x=v; y='r s'; cat ${words.join(" ")}`;
          const described = describeShell(text, { ...where, cwd: folder, home: "/home/deploy" });
          if ("refusal" in described) return;
          writeFileSync(path.join(folder, "argv"), "");
          spawnSync("bash", ["--noprofile", "--norc", "-p", "-c", text], {
            cwd: folder,
            env: { NODE_ENV: "test", PATH: `${folder}:/usr/bin:/bin`, HOME: "/home/deploy" },
            stdio: "pipe",
          });
          const raw = readFileSync(path.join(folder, "argv"), "utf8");
          const argv = raw === "" ? [] : (raw.split("\u0001")[0]?.split("\0").slice(0, -1) ?? []);
          if (described.microActions.some((action) => action.action === "shell:opaque")) return;
          const operands = described.microActions
            .filter((action) => action.action === "file:read")
            .map((action) => resourceName(action.resource));
          for (const argument of argv) {
            if (argument === "" || argument.startsWith("-")) continue;
            const absolutePath = path.posix.resolve(folder, argument);
            expect(
              operands.some((operand) => operand === absolutePath || /[*?[]/.test(operand)),
              `${JSON.stringify(text)}: ${JSON.stringify(argv)} against ${JSON.stringify(operands)}`,
            ).toBe(true);
          }
        }),
        { numRuns: 400 },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("SG-1 no text takes long", () => {
  const fill = (text: string, length = 16_000) => text.repeat(Math.floor(length / text.length));
  test.each(
    Object.entries({
      "a megabyte": "a".repeat(1_000_000),
      "many substitutions that are open": "$(".repeat(100_000),
      "substitutions in substitutions": `${"$(".repeat(59)}a${")".repeat(59)}`,
      "quotes in substitutions": `${'"$('.repeat(29)}a${')"'.repeat(29)}`,
      backticks: fill("`a`"),
      "quoted variables": fill('"$a"'),
      statements: fill("a;"),
      pipes: fill("a|"),
      alternatives: `${fill("a&&")}a`,
      "here-documents": fill("cat <<E\nE\n"),
      "a pattern of many folders": `cat ${fill("/*")}`,
      "a value that doubles": `a=1;${"a=$a$a;".repeat(400)}`,
      "loops in loops": `${Array.from({ length: 12 }, (_, i) => `for v${i} in a b c d e f g; do`).join(" ")} echo ${Array.from({ length: 12 }, (_, i) => `$v${i}`).join("")}; ${"done; ".repeat(12)}`,
      "wrappers in wrappers": `${"sudo ".repeat(3_000)}a`,
      "xargs in xargs": `${"xargs ".repeat(2_600)}a`,
      "eval of eval": `${"eval ".repeat(3_000)}a`,
      "texts in a text": fill("sh -c 'a';"),
      "many roots and many commands": `find ${"a ".repeat(350)}${"-exec b {} \\; ".repeat(100)}`,
      "many words": fill("a "),
      "a long sum": `echo $((${fill("1+", 15_000)}1))`,
      "a program of awk": `awk '${fill("/[", 15_000)}'`,
      "a script of sed": `sed '${fill("s/[[:a:]/b/;", 15_000)}'`,
    }),
  )("%s", (_name, text) => {
    describeShell(text, where);
    const before = process.cpuUsage();
    describeShell(text, where);
    const used = process.cpuUsage(before);
    // 20 ms on an idle machine; the tests share theirs.
    expect((used.user + used.system) / 1_000).toBeLessThan(150);
  });

  test("a line of too many words is not taken for less", () => {
    expect(actions(`ls ${"a ".repeat(900)}; rm x`)).toEqual(
      expect.arrayContaining(["opaque a command with too many words", "exec rm"]),
    );
  });
});

describe("SG-27 a host without bash", () => {
  test.each([
    ["[[ -f x ]]", "`[[ … ]]`"],
    ["((x = 1))", "`((…))`"],
    ["cat {a,b}", "a brace expansion"],
    ["cat <<< x", "`<<<`"],
    ["diff <(ls a) <(ls b)", "a process substitution"],
    ["x+=a", "`x+=a`"],
    ["x=(a b)", "`x=(a b)`"],
    ["echo $'a'", "`$'…'`"],
    ["echo ${x/a/b}", "`${x/a/b}`"],
    ["echo ${x:-'a'}", "`${x:-'a'}`"],
    ["ls &> x", "`&>`"],
    ["cat 10< x", "`10` before a redirection"],
    ["time ls", "`time`"],
    ["echo $RANDOM", "`$RANDOM`"],
    ["case a in a) ls ;& b) id ;; esac", "`;&`"],
    ["ls [^a]*", "`[^a]`"],
    ["echo $((x++))", "`++`"],
    ["cd ~+", "`~+`"],
    ["export x=$y", "`x=$y` after a command's name"],
    ["eval '[[ a ]]'", null],
    ['for f in *.log; do test -s "$f" || continue; tail -n 5 -- "$f"; done 2>/dev/null | sort | uniq -c', null],
    ["x=$(date +%s); echo $((x + 1)) ${#x} ${x%0} `id -u` >&2; [ -d /srv ] && cd /srv", null],
    ["cat <<E\n$x ${x:-none}\nE", null],
  ])("%s", (text, refused) => {
    const described = describeShell(text, { ...where, language: "sh" });
    if (refused === null) expect(described).not.toHaveProperty("refusal");
    else expect("refusal" in described && described.refusal.message).toBe(`${refused} is bash's, and this host has only \`sh\``);
    expect(describeShell(text, where)).not.toHaveProperty("refusal");
  });

  test("what is found only when it is walked is opaque", () => {
    expect(actions("eval '[[ a ]]'", { language: "sh" })).toContain("opaque `[[ … ]]` in a text for `sh`");
    expect(actions("d=declare; $d x=1", { language: "sh" })).toContain("opaque `declare` in a text for `sh`");
    expect(actions("d=declare; $d x=1").join()).not.toContain("for `sh`");
    expect(actions("x=1 :", { language: "sh" })).toContain("opaque a variable before `:` in a text for `sh`");
    expect(actions("read -a x", { language: "sh" }).join()).toContain("`read -a` in a text for `sh`");
  });
});
