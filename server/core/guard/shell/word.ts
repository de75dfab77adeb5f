import { parse, type Word, type WordPart } from "unbash";
import type { Span } from "../../domain/span.ts";
import { expandBraces, mayBeBraces } from "./brace.ts";
import { isNumeric, LONGEST, type Piece, type State, type Value } from "./state.ts";

/** One argument as the program will get it, as far as that can be known. */
export type Argument = { readonly span: Span; readonly source: string } & (
  | { readonly known: "text"; readonly text: string }
  /**
   * A glob that the shell expands, or a value that fits one. `tree`: everything below a folder. `hidden`: not the shell's
   * glob, it matches names that begin with a dot too. `expands`: it stands in the line as a glob.
   */
  | {
      readonly known: "pattern";
      readonly pattern: string;
      readonly tree?: boolean;
      readonly hidden?: boolean;
      readonly expands?: boolean;
      readonly splits: boolean;
    }
  /** A pipe to a command that is described on its own: `<(…)`. */
  | { readonly known: "pipe" }
  /** `prefix`: what it surely begins with. `splits`: it may be no word or several. */
  | { readonly known: "no"; readonly why: string; readonly prefix: string; readonly splits: boolean }
);

/** What a word's parts need from the walker: nested commands run, arithmetic and assignments happen. */
export interface WordWalk {
  readonly state: State;
  meet(part: WordPart): void;
  lookUp(name: string): Value;
  /** Walks everything in a part that runs or assigns; returns what is known of a substitution's output. */
  visit(part: WordPart): Value;
  span(from: number, to: number): Span;
}

type Segment =
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  | { readonly kind: "pattern"; readonly pattern: string; readonly quoted: boolean }
  | { readonly kind: "pipe" }
  | { readonly kind: "unknown"; readonly why: string; readonly splits: boolean };

const MOST_WORDS = 64;
const MOST_PARTS = 200;
const GLOB = /[*?]|\[[^\]]*\]/;

/**
 * All that a word may become: a list of alternatives, each a list of arguments. A word in double quotes is one argument;
 * an unquoted variable may be several; braces make several.
 */
export function expandWord(
  word: Word,
  walk: WordWalk,
  mode: "argument" | "assignment" = "argument",
): readonly (readonly Argument[])[] {
  const span = walk.span(word.pos, word.end);
  const source = word.text;
  const braces = (word.parts ?? []).some((part) => part.type === "BraceExpansion");
  if (mode === "argument" && (braces || mayBeBraces(word.text))) {
    for (const part of word.parts ?? []) walk.meet(part);
    const expanded = expandBraces(word.text);
    if (expanded === null) {
      for (const part of word.parts ?? []) walk.visit(part);
      return [[{ span, source, known: "no", why: "is made by braces", prefix: "", splits: true }]];
    }
    return cross(expanded.map((raw) => alternatives(reparse(raw), walk, span, raw, mode)));
  }
  return alternatives(word, walk, span, source, mode);
}

/** One of the words that braces made. */
function reparse(raw: string): Word {
  const command = parse(`: ${raw}`).commands[0]?.command;
  const suffix = command?.type === "Command" ? command.suffix : [];
  const [only] = suffix;
  if (suffix.length === 1 && only?.type === "Word") return only;
  return { type: "Word", text: raw, value: raw, pos: 0, end: 0, parts: [{ type: "BraceExpansion", pos: 0, end: 0, text: raw }] };
}

