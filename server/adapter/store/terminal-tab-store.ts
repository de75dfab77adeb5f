import type pg from "pg";
import { SavedPlace, type TerminalTabStore } from "../../gateway/store-ports.ts";
import { attempt } from "./store.ts";

/** How often, in tabs that are kept, the old ones are taken away. */
const SWEEP = 50;

/** Null: there is none. */
const LAST = "terminal_tab.sessions[cardinality(terminal_tab.sessions)]";

export function createTerminalTabStore(pool: pg.Pool): TerminalTabStore {
  let kept = 0;
  return {
    find: ({ principal, target, tab }) =>
      attempt("cannot read where the terminal stood", async () => {
        const found = await pool.query<{ readonly place: unknown; readonly sessions: readonly string[] }>(
          `SELECT place, sessions FROM terminal_tab
           WHERE principal = $1 AND target = $2 AND tab = $3 AND at > clock_timestamp() - interval '7 days'`,
          [principal, target, tab],
        );
        const [row] = found.rows;
        const place = SavedPlace.safeParse(row?.place);
        return row !== undefined && place.success ? { place: place.data, sessions: row.sessions } : null;
      }),
    keep: ({ principal, target, tab }, { place, sessions }) =>
      attempt("cannot write where the terminal stands", async () => {
        await pool.query(
          `INSERT INTO terminal_tab (principal, target, tab, place, sessions, at) VALUES ($1, $2, $3, $4, $5, clock_timestamp())
           ON CONFLICT (principal, target, tab)
           DO UPDATE SET place = EXCLUDED.place, sessions = EXCLUDED.sessions, at = EXCLUDED.at
           WHERE ${LAST} IS NULL OR ${LAST} = ANY (EXCLUDED.sessions)
             OR terminal_tab.at < clock_timestamp() - interval '7 days'`,
          [principal, target, tab, JSON.stringify(place), sessions],
        );
        kept += 1;
        if (kept % SWEEP === 0) await pool.query("DELETE FROM terminal_tab WHERE at < clock_timestamp() - interval '7 days'");
      }),
    forget: ({ principal, target, tab }, session) =>
      attempt("cannot forget where the terminal stood", async () => {
        await pool.query(
          `DELETE FROM terminal_tab
           WHERE principal = $1 AND target = $2 AND tab = $3 AND (${LAST} IS NULL OR ${LAST} = $4)`,
          [principal, target, tab, session],
        );
      }),
  };
}
