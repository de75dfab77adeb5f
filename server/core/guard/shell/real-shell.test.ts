// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are for a shell
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { CATALOGUE } from "./catalogue.generated.ts";
import type { Language } from "./prepared.ts";
import { read } from "./read.ts";
import { SPECIAL } from "./special.ts";
import type { State } from "./state.ts";
import { Walk } from "./walk.ts";
import type { Argument } from "./word.ts";

/**
 * SG-32: a real bash says what each program gets. It is restricted (no slash in a command, no file opened for writing, no
 * `cd`), finds stubs alone, and where the tests run as root it runs as nobody. What it hands to a stub must be one of the
 * commands that the guard foresaw, wherever the guard did not say that something is unknown.
 */
const root = path.join(import.meta.dirname, "../../../..");
const Corpus = z.object({ cases: z.array(z.object({ input: z.string() })) });
const corpus = (name: string) =>
  Corpus.parse(JSON.parse(readFileSync(path.join(root, "test/corpus", name), "utf8"))).cases.map((row) => row.input);

/** These act without a program, or never end. */
const UNSAFE = /kill|disown|suspend|\bwhile\b|\buntil\b|:\(\)|ulimit|\bfc\b|tcp\/|udp\/|\bsleep 9/;

let folder = "";
let log = "";
const BASH = { name: "bash", language: "bash", argv: ["/bin/bash", "--noprofile", "--norc", "-r", "-c"] } as const;
/** What `sh` may be. The texts that they are given write no file. */
const SHELLS: readonly Shell[] = [
  { name: "dash", language: "sh", argv: ["/bin/dash", "-c"] },
  { name: "bash in its POSIX mode", language: "sh", argv: ["/bin/bash", "--noprofile", "--norc", "--posix", "-r", "-c"] },
  { name: "busybox ash", language: "sh", argv: ["/bin/busybox", "ash", "-c"] },
];

interface Shell {
  readonly name: string;
  readonly language: Language;
  readonly argv: readonly [string, ...string[]];
}

const present = ({ argv }: Shell) => existsSync(argv[0]);
const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "gatehouse-shell-"));
  log = path.join(folder, "log");
  mkdirSync(path.join(folder, "bin"));
  mkdirSync(path.join(folder, "work"));
  const stub = path.join(folder, "stub");
  writeFileSync(stub, `#!/bin/bash\nprintf '%s\\0' "\${0##*/}" "$@" > "$GATEHOUSE_LOG/$$"\n`);
  mkdirSync(log);
  for (const [file, mode] of [
    [folder, 0o755],
    [stub, 0o755],
    [log, 0o777],
  ] as const)
    chmodSync(file, mode);
  for (const name of [...Object.keys(CATALOGUE), ...Object.keys(SPECIAL), "frobnicate"])
    if (!/^(\[|test|echo|printf|pwd|kill|true|false)$/.test(name)) {
      try {
        symlinkSync(stub, path.join(folder, "bin", name));
      } catch {
        // Named in both tables.
      }
    }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Foreseen {
  readonly lines: readonly (readonly Argument[])[];
  readonly unknown: boolean;
}

function foresee(text: string, language: Language): Foreseen | null {
  const result = read(text);
  if ("refusal" in result) return null;
  const work = path.join(folder, "work");
  const walk = new Walk({ cwd: work, home: work, user: "nobody", environment: {}, language });
  const lines: (readonly Argument[])[] = [];
  walk.heard = (line) => lines.push(line);
  const start: State = {
    variables: new Map(),
    cwds: [work],
    positional: [],
    functions: new Set(),
    aliases: new Map(),
    plainSplitting: true,
    tainted: false,
  };
  walk.script(result.script, start);
  const unknown = [...walk.actions.values()].some(
    ({ action, resource }) =>
      action === "shell:opaque" &&
      !(resource.kind === "opaque" && /^(effects|option|`[\w-]+`:|subcommand) ?/.test(resource.what)),
  );
  return { lines, unknown };
}

function run(text: string, [program, ...words]: Shell["argv"]): readonly (readonly string[])[] {
  // What a line leaves behind writes beside the next one's.
  const own = path.join(log, String(runs++));
  mkdirSync(own);
  chmodSync(own, 0o777);
  spawnSync(program, [...words, text], {
    cwd: path.join(folder, "work"),
    env: {
      NODE_ENV: "test",
      PATH: path.join(folder, "bin"),
      HOME: path.join(folder, "work"),
      USER: "nobody",
      GATEHOUSE_LOG: own,
    },
    stdio: ["ignore", "ignore", "ignore"],
    timeout: 1_500,
    killSignal: "SIGKILL",
    ...asNobody,
  });
  const written = () => readdirSync(own).map((file) => readFileSync(path.join(own, file), "utf8").split("\0").slice(0, -1));
  // What a process substitution starts may still be writing when bash has ended.
  for (let looks = 0; looks < 50 && written().some((argv) => argv.length === 0); looks++)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  return written();
}

/** Whether the words that were foreseen may be these. */
function fits(line: readonly Argument[], argv: readonly string[]): boolean {
  const [word, ...words] = line;
  const [text, ...texts] = argv;
  if (word === undefined) return text === undefined;
  if ((word.known === "no" || word.known === "pattern") && word.splits) {
    for (let taken = 0; taken <= argv.length; taken++) if (fits(words, argv.slice(taken))) return true;
    return false;
  }
  if (text === undefined) return false;
  // A glob is all the names that it matches.
  if (word.known === "pattern" && word.expands === true && glob(word.pattern).test(text) && fits(line, texts)) return true;
  const one =
    word.known === "text"
      ? word.text === text
      : word.known === "pattern"
        ? glob(word.pattern).test(text)
        : word.known === "pipe"
          ? /^\/dev\/fd\//.test(text)
          : text.startsWith(word.prefix);
  return one && fits(words, texts);
}

function glob(pattern: string): RegExp {
  const source = pattern
    .replace(/\[[^\]]*\]/g, "?")
    .replace(/[.+^${}()|\\[\]]/g, "\\$&")
    .replace(/\*/g, "[^]*")
    .replace(/\?/g, "(?:[^]|\\[[^\\]]*\\])");
  return new RegExp(`^${source}$`);
}