function alternatives(
  word: Word,
  walk: WordWalk,
  span: Span,
  source: string,
  mode: "argument" | "assignment",
): readonly (readonly Argument[])[] {
  if (continuesExpansion(word)) {
    for (const part of word.parts ?? []) walk.visit(part);
    return [[{ span, source, known: "no", why: "goes on in the next line", prefix: "", splits: true }]];
  }
  if ((word.parts ?? []).length > MOST_PARTS) {
    for (const part of word.parts ?? []) walk.visit(part);
    return [[{ span, source: `${source.slice(0, 60)}…`, known: "no", why: "has too many parts", prefix: "", splits: true }]];
  }
  let lists: (readonly Segment[])[] = [[]];
  const parts: readonly WordPart[] = word.parts ?? [
    { type: "Literal", pos: word.pos, end: word.end, value: word.value, text: word.text },
  ];
  for (const [i, part] of parts.entries()) {
    const choices = segments(part, walk, i === 0 ? mode : "inside", i === parts.length - 1);
    lists = lists.flatMap((list) => choices.map((choice) => [...list, ...choice]));
    if (lists.length > MOST_WORDS) return [[{ span, source, known: "no", why: "has too many values", prefix: "", splits: true }]];
  }
  return lists.map((list) => toArguments(list, span, source, walk.state, mode));
}

type Position = "argument" | "assignment" | "inside";

/** Alternatives for one part. */
function segments(part: WordPart, walk: WordWalk, position: Position, last: boolean): readonly (readonly Segment[])[] {
  walk.meet(part);
  switch (part.type) {
    case "Literal":
      return [literal(part.text, walk, position, last)];
    case "Glob":
      for (const child of part.parts ?? []) walk.visit(child);
      return part.kind === "bracket" && !/^\[[\w!^.,:+-]*\]$/.test(part.text)
        ? [[{ kind: "unknown", why: "holds a pattern of an unusual form", splits: false }]]
        : [[{ kind: "text", text: part.text, quoted: false }]];
    case "SingleQuoted":
      return [[{ kind: "text", text: part.value, quoted: true }, ...odd(part.value)]];
    case "AnsiCQuoted":
      return isPlainAnsi(part.text)
        ? [[{ kind: "text", text: part.value, quoted: true }]]
        : [[unknown("is written with unusual escapes", false)]];
    case "DoubleQuoted": {
      let lists: (readonly Segment[])[] = [[{ kind: "text", text: "", quoted: true }]];
      if (part.parts.some((child) => /^\$\{?@/.test(child.text))) {
        // Without positional parameters `"$@"` is no word at all.
        const [only, ...others] = part.parts;
        if (others.length === 0 && only !== undefined && /^\$(@|\{@\})$/.test(only.text)) {
          walk.meet(only);
          if (walk.state.positional?.length === 0 && !walk.state.tainted) return [[]];
        } else if (!part.parts.some((child) => child.type === "Literal" && child.value !== "")) {
          for (const child of part.parts) walk.visit(child);
          return [[unknown("holds `$@`", true)]];
        }
      }
      for (const child of part.parts) {
        const choices = quotedChild(child, walk);
        lists = lists.flatMap((list) => choices.map((choice) => [...list, ...choice]));
        if (lists.length > MOST_WORDS) return [[unknown("has too many values", false)]];
      }
      return lists;
    }
    case "LocaleString":
      for (const child of part.parts) walk.visit(child);
      return [[unknown("is translated before use", false)]];
    case "SimpleExpansion":
    case "ParameterExpansion":
    case "CommandExpansion":
    case "ArithmeticExpansion":
      return fromValue(walk.visit(part), part.text, false);
    case "ProcessSubstitution":
      walk.visit(part);
      return [[{ kind: "pipe" }]];
    case "ExtendedGlob":
      for (const child of part.parts ?? []) walk.visit(child);
      return [[unknown("is an extended pattern", true)]];
    case "BraceExpansion":
      for (const child of part.parts ?? []) walk.visit(child);
      return [[unknown("is made by braces", true)]];
    default:
      return [[unknown("is of a form that no rule describes", true)]];
  }
}

function quotedChild(child: WordPart, walk: WordWalk): readonly (readonly Segment[])[] {
  if (child.type === "Literal") return [[{ kind: "text", text: child.value, quoted: true }, ...odd(child.value)]];
  return fromValue(walk.visit(child), child.text, true);
}

function fromValue(value: Value, source: string, quoted: boolean): readonly (readonly Segment[])[] {
  if (value === null)
    return [[unknown(`\`${source}\` is known only when it runs`, !quoted || /^\$\{?[@*]|\[[@*]\]/.test(source))]];
  // Digits: no blank, no slash, no letter. A pattern of them is wide enough.
  if (value === "integer") return [[{ kind: "pattern", pattern: "*", quoted: true }]];
  if (value === "digits")
    return [[{ kind: "pattern", pattern: "*", quoted: true }], quoted ? [{ kind: "text", text: "", quoted }] : []];
  return value.map((piece) => [
    piece.pattern
      ? ({ kind: "pattern", pattern: piece.text, quoted } as const)
      : ({ kind: "text", text: piece.text, quoted } as const),
  ]);
}

function literal(text: string, walk: WordWalk, position: Position, last: boolean): readonly Segment[] {
  const out: Segment[] = [];
  let rest = text;
  if (position !== "inside" && rest.startsWith("~")) {
    const slash = rest.indexOf("/");
    const prefix = slash === -1 ? rest : rest.slice(0, slash);
    const home = walk.lookUp("HOME");
    if (prefix !== "~" || (slash === -1 && !last) || home === null || isNumeric(home) || home.length !== 1) {
      return [unknown(`\`${prefix}\` is known only when it runs`, false)];
    }
    out.push({ kind: "text", text: home[0]?.text ?? "", quoted: true });
    rest = rest.slice(prefix.length);
  } else if (position === "assignment" && /:~/.test(rest)) return [unknown("`~` is known only when it runs", false)];
  let plain = "";
  for (let i = 0; i < rest.length; i++) {
    if (rest[i] !== "\\") {
      plain += rest[i];
      continue;
    }
    i++;
    if (rest[i] === "\n") continue;
    if (plain !== "") out.push({ kind: "text", text: plain, quoted: false });
    plain = "";
    out.push({ kind: "text", text: rest[i] ?? "\\", quoted: true });
  }
  if (plain !== "") out.push({ kind: "text", text: plain, quoted: false });
  return [...out, ...odd(text)];
}

/** Characters that look like others or like nothing: the word is not what a reader sees. */
const ODD =
  /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\u{a0}\u{1680}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}\u{ff01}-\u{ffee}\u{3164}\u{115f}\u{1160}]/u;

