import type { Span } from "../../domain/span.ts";
import type { ParsedStatement } from "./parsed.ts";

/** Questions about the statement's tokens: the tree says where things start, only the tokens say where they end. */
export class Tokens {
  private readonly source: string;
  private readonly spans: readonly Span[];
  private readonly starts: ReadonlyMap<number, number>;

  constructor(statement: ParsedStatement) {
    this.source = statement.source;
    this.spans = statement.tokens;
    this.starts = new Map(statement.tokens.map((span, index) => [span[0], index]));
  }

  /** Number of the token that starts at `offset`; null when none does. */
  at(offset: number): number | null {
    return this.starts.get(offset) ?? null;
  }

  /** Lower-case; empty outside of the statement. */
  text(index: number): string {
    const span = this.spans[index];
    return span === undefined ? "" : this.source.slice(...span).toLowerCase();
  }

  span(index: number): Span {
    return this.spans[index] ?? [this.source.length, this.source.length];
  }

  /** The token before the one at `offset`, null: it is the first. */
  before(offset: number): { readonly text: string; readonly span: Span } | null {
    const index = this.at(offset);
    return index === null || index === 0 ? null : { text: this.text(index - 1), span: this.span(index - 1) };
  }

  /** `a.b.c` from `offset`: the spans of its parts, a trailing star included. */
  dotted(offset: number): readonly Span[] {
    let index = this.at(offset);
    if (index === null) return [[offset, offset + 1]];
    const parts = [this.span(index)];
    while (this.text(index + 1) === ".") {
      index += 2;
      parts.push(this.span(index));
    }
    return parts;
  }

  /** Number of the first token that is `word`, at least `skip` tokens after the one at `offset`; the last one's where there is none. */
  after(word: string, offset: number, skip: number): number {
    const from = (this.at(offset) ?? 0) + skip;
    for (let index = from; index < this.spans.length; index += 1) if (this.text(index) === word) return index;
    return this.spans.length - 1;
  }

  /** The condition of the UPDATE or DELETE whose target is named at `offset`; empty, at the place for one, when it has none. */
  conditionAfter(offset: number): Span {
    let depth = 0;
    let from: number | null = null;
    let index = this.at(offset) ?? 0;
    for (; index < this.spans.length; index += 1) {
      const text = this.text(index);
      if (text === "(" || text === "[") depth += 1;
      if (text === ")" || text === "]") depth -= 1;
      if (depth < 0 || (depth === 0 && (text === "returning" || text === ";"))) break;
      if (depth === 0 && text === "where") from = index + 1;
    }
    const end = this.span(index - 1)[1];
    return from === null ? [end, end] : [this.span(from)[0], end];
  }

  token(offset: number): Span {
    const index = this.at(offset);
    return index === null ? [offset, Math.min(offset + 1, this.source.length)] : this.span(index);
  }

  /** From an opening bracket to after its partner: the number of the token that closes. */
  closing(open: number): number {
    let depth = 0;
    for (let index = open; index < this.spans.length; index += 1) {
      const text = this.text(index);
      if (text === "(" || text === "[") depth += 1;
      if (text === ")" || text === "]") depth -= 1;
      if (depth === 0) return index;
    }
    return this.spans.length - 1;
  }

  /** The end of the GROUP BY list in which the token at `offset` stands. Null: not found. */
  endOfGroupBy(offset: number): number | null {
    const from = this.at(offset);
    if (from === null) return null;
    let depth = 0;
    let by = -1;
    for (let index = from; index > 0 && by < 0; index -= 1) {
      const text = this.text(index);
      if (text === ")") depth += 1;
      if (text === "(") depth -= 1;
      if (depth <= 0 && text === "by" && this.text(index - 1) === "group") by = index;
    }
    if (by < 0) return null;
    depth = 0;
    for (let index = by + 1; index < this.spans.length; index += 1) {
      const text = this.text(index);
      if (text === "(" || text === "[") depth += 1;
      if (text === ")" || text === "]") depth -= 1;
      if (depth < 0 || (depth === 0 && AFTER_GROUP_BY.has(text))) return this.span(index - 1)[1];
    }
    return this.span(this.spans.length - 1)[1];
  }
}

/** All reserved words: none of them can stand inside of the list outside brackets. */
const AFTER_GROUP_BY: ReadonlySet<string> = new Set([
  "having",
  "window",
  "union",
  "intersect",
  "except",
  "order",
  "limit",
  "offset",
  "fetch",
  "for",
  "returning",
  "on",
  ";",
]);
