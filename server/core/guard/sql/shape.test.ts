import { expect, test } from "vitest";
import { one } from "../../../../test/fixtures/sql-guard.ts";
import { shapeOf } from "./index.ts";

const shape = (sql: string): string => shapeOf(one(sql)).text;

test.each<[string, string, string]>([
  ["a number", "DELETE FROM orders WHERE id = 5", "DELETE FROM orders WHERE id = 7"],
  ["zero, which the tree leaves out", "DELETE FROM orders WHERE id = 0", "DELETE FROM orders WHERE id = 7"],
  ["a text", "UPDATE orders SET note = 'a' WHERE id = 1", "UPDATE orders SET note = $x$b; c$x$ WHERE id = 22"],
  ["blanks and comments", "SELECT id /* one */ FROM orders", "SELECT id\n  FROM orders -- two"],
  ["a text beside other alphabets", "SELECT 'ü', id FROM orders WHERE id = 1", "SELECT 'émigré', id FROM orders WHERE id = 2"],
  [
    "a cast to a plain type",
    "SELECT id FROM orders WHERE d > '2020-01-01'::date",
    "SELECT id FROM orders WHERE d > '2021-01-01'::date",
  ],
  [
    "an interval",
    "DELETE FROM orders WHERE d < now() - interval '1 day'",
    "DELETE FROM orders WHERE d < now() - interval '9 days'",
  ],
])("RV-10 one shape: %s", (_name, a, b) => {
  expect(shape(a)).toBe(shape(b));
  expect(shapeOf(one(b)).open).toBe(/['$0-9]/.test(b));
});

test.each<[string, string, string]>([
  ["another table", "DELETE FROM orders WHERE id = 5", "DELETE FROM customers WHERE id = 5"],
  ["another operator", "DELETE FROM orders WHERE id = 5", "DELETE FROM orders WHERE id > 5"],
  ["a number where a text was", "DELETE FROM orders WHERE id = 5", "DELETE FROM orders WHERE id = '5'"],
  ["a condition more", "DELETE FROM orders WHERE id = 5", "DELETE FROM orders WHERE id = 5 OR 1 = 1"],
  ["a sign", "DELETE FROM orders WHERE id = 5", "DELETE FROM orders WHERE id = -5"],
  ["more values", "DELETE FROM orders WHERE id IN (1)", "DELETE FROM orders WHERE id IN (1, 2)"],
  ["true for false", "DELETE FROM orders WHERE false", "DELETE FROM orders WHERE true"],
  ["a function's argument", "SELECT lower('a') FROM orders", "SELECT lower('b') FROM orders"],
  ["deep in a function's argument", "SELECT f(g(1 + 1)) FROM orders", "SELECT f(g(1 + 2)) FROM orders"],
  ["a name of the catalogue", "SELECT 'orders'::regclass", "SELECT 'customers'::regclass"],
  ["a quoted name", 'SELECT "id" FROM orders', 'SELECT "Id" FROM orders'],
  [
    "a name written like the mark of a literal",
    "SELECT id FROM orders WHERE id = 1",
    'SELECT id FROM orders WHERE id = "‹number›"',
  ],
  ["a setting", "SET work_mem = '1MB'", "SET work_mem = '2MB'"],
  ["definitions", "ALTER TABLE orders ALTER note SET DEFAULT 'a'", "ALTER TABLE orders ALTER note SET DEFAULT 'b'"],
])("RV-10 two shapes: %s", (_name, a, b) => expect(shape(a)).not.toBe(shape(b)));
