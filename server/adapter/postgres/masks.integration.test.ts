import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverHas, startServer } from "../../../test/servers/start.ts";
import type { Mask } from "../../core/domain/mask.ts";
import type { Catalog } from "../../core/guard/sql/index.ts";
import { maskSql } from "../../core/mask/sql.ts";
import type { EmbeddedPostgres } from "../../demo/embedded-postgres.ts";
import { rows } from "./driver.ts";
import { createSqlParser } from "./index.ts";
import { loadCatalog } from "./load-catalog.ts";

/** Masks on a real server: never an error, never the raw value, exactly the column's type. */

const infinite: [string, readonly string[]] = ["numeric", ["'Infinity'", "'-Infinity'"]];
const COLUMNS: readonly [type: string, values: readonly string[]][] = [
  ["text", ["'alice.canary@secret.test'", "'4111-9001-0001-7001'", "''", "'ä🙂x'", "NULL"]],
  ["varchar(5)", ["'alice'", "'@'"]],
  ["char(4)", ["'abcd'"]],
  ["name", ["'canary'"]],
  ["int2", ["32767", "-32768"]],
  ["int4", ["2147483647", "-2147483648", "987002"]],
  ["int8", ["9223372036854775807", "-9223372036854775808"]],
  ["numeric", ["'NaN'", "98765432109876543210.123", "-12345.5"]],
  ["numeric(4,2)", ["99.99"]],
  ["numeric(3,3)", ["0.987"]],
  ["float8", ["'NaN'", "1e308"]],
  ["bool", ["true"]],
  ["date", ["'1987-06-05'", "'infinity'", "'4713-01-01 BC'"]],
  ["timestamp(3)", ["'1987-06-05 04:03:02.123'", "'-infinity'"]],
  ["timestamptz", ["'1987-06-05 04:03:02+02'"]],
  ["time", ["'04:03:02'"]],
  ["interval", ["'3 days 04:05:06'"]],
  ["uuid", ["'01234567-89ab-cdef-0123-456789abcdef'"]],
  ["json", [`'{"pin":"canary","a":[1]}'`, "'1'"]],
  ["jsonb", [`'{"pin":"canary","a":{"b":"canary"}}'`, `'["canary"]'`, "'\"canary\"'"]],
  ["bytea", ["'\\x63616e617279'"]],
  ["inet", ["'10.98.76.54'"]],
  ["text[]", ["ARRAY['canary']"]],
  ["int4[]", ["ARRAY[987002]"]],
  ["mood", ["'glad'"]],
  ["mood[]", ["ARRAY['glad'::mood]"]],
  ["short", ["'ok'"]],
  ["strict", ["'ok'"]],
  ["int4range", ["'[1,987002)'"]],
  ["bit(8)", ["B'10101010'"]],
  ["point", ["'(1,2)'"]],
  ["money", ["'9870.02'"]],
  ["pair", ["ROW(1,'canary')::pair"]],
  // Before PostgreSQL 14 there is no such number.
  ...(serverHas(14) ? [infinite] : []),
];

const MASKS: readonly Mask[] = [
  { type: "redact" },
  { type: "null" },
  { type: "constant", value: "nobody" },
  { type: "constant", value: 0 },
  { type: "constant", value: "glad" },
  { type: "partial-email" },
  { type: "partial-phone" },
  { type: "partial-name" },
  { type: "last4" },
  { type: "pseudonym" },
  { type: "date-trunc", unit: "year" },
  { type: "date-trunc", unit: "hour" },
  { type: "bucket", size: 1_000 },
  { type: "json-remove", paths: ["pin", "a.b", "a.0"] },
];

