import type { ProgramEntry, WordKind } from "./catalogue-schema.ts";
import type { Argument } from "./word.ts";

export interface Option {
  /** With its dashes: `-n`, `--lines`. */
  readonly name: string;
  readonly value: Argument | null;
  readonly listed: boolean;
  /** The value stands in the same word as its letter. */
  readonly attached?: boolean;
  /** A beginning of several long options: which one is meant the program decides. */
  readonly ambiguous?: boolean;
}

export interface Line {
  readonly options: readonly Option[];
  readonly operands: readonly Argument[];
  /** Words of which it is not known whether they are options. */
  readonly unsure: readonly Argument[];
}

export type Takes = "none" | "value" | "attached";

/** Reads a program's arguments as getopt does. `stopAtOperand`: options end where the first operand stands, as for wrappers. */
export function readLine(entry: ProgramEntry, words: readonly Argument[], stopAtOperand: boolean): Line {
  const { short, long } = tableOf(entry);
  const options: Option[] = [];
  const operands: Argument[] = [];
  const unsure: Argument[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as Argument;
    const text = leading(word);
    if (word.known === "text" && text === "--") {
      operands.push(...words.slice(i + 1));
      for (const rest of words.slice(i + 1)) if (rest.known === "no" && rest.splits) unsure.push(rest);
      break;
    }
    if (!text.startsWith("-") || text === "-") {
      const mayBeOption =
        (word.known === "no" && (word.prefix === "" || word.splits)) ||
        (word.known === "pattern" && (mayBeginWithDash(word.pattern) || word.splits));
      if (mayBeOption) unsure.push(word);
      operands.push(word);
      if (stopAtOperand) {
        operands.push(...words.slice(i + 1));
        break;
      }
      continue;
    }
    const next = words[i + 1];
    if (text.startsWith("--") || entry.single === true) {
      const equals = text.indexOf("=");
      if (equals === -1 && word.known !== "text") {
        unsure.push(word);
        continue;
      }
      const given = equals === -1 ? text : text.slice(0, equals);
      const whole = entry.single === true ? given.replace(/^--?/, "-") : complete(given, long);
      const ambiguous = whole === null ? { ambiguous: true } : {};
      const name = whole ?? given;
      const takes = long.get(name.replace(/^--?/, ""));
      const attached = equals === -1 ? null : tail(word, equals + 1);
      if (attached !== null || takes !== "value")
        options.push({ name, value: attached, listed: takes !== undefined, ...ambiguous });
      else {
        options.push({ name, value: next ?? null, listed: true });
        i++;
      }
      continue;
    }
    for (let at = 1; at < text.length; at++) {
      const letter = text[at] as string;
      const takes = short.get(letter);
      const name = `-${letter}`;
      const rest = at + 1 < text.length || word.known !== "text";
      if (takes === undefined && /[0-9]/.test(letter)) {
        options.push({ name: "-NUMBER", value: null, listed: true });
        while (/[0-9]/.test(text[at + 1] ?? "")) at++;
      } else if (takes === "value" || takes === "attached") {
        if (rest) options.push({ name, value: tail(word, at + 1), listed: true, attached: true });
        else if (takes === "attached") options.push({ name, value: null, listed: true });
        else {
          options.push({ name, value: next ?? null, listed: true });
          i++;
        }
        break;
      } else {
        options.push({ name, value: null, listed: takes !== undefined });
        if (at === text.length - 1 && word.known !== "text") unsure.push(word);
      }
    }
  }
  return { options, operands, unsure };
}

function mayBeginWithDash(pattern: string): boolean {
  const members = /^\[([^!^\]][^\]]*)\]/.exec(pattern)?.[1]?.replace(/\w-\w/g, "");
  return members === undefined ? /^[*?[]/.test(pattern) : members.includes("-");
}

/** What the word surely begins with. */
function leading(word: Argument): string {
  switch (word.known) {
    case "text":
      return word.text;
    case "pattern":
      return /^[^*?[]*/.exec(word.pattern)?.[0] ?? "";
    case "no":
      return word.prefix;
    case "pipe":
      return "";
  }
}

function tail(word: Argument, from: number): Argument {
  switch (word.known) {
    case "text":
      return { ...word, text: word.text.slice(from) };
    case "pattern":
      return { ...word, pattern: word.pattern.slice(from) };
    case "no":
      return { ...word, prefix: word.prefix.slice(from) };
    case "pipe":
      return word;
  }
}

interface Table {
  readonly short: ReadonlyMap<string, Takes>;
  readonly long: ReadonlyMap<string, Takes>;
}

/** Entries of the catalogue never change. */
const tables = new WeakMap<ProgramEntry, Table>();

function tableOf(entry: ProgramEntry): Table {
  const found = tables.get(entry);
  if (found !== undefined) return found;
  const table = { short: shortOptions(entry.short ?? ""), long: longOptions(entry) };
  tables.set(entry, table);
  return table;
}

function shortOptions(text: string): ReadonlyMap<string, Takes> {
  const found = new Map<string, Takes>();
  for (let i = 0; i < text.length; i++) {
    const colons = /^:*/.exec(text.slice(i + 1))?.[0].length ?? 0;
    found.set(text[i] as string, colons === 0 ? "none" : colons === 1 ? "value" : "attached");
    i += colons;
  }
  return found;
}

export function longOptions(entry: ProgramEntry): ReadonlyMap<string, Takes> {
  const found = new Map<string, Takes>();
  // What is only named elsewhere in the entry has beginnings too.
  for (const name of named(entry.becomes)) found.set(name, "attached");
  for (const name of [...named({ [entry.recursive ?? ""]: 0 }), ...named({ [entry.shifts ?? ""]: 0 })])
    found.set(name, "attached");
  for (const name of named(entry.values)) found.set(name, "value");
  for (const word of (entry.long ?? "").split(" ")) {
    if (word.endsWith("=?")) found.set(word.slice(0, -2), "attached");
    else if (word.endsWith("=")) found.set(word.slice(0, -1), "value");
    else if (word !== "") found.set(word, "none");
  }
  return found;
}

function named(table: Readonly<Record<string, unknown>> | undefined): string[] {
  return Object.keys(table ?? {}).flatMap((keys) =>
    keys.split(" ").flatMap((key) => (key.startsWith("--") ? [key.slice(2)] : [])),
  );
}

/** GNU programs take any beginning of a long option that fits one alone. Null: it fits several. */
function complete(name: string, long: ReadonlyMap<string, Takes>): string | null {
  const bare = name.slice(2);
  if (long.has(bare)) return name;
  const candidates = [...long.keys()].filter((key) => key.startsWith(bare));
  return candidates.length === 1 ? `--${candidates[0]}` : candidates.length === 0 ? name : null;
}

/** Looks up a table whose keys are several options separated by blanks. */
export function forOption<T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  for (const [keys, value] of Object.entries(table ?? {})) if (keys.split(" ").includes(name)) return value;
  return undefined;
}

export function isDangerous(kind: WordKind): boolean {
  return (
    kind === "write" || kind === "delete" || kind === "command" || kind === "plugin" || kind === "program" || kind === "script"
  );
}
