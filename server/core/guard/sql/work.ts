import type { Span } from "../../domain/span.ts";
import type { Analysis } from "./analysis.ts";
import { refuse } from "./refused.ts";
import type { Scope } from "./scope.ts";

/**
 * A short text can stand for very much: `*` of a hundred wide tables, the same again in a hundred subqueries. What a
 * statement makes the guard look at is counted, in columns, so that none holds up everybody else's.
 */

/** What one is worth, in eighths of a microsecond: a relation is named; a column is read, shown by one more query, copied, passed by. */
const WORTH = { relation: 500, read: 12, made: 2, copied: 0.25, passed: 0.02 } as const;
/** Some 12,000 columns read. */
const MOST = 150_000;
/** PostgreSQL's own limit and message, for every list of a statement. */
const MOST_IN_LIST = 1_664;

/** Refuses the statement when it has become too much. */
export function spend(analysis: Pick<Analysis, "work" | "statement">, what: keyof typeof WORTH, count: number): void {
  analysis.work.done += WORTH[what] * count;
  if (analysis.work.done > MOST) {
    refuse("the statement stands for too many columns", analysis.statement.span, "name the columns, or ask for less at once");
  }
}

export function refuseLongList(columns: number, span: Span): void {
  if (columns > MOST_IN_LIST) refuse(`target lists can have at most ${MOST_IN_LIST} entries`, span, "name the columns");
}

/** Columns among which a name is looked for. */
export function sizeOf(scope: Scope | null): number {
  let size = 0;
  for (let level = scope; level !== null; level = level.parent) {
    for (const source of level.sources) size += source.columns.length;
  }
  return size;
}
