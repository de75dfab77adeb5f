import { BUILTINS } from "./builtin.ts";
import { CATALOGUE } from "./catalogue.generated.ts";
import type { NamedThing, ProgramEntry } from "./catalogue-schema.ts";
import { forOption, longOptions, readLine } from "./options.ts";
import { GATEWAY_BUILTINS } from "./prepared.ts";
import type { Argument } from "./word.ts";

/**
 * What the word before the cursor may become. Read from the text alone and loosely: a wrong guess completes nothing, and
 * what is completed is judged like anything that is typed. Nothing of the text is ever sent to the host for it.
 */
export interface Wanted {
  /** The word so far, without its quotes. */
  readonly start: string;
  /** The quote that is open; empty: none. */
  readonly quote: "" | "'" | '"';
  /** Words that are known here: subcommands, options. An option that takes a value ends in `=`. */
  readonly words: readonly string[];
  /** What the host is asked for, in this order, until something fits. */
  readonly ask: readonly Asked[];
  /** The program whose word it is; empty: its own name stands here. */
  readonly program: string;
}

export type Asked = "program" | "path" | NamedThing;

/** What stands before a command that is not part of it. */
const BEFORE: ReadonlySet<string> = new Set(["if", "then", "elif", "else", "while", "until", "do", "{", "!"]);

/** What the shell and the gateway do themselves; names of one sign are not completed. */
export const OWN_WORDS: readonly string[] = [...new Set([...Object.keys(BUILTINS), ...GATEWAY_BUILTINS])].filter((name) =>
  /^[a-z]{2}/.test(name),
);

/** Longer texts are not completed: each Tab reads all of it. */
const LONGEST = 4_000;

export function wantedAt(before: string): Wanted | null {
  if (before.length > LONGEST) return null;
  const read = lastCommand(before);
  if (read === null) return null;
  const { start, quote, redirected } = read;
  const words = [...read.words];
  const paths = (program: string): Wanted => ({ start, quote, words: [], ask: ["path"], program });
  if (redirected) return paths("");
  for (;;) {
    while (words[0] !== undefined && (/^[A-Za-z_]\w*\+?=/.test(words[0]) || BEFORE.has(words[0]))) words.shift();
    const [program, ...rest] = words;
    if (program === undefined)
      return start.includes("/") || /^[A-Za-z_]\w*=/.test(start)
        ? paths("")
        : { start, quote, words: OWN_WORDS, ask: ["program", "path"], program: "" };
    const inner = wrapped(program, rest);
    if (inner === null) return inProgram(program, rest, start, quote);
    words.splice(0, words.length, ...inner);
  }
}

/** What a wrapper runs, as far as it is written; null: it is no wrapper, or the cursor is among its own words. */
function wrapped(program: string, words: readonly string[]): readonly string[] | null {
  const wrapper = Object.hasOwn(WRAPPERS, program) ? WRAPPERS[program] : undefined;
  if (wrapper === undefined) return null;
  const { operands, options } = readLine(wrapper, words.map(argument), true);
  const own = wrapper.runs ?? 0;
  const last = words.at(-1);
  if (operands.length < own || (operands.length === own && last !== undefined && takesNext(wrapper, last))) return null;
  return options.some(({ name }) => name === "-S") ? null : operands.slice(own).map(textOf);
}

const PLAIN: ProgramEntry = {};
/** Programs whose words, from number `runs` on, are a command of their own. */
const WRAPPERS: Readonly<Record<string, ProgramEntry>> = {
  ...Object.fromEntries(
    ["nice", "ionice", "nohup", "time", "timeout", "stdbuf", "watch"].map((name) => [name, CATALOGUE[name] ?? PLAIN]),
  ),
  sudo: { short: "u:g:p:C:D:h:r:t:T:U:R:AbEHnPS", long: "user= group= chdir= host= prompt= non-interactive" },
  doas: { short: "u:C:Lns" },
  env: { short: "i0u:C:S:v", long: "ignore-environment unset= chdir= split-string=" },
  xargs: { short: "0a:d:E:e::I:i::L:l::n:oP:prs:tx" },
  command: { short: "pvV" },
  exec: { short: "cla:" },
  can: PLAIN,
};

