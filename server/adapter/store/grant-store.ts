import type pg from "pg";
import type { Access, AnsweredRequirement, Coverage, TimedGrant } from "../../core/domain/grant.ts";
import type { Review } from "../../core/domain/review.ts";
import type { GrantStore } from "../../gateway/store-ports.ts";
import { announce } from "./changes.ts";
import { insertRun } from "./run-store.ts";
import { storableJson } from "./storable-json.ts";
import { attempt } from "./store.ts";
import { inTransaction } from "./transaction.ts";

export interface GrantRow {
  readonly id: string;
  readonly review: string;
  readonly principal: string;
  readonly target: string;
  readonly shape: string;
  readonly body: {
    readonly kind: "sql" | "shell";
    readonly statement: string;
    readonly access: readonly Access[];
    readonly answered: readonly AnsweredRequirement[];
    readonly approvedBy: readonly string[];
    /** Absent: given before there was a choice. */
    readonly holdMs?: number | null;
  };
  readonly starts: number;
  readonly ends: number;
  readonly ended: number | null;
  readonly ended_by: string | null;
  readonly uses: number;
}

const MS = (column: string, name: string): string => `(extract(epoch FROM ${column}) * 1000)::float8 AS ${name}`;
export const GRANT_COLUMNS = `id, review, principal, target, shape, body, ${MS("starts_at", "starts")}, ${MS("ends_at", "ends")}, ${MS("ended_at", "ended")}, ended_by, uses`;
const LIVE = "ended_at IS NULL AND ends_at > clock_timestamp()";

/** Timed grants. Whether one still holds is asked of the store's clock, in the same step that uses it. */
export function createGrantStore(pool: pg.Pool): GrantStore {
  return {
    live: () =>
      attempt("cannot read the grants", async () => {
        const found = await pool.query<GrantRow & { readonly remaining: number }>(
          `SELECT ${GRANT_COLUMNS}, (extract(epoch FROM ends_at - clock_timestamp()) * 1000)::float8 AS remaining FROM timed_grant WHERE ${LIVE}`,
        );
        return found.rows.map((row) => ({ grant: grantOf(row), remainingMs: row.remaining }));
      }),
    find: (id) =>
      attempt("cannot read the grant", async () => {
        const found = await pool.query<GrantRow>(`SELECT ${GRANT_COLUMNS} FROM timed_grant WHERE id = $1`, [id]);
        return found.rows[0] === undefined ? null : grantOf(found.rows[0]);
      }),
    ofShape: (principal, target, shape) =>
      attempt("cannot read the grants", async () => {
        const found = await pool.query<GrantRow>(
          `SELECT ${GRANT_COLUMNS} FROM timed_grant WHERE principal = $1 AND target = $2 AND shape = $3 AND shape <> '' AND ${LIVE} ORDER BY ends_at DESC LIMIT 20`,
          [principal, target, shape],
        );
        return found.rows.map(grantOf);
      }),
    use: (id, run) =>
      attempt("cannot use the grant", () =>
        inTransaction(pool, async (client) => {
          const used = await client.query<{ readonly review: string }>(
            `UPDATE timed_grant SET uses = uses + 1 WHERE id = $1 AND ${LIVE} RETURNING review`,
            [id],
          );
          const row = used.rows[0];
          if (row === undefined) return false;
          await insertRun(client, run, row.review, id);
          await announce(client, { topic: "review", id: row.review });
          return true;
        }),
      ),
    end: (id, by) =>
      attempt("cannot end the grant", () =>
        inTransaction(pool, async (client) => {
          const ended = await client.query<GrantRow>(
            `UPDATE timed_grant SET ended_at = clock_timestamp(), ended_by = $2 WHERE id = $1 AND ${LIVE} RETURNING ${GRANT_COLUMNS}`,
            [id, by],
          );
          const row = ended.rows[0];
          if (row === undefined) return null;
          await announceEnd(client, row);
          return grantOf(row);
        }),
      ),
  };
}

/** Everything that a person may do for some time ends. */
export async function endGrantsOf(client: pg.PoolClient, principal: string, by: string): Promise<void> {
  const ended = await client.query<GrantRow>(
    `UPDATE timed_grant SET ended_at = clock_timestamp(), ended_by = $2 WHERE principal = $1 AND ${LIVE} RETURNING ${GRANT_COLUMNS}`,
    [principal, by],
  );
  for (const row of ended.rows) await announceEnd(client, row);
}

async function announceEnd(client: pg.PoolClient, row: GrantRow): Promise<void> {
  await announce(client, { topic: "grant", id: row.id });
  await announce(client, { topic: "review", id: row.review });
}

export async function insertGrant(
  client: pg.PoolClient,
  grant: {
    readonly id: string;
    readonly minutes: number;
    readonly holdMs: number | null;
    readonly access: readonly Access[];
    readonly review: Review;
    readonly answered: readonly AnsweredRequirement[];
  },
): Promise<void> {
  const { review } = grant;
  const body: GrantRow["body"] = {
    kind: review.kind === "shell" ? "shell" : "sql",
    statement: review.statement,
    access: grant.access,
    answered: grant.answered,
    approvedBy: review.answers.flatMap((answer) => (answer.verdict === "approve" ? [answer.by] : [])),
    holdMs: grant.holdMs,
  };
  await client.query(
    `INSERT INTO timed_grant (id, review, principal, target, shape, body, starts_at, ends_at)
     VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), clock_timestamp() + $7 * interval '1 minute')`,
    [
      grant.id,
      review.id,
      review.requester,
      review.target,
      review.asks === null ? review.shape : "",
      storableJson(body),
      grant.minutes,
    ],
  );
  await announce(client, { topic: "grant", id: grant.id });
}

export function grantOf(row: GrantRow): TimedGrant {
  const { kind, statement, access, answered, approvedBy, holdMs = null } = row.body;
  const coverage: Coverage =
    row.shape === "" ? { covers: "access", access } : { covers: "shape", kind, shape: row.shape, statement };
  return {
    id: row.id,
    review: row.review,
    principal: row.principal,
    target: row.target,
    coverage,
    answered,
    approvedBy,
    holdMs,
    from: row.starts,
    until: row.ends,
    ended: row.ended === null ? null : { at: row.ended, by: row.ended_by ?? "" },
    uses: row.uses,
  };
}
