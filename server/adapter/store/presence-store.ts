import type pg from "pg";
import type { LiveSession, PresenceStore } from "../../gateway/store-ports.ts";
import { announce } from "./changes.ts";
import { storableJson } from "./storable-json.ts";
import { attempt } from "./store.ts";
import { inTransaction } from "./transaction.ts";

/** A session that is just being opened is not on every list yet. */
const OPENING = "interval '5 seconds'";
/** A replica that was not seen for so long holds no sessions that could be watched. */
const SELECT = `SELECT s.id, s.principal, s.name, s.target, s.kind, s.identity, s.last, s.terminated,
    (extract(epoch FROM s.opened_at) * 1000)::float8 AS "openedAt"
  FROM live_session s JOIN replica r ON r.id = s.replica AND r.seen_at > now() - interval '20 seconds' WHERE s.ended_at IS NULL`;
const MOST = 2_000;
const KEEP = "interval '1 day'";

/** Which replicas there are, and which sessions they hold. */
export function createPresenceStore(pool: pg.Pool): PresenceStore {
  return {
    beat: (replica, sessions) =>
      attempt("cannot say that this replica is here", () =>
        inTransaction(pool, async (client) => {
          await client.query(`INSERT INTO replica (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()`, [
            replica,
          ]);
          await client.query(
            `UPDATE live_session SET ended_at = clock_timestamp()
             WHERE replica = $1 AND ended_at IS NULL AND id <> ALL($2) AND opened_at < now() - ${OPENING}`,
            [replica, sessions.map(({ id }) => id)],
          );
          const said = sessions.filter(({ last }) => last !== null);
          if (said.length === 0) return;
          await client.query(
            `UPDATE live_session SET last = s->'last' FROM jsonb_array_elements($1::jsonb) s
             WHERE id = s->>'id' AND last IS DISTINCT FROM s->'last'`,
            [storableJson(said)],
          );
        }),
      ),
    leave: (replica) =>
      attempt("cannot say that this replica goes", () =>
        inTransaction(pool, async (client) => {
          await client.query("UPDATE live_session SET ended_at = clock_timestamp() WHERE replica = $1 AND ended_at IS NULL", [
            replica,
          ]);
          await client.query("DELETE FROM replica WHERE id = $1", [replica]);
        }),
      ),
    list: () =>
      attempt("cannot list the sessions", async () => {
        const found = await pool.query<LiveSession>(`${SELECT} ORDER BY s.opened_at DESC LIMIT ${MOST}`);
        return found.rows;
      }),
    find: (id) =>
      attempt("cannot find the session", async () => {
        const found = await pool.query<LiveSession>(`${SELECT} AND s.id = $1`, [id]);
        return found.rows[0] ?? null;
      }),
    terminate: (id, by, reason) =>
      attempt("cannot end the session", () =>
        inTransaction(pool, async (client) => {
          const ended = await client.query(
            "UPDATE live_session SET terminated = $2 WHERE id = $1 AND ended_at IS NULL AND terminated IS NULL",
            [id, storableJson({ by, reason })],
          );
          await announce(client, { topic: "session", id });
          return ended.rowCount === 1;
        }),
      ),
    opened: (session) =>
      attempt("cannot list the session", async () => {
        await pool.query(
          `INSERT INTO live_session (id, replica, principal, name, target, kind, identity) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [session.id, session.replica, session.principal, session.name, session.target, session.kind, session.identity],
        );
      }),
    ended: (id) =>
      attempt("cannot unlist the session", () =>
        inTransaction(pool, async (client) => {
          await client.query("UPDATE live_session SET ended_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL", [id]);
          await announce(client, { topic: "session", id });
        }),
      ),
    sweep: () =>
      attempt("cannot sweep the list of sessions", async () => {
        await pool.query(`DELETE FROM live_session WHERE ended_at < now() - ${KEEP}`);
        await pool.query(`DELETE FROM replica WHERE seen_at < now() - ${KEEP}`);
      }),
  };
}
