import type { ParsedStatement } from "./parsed.ts";

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
