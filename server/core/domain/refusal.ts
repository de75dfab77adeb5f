import type { Span } from "./span.ts";

/** Why a text was not understood or cannot run, and where. `hint` says what a person can do next. */
export interface Refusal {
  readonly message: string;
  readonly span: Span;
  readonly hint?: string;
  /** SQL in a command line: the target where the statement can be run. */
  readonly sql?: { readonly target: string; readonly statement: string };
}
