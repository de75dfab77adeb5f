import { createHash } from "node:crypto";
import type pg from "pg";
import type { HistoryStore } from "../../gateway/store-ports.ts";
import { attempt } from "./store.ts";

/** Lines that are kept of one person on one target. */
const MOST = 2_000;
/** How often, in lines, the oldest are taken away. */
const SWEEP = 100;

export function createHistoryStore(pool: pg.Pool): HistoryStore {
  let added = 0;
  return {
    recent: (principal, target, limit) =>
      attempt("cannot read the history", async () => {
        const found = await pool.query<{ readonly line: string }>(
          `SELECT line FROM (SELECT line, at FROM command_line WHERE principal = $1 AND target = $2 ORDER BY at DESC LIMIT $3) AS newest
           ORDER BY at`,
          [principal, target, limit],
        );
        return found.rows.map((row) => row.line);
      }),
    add: (principal, target, line) =>
      attempt("cannot write the history", async () => {
        const hash = createHash("sha256").update(line).digest("base64url");
        await pool.query(
          `INSERT INTO command_line (principal, target, hash, line, at) VALUES ($1, $2, $3, $4, clock_timestamp())
           ON CONFLICT (principal, target, hash) DO UPDATE SET at = EXCLUDED.at`,
          [principal, target, hash, line],
        );
        added += 1;
        if (added % SWEEP !== 0) return;
        await pool.query(
          `DELETE FROM command_line WHERE principal = $1 AND target = $2 AND at < (
             SELECT at FROM command_line WHERE principal = $1 AND target = $2 ORDER BY at DESC OFFSET $3 LIMIT 1)`,
          [principal, target, MOST],
        );
      }),
  };
}
