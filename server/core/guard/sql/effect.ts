import type { SqlSessionState } from "./catalog.ts";
import type { ParsedStatement } from "./parsed.ts";
import type { TransactionEffect } from "./utility.ts";

/** What a statement leaves behind in the session when it has ended well. */
export type Effect =
  | { readonly keeps: "prepared"; readonly name: string; readonly statement: ParsedStatement }
  | { readonly keeps: "cursor"; readonly name: string; readonly statement: ParsedStatement; readonly hold: boolean }
  /** `name` null: all of them. */
  | { readonly drops: "prepared" | "cursor"; readonly name: string | null }
  /** Rows of what the statement has read, in the session's own tables. */
  | { readonly keeps: "rows" }
  | { readonly drops: "rows" }
  | { readonly sets: "search_path" }
  /** A limit of the person's own below the gateway's; null: the gateway's alone. */
  | { readonly sets: "statement_timeout" | "lock_timeout"; readonly milliseconds: number | null; readonly local: boolean };

/**
 * What the session will be like when a statement has ended well, as far as the next one in the same text goes by it:
 * names and the transaction. For a verdict on what is not run yet; what runs asks the session itself.
 */
export function expectedState(
  state: SqlSessionState,
  { effect, transaction }: { readonly effect: Effect | null; readonly transaction: TransactionEffect | null },
): SqlSessionState {
  const prepared = new Map(state.prepared);
  const cursors = new Map(state.cursors);
  if (effect !== null && "keeps" in effect && effect.keeps !== "rows")
    (effect.keeps === "prepared" ? prepared : cursors).set(effect.name, effect.statement);
  if (effect !== null && "drops" in effect && effect.drops !== "rows") {
    const names = effect.drops === "prepared" ? prepared : cursors;
    if (effect.name === null) names.clear();
    else names.delete(effect.name);
  }
  const next =
    transaction === "begin" ? "open" : transaction === "commit" || transaction === "rollback" ? "idle" : state.transaction;
  return { ...state, prepared, cursors, transaction: next };
}
