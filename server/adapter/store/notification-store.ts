import type pg from "pg";
import type { NewNotification, NotificationStore, QueuedNotification } from "../../gateway/store-ports.ts";
import { announce } from "./changes.ts";
import { storableJson } from "./storable-json.ts";
import { attempt } from "./store.ts";
import { inTransaction } from "./transaction.ts";

const BATCH = 10;
const DEAD_LISTED = 200;

/** The outbox. A row that one replica has taken is not seen by another until it is given back. */
export function createNotificationStore(pool: pg.Pool): NotificationStore {
  return {
    take: (leaseMs) =>
      attempt("cannot read the outbox", async () => {
        // The lease survives a replica that dies while it sends: then another one sends again.
        const taken = await pool.query<QueuedNotification>(
          `UPDATE notification SET attempts = attempts + 1, next_at = clock_timestamp() + $1 * interval '1 millisecond'
           WHERE id IN (SELECT id FROM notification WHERE state = 'waiting' AND next_at <= clock_timestamp()
             ORDER BY next_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
           RETURNING id::text, channel, body, attempts`,
          [leaseMs],
        );
        return taken.rows;
      }),
    sent: (id) =>
      attempt("cannot mark as sent", async () => {
        await pool.query("UPDATE notification SET state = 'sent', ended_at = now(), last_error = NULL WHERE id = $1", [id]);
      }),
    postponed: (id, forMs) =>
      attempt("cannot postpone", async () => {
        await pool.query(
          `UPDATE notification SET attempts = greatest(0, attempts - 1),
             next_at = clock_timestamp() + $2 * interval '1 millisecond' WHERE id = $1`,
          [id, forMs],
        );
      }),
    failed: (id, error, retryMs) =>
      attempt("cannot mark as failed", async () => {
        await pool.query(
          `UPDATE notification SET last_error = $2, state = CASE WHEN $3::float8 IS NULL THEN 'dead' ELSE 'waiting' END,
             ended_at = CASE WHEN $3::float8 IS NULL THEN now() END,
             next_at = clock_timestamp() + coalesce($3::float8, 0) * interval '1 millisecond' WHERE id = $1`,
          [id, error, retryMs],
        );
      }),
    dead: () =>
      attempt("cannot read what was given up", async () => {
        const found = await pool.query(
          `SELECT id::text, channel, body, attempts, last_error AS error, (extract(epoch FROM ended_at) * 1000)::float8 AS at
           FROM notification WHERE state = 'dead' ORDER BY ended_at DESC LIMIT ${DEAD_LISTED}`,
        );
        return found.rows;
      }),
    retry: (id) =>
      attempt("cannot try again", () =>
        inTransaction(pool, async (client) => {
          const again = await client.query(
            "UPDATE notification SET state = 'waiting', attempts = 0, next_at = now(), ended_at = NULL WHERE id = $1 AND state = 'dead'",
            [id],
          );
          await announce(client, { topic: "outbox" });
          return again.rowCount === 1;
        }),
      ),
    sweep: (keepMs) =>
      attempt("cannot sweep the outbox", async () => {
        await pool.query("DELETE FROM notification WHERE state = 'sent' AND ended_at < now() - $1 * interval '1 millisecond'", [
          keepMs,
        ]);
      }),
  };
}

/** In the transaction of what it tells of: told if and only if it happened. */
export async function enqueue(client: pg.PoolClient, notifications: readonly NewNotification[]): Promise<void> {
  if (notifications.length === 0) return;
  await client.query(
    "INSERT INTO notification (channel, body) SELECT n->>'channel', n->'body' FROM jsonb_array_elements($1::jsonb) n",
    [storableJson(notifications)],
  );
  await announce(client, { topic: "outbox" });
}
