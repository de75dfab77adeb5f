import { type Span, statements } from "./boundaries.ts";

/** A text that was run, and where it stood in the editor. */
export interface Ran {
  readonly text: string;
  readonly offset: number;
  /** All that stood in the editor then. */
  readonly whole: string;
}

/** What to put where in the editor. */
export interface Replacement {
  readonly span: Span;
  readonly text: string;
}

/**
 * Where a suggestion for a text that was run belongs in what stands in the editor now. Null: the statement is not there
 * any more as it was run, or there more than once, so nobody can say which is meant.
 */
export function replacementIn(now: string, ran: Ran, suggestion: Replacement): Replacement | null {
  const { span, text } = suggestion;
  if (now === ran.whole) return { span: [span[0] + ran.offset, span[1] + ran.offset], text };
  const statement = ran.text.slice(...span);
  const [found, ...more] = statements(now).filter((place) => now.slice(...place) === statement);
  return found === undefined || more.length > 0 ? null : { span: found, text };
}
