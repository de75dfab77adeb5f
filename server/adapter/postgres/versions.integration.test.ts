import { afterAll, beforeAll, expect, test } from "vitest";
import { guardedDatabase, see } from "../../../test/fixtures/guarded-session.ts";
import { OLDER_POSTGRES, serverHas } from "../../../test/servers/start.ts";
import { describeSql } from "../../core/guard/sql/index.ts";
import type { SqlConnection } from "../../gateway/ports.ts";

/**
 * The guard reads with PostgreSQL 18's grammar. What an older server reads otherwise must not be judged as something
 * that it is not.
 */

let database: Awaited<ReturnType<typeof guardedDatabase>>;
let connection: SqlConnection;

beforeAll(async () => {
  database = await guardedDatabase(`
    CREATE TABLE people (id int, ssn text, "system_user" text); INSERT INTO people VALUES (1, '901-11-1001', 'raw secret');
    CREATE VIEW logins AS SELECT id, p."system_user" AS login FROM people p;
    CREATE VIEW bare_logins AS SELECT "system_user" AS login FROM people;
    CREATE FUNCTION "json_value"(jsonb, text) RETURNS text LANGUAGE sql AS 'SELECT $2';
    CREATE FUNCTION "json_exists"(jsonb, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE FUNCTION "json_query"(jsonb, text) RETURNS text LANGUAGE sql AS 'SELECT $2';
    CREATE FUNCTION "json_scalar"(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
    CREATE FUNCTION "json_serialize"(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
    CREATE FUNCTION "json_array"(int, int) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
    CREATE FUNCTION "json_arrayagg"(int) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
    CREATE FUNCTION "json_object"(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
    CREATE VIEW told AS SELECT public.json_scalar(ssn) AS said FROM people;
    CREATE FUNCTION heard(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
    CREATE DOMAIN int4multirange AS text CHECK (public.heard(VALUE))`);
  connection = await database.connect();
});

afterAll(async () => {
  await connection?.close();
  await database?.stop();
});

/** Actions and what they are about; or why there are none. */
async function judged(sql: string): Promise<readonly string[]> {
  const parsed = await database.parser.parse(sql);
  if (!parsed.ok) return [`refused: ${parsed.refusal.message}`];
  const [statement] = parsed.statements;
  if (statement === undefined) return [];
  const described = describeSql(statement, await connection.catalog(), connection.state);
  if ("refusal" in described) return [`refused: ${described.refusal.message}`];
  return described.microActions
    .map(({ action, resource }) =>
      resource.kind === "function" ? `${action} ${resource.schema}.${resource.name}` : `${action} ${resource.kind}`,
    )
    .sort();
}

test.each([
  ["SELECT json_value('{}'::jsonb, '$')", "sql:call public.json_value"],
  ["SELECT json_exists('{}'::jsonb, '$')", "sql:call public.json_exists"],
  ["SELECT json_query('{}'::jsonb, '$')", "sql:call public.json_query"],
  ["SELECT json_scalar(ssn) FROM people", "sql:call public.json_scalar"],
  ["SELECT json_serialize(ssn) FROM people", "sql:call public.json_serialize"],
  ["SELECT json_array(id, id) FROM people", "sql:call public.json_array"],
  ["SELECT json_arrayagg(id) FROM people", "sql:call public.json_arrayagg"],
  ["SELECT json_object(ssn) FROM people", "sql:call public.json_object"],
  ["SELECT ssn::int4multirange FROM people", "sql:call public.heard"],
  // Before PostgreSQL 17 the definition has \`json_scalar(ssn)\`, and there it is the function.
  ["SELECT said FROM told", "sql:call public.json_scalar"],
])("V1 what became a word of the language may be a function of the database: %s", async (sql, call) => {
  expect(await judged(sql)).toContain(call);
});

test("V1 SYSTEM_USER is a column to a server that does not know the word", async () => {
  expect(await judged("SELECT system_user FROM people")).toEqual([
    "refused: `system_user` is a column here: write it in double quotes",
  ]);
  expect(await judged('SELECT "system_user" FROM people')).toEqual(["sql:select column", "sql:select table"]);
  expect(await judged("SELECT system_user")).toEqual([]);
  if (!serverHas(16))
    expect((await database.admin.query("SELECT system_user FROM people")).rows).toEqual([{ system_user: "raw secret" }]);
});

test("V1 W9 so it is in the definition of a view", async () => {
  const protection = {
    mask: ({ column }: { column: string }) =>
      column === "system_user" ? { id: "login", mask: { type: "redact" as const } } : null,
    rowFilters: () => [],
  };
  expect(await see(database, connection, "SELECT login FROM logins", protection)).not.toContain("raw secret");
  expect(await see(database, connection, "SELECT login FROM bare_logins", protection)).not.toContain("raw secret");
});

test.each(["0x1F", "0b101", "0o17", "1_000", "1_0.5"])("V2 the number %s is not read as a number and a name", async (number) => {
  const seen = await judged(`SELECT ${number}`);
  expect(seen).toEqual(serverHas(16) ? [] : [`refused: a server before PostgreSQL 16 does not read \`${number}\` as one number`]);
});

test("V3 F5 attribute notation calls no function that only an older server has", async () => {
  const hole = "SELECT ('label'::text).pg_start_backup";
  expect(await judged(hole)).toEqual(["refused: attribute notation would call function `pg_start_backup`"]);
  const { rows } = await database.admin.query("SELECT count(*)::int AS there FROM pg_proc WHERE proname = 'pg_start_backup'");
  expect(rows).toEqual([{ there: OLDER_POSTGRES === 13 || OLDER_POSTGRES === 14 ? 1 : 0 }]);
});

test.runIf(OLDER_POSTGRES === 13)(
  "F6 a view with an operator behind its operand, which the grammar has no more, is opaque",
  async () => {
    await database.admin.query(
      "SET ROLE gw; CREATE VIEW factorials AS SELECT id, ssn, id::bigint ! AS product FROM people; RESET ROLE",
    );
    await database.admin.query("SELECT pg_sleep(1.1)");
    expect(await judged("SELECT ssn FROM factorials")).toContain("sql:opaque opaque");
    expect(await judged("SELECT 5 !")).toEqual(["refused: syntax error at end of input"]);
  },
);
