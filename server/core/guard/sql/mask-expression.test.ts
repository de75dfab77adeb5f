import { expect, test } from "vitest";
import { parse } from "../../../../test/fixtures/sql-guard.ts";
import { judgeMaskExpression, maskExpressionQuery } from "./index.ts";

const CASES: readonly [string, string, RegExp | null][] = [
  ["built-ins over the value", "'***-' || right(value, 4)", null],
  ["a cast and a case", "CASE WHEN value LIKE 'a%' THEN 'a' ELSE '*' END::text", null],
  ["another column", "name", /knows only `value`/],
  ["a table", "(SELECT max(ssn) FROM customers)", /cannot read tables/],
  ["a function of the database", "public.shout(value)", /not for masks/],
  ["a file", "pg_read_file(value)", /not for masks/],
  ["chance", "value || random()", /not for masks/],
  ["breaking out of the brackets", "value) FROM customers --", /balanced/],
  ["a comment", "value /* */", /balanced/],
  ["two expressions", "value, value", /one value/],
];

test.each(CASES)("an expression mask: %s", (_name, sql, message) => {
  const refusal = judgeMaskExpression(sql, parse(maskExpressionQuery(sql)));
  if (message === null) expect(refusal).toBeNull();
  else expect(refusal?.message).toMatch(message);
});
