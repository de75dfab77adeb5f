import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guardedDatabase, see } from "../../../test/fixtures/guarded-session.ts";
import { describeSql, protectSql } from "../../core/guard/sql/index.ts";
import type { Protection } from "../../core/guard/sql/protection.ts";
import type { SqlConnection } from "../../gateway/ports.ts";

/** Row filters on a real server: indexes serve, and a row that is hidden is as one that is not there. */

/** It costs more than what people write, so that the server would rather try theirs first. */
const EU: Protection = {
  mask: ({ column }) => (column === "email" ? { id: "email", mask: { type: "partial-email" } } : null),
  rowFilters: ({ table }) => (table === "orders" ? [{ id: "eu", where: "lower(upper(lower(upper(region)))) = 'eu'" }] : []),
};
const SEEN = 1_000;
const HIDDEN = 1_001;
const NOT_THERE = 1_000_000;

let database: Awaited<ReturnType<typeof guardedDatabase>>;
let connection: SqlConnection;

beforeAll(async () => {
  database = await guardedDatabase(`
    CREATE TABLE orders (id int PRIMARY KEY, customer int, total numeric, region text, note text, at timestamptz, days int, tags json[], email text);
    INSERT INTO orders SELECT g, g / 10, g, CASE WHEN g % 2 = 0 THEN 'eu' ELSE 'us' END, 'n' || g, '2026-01-01', g, '{}', 'person' || g || '@acme.test' FROM generate_series(1, 4000) g;
    CREATE INDEX ON orders (customer); CREATE INDEX ON orders (upper(note)); CREATE INDEX ON orders (at);
    CREATE TABLE customers (id int PRIMARY KEY, name text); INSERT INTO customers SELECT g, 'c' || g FROM generate_series(0, 400) g;
    ANALYZE orders; ANALYZE customers`);
  connection = await database.connect();
});
afterAll(async () => {
  await connection?.close();
  await database?.stop();
});

async function planOf(sql: string): Promise<string> {
  const parsed = await database.parser.parse(sql);
  const [statement] = parsed.ok ? parsed.statements : [];
  if (statement === undefined) throw new Error("one statement");
  const catalog = await connection.catalog();
  const described = describeSql(statement, catalog, connection.state);
  if ("refusal" in described) throw new Error(described.refusal.message);
  const result = protectSql(described, EU, catalog, connection.state);
  if (!result.ok) throw new Error(result.refusal.message);
  const { rows } = await database.admin.query({ text: `EXPLAIN ${result.prepared.sent}`, rowMode: "array" });
  return rows.flat().join("\n");
}

describe("P4 W8 an index serves", () => {
  test.each([
    `SELECT id, email, total FROM orders WHERE id = ${SEEN}`,
    "SELECT id FROM orders WHERE customer IN (7, 8) AND total > 70",
    "SELECT id FROM orders WHERE upper(note) = 'N1000'",
    "SELECT count(*) FROM orders WHERE at > now() + interval '3 days'",
    "SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer = c.id WHERE c.id = 100",
    "SELECT name FROM customers c WHERE c.id = 100 AND EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id)",
    "SELECT id FROM orders ORDER BY id LIMIT 5",
    `UPDATE orders SET total = total WHERE id = ${SEEN}`,
  ])("%s", async (sql) => {
    const plan = await planOf(sql);
    expect(plan).toMatch(/Index/);
    expect(plan).not.toMatch(/Seq Scan on orders|Subquery Scan/);
  });

  test("and shows what may be seen", async () => {
    expect(await see(database, connection, `SELECT id, email FROM orders WHERE id IN (${SEEN}, ${HIDDEN})`, EU)).toContain(
      `${SEEN},p•••@acme.test`,
    );
    expect(await see(database, connection, `SELECT id, email FROM orders WHERE id = ${HIDDEN}`, EU)).not.toContain(
      String(HIDDEN),
    );
  });
});

