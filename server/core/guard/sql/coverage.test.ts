import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "../../../../test/fixtures/sql-guard.ts";
import { PLAIN, RULED } from "./expression.ts";

/** N1, the other way round: a rule that no text comes to has never been tried. */

const STATEMENTS = new URL("../../../../test/postgres-statements/", import.meta.url);
const BESIDE = [
  "MERGE INTO t USING u ON true WHEN MATCHED THEN UPDATE SET (a, b) = (SELECT 1, 2) RETURNING merge_action()",
  "INSERT INTO t VALUES (DEFAULT)",
  "SELECT xmlserialize(content x AS text), '1' IS JSON, JSON_ARRAY(SELECT 1)",
  "SELECT $1",
  "UPDATE t SET a = 1 WHERE CURRENT OF c",
];
/** The parser writes these into a field of their owner, without their tag. */
const INSIDE = [
  "BitString",
  "Boolean",
  "Float",
  "JsonAggConstructor",
  "JsonBehavior",
  "JsonFormat",
  "JsonOutput",
  "JsonReturning",
  "JsonTablePathSpec",
  "TypeName",
];

test("N1 every rule for an expression is reached by a statement", () => {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) walk(item);
    else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        found.add(key);
        walk(inner);
      }
    }
  };
  // The parser's own thread takes these comments away; the bare grammar does not.
  const files = ["reading.sql", "changing.sql"].map((file) =>
    readFileSync(new URL(file, STATEMENTS), "utf8").replaceAll(/(NOT|NULLS) (?:--.*\n|\/\*.*?\*\/)/g, "$1 "),
  );
  for (const text of [...files, ...BESIDE]) {
    const parsed = parse(text);
    expect(parsed.ok ? null : parsed.refusal.message).toBeNull();
    if (parsed.ok) for (const statement of parsed.statements) walk(statement.tree);
  }
  expect([...PLAIN, ...RULED].filter((tag) => !found.has(tag)).sort()).toEqual(INSIDE);
});
