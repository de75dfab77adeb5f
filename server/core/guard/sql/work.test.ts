import { afterAll, describe, expect, test } from "vitest";
import { createSqlParser } from "../../../adapter/postgres/index.ts";
import { type Catalog, makeCatalog, type SqlSessionState } from "./catalog.ts";
import { describeSql } from "./describe.ts";

/** A short text can stand for very much: it is refused before it holds anybody up. */

const parser = createSqlParser();
afterAll(() => parser.close());
const state: SqlSessionState = { searchPath: ["public"], transaction: "idle" };
const text = { oid: 25, format: "text", base: "text", array: false, length: null, enumLabel: null } as const;
const type = { ...text, domain: false, domainNotNull: false, builtin: true };

function table(oid: number, name: string, width: number): Catalog["relations"][number] {
  const names = ["id", ...Array.from({ length: width - 1 }, (_, index) => `c${index}`)];
  return {
    oid,
    schema: "public",
    name,
    kind: "table",
    columns: names.map((column, index) => ({ name: column, number: index + 1, type, notNull: false, generated: null })),
    primaryKey: ["id"],
    unique: [],
    foreignKeys: [],
    indexes: [],
    checks: [],
    partitionKey: [],
    parents: [],
    children: [],
    definition: null,
    barrier: false,
    readable: true,
    rules: false,
    fingerprint: "",
  };
}

const catalog = makeCatalog({
  database: "shop",
  version: "1",
  server: 18,
  relations: [table(1, "narrow", 8), table(2, "wide", 400), table(3, "widest", 1_600)],
  functions: [],
  operators: [],
  types: [],
  casts: [],
  schemas: ["public"],
});

const list = (count: number, item: (index: number) => string, between = ", ") =>
  Array.from({ length: count }, (_, i) => item(i)).join(between);

async function said(sql: string): Promise<string> {
  const parsed = await parser.parse(sql);
  const [statement] = parsed.ok ? parsed.statements : [];
  if (statement === undefined) return "not parsed";
  const described = describeSql(statement, catalog, state);
  return "refusal" in described ? described.refusal.message : "described";
}

const MUCH = "the statement stands for too many columns";
const LONG = "target lists can have at most 1664 entries";

describe("what a statement stands for", () => {
  test.each<[string, string, string]>([
    ["stars over many wide tables", `SELECT ${list(200, () => "*")} FROM ${list(50, (i) => `wide w${i}`)}`, LONG],
    ["a star over many wide tables", `SELECT * FROM ${list(100, (i) => `wide w${i}`)}`, LONG],
    ["many stars over one", `SELECT ${list(500, () => "w.*")} FROM wide w`, LONG],
    [
      "a doubling of queries",
      `WITH c0 AS (SELECT * FROM narrow), ${list(10, (i) => `c${i + 1} AS (SELECT * FROM c${i} x, c${i} y)`)} SELECT 1 FROM c9`,
      LONG,
    ],
    ["many unions of a wide table", list(1_000, () => "SELECT * FROM wide", " UNION ALL "), MUCH],
    ["many unions of a narrow one", list(2_000, () => "SELECT c1 FROM narrow", " UNION ALL "), MUCH],
    ["many whole rows of a wide one", `SELECT ${list(1_000, () => "w")} FROM wide w`, MUCH],
    ["many levels of a wide one", `${"SELECT * FROM (".repeat(100)}SELECT * FROM widest${") q".repeat(100)}`, MUCH],
  ])("%s is refused", async (_name, sql, message) => {
    const began = performance.now();
    expect(await said(sql)).toBe(message);
    // The first of these once took forty seconds.
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test.each<[string, string]>([
    ["every column of a very wide table by its name", `SELECT id, ${list(1_599, (i) => `c${i}`)} FROM widest`],
    ["as many as a list can have", `SELECT *, ${list(64, (i) => `c${i}`)} FROM widest`],
    ["forty joins", `SELECT * FROM narrow n ${list(40, (i) => `JOIN narrow j${i} ON j${i}.id = n.id`, " ")}`],
    ["twenty wide parts", list(20, () => "SELECT * FROM wide", " UNION ALL ")],
    ["3,000 conditions", `SELECT 1 FROM narrow WHERE ${list(3_000, (i) => `c1 = '${i}'`, " OR ")}`],
  ])("%s is not", async (_name, sql) => expect(await said(sql)).toBe("described"));
});
