import type { ContextValue, MicroAction } from "./micro-action.ts";
import type { Span } from "./span.ts";

/** What a guard found out about one statement, ready to be judged. */
export interface Described {
  readonly kind: "sql" | "shell";
  /** The statement's own text, as the person wrote it. */
  readonly text: string;
  /** Where the statement stands in the text that was submitted. Spans of micro-actions are in that whole text. */
  readonly span: Span;
  readonly microActions: readonly MicroAction[];
  /**
   * `statement.*` of a policy's condition. SQL: `kind`, `hasWhere`, `hasLimit`, `tables`, `estimatedRows`
   * and `estimatedCost` by the plan (absent: not known). Shell: `programs`, `interactive`. Declared in core/policy/context.ts.
   */
  readonly facts: { readonly [key: string]: ContextValue };
}
