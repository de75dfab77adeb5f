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
}

export type ParsedSql =
  | { readonly ok: true; readonly statements: readonly ParsedStatement[] }
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

export function parsedSql(source: string, raw: RawParse): ParsedSql {
  try {
    return read(source, raw);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, refusal: { message: "the statement is too deeply nested", span: [0, source.length] } };
  }
}

function read(source: string, raw: RawParse): ParsedSql {
  if (!raw.ok) return { ok: false, refusal: syntaxRefusal(source, raw.message, raw.cursor) };
  const unit = unitOfByte(source);
  const ascii = isAscii(source);
  const tokens = tokenSpans(source, raw.tokens, unit);
  if (!isNode(raw.tree)) return { ok: false, refusal: { message: "the text was not understood", span: [0, source.length] } };
  const statements: ParsedStatement[] = [];
  for (const item of children(raw.tree, "stmts")) {
    if (!isNode(item)) continue;
    const from = unit(count(item, "stmt_location"));
    const length = count(item, "stmt_len");
    const to = length === 0 ? source.length : unit(count(item, "stmt_location") + length);
    const own = tokens.filter((token) => token[0] >= from && token[1] <= to);
    const first = own[0];
    const last = own.at(-1);
    const tree = tagged(ascii ? item.stmt : inUnits(item.stmt, unit));
    if (first === undefined || last === undefined || tree === null) continue;
    const span: Span = [first[0], last[1]];
    statements.push({ text: source.slice(...span), span, source, tree: { [tree.tag]: tree.node }, tokens: own });
  }
  return { ok: true, statements };
}

/** The tree has names with Unicode escapes decoded. Their `UESCAPE '…'` belongs to the name: one token. */
function tokenSpans(source: string, raw: readonly number[], unit: (byte: number) => number): readonly Span[] {
  const tokens: Span[] = [];
  const text = (span: Span) => source.slice(...span).toLowerCase();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const span: Span = [unit(raw[index] ?? 0), unit(raw[index + 1] ?? 0)];
    const escaped = tokens[tokens.length - 2];
    const word = tokens[tokens.length - 1];
    const isLong = word !== undefined && word[1] - word[0] === "uescape".length;
    if (isLong && escaped !== undefined && text(word) === "uescape" && /^u&["']/.test(text(escaped))) {
      tokens.splice(-2, 2, [escaped[0], span[1]]);
    } else tokens.push(span);
  }
  return tokens;
}

function inUnits(value: unknown, unit: (byte: number) => number): unknown {
  if (Array.isArray(value)) return value.map((item) => inUnits(item, unit));
  if (!isNode(value)) return value;
  const converted: Record<string, unknown> = {};
  for (const [field, inner] of Object.entries(value)) {
    converted[field] = typeof inner === "number" && POSITIONS.has(field) && inner > 0 ? unit(inner) : inUnits(inner, unit);
  }
  return converted;
}

function isAscii(source: string): boolean {
  return /^[\x00-\x7f]*$/.test(source);
}

/** From bytes of UTF-8 to UTF-16 units. A text of ASCII alone needs no table. */
function unitOfByte(source: string): (byte: number) => number {
  if (isAscii(source)) return (byte) => Math.min(byte, source.length);
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
