/** Command lines that are meant to hurt the one who reads them: deep, wide, doubling, long. By what they are. */
export function hostileLines(): ReadonlyMap<string, string> {
  return new Map([...floods(), ...nested(), ...grown()]);
}

/** As long as a line may be. */
const MOST = 16_000;
const fill = (unit: string) => unit.repeat(Math.floor(MOST / unit.length));
const listed = (count: number, one: (i: number) => string, between: string) =>
  Array.from({ length: count }, (_, i) => one(i))
    .join(between)
    .slice(0, MOST);

const UNITS = [
  ..."( $( ` { ' \" ${a:- $(( <( if· while· a| a&& a; a\n *· ? [a {a,b} {1..9} $x· x=$x$x; a=*; ~/· .. /../".split(" "),
  ..."/* <<a\n <<<a· >a· 2>&1· ! & | \\ \\\n f(){· ((a+ $[ \"$( \"${x} $'\\x41' é 日 👍 -a· --a· --a=b· ls| ${!a} ${a//b/ ${a[ a[$( @( +(a|".split(
    " ",
  ),
  ..."cat· sudo· env· xargs· a=b· cd·a; cd·..; eval· time· coproc· fi· esac· }· )· ]]·".split(" "),
  "[[ a == b && ",
  "for i in a;do ",
  "for i in *;do ",
  "sh -c '",
  "find . -exec ",
  "find . -exec '\n",
  "export a=",
  "alias a=b;",
  "declare a=b;",
  "declare -i a=b;",
  "read x;",
  "trap 'a' 1;",
  "psql -c 'select 1';",
  "systemctl x;",
  "docker exec a '\n",
  "cat /etc/* ",
  "cat /*/*/* ",
  "echo a >b;",
  "case x in '\n",
  "tar -I a ",
  "awk '",
  "sed '",
  "jq '",
];

function floods(): [string, string][] {
  return UNITS.flatMap((unit): [string, string][] =>
    ["", "a", "x)", "x;", "'\n"].map((more) => [`a flood of ${JSON.stringify(unit + more)}`, fill(unit + more)]),
  );
}

const PAIRS = [
  ["(", ")"],
  ["$(", ")"],
  ["{ ", ";}"],
  ["if ", ";then a;fi"],
  ["while ", ";do a;done"],
  ["for i in a b;do ", ";done"],
  ["case a in a) ", " ;; esac"],
  ["((", "))"],
  ["${a:-", "}"],
  ['"$(', ')"'],
  ["f(){ ", ";}"],
  ["[[ ( a ", " ) ]]"],
  ["sh -c '", "'"],
  ["<(", ")"],
] as const;

function nested(): [string, string][] {
  return PAIRS.flatMap(([open, close]) =>
    [5, 10, 20, 40, 58, 2_000].flatMap((depth): [string, string][] => [
      [`${depth} × ${open}…${close}`, `${open.repeat(depth)}cat x${close.repeat(depth)}`],
      [`${depth} × ${open}, left open`, `${open.repeat(depth)}id`],
    ]),
  );
}

function grown(): [string, string][] {
  const eight = listed(8, (i) => `for v${i} in a b c d e f g h;do `, "");
  const globs = [100, 190, 380, 1_000, 4_000].flatMap((length): [string, string][] => [
    [`globs of ${length}`, `cat ${`/${"*a".repeat(length / 2 - 1)} `.repeat(MOST / length - 1)}`],
    [`folders of ${length}`, `cat ${`${"/*".repeat(length / 2)} `.repeat(MOST / length - 1)}`],
    [`names of ${length}`, `cat ${`/${".env/".repeat(length / 5)} `.repeat(MOST / length - 1)}`],
  ]);
  return [
    ...globs,
    ["loops in loops", `${eight}${"cat $v0$v1;".repeat(900)}${";done".repeat(8).slice(1)}`],
    ["a word of eight variables", `${eight}cat $v0$v1$v2$v3$v4$v5$v6$v7${";done".repeat(8)}`],
    ["doubling", `a=xx;${"a=$a$a;".repeat(1_900)}cat $a`],
    ["braces in braces", `echo ${"{a,".repeat(300)}${"}".repeat(300)}`],
    ["braces that are none", `cat ${"{a}".repeat(900)}${"b".repeat(12_000)}`],
    ["braces that are escaped", `cat ${"{a}\\\\{".repeat(700)}${"x".repeat(9_000)}`],
    ["words of braces that are none", `cat ${`${"{a}".repeat(60)}${"b".repeat(140)} `.repeat(30)}`],
    ["a word of braces", `echo ${"{a,b}".repeat(25)}`],
    ["1,400 commands", listed(1_400, (i) => `ls a${i}`, ";")],
    ["1,400 files", listed(1_400, (i) => `cat a${i}`, ";")],
    ["780 paths", `cat ${listed(780, (i) => `/a${i}/b`, " ")}`],
    ["780 globs", `cat ${listed(780, (i) => `/a${i}*`, " ")}`],
    ["1,600 variables", listed(1_600, (i) => `a${i}=1`, ";")],
    ["1,600 assignments", listed(1_600, (i) => `a${i}=1`, " ")],
    ["780 exports", `export ${listed(780, (i) => `a${i}=1`, " ")}`],
    ["900 functions", listed(900, (i) => `f${i}(){ a;}`, ";")],
    ["900 aliases", listed(900, (i) => `alias a${i}=b`, ";")],
    ["a sum", `echo $((${"1+".repeat(7_000)}1))`],
    ["900 cases", `case $x in ${"a|b|c) cat d;; ".repeat(900)}esac`],
    ["a long pipe", `${"cat a|".repeat(2_600)}cat`],
    ["a long chain", `${"cd a&&".repeat(2_000)}cat x`],
    ["where it may be", `${"cd a||cd b;".repeat(1_300)}cat x`],
    ["700 parameters", `set -- ${"a ".repeat(700)};${"cat $1;".repeat(1_500)}`],
    ["a here-document", `cat <<E\n${"$(id) `id` $x\n".repeat(900)}E\n`],
    ["a program of awk", `awk '${'system("a")'.repeat(900)}'`],
    ["a program of sed", `sed '${"s/a/b/;".repeat(2_000)}' x`],
    ["find", `find . ${"-exec cat {} \\; ".repeat(900)}`],
    ["wrappers", `${"sudo env nice ".repeat(1_000)}id`],
    ["long options", `tar ${"--ex ".repeat(799)}`],
    ["combining marks", "e\u0301".repeat(4_000)],
    ["100 kB", "a".repeat(100_000)],
    ["1 MB", "(".repeat(1_000_000)],
  ];
}
