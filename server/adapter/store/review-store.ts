import type pg from "pg";
import type { Review, ReviewAnswer, ReviewState } from "../../core/domain/review.ts";
import type { NewReview, ReviewStore } from "../../gateway/store-ports.ts";
import { announce } from "./changes.ts";
import { attempt } from "./store.ts";

interface Row {
  readonly id: string;
  readonly state: ReviewState["state"];
  readonly body: Omit<NewReview, "validForMs">;
  readonly answers: readonly ReviewAnswer[];
  readonly opened: number;
  readonly expires: number;
  readonly resolved: number | null;
  readonly used: number | null;
  readonly now: number;
}

const MS = (column: string, name: string): string => `(extract(epoch FROM ${column}) * 1000)::float8 AS ${name}`;
const COLUMNS = `id, state, body, answers, ${MS("opened_at", "opened")}, ${MS("expires_at", "expires")}, ${MS("resolved_at", "resolved")}, ${MS("used_at", "used")}, ${MS("clock_timestamp()", "now")}`;
const LIST_LIMIT = 500;

/** Reviews in the store. All times are the store's, so that replicas with different clocks agree. */
export function createReviewStore(pool: pg.Pool): ReviewStore {
  return {
    open: (review) =>
      attempt("cannot open the review", async () => {
        const { validForMs, ...body } = review;
        const found = await pool.query<Row>(
          `INSERT INTO review (id, requester, target, fingerprint, state, body, answers, expires_at)
           VALUES ($1, $2, $3, $4, 'open', $5, '[]', now() + $6 * interval '1 millisecond') RETURNING ${COLUMNS}`,
          [review.id, review.requester, review.target, review.fingerprint, storableJson(body), validForMs],
        );
        await announce(pool, { topic: "review", id: review.id });
        return reviewOf(found.rows[0] as Row);
      }),
    find: (id) =>
      attempt("cannot read the review", async () => {
        const found = await pool.query<Row>(`SELECT ${COLUMNS} FROM review WHERE id = $1`, [id]);
        return found.rows[0] === undefined ? null : reviewOf(found.rows[0]);
      }),
    list: (which) =>
      attempt("cannot read the reviews", async () => {
        const found = await pool.query<Row>(
          `SELECT ${COLUMNS} FROM review ${which === "open" ? "WHERE state = 'open' AND expires_at > now()" : ""} ORDER BY opened_at DESC LIMIT ${LIST_LIMIT}`,
        );
        return found.rows.map(reviewOf);
      }),
    change: (id, decide) => attempt("cannot change the review", () => change(pool, id, decide)),
    expire: () =>
      attempt("cannot expire reviews", async () => {
        const found = await pool.query<Row>(
          `UPDATE review SET state = 'expired', resolved_at = now(), revision = revision + 1
           WHERE expires_at <= now() AND (state = 'open' OR (state = 'approved' AND used_at IS NULL)) RETURNING ${COLUMNS}`,
        );
        for (const row of found.rows) await announce(pool, { topic: "review", id: row.id });
        return found.rows.map(reviewOf);
      }),
  };
}

async function change(
  pool: pg.Pool,
  id: string,
  decide: Parameters<ReviewStore["change"]>[1],
): ReturnType<ReviewStore["change"]> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const found = await client.query<Row>(`SELECT ${COLUMNS} FROM review WHERE id = $1 FOR UPDATE`, [id]);
    const row = found.rows[0];
    const next = row === undefined ? { ok: false as const, reason: "there is no such review" } : decide(reviewOf(row), row.now);
    if (!next.ok) {
      await client.query("ROLLBACK");
      client.release();
      return next;
    }
    const { state } = next.review;
    await client.query(
      `UPDATE review SET state = $2, answers = $3, revision = revision + 1,
         resolved_at = CASE WHEN $2 = 'open' THEN NULL ELSE coalesce(resolved_at, now()) END,
         used_at = to_timestamp($4::float8 / 1000) WHERE id = $1`,
      [id, state.state, storableJson(next.review.answers), state.state === "approved" ? state.usedAt : null],
    );
    await announce(client, { topic: "review", id });
    await client.query("COMMIT");
    client.release();
    return next;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** jsonb holds no NUL. */
function storableJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("\\u0000", "\\u2400");
}

function reviewOf(row: Row): Review {
  return { ...row.body, openedAt: row.opened, expiresAt: row.expires, answers: row.answers, state: stateOf(row) };
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