function inProgram(program: string, words: readonly string[], start: string, quote: Wanted["quote"]): Wanted {
  const entry = entryOf(program);
  const known = (list: readonly string[], ask: readonly Asked[]): Wanted => ({ start, quote, words: list, ask, program });
  if (entry === undefined) return known([], ["path"]);
  const { operands } = readLine(entry, words.map(argument), false);
  const last = words.at(-1);
  if (last !== undefined && takesNext(entry, last)) {
    const named = forOption(entry.valueNames, last);
    return known([], named === undefined ? ["path"] : [named]);
  }
  const value = /^(--[a-z-]+)=(.*)$/.exec(start);
  const option = value?.[1];
  if (option !== undefined) {
    const named = forOption(entry.valueNames, option);
    return { start: value?.[2] ?? "", quote, words: [], ask: [named ?? "path"], program };
  }
  const [first = "", second = ""] = operands.map(textOf);
  const nested = first !== "" && subOf(entry, first)?.nested === true;
  const sub = subOf(entry, nested ? `${first} ${second}` : first) ?? subOf(entry, first);
  if (start.startsWith("-")) {
    const long = [...longOptions(entry), ...(sub === undefined ? [] : longOptions({ ...sub, subcommands: undefined }))];
    return known([...new Set(long.map(([name, takes]) => `--${name}${takes === "value" ? "=" : ""}`))], []);
  }
  if (entry.subcommands !== undefined && operands.length === 0) return known(subcommandsOf(entry), []);
  if (nested && operands.length === 1) return known(nestedOf(entry, first), []);
  const things = Object.entries(entry.named ?? {}).flatMap(([thing, verbs]) =>
    verbs?.split(" ").includes(first) === true ? [thing as NamedThing] : [],
  );
  return known([], [...things, "path"]);
}

function entryOf(program: string): ProgramEntry | undefined {
  return Object.hasOwn(CATALOGUE, program) ? CATALOGUE[program] : undefined;
}

function takesNext(entry: ProgramEntry, word: string): boolean {
  const [option] = readLine(entry, [argument(word), argument("\0")], false).options.slice(-1);
  return option?.value?.known === "text" && option.value.text === "\0";
}

function names(entry: ProgramEntry): string[] {
  return Object.keys(entry.sub ?? {}).flatMap((list) => list.split(",").map((name) => name.trim()));
}

function subcommandsOf(entry: ProgramEntry): readonly string[] {
  const all = [...names(entry).map((name) => name.split(" ")[0] ?? ""), ...(entry.words?.split(" ") ?? [])];
  return [...new Set(all)].filter((name) => /^[a-z]/.test(name));
}

function nestedOf(entry: ProgramEntry, first: string): readonly string[] {
  return names(entry).flatMap((name) => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : []));
}

function subOf(entry: ProgramEntry, name: string) {
  return Object.entries(entry.sub ?? {}).find(([list]) => list.split(",").some((one) => one.trim() === name))?.[1];
}

function argument(text: string): Argument {
  return { known: "text", text, span: [0, 0], source: text };
}

function textOf(word: Argument): string {
  return word.known === "text" ? word.text : "";
}

interface LastCommand {
  readonly words: readonly string[];
  readonly start: string;
  readonly quote: Wanted["quote"];
  /** The word names a file that a redirection reads or writes. */
  readonly redirected: boolean;
}

/** The words of the command at the end of the text, without their quotes. Null: the end is a comment or an expansion. */
function lastCommand(text: string): LastCommand | null {
  let words: string[] = [];
  let word: string | null = null;
  let quote: Wanted["quote"] = "";
  let redirected = false;
  const end = (): void => {
    if (word !== null && !redirected) words.push(word);
    if (word !== null) redirected = false;
    word = null;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quote === "'") {
      if (c === "'") quote = "";
      else word = (word ?? "") + c;
    } else if (c === "\\") {
      i++;
      word = (word ?? "") + (text[i] ?? "");
    } else if (quote === '"') {
      if (c === '"') quote = "";
      else word = (word ?? "") + c;
    } else if (c === "'" || c === '"') {
      quote = c;
      word ??= "";
    } else if (c === " " || c === "\t") end();
    else if (c === "#" && word === null) return null;
    else if (/[;&|(`\n]/.test(c)) {
      word = null;
      words = [];
      redirected = false;
    } else if (c === "<" || c === ">") {
      end();
      redirected = true;
    } else word = (word ?? "") + c;
  }
  const start: string = word ?? "";
  return /[$`]/.test(start) ? null : { words, start, quote, redirected };
}

/** What is put after the word's beginning so that the shell reads `name`; null: it cannot be written here. */
export function written(rest: string, quote: Wanted["quote"]): string | null {
  if (/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/u.test(rest)) return null;
  if (quote === "'") return rest.includes("'") ? null : rest;
  if (quote === '"') return /[$`"\\!]/.test(rest) ? null : rest;
  return rest.replace(/[^\p{L}\p{N}\p{M}_@%+=:,./-]/gu, "\\$&");
}