let folder: string;
let server: EmbeddedPostgres;
let client: pg.Client;
let catalog: Catalog;
/** A line for each type and mask. */
const shown: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-masks-"));
  server = await startServer({ folder: join(folder, "postgres"), settings: { fsync: "off" } });
  client = new pg.Client({ connectionString: server.connectionString("postgres") });
  await client.connect();
  await client.query(`CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN short AS text CHECK (length(VALUE) < 3);
    CREATE DOMAIN strict AS text NOT NULL CHECK (VALUE = 'ok'); CREATE TYPE pair AS (a int, b text)`);
  for (const [index, [type, values]] of COLUMNS.entries()) {
    await client.query(
      `CREATE TABLE t${index} (v ${type}); INSERT INTO t${index} VALUES ${values.map((value) => `(${value})`).join(", ")}`,
    );
  }
  const parser = createSqlParser();
  await client.query("SET search_path = pg_catalog");
  catalog = await loadCatalog((sql) => rows(client as never, sql), parser);
  await client.query("SET search_path = public");
  await parser.close();
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each(COLUMNS.map(([type], index) => [type, index] as const))("%s", (_type, index) => {
  test.each(MASKS.map((mask) => [JSON.stringify(mask), mask] as const))("%s", async (_name, mask) => {
    const column = catalog.relation("public", `t${index}`)?.columns[0];
    if (column === undefined) throw new Error("no column");
    await client.query("SELECT set_config('gatehouse.key', 'k', false)");
    const expression = maskSql(mask, column.type, '"v"');
    const answer = await rows(
      client as never,
      `SELECT (${expression})::text, v::text, pg_typeof(${expression})::text, pg_typeof(v)::text FROM t${index}`,
    );
    const values = answer.map(([masked]) => masked ?? "∅").join(" | ");
    if (!/Infinity/.test(COLUMNS[index]?.[1].join() ?? "")) shown.push(`${_type} ${_name}: ${values}`);
    for (const [masked, raw, maskedType, rawType] of answer) {
      if (_type !== "strict") expect(maskedType).toBe(rawType);
      const coarse = mask.type === "date-trunc" || mask.type === "bucket" || mask.type === "json-remove" || mask.type === "last4";
      if (raw === null || coarse || mask.type === "constant" || raw === "***" || raw === "") continue;
      if (raw === "infinity" || raw === "-infinity" || raw === "glad" || raw === "ok") continue;
      expect(masked).not.toBe(raw);
    }
  });
});

test("every version of PostgreSQL shows the same", async () => {
  expect(shown.length).toBeGreaterThan(MASKS.length * 30);
  await expect(`${shown.join("\n")}\n`).toMatchFileSnapshot("../../../test/fixtures/masked-values.txt");
});

