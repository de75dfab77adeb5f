import { describeCommand, type Exec, emitExec } from "../command.ts";
import { describeWord } from "../program.ts";
import type { Argument } from "../word.ts";

/** Predicates by what follows them. What stands in no list is opaque. */
const ALONE = words(
  "-print -print0 -ls -prune -quit -depth -d -true -false -empty -executable -readable -writable -nogroup -nouser -daystart -follow -mount -xdev -noleaf -warn -nowarn -not -a -and -o -or -ignore_readdir_race -noignore_readdir_race ! ( ) ,",
);
const TEXT = words(
  "-name -iname -path -ipath -wholename -iwholename -regex -iregex -lname -ilname -type -xtype -size -perm -user -group -uid -gid -links -inum -mtime -mmin -atime -amin -ctime -cmin -used -newermt -newerat -newerct -newerBt -maxdepth -mindepth -fstype -regextype -printf -context",
);
const FILE = words("-newer -anewer -cnewer -samefile -neweram -newermm -newercm -neweraa -newerma -newerca");
const RUN = words("-exec -execdir -ok -okdir");
const WRITE = words("-fprint -fprint0 -fls -fprintf");

/** Roots times commands. */
const MOST_RUNS = 64;

/** `find ROOTS… EXPRESSION`: what it finds is below the roots and, where the text says so, of a name. */
export function find(exec: Exec): void {
  const { walk, state, span } = exec;
  let i = 0;
  const word = (at: number) => exec.words[at];
  const text = (at: number): string | null => {
    const found = word(at);
    return found?.known === "text" ? found.text : null;
  };
  while (/^(-[HLP]|-D|-O[0-9]*)$/.test(text(i) ?? "")) i += text(i) === "-D" ? 2 : 1;
  const roots: Argument[] = [];
  for (; i < exec.words.length; i++) {
    const argument = word(i) as Argument;
    if (argument.known === "text" && /^(-|[(),!])/.test(argument.text)) break;
    if (argument.known === "no" && (argument.prefix === "" || argument.splits))
      walk.opaque(`word \`${argument.source}\` of \`find\`, which may be an action`, argument.span);
    roots.push(argument);
  }
  if (roots.length === 0) roots.push({ span, source: ".", known: "text", text: "." });
  const flags = exec.words
    .slice(i)
    .flatMap((argument) => (argument.known === "text" && argument.text.startsWith("-") ? [argument.text] : []));
  emitExec(exec, { subcommand: "", flags, operands: roots });
  for (const root of roots) walk.file("file:read", root, state);

  const expression = exec.words.slice(i);
  const name = nameOf(expression);
  const found = roots.map((root) => below(root, name));
  const runs = expression.filter((argument) => argument.known === "text" && RUN.has(argument.text)).length;
  if (found.length * runs > MOST_RUNS) {
    walk.opaque("`find` with too many commands", span);
    return;
  }
  for (let at = 0; at < expression.length; at++) {
    const argument = expression[at] as Argument;
    const predicate = argument.known === "text" ? argument.text : null;
    const value = expression[at + 1];
    if (predicate === null) {
      walk.opaque(`word \`${argument.source}\` of \`find\`, which may be an action`, argument.span);
    } else if (ALONE.has(predicate)) {
      // Nothing beyond the names, which are described already.
    } else if (TEXT.has(predicate)) at++;
    else if (FILE.has(predicate)) at++;
    else if (predicate === "-files0-from") {
      at++;
      if (value !== undefined) describeWord(exec, "names", value, false);
    } else if (predicate === "-delete") {
      for (const path of found) walk.file("file:delete", path, state);
    } else if (WRITE.has(predicate)) {
      at += predicate === "-fprintf" ? 2 : 1;
      if (value !== undefined) walk.file("file:write", value, state);
    } else if (RUN.has(predicate)) {
      const end = expression.findIndex(
        (other, j) =>
          j > at && other.known === "text" && (other.text === ";" || (other.text === "+" && isPlace(expression[j - 1]))),
      );
      const line = expression.slice(at + 1, end === -1 ? expression.length : end);
      for (const path of found) {
        const expanded = line.map((part) =>
          isPlace(part) ? path : part.known === "text" && part.text.includes("{}") ? gap(part) : part,
        );
        describeCommand(walk, expanded, /dir$/.test(predicate) ? { ...state, cwds: null } : state, span, null);
      }
      at = end === -1 ? expression.length : end;
    } else walk.opaque(`\`${predicate}\` of \`find\`, which is not known`, argument.span);
  }
}

function isPlace(argument: Argument | undefined): boolean {
  return argument?.known === "text" && argument.text === "{}";
}

function gap(part: Argument): Argument {
  return { span: part.span, source: part.source, known: "no", why: "holds a name that is found", prefix: "", splits: false };
}

/** The glob that every found file's name must fit: only where the expression has no `-o` or `!` around it. */
function nameOf(expression: readonly Argument[]): string | null {
  const texts = expression.map((argument) => (argument.known === "text" ? argument.text : "$"));
  const end = texts.findIndex((text) => /^-(exec|ok|delete|fprint)/.test(text));
  const before = texts.slice(0, end === -1 ? texts.length : end);
  if (before.some((text) => /^(-o|-or|!|-not|,|\(|\$)$/.test(text))) return null;
  const at = before.indexOf("-name");
  const name = at === -1 ? undefined : before[at + 1];
  return name === undefined || name === "$" || name.includes("/") || name.includes("\\") ? null : name;
}

function below(root: Argument, name: string | null): Argument {
  if (root.known === "no" || root.known === "pipe") return root;
  const folder = (root.known === "text" ? root.text : root.pattern).replace(/\/+$/, "");
  return name === null
    ? { span: root.span, source: root.source, known: "pattern", pattern: `${folder}/**`, tree: true, hidden: true, splits: false }
    : { span: root.span, source: root.source, known: "pattern", pattern: `${folder}/**/${name}`, hidden: true, splits: false };
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
