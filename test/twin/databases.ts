import { readFile } from "node:fs/promises";
import pg from "pg";
import {
  type ConfigurationDocument,
  type PostgresTarget,
  SCHEMA_OF_KIND,
  Target,
} from "../../server/core/domain/configuration.ts";
import type { Catalog } from "../../server/core/guard/sql/index.ts";
import type { Protection } from "../../server/core/guard/sql/protection.ts";
import { maskSql } from "../../server/core/mask/sql.ts";
import { compilePolicySet, type PolicySet, protectionFor } from "../../server/core/policy/index.ts";
import type { EmbeddedPostgres } from "../../server/demo/embedded-postgres.ts";

/**
 * The corpus' database with more rows and more kinds of columns, and its twin: the same objects under the same
 * identifiers, in which what policy masks was replaced by the masks' values and what it filters was deleted.
 */

export const SHOP = "shop";
export const TWIN = "shop_twin";
export const MASK_KEY = "twin";
/** Reads only the columns that it is given, for the replay of column privileges. */
export const READER = "reader";

const MORE = `
SET ROLE gw;
DELETE FROM hr.paylog WHERE id > 8;
INSERT INTO customers(id,name,email,ssn,phone,city,profile) SELECT g, (ARRAY['Dora','Egon','Alice'])[g % 3 + 1], 'u' || g || '@acme' || g % 2 || '.test',
  '555-0' || g || '-' || 1000 + g, CASE WHEN g % 4 > 0 THEN '+1-555-22' || g || '-777' END, (ARRAY['Oslo','Rome','Bern'])[g % 3 + 1],
  CASE WHEN g % 3 > 0 THEN jsonb_build_object('pin', 'p' || g, 'tier', (ARRAY['gold','iron'])[g % 2 + 1]) END FROM generate_series(4, 10) g;
INSERT INTO payments SELECT g, g % 9 + 1, '5222-000' || g || '-' || 1000 + g * 7, g * 5.5, CASE WHEN g % 2 = 0 THEN 'n' || g % 3 END FROM generate_series(4, 11) g;
INSERT INTO orders(id,customer_id,total,status,region) SELECT g, g % 10 + 1, g * 7.25, (ARRAY['open','done'])[g % 2 + 1], (ARRAY['EU','US',NULL])[g % 3 + 1] FROM generate_series(4, 12) g;
INSERT INTO hr.staff SELECT g, 'S' || g, 40000 + g * 777, g % 3 + 1, (ARRAY['ops','dev'])[g % 2 + 1] FROM generate_series(4, 8) g;
INSERT INTO events SELECT g, g % 5 + 1, 'e' || g % 4 || '@acme.test', DATE '2024-03-01' + g * 40 FROM generate_series(3, 9) g;
INSERT INTO people SELECT g, '333-' || g FROM generate_series(3, 5) g;
INSERT INTO vip_people SELECT g, '444-' || g, 'bar' FROM generate_series(6, 7) g;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
CREATE TABLE "Odd Names"("Key" int, part int, "select" text, "größe" numeric(6,1), feel mood, tags text[], born date, flag boolean, PRIMARY KEY ("Key", part));
INSERT INTO "Odd Names" SELECT g / 2, g % 2, (ARRAY['a','b',NULL])[g % 3 + 1], g * 1.1, (ARRAY['sad','ok','glad'])[g % 3 + 1]::mood,
  CASE g % 3 WHEN 0 THEN '{}' WHEN 1 THEN ARRAY['red','a'] END, DATE '1990-01-15' + g * 100, g % 2 = 0 FROM generate_series(1, 8) g;
CREATE TABLE lines(order_id int, line int, product text, price numeric(10,2), PRIMARY KEY (order_id, line));
INSERT INTO lines SELECT g / 3 + 1, g % 3, (ARRAY['nut','bolt','a'])[g % 3 + 1], g * 0.75 FROM generate_series(0, 10) g;
CREATE VIEW moods AS SELECT "Key" AS id, part, feel, "select" AS choice, born FROM "Odd Names";
CREATE VIEW spread AS SELECT id, upper(email) AS email, substr(ssn, 1, 4) AS start, length(phone) AS digits, profile -> 'tier' AS tier, lower(city) AS city FROM customers WHERE ssn > '5' OR phone IS NULL;
CREATE VIEW spending AS SELECT c.id, c.city, count(o.id) AS orders, sum(o.total) AS total, max(p.amount) AS amount FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN payments p ON p.id = o.id GROUP BY c.id;
CREATE VIEW here WITH (security_barrier) AS SELECT id, status, region, total FROM orders WHERE total > 20;
CREATE VIEW here_twice AS WITH big AS (SELECT * FROM here WHERE total > 30) SELECT b.id, b.total, s.start, s.email AS written FROM big b JOIN spread s USING (id) UNION ALL SELECT id, total, region, NULL FROM here;
CREATE VIEW wages AS SELECT dept, salary, rank() OVER (PARTITION BY dept ORDER BY salary DESC) AS place, salary > (SELECT avg(salary) FROM hr.paylog) AS above FROM hr.staff;
REFRESH MATERIALIZED VIEW mv_customers;
RESET ROLE;
CREATE ROLE ${READER} NOLOGIN; GRANT USAGE ON SCHEMA public, hr TO ${READER};
ANALYZE;
`;

