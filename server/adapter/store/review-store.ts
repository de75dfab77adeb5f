import type pg from "pg";
import type { TimedGrant } from "../../core/domain/grant.ts";
import type {
  Escalation,
  Review,
  ReviewAnswer,
  ReviewComment,
  ReviewRequirement,
  ReviewState,
} from "../../core/domain/review.ts";
import { answeredOf } from "../../core/review/cover.ts";
import type { NewReview, ReviewChange, ReviewStore } from "../../gateway/store-ports.ts";
import { announce } from "./changes.ts";
import { GRANT_COLUMNS, type GrantRow, grantOf, insertGrant } from "./grant-store.ts";
import { enqueue } from "./notification-store.ts";
import { insertRun, RUN_COLUMNS, type RunRow, runOf } from "./run-store.ts";
import { storableJson } from "./storable-json.ts";
import { attempt } from "./store.ts";
import { inTransaction } from "./transaction.ts";

interface Row {
  readonly id: string;
  readonly state: ReviewState["state"];
  readonly body: Omit<NewReview, "validForMs">;
  readonly answers: readonly ReviewAnswer[];
  readonly comments: readonly ReviewComment[];
  readonly escalations: readonly Escalation[];
  readonly opened: number;
  readonly expires: number;
  readonly resolved: number | null;
  readonly used: number | null;
  readonly grant: GrantRow | null;
  readonly runs: readonly RunRow[] | null;
}

const MS = (column: string, name: string): string => `(extract(epoch FROM ${column}) * 1000)::float8 AS ${name}`;
const RUNS_SHOWN = 10;
const COLUMNS = `id, state, body, answers, comments, escalations, ${MS("opened_at", "opened")}, ${MS("expires_at", "expires")}, ${MS("resolved_at", "resolved")}, ${MS("used_at", "used")},
  (SELECT to_jsonb(g) FROM (SELECT ${GRANT_COLUMNS} FROM timed_grant WHERE timed_grant.review = review.id) g) AS grant,
  (SELECT jsonb_agg(to_jsonb(r)) FROM (SELECT ${RUN_COLUMNS} FROM granted_run WHERE granted_run.review = review.id
    ORDER BY started_at DESC LIMIT ${RUNS_SHOWN}) r) AS runs`;
/** A run that waits for somebody's decision, or of which nobody has said what became of it. */
const UNSETTLED = `EXISTS (SELECT FROM granted_run r WHERE r.review = review.id AND (r.state IN ('held', 'closing')
  OR (r.state = 'unknown' AND r.body->'found' = 'null'::jsonb)))`;
/** A session that ended may be about to withdraw its review. */
const ENDED = "interval '5 seconds'";
/** Where it is not gone after all, two wait for one yes, and one uses it. */
const GONE = "interval '6 seconds'";
const LIST_LIMIT = 1_000;
const ALIKE_LIMIT = 10;