let runs = 0;
const counts = { lines: 0, commands: 0, unknown: 0, refused: 0 };

/** How many commands ran. */
function compare(text: string, shell: Shell = BASH): number {
  const foreseen = foresee(text, shell.language);
  if (foreseen === null) {
    counts.refused++;
    return 0;
  }
  counts.lines++;
  const ran = run(text, shell.argv);
  for (const argv of ran) {
    counts.commands++;
    if (foreseen.lines.some((line) => fits(line, argv))) continue;
    if (foreseen.unknown) {
      counts.unknown++;
      continue;
    }
    expect.fail(`in ${shell.name} ${JSON.stringify(text)} ran ${JSON.stringify(argv)}, which was not foreseen`);
  }
  return ran.length;
}

/** Lines made of quotes, expansions and redirections. */
function linesOfWords() {
  const piece = fc.constantFrom(
    ...["a", "b", "-n", "/", "'c d'", '"e f"', "\\g", "\\ ", "\\\\", "$x", "${x}", '"$x"', "$y", '"$y"', "$z", '"${z}"'],
    ...["~", "{p,q}", "{1..3}", "{a,b{c,d}}", "$'\\x68i'", "$'\\n'", "$'a\\tb'", "''", '""', "=", ":", ",", "%", "#", "!"],
    ...["${y:-z}", "${u:-w}", "${u:-'v v'}", '"${u:-q r}"', "$@", '"$@"', "$#", "$((1+2))", "*", "?", "[a]", "'*'", '"?"'],
    ...["$(echo hi)", '"$(echo h i)"', "`echo t`", "\\\n", "'\\'", '"\\$x"', '"\\`"', "\\$x", "\\*", "k=v", "~/", "${#x}"],
    ...["${x@Q}", "${x:+y}", "${q:=new}", "$q", "${x%%v*}", "$((x=3))", "$x$y", "$*", '"$*"', "{a..c}", "[!a]", "[[:alpha:]]"],
    ...["a[b]", "~nobody", "x=~", "a=b:~", "a=$x", "\\{a,b}", "{$x,b}", "${x}{1,2}", "''$x''", "<(echo p)", "${x,,}", "$_"],
    ...["${x/v/w}", "${x#v}", "${x^^}", "${x:0:1}", '"a${x}b"', "'$x'", "\\'", '\\"', "a\\\nb", "{x}", "{,a}", "..", "@"],
  );
  const word = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
  const redirection = fc.constantFrom("", "", "", " </dev/null", " 2>&1", " <<<$x", " <<< 'a b'", " >&2", " 3<&0");
  const command = fc
    .tuple(
      fc.constantFrom(
        ...["cat", "ls", "command cat", "frobnicate", "env cat", "c=d cat", "eval cat", "set --", "export w=1 cat", "! cat"],
        ...["read q <<< m; cat", "printf -v q %s n; cat", "unset x; cat", "(cat", "f() { ls; }; cat"],
      ),
      fc.array(word, { maxLength: 3 }),
      redirection,
    )
    .map(([name, words, tail]) => `${[name, ...words].join(" ")}${tail}`);
  const joined = fc
    .array(fc.tuple(command, fc.constantFrom("; ", " && ", " || ", " | ", "\n")), { minLength: 1, maxLength: 3 })
    .map((all) => all.map(([one, operator], i) => (i === all.length - 1 ? one : one + operator)).join(""));
  return fc
    .tuple(
      fc.constantFrom("x=v; y='r s'; ", "x=v y='r s'\n", 'x=v; y="a  b"; ', "x='*'; y=; "),
      joined,
      fc.constantFrom(
        "@",
        "@",
        "( @ )",
        "{ @; }",
        "f() { @; }; f",
        "echo $(@)",
        'x=$(@); ls "$x"',
        "cat <<E\n$(@)\nE",
        "for ((i=0;i<2;i++)); do @; done",
        "if ls; then @; fi",
        "for z in a 'b c'; do @; done",
        "case $x in v) @;; esac",
      ),
    )
    .map(([setting, commands, frame]) => setting + frame.replace("@", () => commands));
}

