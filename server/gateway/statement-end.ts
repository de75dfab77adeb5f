import type { Decision } from "../core/domain/decision.ts";
import type { Review } from "../core/domain/review.ts";
import type { PreparedSql } from "../core/guard/sql/index.ts";
import type { Requester, Verdict } from "./authorize.ts";
import type { SqlEnd, SqlFailure, SqlLimits } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import { ABANDONED } from "./show.ts";

const DEFAULT_TIMEOUT_MS = 10 * 60_000;
const LOCK_TIMEOUT_MS = 10_000;

export type StatementEnd = SqlEnd | { readonly ended: "denied" | "review" | "rejected" | "expired" | "withdrawn" };

export const UNWATCHED: SqlFailure = {
  code: "GH004",
  message: `cancelled and rolled back: somebody has to watch this statement, and ${ABANDONED}`,
  hint: "run it again; it waits until somebody watches",
  span: null,
};

/** What the obligations of a decision leave a statement: the tightest of each. */
export function limitsOf(decision: Decision, prepared: PreparedSql): SqlLimits {
  let rows: number | null = null;
  let timeoutMs = DEFAULT_TIMEOUT_MS;
  let readOnly = !prepared.writes;
  for (const obligation of decision.obligations) {
    if (obligation.type === "limit-rows") rows = Math.min(rows ?? obligation.rows, obligation.rows);
    if (obligation.type === "time-limit") timeoutMs = Math.min(timeoutMs, obligation.milliseconds);
    if (obligation.type === "read-only") readOnly = true;
  }
  // Read-only is about what others see.
  return { readOnly: readOnly && !prepared.temporary, rows, timeoutMs, lockTimeoutMs: LOCK_TIMEOUT_MS };
}

/** How a statement ended whose review did not end with a yes. */
export function endOfReview(review: Review): "rejected" | "expired" | "withdrawn" {
  const { state } = review.state;
  return state === "rejected" || state === "withdrawn" ? state : "expired";
}

/** @throws when the record cannot be written; then nothing may go on. */
export async function recordEnd(
  context: Context,
  { principal, target, session }: Requester,
  verdict: Extract<Verdict<PreparedSql>, { outcome: "allow" }>,
  end: SqlEnd,
  rows: number,
): Promise<void> {
  const head = { at: context.clock.now(), principal: principal.id, target: target.id, session };
  if (end.ended === "alarm")
    await context.audit.append({
      ...head,
      type: "sentinel.alarm",
      body: { message: end.message, statement: verdict.authorized.original },
    });
  await context.audit.append({
    ...head,
    type: "statement.executed",
    body: {
      kind: "sql",
      statementSha256: context.sha256(verdict.authorized.original),
      review: verdict.granted?.run.review ?? null,
      run: verdict.granted?.run.id ?? null,
      ended: end.ended,
      rows,
      command: end.ended === "done" || end.ended === "rolled-back" ? end.command : null,
      rowCount: end.ended === "done" || end.ended === "rolled-back" ? end.rowCount : null,
      error: end.ended === "failed" ? end.error.code : null,
      ...(end.ended === "failed" && end.error === UNWATCHED ? { because: ABANDONED } : {}),
      durationMs: Math.round(end.durationMs),
    },
  });
}
