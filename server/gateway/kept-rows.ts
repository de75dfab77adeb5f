import type { PreparedSql } from "../core/guard/sql/index.ts";
import { type Judgeable, judge, needsWatcher, type Requester } from "./authorize.ts";
import type { SqlConnection, SqlFailure } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";

/** Statements that fill temporary tables are looked at again with every change of policies. */
const MAX_KEPT = 500;

export const DROPPED: SqlFailure = {
  code: "GH002",
  message:
    "what you may see has changed: temporary tables and cursors of this tab were dropped, and an open transaction was rolled back",
  hint: "nothing of this statement was run; make them again",
  span: null,
};

export const FULL: SqlFailure = {
  code: "GH003",
  message: `more than ${MAX_KEPT} different statements have filled temporary tables in this tab`,
  hint: "open another tab",
  span: null,
};

/**
 * Rows that a session's connection still holds: temporary tables and cursors hold them as they were shown when they were
 * made. INVARIANT (P6): what may no longer be seen so goes.
 */
export class KeptRows {
  readonly #context: Context;
  readonly #requester: Requester;
  readonly #connection: SqlConnection;
  /** By text. */
  readonly #kept = new Map<string, Judgeable<PreparedSql>>();
  #dropping: Promise<boolean> | null = null;

  constructor(context: Context, requester: Requester, connection: SqlConnection) {
    this.#context = context;
    this.#requester = requester;
    this.#connection = connection;
  }

  get isFull(): boolean {
    return this.#kept.size >= MAX_KEPT;
  }

  /** Whether something was read under a watcher: who leaves does not leave it behind. PE-18. */
  get needWatcher(): boolean {
    return [...this.#kept.values()].some((kept) => needsWatcher(judge(this.#context, this.#requester, kept)));
  }

  /** After a statement has ended well. */
  add(statement: Judgeable<PreparedSql>, effect: PreparedSql["effect"]): void {
    if (effect === null) return;
    if ("keeps" in effect && effect.keeps !== "prepared") this.#kept.set(statement.described.text, statement);
    if (!("drops" in effect) || effect.drops !== "rows") return;
    for (const [text, kept] of this.#kept) if (holdsRows(kept)) this.#kept.delete(text);
  }

  /** True: something went, and with it an open transaction. */
  dropStale(): Promise<boolean> {
    this.#dropping ??= this.#dropNow().finally(() => {
      this.#dropping = null;
    });
    return this.#dropping;
  }

  async #dropNow(): Promise<boolean> {
    const stale = [...this.#kept.values()].some(
      (statement) => judge(this.#context, this.#requester, statement).outcome === "deny" || !statement.protectedNow(),
    );
    if (!stale) return false;
    try {
      await this.#connection.forget();
    } catch {
      await this.#connection.close();
    }
    this.#kept.clear();
    return true;
  }
}

function holdsRows({ execution }: Judgeable<PreparedSql>): boolean {
  const effect = execution.ok ? execution.value.effect : null;
  return effect !== null && "keeps" in effect && effect.keeps === "rows";
}