describe("what people see", () => {
  const CASES: readonly [string, Mask, string, string | null][] = [
    ["an address keeps its first letter and its domain", { type: "partial-email" }, "'jane@acme.test'", "j•••@acme.test"],
    ["a text that is no address shows nothing", { type: "partial-email" }, "'901-11-1001'", "***"],
    ["the domain may not be more than a domain", { type: "partial-email" }, "'a@901 11 1001'", "***"],
    ["the last four", { type: "last4" }, "'4111-9001-0001-7001'", "••••7001"],
    ["the last four, between signs", { type: "last4" }, "'4111 9001 0001 70-01.'", "••••-01."],
    ["four of other scripts are few", { type: "last4" }, "'ÄÖÜß'", "***"],
    ["the last four of other scripts", { type: "last4" }, "'ÄÖÜßäöüß'", "••••äöüß"],
    ["quotes and backslashes are nothing special", { type: "last4" }, "E'o\\'neil\\\\123\\'4'", "••••23'4"],
    ["an address with two signs shows nothing", { type: "partial-email" }, "'jane@secret@acme.test'", "***"],
    ["a domain of other letters shows nothing", { type: "partial-email" }, "'jane@äcme.test'", "***"],
    ["a local part of one letter shows nothing", { type: "partial-email" }, "'j@acme.test'", "***"],
    ["an address with a sign in its local part", { type: "partial-email" }, "'jane+x_y@acme.test'", "j•••@acme.test"],
    ["an address of other letters", { type: "partial-email" }, "'jäne@acme.test'", "j•••@acme.test"],
    ["a space before the sign", { type: "partial-email" }, "'ja ne@acme.test'", "***"],
    ["a domain of two letters shows nothing", { type: "partial-email" }, "'jane@ac'", "***"],
    ["the longest local part", { type: "partial-email" }, "repeat('j', 64) || '@acme.test'", "j•••@acme.test"],
    ["a longer one", { type: "partial-email" }, "repeat('j', 65) || '@acme.test'", "***"],
    ["the longest, of other letters", { type: "partial-email" }, "repeat('ä', 64) || '@acme.test'", "ä•••@acme.test"],
    ["the longest domain", { type: "partial-email" }, "'jane@' || repeat('a', 190)", `j•••@${"a".repeat(190)}`],
    ["a longer domain", { type: "partial-email" }, "'jane@' || repeat('a', 191)", "***"],
    ["as few as may be", { type: "last4" }, "'12345678'", "••••5678"],
    ["one fewer", { type: "last4" }, "'1235678'", "***"],
    ["as many as may be", { type: "last4" }, "repeat('1', 64)", "••••1111"],
    ["one more", { type: "last4" }, "repeat('1', 65)", "***"],
    ["a short one shows nothing", { type: "last4" }, "'7001'", "***"],
    ["a telephone number", { type: "partial-phone" }, "'+1-555-901-1001'", "••••01"],
    ["a name", { type: "partial-name" }, "'Mary-Ann O''Neil Q. Doe'", "M•••-A••• O•••'N••• Q•••. D•••"],
    ["a name of other letters", { type: "partial-name" }, "'Þóra Löwe'", "Þ••• L•••"],
    ["what was masked before", { type: "partial-name" }, "'J••• D•••'", "J••• D•••"],
    ["a name with a number shows nothing", { type: "partial-name" }, "'Jane 901-11-1001'", "***"],
    ["a name of two lines shows nothing", { type: "partial-name" }, "E'Jane\\nDoe'", "***"],
    ["a letter is no name", { type: "partial-name" }, "'J'", "***"],
    ["a bucket", { type: "bucket", size: 1_000 }, "987002", "987000"],
    ["nothing stays nothing", { type: "last4" }, "NULL::text", null],
    ["a path is removed", { type: "json-remove", paths: ["pin"] }, `'{"pin":"x","tier":"gold"}'::jsonb`, '{"tier": "gold"}'],
    ["a scalar has no paths", { type: "json-remove", paths: ["pin"] }, `'"secret"'::jsonb`, "null"],
    ["an expression", { type: "expression", sql: "'***-' || right(value, 4)" }, "'901-11-1001'", "***-1001"],
    ["one that breaks out is a redaction", { type: "expression", sql: "value) || (value" }, "'901-11-1001'", "***"],
  ];
  test.each(CASES)("%s", async (_name, mask, value, expected) => {
    const type = /jsonb/.test(value) ? "jsonb" : /^\d/.test(value) ? "int4" : "text";
    const format = type === "int4" ? "integer" : type;
    const column = {
      oid: 0,
      format,
      base: type,
      array: false,
      length: null,
      enumLabel: null,
      domain: false,
      domainNotNull: false,
      builtin: true,
    };
    const [row] = await rows(client as never, `SELECT (${maskSql(mask, column, "v")})::text FROM (SELECT ${value} AS v) AS t`);
    expect(row?.[0]).toBe(expected);
  });

  test("the session's time zone does not move the edges of a truncated time", async () => {
    const column = catalog.relation("public", `t${COLUMNS.findIndex(([type]) => type === "timestamptz")}`)?.columns[0];
    if (column === undefined) throw new Error("no column");
    const day = maskSql({ type: "date-trunc", unit: "day" }, column.type, "v");
    const seen = new Set<string | null | undefined>();
    for (const zone of ["UTC", "Asia/Tokyo", "X-00:01", "America/Lima"]) {
      await client.query(`SET timezone = '${zone}'`);
      const [row] = await rows(
        client as never,
        `SELECT extract(epoch FROM ${day})::text FROM (SELECT '1987-06-05 23:59:59Z'::timestamptz AS v) AS t`,
      );
      seen.add(row?.[0]);
    }
    await client.query("SET timezone = 'UTC'");
    expect(seen.size).toBe(1);
  });

  test("a pseudonym is the same for the same value and key, and NULL without a key", async () => {
    const column = catalog.relation("public", "t0")?.columns[0];
    if (column === undefined) throw new Error("no column");
    const read = async () =>
      (
        await rows(
          client as never,
          `SELECT ${maskSql({ type: "pseudonym" }, column.type, "v")} FROM (SELECT 'x'::text AS v) AS t`,
        )
      )[0]?.[0];
    await client.query("SELECT set_config('gatehouse.key', 'one', false)");
    const first = await read();
    expect(first).toBe(await read());
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    await client.query("SELECT set_config('gatehouse.key', 'two', false)");
    expect(await read()).not.toBe(first);
    const other = new pg.Client({ connectionString: server.connectionString("postgres") });
    await other.connect();
    const [row] = await rows(
      other as never,
      `SELECT ${maskSql({ type: "pseudonym" }, column.type, "v")} FROM (SELECT 'x'::text AS v) AS t`,
    );
    await other.end();
    expect(row?.[0]).toBeNull();
  });
});