/** Reviews in the store. All times are the store's, so that replicas with different clocks agree. */
export function createReviewStore(pool: pg.Pool): ReviewStore {
  return {
    open: (review, notifications) =>
      attempt("cannot open the review", () =>
        inTransaction(pool, async (client) => {
          const { validForMs, ...body } = review;
          const found = await client.query<Row>(
            `INSERT INTO review (id, requester, target, fingerprint, shape, state, body, answers, expires_at)
             VALUES ($1, $2, $3, $4, $5, 'open', $6, '[]', now() + $7 * interval '1 millisecond') RETURNING ${COLUMNS}`,
            [review.id, review.requester, review.target, review.fingerprint, review.shape, storableJson(body), validForMs],
          );
          await enqueue(client, notifications);
          await announce(client, { topic: "review", id: review.id });
          return reviewOf(found.rows[0] as Row);
        }),
      ),
    takeUp: ({ requester, fingerprint, requirements, session }, known) =>
      attempt("cannot look for a review to go on with", async () => {
        const found = await pool.query<Row>(
          `UPDATE review SET body = jsonb_set(body, '{session}', to_jsonb($3::text)), revision = revision + 1
           WHERE id = (SELECT w.id FROM review w
             LEFT JOIN live_session s ON s.id = w.body->>'session' LEFT JOIN replica p ON p.id = s.replica
             WHERE w.requester = $1 AND w.fingerprint = $2 AND w.body->'requirements' = $4::jsonb
               AND w.state IN ('open', 'approved') AND w.used_at IS NULL AND w.expires_at > now()
               AND w.body->>'kind' IN ('sql', 'shell')
               AND (w.id = $5 OR s.id IS NULL OR s.ended_at < now() - ${ENDED} OR p.id IS NULL OR p.seen_at < now() - ${GONE})
             ORDER BY w.opened_at DESC LIMIT 1 FOR UPDATE OF w SKIP LOCKED) RETURNING ${COLUMNS}`,
          [requester, fingerprint, session, storableJson(requirements), known],
        );
        return found.rows[0] === undefined ? null : reviewOf(found.rows[0]);
      }),
    find: (id) => attempt("cannot read the review", () => find(pool, id)),
    waitingIn: (requester, session) =>
      attempt("cannot look for a review that waits", async () => {
        const found = await pool.query<Row>(
          `SELECT ${COLUMNS} FROM review
           WHERE requester = $1 AND body->>'session' = $2 AND state IN ('open', 'approved') AND used_at IS NULL
             AND expires_at > now() AND body->>'kind' IN ('sql', 'shell')
           ORDER BY opened_at DESC LIMIT 1`,
          [requester, session],
        );
        return found.rows[0] === undefined ? null : reviewOf(found.rows[0]);
      }),
    list: (which) =>
      attempt("cannot read the reviews", async () => {
        const found = await pool.query<Row>(
          `SELECT ${COLUMNS} FROM review ${which === "open" ? `WHERE (state = 'open' AND (expires_at > now() OR body->>'kind' = 'glass')) OR ${UNSETTLED}` : ""} ORDER BY opened_at DESC LIMIT ${LIST_LIMIT}`,
        );
        return found.rows.map(reviewOf);
      }),
    alike: (review) =>
      attempt("cannot read earlier reviews", async () => {
        const found = await pool.query<Row>(
          `SELECT ${COLUMNS} FROM review WHERE shape <> '' AND shape = $1 AND id <> $2
             AND state <> 'open' AND opened_at <= to_timestamp($3::float8 / 1000) ORDER BY opened_at DESC LIMIT ${ALIKE_LIMIT}`,
          [review.shape, review.id, review.openedAt],
        );
        return found.rows.map(reviewOf);
      }),
    openOf: (requester) =>
      attempt("cannot count open reviews", async () => {
        const found = await pool.query<{ readonly open: number }>(
          "SELECT count(*)::int AS open FROM review WHERE requester = $1 AND state = 'open' AND expires_at > now()",
          [requester],
        );
        return found.rows[0]?.open ?? 0;
      }),
    change: (id, decide) => attempt("cannot change the review", () => change(pool, id, decide)),
    expire: () =>
      attempt("cannot expire reviews", () =>
        inTransaction(pool, async (client) => {
          const found = await client.query<Row>(
            `UPDATE review SET state = 'expired', resolved_at = now(), revision = revision + 1
             WHERE expires_at <= now() AND body->>'kind' <> 'glass'
               AND (state = 'open' OR (state = 'approved' AND used_at IS NULL AND body->>'kind' <> 'access'))
             RETURNING ${COLUMNS}`,
          );
          for (const row of found.rows) await announce(client, { topic: "review", id: row.id });
          return found.rows.map(reviewOf);
        }),
      ),
    overdue: (tell) =>
      attempt("cannot look for what is overdue", () =>
        inTransaction(pool, async (client) => {
          const found = await client.query<Row>(
            `UPDATE review SET overdue_at = clock_timestamp() WHERE id IN (SELECT id FROM review
               WHERE state = 'open' AND expires_at <= now() AND overdue_at IS NULL AND body->>'kind' = 'glass'
               FOR UPDATE SKIP LOCKED) RETURNING ${COLUMNS}`,
          );
          const reviews = found.rows.map(reviewOf);
          await enqueue(client, reviews.flatMap(tell));
          for (const { id } of reviews) await announce(client, { topic: "review", id });
          return reviews;
        }),
      ),
  };
}