const everyone = { everyone: true };
const TABLES = [
  "customers",
  "payments",
  "orders",
  "events",
  "events_2024",
  "people",
  "vip_people",
  '"Odd Names"',
  "lines",
  "customer_contacts",
  "nested_contacts",
  "barrier_contacts",
  "v_checked",
  "mv_customers",
  "moods",
  "spread",
  "spending",
  "here",
  "here_twice",
  "wages",
].map((name) => `public.${name}`);
const READABLE = [...TABLES, "hr.staff", "hr.paylog"];

const mask = (id: string, columns: readonly string[], shown: unknown) => ({
  kind: "mask",
  id,
  target: SHOP,
  columns,
  mask: shown,
});
const DOCUMENTS: readonly unknown[] = [
  {
    kind: "policy",
    id: "read",
    effect: "permit",
    principals: everyone,
    actions: ["sql:select"],
    resources: { tables: READABLE, columns: READABLE.map((table) => `${table}.*`) },
  },
  mask("email", ["public.customers.email", "public.events.email"], { type: "partial-email" }),
  mask("ssn", ["public.customers.ssn", "public.people.ssn"], { type: "pseudonym" }),
  mask("phone", ["public.customers.phone"], { type: "partial-phone" }),
  mask("profile", ["public.customers.profile"], { type: "json-remove", paths: ["pin"] }),
  mask("card", ["public.payments.card_number"], { type: "last4" }),
  mask("amount", ["public.payments.amount"], { type: "redact" }),
  mask("salary", ["hr.staff.salary", "hr.paylog.salary"], { type: "bucket", size: 1_000 }),
  mask("total", ["public.orders.total"], { type: "bucket", size: 10 }),
  mask("choice", ['public."Odd Names"."select"'], { type: "expression", sql: "upper(value) || '!'" }),
  mask("size", ['public."Odd Names"."größe"'], { type: "null" }),
  mask("feel", ['public."Odd Names".feel'], { type: "redact" }),
  mask("tags", ['public."Odd Names".tags'], { type: "redact" }),
  mask("born", ['public."Odd Names".born'], { type: "date-trunc", unit: "year" }),
  { kind: "row-filter", id: "eu", target: SHOP, table: "public.orders", where: "region = 'EU'", principals: everyone },
];

export const PRINCIPAL = { id: "bob@acme.test", name: "Bob", groups: ["analysts"], attributes: {} };

export interface Configuration {
  readonly target: PostgresTarget;
  readonly set: PolicySet;
  readonly protection: Protection;
}

