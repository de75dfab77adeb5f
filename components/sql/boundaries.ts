/** A half-open range of UTF-16 code units. */
export type Span = readonly [from: number, to: number];

/**
 * Where the statements of a text begin and end, without the semicolon and the space around them. Knows what can hide a
 * semicolon in PostgreSQL: quotes, `E''` escapes, dollar quotes, comments that nest, parentheses, `BEGIN ATOMIC … END`.
 *
 * A convenience of the editor: it finds what to send. What was sent is parsed by the gateway with the server's own
 * grammar; a mistake here can only send too much or too little, never let anything through.
 */
export function statements(text: string): readonly Span[] {
  const found: Span[] = [];
  let start = 0;
  let first = -1;
  let last = -1;
  let parentheses = 0;
  let atomic = 0;
  let previous = "";
  const end = (next: number) => {
    if (first !== -1) found.push([first, last]);
    [start, first, last, parentheses, atomic, previous] = [next, -1, -1, 0, 0, ""];
  };
  while (start <= text.length) {
    const at = last === -1 || last < start ? start : last;
    const token = next(text, at);
    if (token === null) break;
    if (token.kind === "space") {
      start = token.to;
      continue;
    }
    if (token.kind === "semicolon" && parentheses === 0 && atomic === 0) {
      end(token.to);
      continue;
    }
    if (token.kind === "open") parentheses += 1;
    if (token.kind === "close") parentheses = Math.max(0, parentheses - 1);
    if (token.kind === "word") {
      const word = text.slice(token.from, token.to).toLowerCase();
      if (word === "atomic" && previous === "begin") atomic += 1;
      else if (atomic > 0 && word === "case") atomic += 1;
      else if (atomic > 0 && word === "end") atomic -= 1;
      previous = word;
    }
    if (first === -1) first = token.from;
    last = token.to;
    start = token.to;
  }
  end(text.length);
  return found;
}

/** The statement that the cursor is in or touches; between two, the one before it on the same line, else the one after. */
export function statementAt(text: string, offset: number): Span | null {
  const all = statements(text);
  const touched = all.find(([from, to]) => offset >= from && offset <= to);
  if (touched !== undefined) return touched;
  const before = all.findLast(([, to]) => to < offset);
  const after = all.find(([from]) => from > offset);
  if (before !== undefined && !text.slice(before[1], offset).includes("\n")) return before;
  return after ?? before ?? null;
}

interface Token {
  readonly kind: "space" | "semicolon" | "open" | "close" | "word" | "other";
  readonly from: number;
  readonly to: number;
}

const SPACE = /\s+/y;
const LINE_COMMENT = /--[^\n]*/y;
const ESCAPE_STRING = /[eE]'(?:[^'\\]|\\[\s\S]|'')*'?/y;
const STRING = /'(?:[^']|'')*'?/y;
const IDENTIFIER = /"(?:[^"]|"")*"?/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;

function next(text: string, from: number): Token | null {
  if (from >= text.length) return null;
  const match = (pattern: RegExp): number | null => {
    pattern.lastIndex = from;
    return pattern.test(text) ? pattern.lastIndex : null;
  };
  const space = match(SPACE) ?? match(LINE_COMMENT) ?? blockComment(text, from);
  if (space !== null) return { kind: "space", from, to: space };
  const quoted = match(ESCAPE_STRING) ?? match(STRING) ?? match(IDENTIFIER) ?? dollarQuote(text, from, match(DOLLAR));
  if (quoted !== null) return { kind: "other", from, to: quoted };
  const word = match(WORD);
  if (word !== null) return { kind: "word", from, to: word };
  const kind = ({ ";": "semicolon", "(": "open", ")": "close" } as const)[text[from] ?? ""] ?? "other";
  return { kind, from, to: from + 1 };
}

function blockComment(text: string, from: number): number | null {
  if (!text.startsWith("/*", from)) return null;
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith("/*", at)) [depth, at] = [depth + 1, at + 1];
    else if (text.startsWith("*/", at)) [depth, at] = [depth - 1, at + 1];
    if (depth === 0) return at + 1;
  }
  return text.length;
}

function dollarQuote(text: string, from: number, opened: number | null): number | null {
  if (opened === null) return null;
  const tag = text.slice(from, opened);
  const closed = text.indexOf(tag, opened);
  return closed === -1 ? text.length : closed + tag.length;
}
