import { describeCommand, type Exec, emitExec } from "../command.ts";
import { describeWord } from "../meaning.ts";
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

  const expression = partsOf(exec.words.slice(i));
  const name = nameOf(expression);
  const found = roots.map((root) => below(root, name));
  if (found.length * expression.filter((part) => RUN.has(part.predicate ?? "")).length > MOST_RUNS) {
    walk.opaque("`find` with too many commands", span);
    return;
  }
  for (const { predicate, argument, values } of expression) {
    const [value] = values;
    if (predicate === null) {
      walk.opaque(`word \`${argument.source}\` of \`find\`, which may be an action`, argument.span);
    } else if (predicate === "-files0-from") {
      if (value !== undefined) describeWord(exec, "names", value, false);
    } else if (predicate === "-delete") {
      for (const path of found) walk.file("file:delete", path, state);
    } else if (WRITE.has(predicate)) {
      if (value !== undefined) walk.file("file:write", value, state);
    } else if (RUN.has(predicate)) {
      for (const path of found) {
        const expanded = values.map((part) =>
          isPlace(part) ? path : part.known === "text" && part.text.includes("{}") ? gap(part) : part,
        );
        describeCommand(walk, expanded, /dir$/.test(predicate) ? { ...state, cwds: null } : state, span, null);
      }
    } else if (!ALONE.has(predicate) && !TEXT.has(predicate) && !FILE.has(predicate)) {
      walk.opaque(`\`${predicate}\` of \`find\`, which is not known`, argument.span);
    }
  }
}

/** A predicate with the words that belong to it. */
interface Part {
  /** Null: known only when it runs. */
  readonly predicate: string | null;
  readonly argument: Argument;
  readonly values: readonly Argument[];
}

function partsOf(expression: readonly Argument[]): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < expression.length; at++) {
    const argument = expression[at] as Argument;
    const predicate = argument.known === "text" ? argument.text : null;
    let end = at + 1;
    if (predicate !== null && RUN.has(predicate)) {
      const stop = expression.findIndex(
        (other, j) =>
          j > at && other.known === "text" && (other.text === ";" || (other.text === "+" && isPlace(expression[j - 1]))),
      );
      end = stop === -1 ? expression.length : stop;
    } else if (predicate === "-fprintf") end += 2;
    else if (
      predicate !== null &&
      (TEXT.has(predicate) || FILE.has(predicate) || WRITE.has(predicate) || predicate === "-files0-from")
    )
      end++;
    parts.push({ predicate, argument, values: expression.slice(at + 1, end) });
    at = predicate !== null && RUN.has(predicate) ? end : end - 1;
  }
  return parts;
}

function isPlace(argument: Argument | undefined): boolean {
  return argument?.known === "text" && argument.text === "{}";
}

function gap(part: Argument): Argument {
  return { span: part.span, source: part.source, known: "no", why: "holds a name that is found", prefix: "", splits: false };
}

/** The glob that every found file's name must fit: only where nothing in the expression makes it one of several. */
function nameOf(expression: readonly Part[]): string | null {
  if (expression.some((part) => part.predicate === null || /^(-o|-or|!|-not|,|\(|\))$/.test(part.predicate))) return null;
  const end = expression.findIndex((part) => /^-(exec|ok|delete|fprint)/.test(part.predicate ?? ""));
  const [value] = expression.slice(0, end === -1 ? undefined : end).find((part) => part.predicate === "-name")?.values ?? [];
  return value?.known !== "text" || value.text.includes("/") || value.text.includes("\\") ? null : value.text;
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
