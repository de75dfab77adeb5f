import type { RunStatement } from "../socket/state.ts";
import { counted, duration } from "../theme/time.ts";
import type { Meaning } from "../verdict/lines.ts";

export type StatementState = "running" | "waiting" | "held" | "lost" | NonNullable<RunStatement["ended"]>["ended"];

/** `live`: the run goes on; a statement of a run that was cut off neither runs nor waits, and its end was not told. */
export function stateOf(statement: RunStatement, live: boolean): StatementState {
  if (statement.ended !== null) return statement.ended.ended;
  if (!live) return "lost";
  if (statement.held !== null) return "held";
  return statement.review?.state === "open" ? "waiting" : "running";
}

export const MEANING: Record<StatementState, Meaning | "none"> = {
  running: "none",
  waiting: "review",
  held: "review",
  lost: "none",
  done: "allow",
  failed: "deny",
  cancelled: "none",
  denied: "deny",
  rejected: "deny",
  expired: "deny",
  withdrawn: "none",
  "rolled-back": "none",
  alarm: "deny",
};

/** `SELECT · 12,431 rows · 41 ms`. */
export function summary(statement: RunStatement): string {
  const { ended } = statement;
  if (ended === null) return statement.rows.length > 0 ? counted(statement.rows.length, "row") : "";
  const rows =
    ended.ended !== "done" && statement.rows.length === 0
      ? null
      : (ended.rowCount ?? (statement.columns === null ? null : statement.rows.length));
  return [ended.command, rows === null ? null : counted(rows, "row"), duration(ended.durationMs)]
    .filter((part) => part !== null)
    .join(" · ");
}

/** The first words of a statement, for a tab. */
export function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 36 ? `${line.slice(0, 35)}…` : line;
}
