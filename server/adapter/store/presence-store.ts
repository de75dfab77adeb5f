import type pg from "pg";
import type { PresenceStore } from "../../gateway/store-ports.ts";
import { attempt } from "./store.ts";
import { inTransaction } from "./transaction.ts";

/** A session that is just being opened is not on every list yet. */
const OPENING = "interval '5 seconds'";
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
            [replica, sessions],
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
    opened: (session) =>
      attempt("cannot list the session", async () => {
        await pool.query(
          `INSERT INTO live_session (id, replica, principal, name, target, kind, identity) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [session.id, session.replica, session.principal, session.name, session.target, session.kind, session.identity],
        );
      }),
    ended: (id) =>
      attempt("cannot unlist the session", async () => {
        await pool.query("UPDATE live_session SET ended_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL", [id]);
      }),
    sweep: () =>
      attempt("cannot sweep the list of sessions", async () => {
        await pool.query(`DELETE FROM live_session WHERE ended_at < now() - ${KEEP}`);
        await pool.query(`DELETE FROM replica WHERE seen_at < now() - ${KEEP}`);
      }),
  };
}