function odd(text: string): readonly Segment[] {
  const found = ODD.exec(text);
  if (found === null) return [];
  const code = found[0].codePointAt(0) ?? 0;
  return [
    unknown(
      `holds U+${code.toString(16).toUpperCase().padStart(4, "0")}, which reads like another character or like none`,
      false,
    ),
  ];
}

/** `a$x\\⏎b` is `a$xb` to bash: a line that goes on inside a word makes the names in it longer. */
function continuesExpansion(word: Word): boolean {
  return (
    word.text.includes("\\\n") && (word.parts ?? []).some((part) => !/^(Literal|SingleQuoted|AnsiCQuoted|Glob)$/.test(part.type))
  );
}

/** Escapes that all versions of bash decode alike, to one ASCII character each. */
function isPlainAnsi(text: string): boolean {
  return /^\$'(?:[^\\\x80-\uffff]|\\[abefnrtv\\'"]|\\x[0-7][0-9a-fA-F]|\\[01][0-7]{2}|\\u00[0-7][0-9a-fA-F])*'$/.test(text);
}

function unknown(why: string, splits: boolean): Segment {
  return { kind: "unknown", why, splits };
}

/** Joins segments, splits what is unquoted and comes from a variable at blanks, and says what is a pattern. */
function toArguments(
  list: readonly Segment[],
  span: Span,
  source: string,
  state: State,
  mode: "argument" | "assignment",
): readonly Argument[] {
  const length = list.reduce(
    (sum, segment) =>
      sum + (segment.kind === "text" ? segment.text.length : segment.kind === "pattern" ? segment.pattern.length : 0),
    0,
  );
  if (length > LONGEST && list.some((segment) => segment.kind === "pattern" || (segment.kind === "text" && !segment.quoted)))
    return [{ span, source: `${source.slice(0, 60)}…`, known: "no", why: "is too long", prefix: "", splits: true }];
  const gap = list.find((segment) => segment.kind === "unknown");
  if (gap?.kind === "unknown") {
    let prefix = "";
    for (const segment of list) {
      if (segment.kind !== "text" || (!segment.quoted && GLOB.test(segment.text))) break;
      prefix += segment.text;
    }
    // What is known of the word may make several of it, too: blanks in a variable, a glob.
    const splits =
      mode === "argument" &&
      list.some((segment) =>
        segment.kind === "unknown"
          ? segment.splits
          : segment.kind === "pattern"
            ? !segment.quoted
            : segment.kind === "text" && !segment.quoted && (/[ \t\n]/.test(segment.text) || GLOB.test(segment.text)),
      );
    return [{ span, source, known: "no", why: gap.why, prefix, splits }];
  }
  if (list.some((segment) => segment.kind === "pipe")) {
    return list.length === 1
      ? [{ span, source, known: "pipe" }]
      : [{ span, source, known: "no", why: "joins a pipe and text", prefix: "", splits: false }];
  }
  const fields: Field[] = [];
  let current: Field | null = null;
  const open = () => (current ??= { text: "", pattern: false, splits: false, expands: true });
  for (const segment of list) {
    if (segment.kind === "pattern") {
      const field = open();
      field.text = `${field.pattern ? field.text : escapeGlob(field.text)}${segment.pattern}`;
      field.pattern = true;
      field.expands = false;
      field.splits ||= !segment.quoted && mode === "argument";
    } else if (segment.kind === "text") {
      const pieces = !segment.quoted && mode === "argument" ? segment.text.split(/[ \t\n]+/) : [segment.text];
      for (const [i, piece] of pieces.entries()) {
        if (i > 0 && current !== null) {
          fields.push(current);
          current = null;
        }
        if (piece === "" && !(segment.quoted && i === 0)) continue;
        const field = open();
        if (!segment.quoted && mode === "argument" && (GLOB.test(piece) || (piece.includes("[") && source.includes("]")))) {
          field.text = `${field.pattern ? field.text : escapeGlob(field.text)}${piece}`;
          field.pattern = true;
        } else field.text += field.pattern ? escapeGlob(piece) : piece;
      }
    }
  }
  if (current !== null) fields.push(current);
  const unsure =
    !state.plainSplitting &&
    mode === "argument" &&
    list.some((segment) => segment.kind !== "pipe" && segment.kind !== "unknown" && !segment.quoted);
  if (unsure && source.includes("$"))
    return [{ span, source, known: "no", why: "is split at characters that the line has changed", prefix: "", splits: true }];
  return fields.map((field) =>
    field.pattern
      ? { span, source, known: "pattern", pattern: field.text, splits: field.splits, expands: field.expands }
      : { span, source, known: "text", text: field.text },
  );
}

interface Field {
  text: string;
  pattern: boolean;
  splits: boolean;
  expands: boolean;
}

/** In a pattern a literal `*` is written as `?`: wider, so only ever stricter for the one who asks. */
function escapeGlob(text: string): string {
  return text.replace(/[*?[\]]/g, "?");
}

function cross(lists: readonly (readonly (readonly Argument[])[])[]): readonly (readonly Argument[])[] {
  let all: (readonly Argument[])[] = [[]];
  for (const choices of lists) all = all.flatMap((list) => choices.map((choice) => [...list, ...choice]));
  return all;
}

/** The values that a word has as one text, for an assignment. */
export function valuesIn(fields: readonly (readonly Argument[])[]): Value {
  const pieces: Piece[] = [];
  for (const [only, ...more] of fields) {
    if (more.length > 0) return null;
    if (only === undefined) pieces.push({ text: "", pattern: false });
    else if (only.known === "text") pieces.push({ text: only.text, pattern: false });
    else if (only.known === "pattern") pieces.push({ text: only.pattern, pattern: true });
    else return null;
  }
  return pieces;
}