async function find(client: pg.Pool | pg.PoolClient, id: string): Promise<Review | null> {
  const found = await client.query<Row>(`SELECT ${COLUMNS} FROM review WHERE id = $1`, [id]);
  return found.rows[0] === undefined ? null : reviewOf(found.rows[0]);
}

/** Undoes the transaction and is no failure. */
class Refused extends Error {
  readonly because: string;
  constructor(because: string) {
    super(because);
    this.because = because;
  }
}

async function change(pool: pg.Pool, id: string, decide: Parameters<ReviewStore["change"]>[1]): Promise<ReviewChange> {
  try {
    return await inTransaction(pool, async (client) => {
      // The clock is read after the lock, which may have been waited for while the review ran out.
      const found = await client.query<Row & { readonly now: number }>(
        `WITH review AS MATERIALIZED (SELECT * FROM review WHERE id = $1 FOR UPDATE)
         SELECT ${COLUMNS}, ${MS("clock_timestamp()", "now")} FROM review`,
        [id],
      );
      const row = found.rows[0];
      if (row === undefined) throw new Refused("there is no such review");
      const next = decide(reviewOf(row), row.now);
      if (!next.ok) throw new Refused(next.reason);
      const { state, answers, comments, escalations } = next.review;
      await client.query(
        `UPDATE review SET state = $2, answers = $3, comments = $4, escalations = $5, revision = revision + 1,
           resolved_at = CASE WHEN $2 = 'open' THEN NULL ELSE coalesce(resolved_at, now()) END,
           used_at = to_timestamp($6::float8 / 1000) WHERE id = $1`,
        [
          id,
          state.state,
          storableJson(answers),
          storableJson(comments),
          storableJson(escalations),
          state.state === "approved" ? state.usedAt : null,
        ],
      );
      if (next.grant !== undefined)
        await insertGrant(client, { ...next.grant, review: next.review, answered: answeredOf(next.review) });
      if (next.run !== undefined) await insertRun(client, next.run, id, null);
      await enqueue(client, next.notifications ?? []);
      await announce(client, { topic: "review", id });
      const changed = next.grant === undefined && next.run === undefined ? next.review : await find(client, id);
      return { ok: true, review: changed ?? next.review };
    });
  } catch (error) {
    if (error instanceof Refused) return { ok: false, reason: error.because };
    throw error;
  }
}

/** Reviews that were stored before there were timed grants were for one run. */
function reviewOf(row: Row): Review {
  const grant: TimedGrant | null = row.grant === null ? null : grantOf(row.grant);
  return {
    ...row.body,
    shape: row.body.shape ?? "",
    shapeIsOpen: row.body.shapeIsOpen ?? false,
    asks: row.body.asks ?? null,
    safeRun: row.body.safeRun ?? "not-possible",
    estimatedRows: row.body.estimatedRows ?? null,
    requirements: row.body.requirements.map(
      (requirement): ReviewRequirement => ({
        ...requirement,
        mostMinutes: requirement.mostMinutes ?? 0,
        escalateTo: requirement.escalateTo ?? [],
        holdForMs: requirement.holdForMs ?? null,
      }),
    ),
    openedAt: row.opened,
    expiresAt: row.expires,
    answers: row.answers.map((answer) => ({ ...answer, minutes: answer.minutes ?? null, hold: answer.hold ?? null })),
    comments: row.comments,
    escalations: row.escalations,
    state: stateOf(row),
    grant,
    runs: (row.runs ?? []).map(runOf),
  };
}

function stateOf(row: Row): ReviewState {
  const at = row.resolved ?? row.opened;
  switch (row.state) {
    case "open":
      return { state: "open" };
    case "approved":
      return { state: "approved", at, usedAt: row.used };
    case "rejected": {
      const no = row.answers.find((answer) => answer.verdict === "reject");
      return { state: "rejected", at, by: no?.by ?? "", comment: no?.comment ?? "" };
    }
    case "withdrawn":
      return { state: "withdrawn", at };
    case "expired":
      return { state: "expired", at };
  }
}
