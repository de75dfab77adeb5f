import { afterAll, describe, expect, test } from "vitest";
import { CATALOG, STATE } from "../../../test/fixtures/sql-guard.ts";
import { blastRadiusOf } from "../../core/guard/sql/blast-radius.ts";
import { describeSql, type ParsedStatement, shapeOf } from "../../core/guard/sql/index.ts";
import { createSqlParser } from "./sql-parser.ts";

/** T5: of long lists of constants one of each kind is looked at, and everything that is no constant. */

const parser = createSqlParser();
afterAll(() => parser.close());

const list = (count: number, item: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => item(i)).join(", ");

async function all(sql: string): Promise<readonly ParsedStatement[]> {
  const parsed = await parser.parse(sql);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return parsed.statements;
}

async function one(sql: string): Promise<ParsedStatement> {
  const [statement] = await all(sql);
  if (statement === undefined) throw new Error("no statement");
  return statement;
}

const ROW = (i: number) =>
  `(${i}, 'a ) (b ${i}', ${i % 3 === 0 ? "NULL" : "true"}, '2020-01-01'::date, DATE '2021-02-03', -${i}.5)`;

describe("T5 long lists of constants", () => {
  test.each<[string, string, number]>([
    ["a dump's rows", `INSERT INTO t VALUES ${list(3_000, ROW)}`, 3_000],
    ["rows in more brackets", `INSERT INTO t VALUES ((0), 'x', 1), ${list(7_000, (i) => `(((${i})), ('ü'), ${i})`)}`, 7_001],
    ["rows between comments", `INSERT INTO t VALUES ${list(6_000, (i) => `(${i}, /* ), ( */ 'ü')`)} RETURNING id`, 6_000],
    ["rows with DEFAULT", `WITH x AS (SELECT 1) INSERT INTO t VALUES ${list(9_000, (i) => `(DEFAULT, ${i})`)}`, 9_000],
  ])("%s: few are looked at, all are sent and counted", async (_name, sql, rows) => {
    const statement = await one(sql);
    expect(statement.text === sql).toBe(true);
    expect(statement.tokens.length).toBeLessThan(100);
    expect(blastRadiusOf(statement)).toEqual({ counted: "text", rows });
    const brackets = statement.tokens.map((span) => sql.slice(...span)).filter((text) => text === "(" || text === ")");
    expect(brackets.filter((text) => text === "(")).toHaveLength(brackets.length / 2);
    // Whoever approves three rows has not approved thousands.
    const shape = shapeOf(statement);
    expect([shape.open, shape.text === sql]).toEqual([false, true]);
  });

  test.each<[string, string]>([
    ["IN", `SELECT 1 FROM customers WHERE id IN (${list(20_000, (i) => String(i - 7))})`],
    ["an array", `SELECT 1 FROM customers WHERE id = ANY (ARRAY[${list(20_000, String)}]) AND name = 'x'`],
  ])("%s", async (_name, sql) => {
    const statement = await one(sql);
    expect(statement.tokens.length).toBeLessThan(40);
    expect(statement.text === sql).toBe(true);
  });

  test.each<[string, string]>([
    ["a query", "(SELECT max(email) FROM customers)"],
    ["a query in brackets", "((SELECT max(email) FROM customers))"],
    ["a row of a query in an array", "CAST(ARRAY(SELECT email FROM customers) AS text)"],
    ["a query in a condition", "CASE WHEN 1 IN (1, 2, (SELECT 1 FROM customers WHERE email = 'x')) THEN 1 END"],
  ])("%s among thousands of constants is seen", async (_name, item) => {
    const sql = `INSERT INTO orders (id) VALUES ${list(9_000, (i) => (i === 4_321 ? `(${item})` : `(${i})`))}`;
    const described = describeSql(await one(sql), CATALOG, STATE);
    if ("refusal" in described) throw new Error(described.refusal.message);
    const seen = described.microActions.find(({ resource }) => resource.kind === "column" && resource.column === "email");
    expect(seen === undefined ? "" : sql.slice(...seen.span)).toBe("email");
  });

  test.each<[string, string]>([
    ["a function", "(pg_read_file('/etc/passwd'))"],
    ["a cast to a type of the database", "('x'::public.mood)"],
    ["a cast whose type has a modifier", "('x'::varchar(3))"],
    ["a parameter", "($1)"],
    ["a row of another length", "(1, 2)"],
    ["a sum", "(1 + 1)"],
    ["a number that old servers read otherwise", "(1_000)"],
  ])("%s stays among thousands of constants", async (_name, row) => {
    const sql = `INSERT INTO orders (id) VALUES ${list(9_000, (i) => (i > 0 && i % 3_000 === 0 ? row : `(${i})`))}`;
    const statement = await one(sql);
    const kept = statement.tokens.map((span) => sql.slice(...span)).join("");
    expect(kept.split(row.replaceAll(" ", ""))).toHaveLength(3);
  });

  test("every statement of a text has its own", async () => {
    const rows = `INSERT INTO orders (id) VALUES ${list(9_000, (i) => `(${i})`)}`;
    const [first, second, third] = await all(`SELECT 'ü'; ${rows}; ${rows}, (0)`);
    expect(first?.omitted).toEqual([]);
    expect(second?.text === rows).toBe(true);
    expect(second?.omitted).toHaveLength(1);
    expect(third?.tokens.map((span) => third.source.slice(...span)).join(" ")).toBe(
      "INSERT INTO orders ( id ) VALUES ( 0 ) , ( 0 )",
    );
  });

  test("what is short is left as it is", async () => {
    const statement = await one(`INSERT INTO orders (id) VALUES ${list(500, (i) => `(${i})`)}`);
    expect(statement.omitted).toEqual([]);
  });
});