/** Lines that may set a variable, and then use it. */
function linesOfVariables() {
  const pre = fc.constantFrom(
    "x=a",
    "x=b",
    "x=",
    "x='p q'",
    "x+=c",
    "y=x",
    "x=$y",
    "unset x",
    "(x=s)",
    "{ x=g; }",
    "x=l | cat",
    "echo r | read x",
    "x=n :",
    "x=n eval :",
    "x=n eval 'y=$x'",
    "eval 'x=e'",
    "eval x=$y",
    "read x <<< r",
    "read x y <<< 'r t'",
    "read x </dev/null",
    "read -r x z <<E\nh i\nE",
    "printf -v x %s p",
    "declare x=d",
    "local x=m",
    "declare -l x=UP",
    "declare -u x=lo",
    "declare -i x=7",
    "declare -n x=y",
    "export x=v",
    "readonly q=1",
    "true && x=t",
    "false && x=f",
    "true || x=o",
    "false || x=w",
    "! x=k",
    "if true; then x=i; else x=j; fi",
    "if false; then x=i; fi",
    "for x in 1 2; do :; done",
    "for x; do :; done",
    "for x in; do :; done",
    "case a in a) x=c1;; *) x=c2;; esac",
    "case $x in a) x=c3;& b) x=c4;; esac",
    "case $x in a) x=c5;;& *) x=c6;; esac",
    "for ((x=0;x<2;x++)); do :; done",
    "((x=5))",
    "let x=6",
    "x=$((1+1))",
    ": $((x=8))",
    ": ${x:=df}",
    ": ${x:-dg}",
    "x=${x:-dh}",
    "x=${x:+di}",
    "x=${x%a}",
    "x=${x/a/b}",
    "x=${x^^}",
    "x=$(echo s)",
    "x=`echo t`",
    'x="$x u"',
    "set -- s1 s2; x=$1",
    "set -- s3; x=$#",
    "shift; x=$1",
    "x=$@",
    "x=$*",
    "f() { x=fn; }; f",
    "f() { local x=fl; }; f",
    "f() { x=ff; }",
    "trap 'x=tr' DEBUG",
    "trap 'x=te' ERR; false",
    "mapfile -t x <<< mf",
    "getopts a x",
    "getopts a: x -a 1",
    "select x in s; do break; done <<< 1",
    "exec {x}</dev/null",
    "coproc x { :; }",
    "while x=w1; do break; done",
    "until x=u1; do :; done",
    "while false; do x=w2; done",
    "x=1 y=$x",
    "x=(a1 a2)",
    "x[1]=z",
    "x=([0]=k)",
    "IFS=a",
    "x=aXa",
    "set -f",
    "x='*'",
    "x='b*'",
    "x=\\\\*",
    "x=~",
    "x=a:~",
    "time x=tm",
    "x=bg &",
    "[[ -n $x ]] && x=tb",
    "[[ $x == a ]] && x=tc",
    '[ -z "$x" ] && x=td',
    "test $x = a || x=te",
    "x=$_",
    "cd . && x=cd",
    "wait",
    "x=z | y=z",
    "x=c; unset -v x",
    "alias cat='cat al'",
    'x="${x}"',
    "x=$'q\\nr'",
    "x=${y:-$x}",
    "x=${!y}",
    "x=${x@Q}",
    "x=${#x}",
    "x=${x:0:1}",
    "x=<(:)",
    "x={a,b}",
    "x=$x$x",
    "x=n cat",
    "x=n env y=m cat",
    "IFS= read -r x <<< ' i '",
    "IFS=: read x y <<< 'a:b c'",
    "while IFS=, read -r x y; do cat \"$x\" $y .; done <<< 'a b,c'",
    "x=$(pgrep -o n)",
    "x=$(wc -l < /dev/null)",
    "x=$(id -u none); cat /$x/ .",
    "x=$!",
    "x=$?",
    "x=$(ls | wc -l)",
    "for x in $(pgrep n); do :; done",
    "for x in $(seq 1 3); do cat $x .; done",
    "x=$SECONDS",
    "export APP=e1; x=$APP",
    "APP=e2 cat",
    "APP=e3 eval 'x=$APP'",
    "y=$x; x=",
    "x=q cat <<< $x",
    "x=1; x+=2",
    "x=a y=$x cat $y",
    "unset IFS; x='a b'",
    "cat 3</dev/null <&3",
    "x=$(cat <<< s)",
    "set -- $x; x=$2",
    "x=('a b' c); cat \"${x[@]}\" ${x[1]}",
    "x=a,b; cat ${x//,/ } .",
    "x=${x:-$(echo sub)}",
    "x=${1-none}",
    "x=${x:?}",
    "break; x=br",
    "{ x=p1; } | cat",
    "x=5; (( x > 3 )) && x=gt",
    "x=0; (( x )) || x=zr",
    "[[ a =~ (a) ]] && x=${BASH_REMATCH[1]}",
    "x=$'a b' y=\"$x\"",
    "printf -v x '%s-%s' a b",
    "readarray -t x <<< 'l 1'; cat \"${x[0]}\" .",
    "case x in (x) x=pc;; esac",
    "if x=asg; then :; fi",
    "x=t1 && unset x || x=t2",
  );
  return fc
    .tuple(
      fc.array(pre, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(
        'cat "$x" .',
        "cat $x .",
        'cat "a$x" $y .',
        "cat ${x}b .",
        "for i in $x; do cat $i .; done",
        "sh -c 'cat $x .'",
        "eval cat $x .",
        "cat <<< $x $x .",
        "x=pre cat $x .",
      ),
      fc.constantFrom("; ", "\n", " && "),
    )
    .map(([all, last, by]) => [...all, last].join(/<<E/.test(all.join("")) || by === " && " ? "\n" : by));
}

describe.skipIf(!present(BASH))("SG-32 a real bash hands over what the guard foresaw", () => {
  test("lines of the corpora", { timeout: 180_000 }, () => {
    const lines = ["shell-attacks.json", "shell-honest.json", "shell-honest-more.json"].flatMap(corpus);
    for (const text of lines.filter((line) => !UNSAFE.test(line))) compare(text);
    expect(counts.lines).toBeGreaterThan(400);
    expect(counts.commands).toBeGreaterThan(250);
    expect(counts.unknown).toBeLessThan(counts.commands / 5);
  });

  test("lines made of quotes, expansions and redirections", { timeout: 180_000 }, () => {
    const before = counts.lines;
    fc.assert(
      fc.property(linesOfWords(), (text) => void compare(text)),
      { numRuns: 300, seed: 20_261_124 },
    );
    expect(counts.lines - before).toBeGreaterThan(120);
  });

  test("what a variable holds after commands that may set it", { timeout: 180_000 }, () => {
    const before = counts.lines;
    fc.assert(
      fc.property(linesOfVariables(), (text) => void compare(text)),
      { numRuns: 250, seed: 20_261_125 },
    );
    expect(counts.lines - before).toBeGreaterThan(120);
  });
});

describe("SG-27 a text for `sh`: any shell that may be it hands over what the guard foresaw", () => {
  test.each(SHELLS.filter(present))("$name", { timeout: 180_000 }, (shell) => {
    let commands = 0;
    fc.assert(
      fc.property(fc.oneof(linesOfWords(), linesOfVariables()), (text) => {
        const foreseen = foresee(text, shell.language);
        // What is not for every `sh` may keep one of them busy for ever.
        if (foreseen !== null && !foreseen.unknown) commands += compare(text, shell);
      }),
      { numRuns: 1_500, seed: 20_261_126 },
    );
    expect(commands).toBeGreaterThan(100);
  });
});
