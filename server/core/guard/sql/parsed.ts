import type { Refusal } from "../../domain/refusal.ts";
import type { Span } from "../../domain/span.ts";
import { children, count, isNode, type TreeNode, tagged } from "./tree.ts";

/** What the parser's thread answers. Positions in bytes of UTF-8, `cursor` in code points. */
export type RawParse =
  | {
      readonly ok: true;
      readonly tree: unknown;
      /** Start and end of every token, comments left out: `[from, to, from, to, …]`. */
      readonly tokens: readonly number[];
      /** Rows of constants and constants of lists that tree and tokens are without: `[from, to, …]`. */
      readonly omitted: readonly number[];
    }
  | { readonly ok: false; readonly message: string; readonly cursor: number };

export interface ParsedStatement {
  /** The statement's own text. */
  readonly text: string;
  /** Where it stands in `source`. */
  readonly span: Span;
  /** The whole text that was parsed. Positions in `tree` and `tokens` are UTF-16 offsets in it. */
  readonly source: string;
  readonly tree: TreeNode;
  readonly tokens: readonly Span[];
  /** Where rows of constants, or constants of a list, are in the text alone. */
  readonly omitted: readonly Span[];
}

export type ParsedSql =
  | { readonly ok: true; readonly statements: readonly ParsedStatement[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** Of a text, the trees alone: enough to look a rewrite over. */
export type ParsedTrees =
  | { readonly ok: true; readonly statements: readonly Pick<ParsedStatement, "tree">[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** Fields of the tree that hold a position. */
const POSITIONS: ReadonlySet<string> = new Set([
  "location",
  "stmt_location",
  "list_start",
  "list_end",
  "rexpr_list_start",
  "rexpr_list_end",
]);

/** `raw` is used up: its tree becomes the statements'. */
export function parsedSql(source: string, raw: RawParse): ParsedSql {
  return unlessTooDeep(source, () => {
    const trees = treesOf(source, raw);
    if (!trees.ok) return trees;
    const tokens = tokenSpans(source, raw.ok ? raw.tokens : [], trees.unit);
    const omitted = spansOf(raw.ok ? raw.omitted : [], trees.unit);
    const statements: ParsedStatement[] = [];
    let next = 0;
    for (const { tree, from, to } of trees.statements) {
      const own: Span[] = [];
      for (let token = tokens[next]; token !== undefined && token[1] <= to; token = tokens[++next]) {
        if (token[0] >= from) own.push(token);
      }
      const first = own[0];
      const last = own.at(-1);
      if (first === undefined || last === undefined) continue;
      const span: Span = [first[0], last[1]];
      const within = omitted.filter(([start, end]) => start >= from && end <= to);
      statements.push({ text: source.slice(...span), span, source, tree, tokens: own, omitted: within });
    }
    return { ok: true, statements };
  });
}

/** Likewise, without the statements' own texts and tokens. */
export function parsedTrees(source: string, raw: RawParse): ParsedTrees {
  return unlessTooDeep(source, () => treesOf(source, raw));
}

function unlessTooDeep<T>(source: string, read: () => T): T | { readonly ok: false; readonly refusal: Refusal } {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, refusal: { message: "the statement is too deeply nested", span: [0, source.length] } };
  }
}

interface Trees {
  readonly ok: true;
  readonly unit: (byte: number) => number;
  readonly statements: readonly { readonly tree: TreeNode; readonly from: number; readonly to: number }[];
}

function treesOf(source: string, raw: RawParse): Trees | { readonly ok: false; readonly refusal: Refusal } {
  if (!raw.ok) return { ok: false, refusal: syntaxRefusal(source, raw.message, raw.cursor) };
  if (!isNode(raw.tree)) return { ok: false, refusal: { message: "the text was not understood", span: [0, source.length] } };
  const ascii = isAscii(source);
  const unit = ascii ? (byte: number) => Math.min(byte, source.length) : unitOfByte(source);
  const statements = children(raw.tree, "stmts").flatMap((item) => {
    const tree = isNode(item) ? tagged(item.stmt) : null;
    if (!isNode(item) || tree === null) return [];
    if (!ascii) toUnits(tree.node, unit);
    const start = count(item, "stmt_location");
    const length = count(item, "stmt_len");
    const to = length === 0 ? source.length : unit(start + length);
    return [{ tree: { [tree.tag]: tree.node }, from: unit(start), to }];
  });
  return { ok: true, unit, statements };
}

function spansOf(raw: readonly number[], unit: (byte: number) => number): readonly Span[] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [unit(raw[2 * index] ?? 0), unit(raw[2 * index + 1] ?? 0)]);
}

/** The tree has names with Unicode escapes decoded. Their `UESCAPE '…'` belongs to the name: one token. */
function tokenSpans(source: string, raw: readonly number[], unit: (byte: number) => number): readonly Span[] {
  const tokens: Span[] = [];
  const text = (span: Span) => source.slice(...span).toLowerCase();
  for (const span of spansOf(raw, unit)) {
    const escaped = tokens[tokens.length - 2];
    const word = tokens[tokens.length - 1];
    const isLong = word !== undefined && word[1] - word[0] === "uescape".length;
    if (isLong && escaped !== undefined && text(word) === "uescape" && /^u&["']/.test(text(escaped))) {
      tokens.splice(-2, 2, [escaped[0], span[1]]);
    } else tokens.push(span);
  }
  return tokens;
}

/** Positions from bytes to units, in place. */
function toUnits(root: TreeNode, unit: (byte: number) => number): void {
  const open: Record<string, unknown>[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const field in node) {
      const value = node[field];
      if (typeof value === "number") {
        if (value > 0 && POSITIONS.has(field)) node[field] = unit(value);
      } else if (typeof value === "object" && value !== null) open.push(value as Record<string, unknown>);
    }
  }
}

function isAscii(source: string): boolean {
  return /^[\x00-\x7f]*$/.test(source);
}

/** From bytes of UTF-8 to UTF-16 units. */
function unitOfByte(source: string): (byte: number) => number {
  const units: number[] = [];
  let unit = 0;
  for (const character of source) {
    const point = character.codePointAt(0) ?? 0;
    const bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (let index = 0; index < bytes; index += 1) units.push(unit);
    unit += character.length;
  }
  return (byte) => units[byte] ?? source.length;
}

function syntaxRefusal(source: string, message: string, cursor: number): Refusal {
  const characters = [...source];
  const at = characters.slice(0, Math.max(0, cursor)).join("").length;
  const end = at + (/^(?:[\p{L}\p{N}_$]+|.)/su.exec(source.slice(at))?.[0].length ?? 0);
  return { message, span: [Math.min(at, source.length), Math.min(end, source.length)] };
}
