import type pg from "pg";
import type { GrantedRun, RunState } from "../../core/domain/run.ts";
import type { NewRun, RunChange, RunStore } from "../../gateway/store-ports.ts";
import { announce } from "./changes.ts";
import { storableJson } from "./storable-json.ts";
import { attempt } from "./store.ts";
import { inTransaction } from "./transaction.ts";

export interface RunRow {
  readonly id: string;
  readonly review: string;
  readonly timed_grant: string | null;
  readonly session: string;
  readonly started: number;
  readonly body: RunState;
}

export const RUN_COLUMNS = "id, review, timed_grant, session, (extract(epoch FROM started_at) * 1000)::float8 AS started, body";

/** A session that ended may have the end of a run still to tell. */
const GRACE = "interval '5 seconds'";
/** Longer than a replica goes on without the store (gateway/sessions.ts). */
const GONE = "interval '20 seconds'";
const BATCH = 100;

/** Runs that grants let start. Each change is one step under the row's lock, with the store's time. */
export function createRunStore(pool: pg.Pool): RunStore {
  return {
    find: (id) =>
      attempt("cannot read the run", async () => {
        const found = await pool.query<RunRow>(`SELECT ${RUN_COLUMNS} FROM granted_run WHERE id = $1`, [id]);
        return found.rows[0] === undefined ? null : runOf(found.rows[0]);
      }),
    change: (id, decide) =>
      attempt("cannot change the run", () =>
        inTransaction(pool, async (client): Promise<RunChange> => {
          const found = await client.query<RunRow & { readonly now: number }>(
            `WITH granted_run AS MATERIALIZED (SELECT * FROM granted_run WHERE id = $1 FOR UPDATE)
             SELECT ${RUN_COLUMNS}, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now FROM granted_run`,
            [id],
          );
          const row = found.rows[0];
          if (row === undefined) return { ok: false, reason: "there is no such run" };
          const next = decide(runOf(row), row.now);
          if (!next.ok) return next;
          await client.query("UPDATE granted_run SET state = $2, body = $3 WHERE id = $1", [
            id,
            next.state.state,
            storableJson(next.state),
          ]);
          await announce(client, { topic: "review", id: row.review });
          return { ok: true, run: { ...runOf(row), state: next.state }, now: row.now };
        }),
      ),
    orphans: () =>
      attempt("cannot look for lost runs", async () => {
        const found = await pool.query<{ readonly id: string }>(
          `SELECT r.id FROM granted_run r
             LEFT JOIN live_session s ON s.id = r.session LEFT JOIN replica p ON p.id = s.replica
           WHERE r.state IN ('started', 'held', 'closing') AND r.started_at < now() - ${GRACE}
             AND (s.id IS NULL OR s.ended_at < now() - ${GRACE} OR p.id IS NULL OR p.seen_at < now() - ${GONE})
           LIMIT ${BATCH}`,
        );
        return found.rows.map((row) => row.id);
      }),
  };
}

/** In the transaction that uses the grant: a run is written down if and only if its grant was used. */
export async function insertRun(client: pg.PoolClient, run: NewRun, review: string, grant: string | null): Promise<void> {
  const state: RunState = { state: "started" };
  await client.query(
    `INSERT INTO granted_run (id, review, timed_grant, session, started_at, state, body)
     VALUES ($1, $2, $3, $4, clock_timestamp(), $5, $6)`,
    [run.id, review, grant, run.session, state.state, storableJson(state)],
  );
}

export function runOf(row: RunRow): GrantedRun {
  return {
    id: row.id,
    review: row.review,
    grant: row.timed_grant,
    session: row.session,
    startedAt: row.started,
    state: row.body,
  };
}
