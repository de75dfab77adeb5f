import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type pg from "pg";
import type { RecordingItem } from "../../contract/http.ts";
import type { RecordingStore } from "../../gateway/store-ports.ts";
import { attempt } from "./store.ts";

const compress = promisify(gzip);
const decompress = promisify(gunzip);
const FAST = { level: 1 };
/** Any number that no other program takes for the same purpose. */
const FORGET_LOCK = 4_128_843_191;
const MOST_FORGOTTEN = 200;

const COLUMNS = `session, principal, target, environment, bytes::float8 AS bytes, chunks, commands, digest,
  (extract(epoch FROM started_at) * 1000)::float8 AS "startedAt", (extract(epoch FROM ended_at) * 1000)::float8 AS "endedAt"`;

export function createRecordingStore(pool: pg.Pool): RecordingStore {
  return {
    open: ({ session, principal, target, environment, startedAt }) =>
      attempt("cannot begin the recording", async () => {
        await pool.query(
          `INSERT INTO recording (session, principal, target, environment, started_at)
           VALUES ($1, $2, $3, $4, to_timestamp($5 / 1000.0))`,
          [session, principal, target, environment, startedAt],
        );
      }),
    append: (session, seq, text) =>
      attempt("cannot write the recording", async () => {
        const data = await compress(Buffer.from(text, "utf8"), FAST);
        // Tried again after an answer that was lost, it is there already.
        await pool.query("INSERT INTO recording_chunk (session, seq, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", [
          session,
          seq,
          data,
        ]);
      }),
    close: (session, { bytes, chunks, commands, digest, endedAt }) =>
      attempt("cannot close the recording", async () => {
        await pool.query(
          `UPDATE recording SET bytes = $2, chunks = $3, commands = $4, digest = $5, ended_at = to_timestamp($6 / 1000.0)
           WHERE session = $1`,
          [session, bytes, chunks, commands, digest, endedAt],
        );
      }),
    find: (session) =>
      attempt("cannot read the recording", async () => {
        const found = await pool.query<RecordingItem>(`SELECT ${COLUMNS} FROM recording WHERE session = $1`, [session]);
        return found.rows[0] ?? null;
      }),
    list: ({ principal, target, before, limit }) =>
      attempt("cannot list the recordings", async () => {
        const found = await pool.query<RecordingItem>(
          `SELECT ${COLUMNS} FROM recording
           WHERE ($1::text IS NULL OR principal = $1) AND ($2::text IS NULL OR target = $2)
             AND ($3::float8 IS NULL OR started_at < to_timestamp($3 / 1000.0))
           ORDER BY started_at DESC LIMIT $4`,
          [principal, target, before, limit],
        );
        return found.rows;
      }),
    forget: (until, before) =>
      attempt("cannot forget old recordings", async () => {
        const client = await pool.connect();
        try {
          const lock = await client.query<{ readonly held: boolean }>("SELECT pg_try_advisory_lock($1) AS held", [FORGET_LOCK]);
          if (lock.rows[0]?.held !== true) return 0;
          try {
            // What has not ended belongs to a session that goes on, or to a replica that was lost.
            const found = await client.query<{ readonly session: string }>(
              `SELECT session FROM recording AS r
               WHERE started_at < to_timestamp($1 / 1000.0) AND coalesce(ended_at, started_at) < to_timestamp($1 / 1000.0)
                 AND (ended_at IS NOT NULL OR NOT EXISTS (SELECT FROM live_session WHERE id = r.session AND ended_at IS NULL))
               ORDER BY started_at LIMIT $2`,
              [until, MOST_FORGOTTEN],
            );
            const sessions = found.rows.map((row) => row.session);
            if (sessions.length === 0) return 0;
            await before(sessions);
            await client.query("DELETE FROM recording_chunk WHERE session = ANY($1)", [sessions]);
            await client.query("DELETE FROM recording WHERE session = ANY($1)", [sessions]);
            return sessions.length;
          } finally {
            await client.query("SELECT pg_advisory_unlock($1)", [FORGET_LOCK]);
          }
        } finally {
          client.release();
        }
      }),
    chunk: (session, seq) =>
      attempt("cannot read the recording", async () => {
        const found = await pool.query<{ readonly data: Buffer }>(
          "SELECT data FROM recording_chunk WHERE session = $1 AND seq = $2",
          [session, seq],
        );
        const data = found.rows[0]?.data;
        return data === undefined ? null : (await decompress(data)).toString("utf8");
      }),
    chunksBefore: (session, before, limit) =>
      attempt("cannot read the recording", async () => {
        const found = await pool.query<{ readonly seq: number; readonly data: Buffer }>(
          `SELECT seq, data FROM recording_chunk WHERE session = $1 AND ($2::int IS NULL OR seq < $2)
           ORDER BY seq DESC LIMIT $3`,
          [session, before, limit],
        );
        return Promise.all(found.rows.map(async ({ seq, data }) => ({ seq, text: (await decompress(data)).toString("utf8") })));
      }),
  };
}
