import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import * as schema from "../../../drizzle/schema/index.ts";
import { StoreError } from "../../gateway/store-ports.ts";

export type Database = NodePgDatabase<typeof schema>;

export interface Store {
  readonly pool: pg.Pool;
  readonly database: Database;
  close(): Promise<void>;
}

/** Any number that no other program takes for the same purpose; held while migrating so that replicas start one by one. */
const MIGRATION_LOCK = 4_128_843_190;

/**
 * Connects and brings the schema up to date. `migrations`: folder of the SQL files. Throws `StoreError` with a text that
 * says what to do.
 */
export async function openStore(url: string, migrations: string, log: (line: string) => void): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 12,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 15_000,
    application_name: "gatehouse store",
  });
  pool.on("error", (error) => log(`store connection lost: ${error.message}`));
  const client = await pool.connect().catch(async (error: unknown) => {
    await pool.end();
    throw new StoreError(
      `cannot reach the store at ${withoutPassword(url)}: ${reason(error)}; check DATABASE_URL and that PostgreSQL is running`,
      { cause: error },
    );
  });
  try {
    await client.query("SET statement_timeout = 0");
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await refuseNewer(client, migrations);
    await migrate(drizzle(client, { schema, casing: "snake_case" }), { migrationsFolder: migrations });
    await client.query("SELECT pg_advisory_unlock($1)", [MIGRATION_LOCK]);
  } catch (error) {
    client.release(true);
    await pool.end();
    if (error instanceof StoreError) throw error;
    throw new StoreError(
      `cannot bring the store's schema up to date: ${reason(error)}; the role in DATABASE_URL must own the database`,
      { cause: error },
    );
  }
  client.release(true);
  return { pool, database: drizzle(pool, { schema, casing: "snake_case" }), close: () => pool.end() };
}

/** A store that a newer Gatehouse has migrated is left alone. */
async function refuseNewer(client: pg.PoolClient, migrations: string): Promise<void> {
  const { readFile } = await import("node:fs/promises");
  const journal: { readonly entries: readonly { readonly when: number }[] } = JSON.parse(
    await readFile(`${migrations}/meta/_journal.json`, "utf8"),
  );
  const newest = Math.max(...journal.entries.map((entry) => entry.when));
  const present = await client.query<{ readonly found: string | null }>(
    "SELECT to_regclass('drizzle.__drizzle_migrations')::text AS found",
  );
  if (present.rows[0]?.found === null) return;
  const applied = await client.query<{ readonly last: string | null }>(
    "SELECT max(created_at)::text AS last FROM drizzle.__drizzle_migrations",
  );
  if (Number(applied.rows[0]?.last ?? 0) > newest) {
    throw new StoreError(
      "the store was made by a newer version of Gatehouse; run that version, or restore a backup from before the update",
    );
  }
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.password = "";
    return parsed.toString();
  } catch {
    return "the given address (it is not a URL)";
  }
}

export function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join("; ");
  return error instanceof Error ? error.message : String(error);
}

/** Runs a query and turns a broken machine into a `StoreError` that says what could not be done. */
export async function attempt<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      (error.code === "conflict" || error.code === "invalid" || error.code === "unavailable")
    )
      throw error;
    throw new StoreError(`${what}: ${reason(error instanceof Error && error.cause !== undefined ? error.cause : error)}`, {
      cause: error,
    });
  }
}
