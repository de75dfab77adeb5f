import { type Exec, emitExec } from "../command.ts";
import type { Argument } from "../word.ts";

/** Letters that take a value: the rest of their word, or the next word. After a dash some more do. */
const TAKES = /[oOpqtUk]/;
const TAKES_AFTER_DASH = /[CgGnNoOpqstuU]/;
/** Letters that mean something, without and after a dash. With another one after a dash the whole line is read again. */
const WITHOUT_DASH = /^[ACHLMNOSTUVWXZacefghjklmnopqrstuvwxz]*$/;
const AFTER_DASH = /^[ACFGHLMNOPTUVZacdefgjlmnopqstuwy]*$/;
/** With a value that does not fit one of these the line is read again too. */
const MAY_NOT_FIT = /[CgGnNOstu]/;

interface Group {
  readonly dashed: boolean;
  /** Letters before the first one that takes a value, and that one. */
  readonly letters: string;
  /** What stands behind it in the same word. */
  readonly attached: string;
}

/**
 * `ps`: the letter `e` without a dash prints the environment of processes. A line with a dash means the same where `ps`
 * cannot read it in the way of System V: it reads it again in the way of BSD then.
 */
export function ps(exec: Exec): void {
  const { words, walk } = exec;
  const plain = groupsOf(words, TAKES_AFTER_DASH);
  const again = groupsOf(words, TAKES);
  const options = words.filter((word) => word.known === "text" && (word.text.startsWith("-") || plain.groups.has(word)));
  const flags = options.map((word) => (word.known === "text" ? (word.text.split("=")[0] ?? "") : ""));
  emitExec(exec, { subcommand: "", flags, operands: words.filter((word) => !plain.groups.has(word) || isDashed(word)) });
  for (const word of words) if (word.known === "no" && word.splits) walk.opaque(`word \`${word.source}\` of \`ps\``, word.span);
  const groups = [...plain.groups.values()];
  const dashed = groups.filter((group) => group.dashed);
  const second = [...again.groups.values()];
  const readAgain =
    (plain.open || dashed.some((group) => !AFTER_DASH.test(group.letters) || MAY_NOT_FIT.test(group.letters.slice(-1)))) &&
    second.every((group) => WITHOUT_DASH.test(group.letters));
  const shows =
    groups.some((group) => !group.dashed && group.letters.includes("e")) ||
    // `ps -auxe` is `ps auxe` where nobody is called `xe`.
    dashed.some((group) => /[uU]$/.test(group.letters) && group.attached.includes("e")) ||
    (readAgain && second.some((group) => group.letters.includes("e"))) ||
    words.some((word) => word.known === "text" && /environ/.test(word.text));
  if (shows) walk.opaque("`ps e` prints the environment of processes", exec.span);
}

/** The words that are groups of letters. `open`: a value is missing at the end. */
function groupsOf(words: readonly Argument[], takes: RegExp): { groups: ReadonlyMap<Argument, Group>; open: boolean } {
  const groups = new Map<Argument, Group>();
  let open = false;
  for (const word of words) {
    if (open) {
      open = false;
      continue;
    }
    const text = word.known === "text" ? word.text : "";
    if (/^--(sort|format|pid|ppid|user|User|group|Group|tty|sid|cols|columns|width|lines|rows)$/.test(text)) open = true;
    if (!/^-?[A-Za-z]/.test(text)) continue;
    const dashed = text.startsWith("-");
    const body = dashed ? text.slice(1) : text;
    const at = body.search(dashed ? takes : TAKES);
    groups.set(word, {
      dashed,
      letters: at === -1 ? body : body.slice(0, at + 1),
      attached: at === -1 ? "" : body.slice(at + 1),
    });
    open = at !== -1 && at === body.length - 1;
  }
  return { groups, open };
}

function isDashed(word: Argument): boolean {
  return word.known === "text" && word.text.startsWith("-");
}
