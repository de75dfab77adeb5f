import type pg from "pg";
import type { Gateway } from "../gateway/create-gateway.ts";
import { principalOf } from "../gateway/principal-of.ts";
import type { RunObserver } from "../gateway/sql-session.ts";
import { percentile } from "./percentile.ts";

const TIMES = 150;
const ENGINEER = { email: "engineer@acme.test", name: "Engineer", groups: [] };
const LEAD = { email: "lead@acme.test", name: "Lead", groups: ["leads"] };

/**
 * A statement that waits for a review, with its reviewer on another replica. `submitToReviewer`: until that replica tells
 * whoever looks; `yesToFirstRow`: from the answer given there to the first row here. Milliseconds.
 */
export async function measureReviews(here: Gateway, there: Gateway, direct: pg.Client) {
  await direct.query("CREATE TABLE reviewed AS SELECT generate_series(1, 1000) AS id");
  const policy = { kind: "policy", id: "reviewed", effect: "review", principals: { everyone: true }, actions: ["sql:delete"] };
  const obligations = { reviewers: { groups: ["leads"] } };
  const document = { ...policy, resources: { tables: ["public.reviewed"] }, obligations };
  const { version } = await here.context.configuration.apply(JSON.stringify(document), "bench");
  while (there.context.configuration.set.version < version) await new Promise((resolve) => setTimeout(resolve, 10));
  const session = await here.sessions.openSql(ENGINEER, "bench");
  const toReviewer: number[] = [];
  const toRow: number[] = [];
  for (let id = 1; id <= TIMES; id++) {
    const seen = new Promise<string>((resolve) => {
      const stop = there.reviews.onChange((review) => {
        if (review.state.state !== "open" || !review.statement.endsWith(`= ${id} returning id`)) return;
        stop();
        resolve(review.id);
      });
    });
    let row = 0;
    const observer: RunObserver = {
      decided: () => undefined,
      waiting: () => undefined,
      columns: () => undefined,
      rows: () => {
        row ||= performance.now();
        return undefined;
      },
      notice: () => undefined,
      ended: () => undefined,
    };
    const submitted = performance.now();
    const options = { parameters: null, reason: "", waitForReview: true, signal: new AbortController().signal };
    const run = session.sql.run(`delete from reviewed where id = ${id} returning id`, options, observer);
    const review = await seen;
    toReviewer.push(performance.now() - submitted);
    const said = performance.now();
    const yes = { verdict: "approve", comment: "", minutes: null, hold: null } as const;
    await there.verbs.answerReview(principalOf(LEAD, there.context.configuration.set), review, yes);
    await run;
    if (row === 0) throw new Error("no row came");
    toRow.push(row - said);
  }
  await session.close("done");
  await here.context.configuration.remove("policy", "reviewed", "bench");
  return { submitToReviewerMs: summary(toReviewer), yesToFirstRowMs: summary(toRow) };
}

function summary(values: readonly number[]) {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99) };
}
