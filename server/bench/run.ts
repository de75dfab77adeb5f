import type { OpenSqlSession } from "../gateway/sessions.ts";
import type { StatementEnd } from "../gateway/statement-end.ts";

/** Runs one statement; what it says at its end: `done`, or why not. */
export async function run(session: OpenSqlSession, text: string): Promise<string> {
  let says = "";
  const said = (end: StatementEnd): string =>
    end.ended === "failed" ? `failed: ${end.error.message}` : end.ended === "denied" ? says : end.ended;
  await session.sql.run(
    text,
    { parameters: null, reason: "", waitForReview: false, signal: new AbortController().signal },
    {
      decided: (_statement, _span, decision) => {
        says = decision.reasons[0]?.message ?? "";
      },
      waiting: () => undefined,
      columns: () => undefined,
      rows: () => undefined,
      notice: () => undefined,
      ended: (_statement, end) => {
        says = said(end);
      },
    },
  );
  return says;
}