describe("P4 W8 a hidden row is as one that is not there", () => {
  test.each([
    "SELECT * FROM orders WHERE id = ID",
    "SELECT 1 / (total - total) FROM orders WHERE id = ID",
    "SELECT 1 FROM orders WHERE id = ID AND 1 / (total - total) = 1",
    "SELECT 1 FROM orders WHERE id = ID AND 1 / (days - days) = 1",
    "SELECT 1 FROM orders WHERE id = ID AND note::int = 1",
    "SELECT 1 FROM orders WHERE id = ID AND note LIKE 'n%\\'",
    "SELECT 1 FROM orders WHERE id = ID AND tags = '{}'",
    "SELECT 1 FROM orders WHERE id = ID AND orders = orders",
    "SELECT 1 FROM orders WHERE id = ID AND total = (SELECT g FROM generate_series(1, 2) g)",
    "SELECT 1 FROM orders WHERE id = ID AND total = (SELECT id FROM customers)",
    "SELECT 1 FROM orders WHERE id = ID AND EXISTS (SELECT 1 FROM customers GROUP BY 1 / (id - id))",
    "SELECT 1 FROM orders WHERE id = ID AND EXISTS (SELECT 1 FROM customers LIMIT (SELECT 1 / (id - id) FROM customers LIMIT 1))",
    "SELECT 1 FROM orders WHERE id = ID AND id IN (SELECT 1 / (id - id) FROM customers)",
    "SELECT 1 FROM orders WHERE id = ID AND at - now() > interval '1 day' * (1 / (days - days))",
    "SELECT 1 FROM orders WHERE id = ID AND at > now() - interval '290000 years'",
    "SELECT 1 FROM customers c JOIN orders o ON o.id = ID AND c.id = 1 / (o.days - o.days)",
    "SELECT 1 FROM customers c LEFT JOIN orders o ON o.id = ID AND 1 / (o.days - o.days) = c.id WHERE c.id = 1",
    "SELECT max(total) FROM orders WHERE id = ID HAVING max(1 / (days - days)) > 0",
    "SELECT region FROM orders WHERE id = ID GROUP BY region HAVING 1 / length(substr(region, 9)) > 0",
    "SELECT count(*) FILTER (WHERE 1 / (days - days) = 1) FROM orders WHERE id = ID",
    "SELECT x FROM (SELECT 1 / (days - days) AS x FROM orders WHERE id = ID) s WHERE x = 1",
    "SELECT x FROM (SELECT id, 1 / (days - days) AS x FROM orders) s WHERE id = ID AND x = 1",
    "WITH s AS (SELECT id, 1 / (days - days) AS x FROM orders) SELECT 1 FROM s WHERE id = ID AND x = 1",
    "SELECT (SELECT 1 / (o.days - o.days) FROM orders o WHERE o.id = c.id + ID - 1) FROM customers c WHERE c.id = 1",
    "SELECT 1 FROM orders WHERE id = ID UNION SELECT 1 / (days - days) FROM orders WHERE id = ID",
    "SELECT DISTINCT ON (1 / (days - days)) 1 FROM orders WHERE id = ID",
    "SELECT 1 FROM orders WHERE id = ID ORDER BY 1 / (days - days)",
    "SELECT email FROM orders WHERE id = ID AND email = 'p•••@acme.test'",
    "UPDATE orders SET total = 1 WHERE id = ID AND 1 / (days - days) = 1",
    "UPDATE orders SET total = 1 WHERE id = ID AND tags = '{}'",
    "DELETE FROM orders WHERE id = ID AND note::int = 1",
    "DELETE FROM orders USING customers c WHERE orders.id = ID AND c.id = 1 / (orders.days - orders.days) AND c.id < 3",
  ])("%s", async (template) => {
    const answer = (id: number) => see(database, connection, template.replaceAll("ID", String(id)), EU);
    const [hidden, absent] = [await answer(HIDDEN), await answer(NOT_THERE)];
    expect(hidden.replaceAll(String(HIDDEN), "ID")).toBe(absent.replaceAll(String(NOT_THERE), "ID"));
  });
});
