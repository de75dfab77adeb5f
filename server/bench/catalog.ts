import pg from "pg";
import { createPostgresConnector } from "../adapter/postgres/index.ts";
import { type PostgresTarget, Target } from "../core/domain/configuration.ts";
import type { EmbeddedPostgres } from "../demo/embedded-postgres.ts";
import type { SqlParser } from "../gateway/ports.ts";
import { percentile, round } from "./percentile.ts";

const TABLES = 5_000;
const LOADS = 5;
const ASKED = 600;
const PAUSE_MS = 20;
/** So long after the last statement nobody keeps it fresh: the next one waits for the answer. */
const FORGOTTEN_MS = 12_500;

/** A database of 5,000 tables of ten columns, with keys, some foreign keys and views: read whole, and asked whether it has changed. */
export async function measureCatalog(postgres: EmbeddedPostgres, parser: SqlParser) {
  await postgres.createDatabase("many");
  const client = new pg.Client({ connectionString: postgres.connectionString("many") });
  client.on("error", () => undefined);
  await client.connect();
  for (let from = 0; from < TABLES; from += 500) {
    await client.query(`DO $$ BEGIN FOR i IN ${from}..${from + 499} LOOP
      EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, customer_id int, email text, phone varchar(40), region text, total numeric(12,2), created_at timestamptz, state text, note text, code int UNIQUE)', i);
      IF i % 50 = 49 THEN EXECUTE format('CREATE VIEW v%s AS SELECT id, email FROM t%s WHERE total > 0', i, i); END IF;
      END LOOP; END $$`);
  }
  await client.query("VACUUM ANALYZE");
  await client.end();
  const target = Target.parse({
    kind: "target",
    id: "many",
    type: "postgres",
    environment: "dev",
    postgres: { host: postgres.host, port: postgres.port, database: "many", user: "postgres", tls: "disable" },
  }) as PostgresTarget;
  const credential = { password: postgres.password };
  const loads: number[] = [];
  const checks: number[] = [];
  let afterPauseMs = 0;
  for (let load = 0; load < LOADS; load += 1) {
    const connector = createPostgresConnector({ parser, now: () => performance.now() });
    const began = performance.now();
    const catalog = await connector.catalog(target, credential);
    loads.push(performance.now() - began);
    if (catalog.relations.filter((relation) => relation.schema === "public").length < TABLES)
      throw new Error("tables are missing");
    const ask = async (): Promise<number> => {
      const asked = performance.now();
      await connector.catalog(target, credential);
      return performance.now() - asked;
    };
    for (let i = 0; load === 0 && i < ASKED; i += 1) {
      await new Promise((settle) => setTimeout(settle, PAUSE_MS));
      checks.push(await ask());
    }
    if (load === 0) {
      await new Promise((settle) => setTimeout(settle, FORGOTTEN_MS));
      afterPauseMs = await ask();
    }
    await connector.close();
  }
  return {
    tables: TABLES,
    loadMs: { first: Math.round(loads[0] ?? 0), p50: percentile(loads, 0.5) },
    revalidationMs: { p50: percentile(checks, 0.5), p99: percentile(checks, 0.99), max: percentile(checks, 1) },
    revalidationAfterAPauseMs: round(afterPauseMs),
  };
}