export function configurationFor(server: EmbeddedPostgres): Configuration {
  const target = Target.parse({
    kind: "target",
    id: SHOP,
    type: "postgres",
    environment: "prod",
    postgres: { host: server.host, port: server.port, database: SHOP, user: "gw", password: { env: "X" }, tls: "disable" },
  }) as PostgresTarget;
  const documents = DOCUMENTS.map((document) => {
    const { kind } = document as { kind: keyof typeof SCHEMA_OF_KIND };
    return SCHEMA_OF_KIND[kind].parse(document) as ConfigurationDocument;
  });
  const compiled = compilePolicySet([target, ...documents], 1) as PolicySet | { readonly set: PolicySet };
  const set = "set" in compiled ? compiled.set : compiled;
  return { target, set, protection: protectionFor(set, PRINCIPAL, target, 0) };
}

/** Makes the database; the twin follows when its catalog is known. */
export async function createShop(server: EmbeddedPostgres): Promise<void> {
  const corpus = JSON.parse(await readFile(new URL("test/corpus/sql-attacks.json", root()), "utf8")) as {
    setup: { postgresql: string };
  };
  await withClient(server, "postgres", (admin) =>
    admin.query("CREATE ROLE gw LOGIN PASSWORD 'gw'").then(() => admin.query(`CREATE DATABASE ${SHOP} OWNER gw`)),
  );
  // Extensions and foreign servers have no part in this.
  const script = corpus.setup.postgresql
    .replaceAll(/CREATE EXTENSION IF NOT EXISTS \w+;/g, "")
    .replace(/RESET ROLE;\s*CREATE SERVER[\s\S]*$/, "RESET ROLE;");
  await withClient(server, SHOP, async (client) => {
    await client.query(script);
    await client.query(MORE);
  });
}

export async function createTwin(server: EmbeddedPostgres, catalog: Catalog, protection: Protection): Promise<void> {
  await withClient(server, "postgres", async (admin) => {
    await admin.query(`CREATE DATABASE ${TWIN} TEMPLATE ${SHOP} OWNER gw`);
  });
  await withClient(server, TWIN, async (client) => {
    await client.query("SET session_replication_role = replica; SET search_path = public");
    await client.query("SELECT set_config('gatehouse.key', $1, false)", [MASK_KEY]);
    await client.query("ALTER TABLE customers DROP CONSTRAINT customers_ssn_key CASCADE");
    for (const statement of replacements(catalog, protection)) await client.query(statement);
    await client.query("REFRESH MATERIALIZED VIEW mv_customers; ANALYZE");
  });
}

/** Filters look at stored values, so they go first. */
function replacements(catalog: Catalog, protection: Protection): readonly string[] {
  const deletes: string[] = [];
  const updates: string[] = [];
  for (const { schema, name, kind, columns } of catalog.relations) {
    if (kind !== "table" && kind !== "partitioned") continue;
    const table = `${schema}.${pg.escapeIdentifier(name)}`;
    for (const filter of protection.rowFilters({ schema, table: name })) {
      deletes.push(`DELETE FROM ${table} WHERE (${filter.where}) IS NOT TRUE`);
    }
    const set = columns.flatMap((column) => {
      const found = protection.mask({ schema, table: name, column: column.name });
      const own = pg.escapeIdentifier(column.name);
      return found === null ? [] : [`${own} = ${maskSql(found.mask, column.type, own)}`];
    });
    if (set.length > 0) updates.push(`UPDATE ${table} SET ${set.join(", ")}`);
  }
  return [...deletes, ...updates];
}

export async function withClient<T>(
  server: EmbeddedPostgres,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: server.connectionString(database) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export function isReadable(schema: string, name: string): boolean {
  return READABLE.includes(`${schema}.${name.includes(" ") ? `"${name}"` : name}`);
}

/** The folder of the repository, as this file or as a bundle in dist/. */
function root(): URL {
  const here = import.meta.url;
  return new URL(here.includes("/dist/") ? "../" : "../../", here);
}
