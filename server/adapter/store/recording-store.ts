import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type pg from "pg";
import type { RecordingItem } from "../../contract/http.ts";
import type { RecordingStore } from "../../gateway/store-ports.ts";
import { attempt } from "./store.ts";

const compress = promisify(gzip);
const decompress = promisify(gunzip);
const FAST = { level: 1 };

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
    chunk: (session, seq) =>
      attempt("cannot read the recording", async () => {
        const found = await pool.query<{ readonly data: Buffer }>(
          "SELECT data FROM recording_chunk WHERE session = $1 AND seq = $2",
          [session, seq],
        );
        const data = found.rows[0]?.data;
        return data === undefined ? null : (await decompress(data)).toString("utf8");
      }),
  };
}
