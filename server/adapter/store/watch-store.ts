import type pg from "pg";
import type { SentFrame, Watch, WatchStore } from "../../gateway/store-ports.ts";
import { announce } from "./changes.ts";
import { storableJson } from "./storable-json.ts";
import { attempt } from "./store.ts";
import { inTransaction } from "./transaction.ts";

/** A replica that was not seen for so long carries nothing to those who watch over it. */
const HERE = "interval '6 seconds'";
const KEPT = "interval '1 minute'";
const MOST_FRAMES = 500;

/** Who watches which session, and what they are shown on the way from the session's replica to theirs. */
export function createWatchStore(pool: pg.Pool): WatchStore {
  return {
    watch: ({ id, session, replica, person }) =>
      attempt("cannot watch the session", () =>
        inTransaction(pool, async (client) => {
          const found = await client.query<{ readonly since: number }>(
            `INSERT INTO session_watch (id, session, replica, person) VALUES ($1, $2, $3, $4)
             RETURNING (extract(epoch FROM since) * 1000)::float8 AS since`,
            [id, session, replica, storableJson(person)],
          );
          const from = await client.query<{ readonly seq: string }>(
            "SELECT coalesce(max(seq), 0)::text AS seq FROM session_frame WHERE session = $1",
            [session],
          );
          await announce(client, { topic: "session", id: session });
          return { since: found.rows[0]?.since ?? 0, after: from.rows[0]?.seq ?? "0" };
        }),
      ),
    leave: (id) =>
      attempt("cannot end the watching", () =>
        inTransaction(pool, async (client) => {
          const gone = await client.query<{ readonly session: string }>(
            "DELETE FROM session_watch WHERE id = $1 RETURNING session",
            [id],
          );
          for (const { session } of gone.rows) await announce(client, { topic: "session", id: session });
        }),
      ),
    of: (sessions) =>
      attempt("cannot read who watches", async () => {
        const found = await pool.query<Watch>(
          `SELECT w.id, w.session, w.person, (extract(epoch FROM w.since) * 1000)::float8 AS since FROM session_watch w
           JOIN replica r ON r.id = w.replica AND r.seen_at > now() - ${HERE} WHERE w.session = ANY($1) ORDER BY w.since`,
          [sessions],
        );
        return found.rows;
      }),
    say: (session, frames) =>
      attempt("cannot show the session", () =>
        inTransaction(pool, async (client) => {
          // Two writers of one session must not become visible out of order: a reader goes on from the last number.
          await client.query("SELECT pg_advisory_xact_lock(hashtext($1))", [`frames of ${session}`]);
          await client.query(
            `INSERT INTO session_frame (session, shown_to, body)
             SELECT $1, nullif(f->'only', 'null'::jsonb), f->'frame' FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS e(f, n) ORDER BY n`,
            [session, storableJson(frames)],
          );
          await announce(client, { topic: "session", id: session });
        }),
      ),
    frames: (session, after) =>
      attempt("cannot read what the session shows", async () => {
        const found = await pool.query<SentFrame>(
          `SELECT seq::text, shown_to AS "only", body AS frame FROM session_frame WHERE session = $1 AND seq > $2 ORDER BY seq LIMIT ${MOST_FRAMES}`,
          [session, after],
        );
        return found.rows;
      }),
    sweep: () =>
      attempt("cannot sweep what sessions showed", async () => {
        await pool.query(`DELETE FROM session_frame WHERE at < now() - ${KEPT}`);
        await pool.query("DELETE FROM session_watch w WHERE NOT EXISTS (SELECT FROM replica r WHERE r.id = w.replica)");
      }),
  };
}
