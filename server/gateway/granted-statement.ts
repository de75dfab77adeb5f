import type { Review, SafeRun } from "../core/domain/review.ts";
import type { GrantedRun } from "../core/domain/run.ts";
import type { PreparedSql } from "../core/guard/sql/index.ts";
import type { Granted, Judgeable } from "./authorize.ts";
import type { Hold, SqlEnd } from "./ports.ts";
import { GivenUp, type Runs } from "./runs.ts";

/** The runner's code for: a relation is not what it was when the statement was judged. Nothing has run. */
export const DEFINITION_CHANGED = "GH001";

/** The runner's code for: the connection broke while a change was being committed. */
const RESOLUTION_UNKNOWN = "08007";

/** A statement that only a grant lets run: whether it waits for its commit, and what became of it. RV-16 to RV-20. */
export class GrantedStatement {
  readonly #runs: Runs;
  readonly #granted: Granted;
  readonly #abort = new AbortController();
  #waiting = false;
  #inOwnTransaction = false;
  /** Undefined: it is committed as any other. */
  readonly hold: Hold | undefined;

  constructor(
    runs: Runs,
    granted: Granted,
    prepared: PreparedSql,
    /** Asked last before the commit. */
    stillAllowed: () => boolean,
    onHeld: (review: Review, run: GrantedRun) => void,
  ) {
    this.#runs = runs;
    this.#granted = granted;
    const { run, holdMs: forMs } = granted;
    if (forMs === null || !holdable(prepared)) return;
    this.hold = {
      forMs,
      decided: async ({ rowCount: rows, inOwnTransaction }) => {
        this.#waiting = true;
        this.#inOwnTransaction = inOwnTransaction;
        return runs.held(run, { rows, forMs }, this.#abort.signal, stillAllowed, onHeld);
      },
    };
  }

  /** It has run, and waits for a decision. */
  get isWaiting(): boolean {
    return this.#waiting;
  }

  /** What waits, or will, is rolled back; `must`: also where somebody has asked for its commit. */
  giveUp(by: string, because: string, must: boolean): void {
    this.#abort.abort(new GivenUp(by, because, must));
  }

  async ended(end: SqlEnd): Promise<void> {
    const { run } = this.#granted;
    if (end.ended === "failed" && end.error.code === RESOLUTION_UNKNOWN) return this.#runs.lost(run);
    const kept = end.ended === "done" && this.#waiting && this.#inOwnTransaction;
    const nothing = end.ended === "failed" && end.error.code === DEFINITION_CHANGED;
    const rows = end.ended === "done" || end.ended === "rolled-back" ? end.rowCount : null;
    await this.#runs.ended(run, kept ? "kept" : nothing ? "not-run" : end.ended, rows);
  }
}

/** Changes of rows that can wait in an open transaction. */
export function holdable(prepared: PreparedSql): boolean {
  return (
    prepared.writes && !prepared.opaque && !prepared.temporary && prepared.transaction === null && HOLDABLE.has(prepared.kind)
  );
}

const HOLDABLE: ReadonlySet<string> = new Set(["insert", "update", "delete", "merge", "select"]);

/** Rows of a text are what they are: held is what takes its rows from a table. RV-20. */
export function safeRunOf({ described, execution }: Judgeable<PreparedSql>, wanted: boolean): SafeRun {
  if (!execution.ok || !holdable(execution.value)) return "not-possible";
  const fromTable = described.microActions.some(({ action, resource }) => action === "sql:select" && resource.kind === "table");
  return wanted && (execution.value.kind !== "insert" || fromTable) ? "wanted" : "not-wanted";
}
