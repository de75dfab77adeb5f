import { expect, test } from "vitest";
import { one } from "../../../../test/fixtures/sql-guard.ts";
import { blastRadiusOf, countingQueries } from "./blast-radius.ts";

const flat = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .replace(/ ?\) ?/g, ") ")
    .trim();

function counted(sql: string): string {
  const radius = blastRadiusOf(one(sql));
  switch (radius.counted) {
    case "no":
      return `no: ${radius.reason}`;
    case "text":
      return `${radius.rows} rows`;
    case "query": {
      const { count } = countingQueries(radius, ["id"], 10);
      one(count);
      return flat(count);
    }
  }
}

test.each<[string, string]>([
  ["DELETE FROM orders", "SELECT count(*) FROM orders"],
  [
    "DELETE FROM ONLY public.orders AS o WHERE o.id = 1 RETURNING *",
    "SELECT count(*) FROM ONLY public.orders AS o WHERE o.id = 1",
  ],
  [
    "DELETE FROM orders o USING customers c, shop s WHERE c.id = o.id;",
    "SELECT count(*) FROM orders o WHERE EXISTS (SELECT 1 FROM customers c, shop s WHERE c.id = o.id)",
  ],
  [
    "UPDATE orders SET total = 1 WHERE id IN (SELECT id FROM x WHERE y)",
    "SELECT count(*) FROM orders WHERE id IN (SELECT id FROM x WHERE y)",
  ],
  [
    "UPDATE orders AS set SET total = (a IS DISTINCT FROM b)::int, x = a IS DISTINCT FROM b FROM y JOIN z ON true WHERE y.id = set.id",
    "SELECT count(*) FROM orders AS set WHERE EXISTS (SELECT 1 FROM y JOIN z ON true WHERE y.id = set.id)",
  ],
  ["UPDATE set SET a = 1", "SELECT count(*) FROM set"],
  ['UPDATE "set" SET a = 1 WHERE b', 'SELECT count(*) FROM "set" WHERE b'],
  [
    "WITH old AS (SELECT id FROM x) DELETE FROM orders WHERE id IN (SELECT id FROM old)",
    "WITH old AS (SELECT id FROM x) SELECT count(*) FROM orders WHERE id IN (SELECT id FROM old)",
  ],
  ["INSERT INTO orders VALUES (1), (2)", "2 rows"],
  ["INSERT INTO orders DEFAULT VALUES", "1 rows"],
  ["INSERT INTO orders AS o (id, total) SELECT 1, 2 FROM x RETURNING id", "SELECT count(*) FROM (SELECT 1, 2 FROM x) AS source"],
  ["INSERT INTO orders (SELECT 1)", "SELECT count(*) FROM ((SELECT 1) ) AS source"],
  [
    "INSERT INTO orders SELECT * FROM x ON CONFLICT (id) DO UPDATE SET total = 1 WHERE orders.id > 1",
    "SELECT count(*) FROM (SELECT * FROM x) AS source",
  ],
  [
    "MERGE INTO orders o USING a JOIN b ON a.id = b.id ON o.id = CASE WHEN true THEN a.id END WHEN MATCHED THEN DELETE",
    "SELECT count(*) FROM a JOIN b ON a.id = b.id",
  ],
  ["WITH gone AS (DELETE FROM x RETURNING id) DELETE FROM orders", "no: a change inside of WITH is not counted"],
  ["WITH delete AS (SELECT 1) DELETE FROM orders", "no: a WITH query named `delete` is not counted"],
  ["TRUNCATE orders", "no: only INSERT, UPDATE, DELETE and MERGE are counted"],
])("%s", (sql, expected) => expect(counted(sql)).toBe(expected));

test("the sample names the key of the target", () => {
  const radius = blastRadiusOf(one('UPDATE orders "O" SET a = 1 WHERE "O".b = 2'));
  if (radius.counted !== "query") throw new Error("not a query");
  expect(flat(countingQueries(radius, ["id", 'a"b'], 10).sample ?? "")).toBe(
    'SELECT "O"."id", "O"."a""b" FROM orders "O" WHERE "O".b = 2 LIMIT 10',
  );
  expect(countingQueries(radius, [], 10).sample).toBeNull();
});
