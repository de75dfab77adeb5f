import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { guardedDatabase, see } from "../../../test/fixtures/guarded-session.ts";
import type { Protection } from "../../core/guard/sql/protection.ts";
import type { SqlConnection } from "../../gateway/ports.ts";

/** C4: indexes, triggers and comments are their table's, on a real server. */

const MASKED: Protection = {
  mask: ({ column }) => (column === "ssn" ? { id: "ssn", mask: { type: "redact" } } : null),
  rowFilters: ({ table }) => (table === "halves" ? [{ id: "half", where: "open" }] : []),
};

let database: Awaited<ReturnType<typeof guardedDatabase>>;
let connection: SqlConnection;

beforeAll(async () => {
  database = await guardedDatabase(`
    CREATE SCHEMA apart;
    CREATE TABLE people (id int PRIMARY KEY, note text, ssn text); INSERT INTO people VALUES (1, 'open', '901-11-1001'), (2, 'b', '12');
    CREATE INDEX people_note ON people (note);
    CREATE TABLE apart.other (id int, note text);
    CREATE INDEX people_note ON apart.other (note);
    CREATE TABLE halves (id int, open bool); CREATE INDEX "Half Index" ON halves (id);
    CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
    CREATE TRIGGER noting BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION noted();
    CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9);
    CREATE INDEX parts_id ON ONLY parts (id); CREATE INDEX parts_1_id ON parts_1 (id)`);
});

beforeEach(async () => {
  connection = await database.connect();
});

afterEach(() => connection.close());
afterAll(() => database?.stop());

const seen = (sql: string) => see(database, connection, sql, MASKED);

test.each<[string, string]>([
  ["ALTER INDEX people_note RENAME TO people_notes", "ALTER INDEX"],
  ["ALTER INDEX people_notes SET (fillfactor = 70)", "ALTER INDEX"],
  ["ALTER INDEX parts_id ATTACH PARTITION parts_1_id", "ALTER INDEX"],
  ["COMMENT ON INDEX people_notes IS 'by note'", "COMMENT"],
  ["COMMENT ON COLUMN public.people.ssn IS 'said'", "COMMENT"],
  ["COMMENT ON CONSTRAINT people_pkey ON people IS 'said'", "COMMENT"],
  ["COMMENT ON TRIGGER noting ON people IS 'said'", "COMMENT"],
  ["ALTER TABLE people DISABLE TRIGGER noting", "ALTER TABLE"],
  ["CREATE TYPE mood AS ENUM ('a', 'b')", "CREATE TYPE"],
  ["ALTER TYPE public.mood ADD VALUE IF NOT EXISTS 'c' AFTER 'a'", "ALTER TYPE"],
  ["ALTER TYPE mood RENAME VALUE 'c' TO 'd'", "ALTER TYPE"],
  ["SELECT 'd'::mood", "mood; d"],
  ["CREATE TYPE apart.pair AS (a int, b mood)", "CREATE TYPE"],
  ["CREATE DOMAIN small AS int CONSTRAINT low CHECK (VALUE < 10) NOT NULL", "CREATE DOMAIN"],
  ["CREATE TABLE typed (a small, b apart.pair)", "CREATE TABLE"],
  ["DROP DOMAIN small", "failed 2BP01: cannot drop type small because other objects depend on it"],
  ["DROP TABLE typed", "DROP TABLE"],
  ["DROP DOMAIN IF EXISTS small, gone", "DROP DOMAIN"],
  ["DROP TYPE apart.pair, mood", "DROP TYPE"],
  ["DROP TRIGGER noting ON people", "DROP TRIGGER"],
  ["DROP TRIGGER IF EXISTS noting ON people", "DROP TRIGGER"],
  ["REINDEX INDEX people_notes", "REINDEX"],
  ["REINDEX INDEX CONCURRENTLY people_notes", "REINDEX"],
  ['REINDEX INDEX "Half Index"', "REINDEX"],
  ["CLUSTER people USING people_notes", "CLUSTER"],
  ["DROP INDEX CONCURRENTLY IF EXISTS people_notes", "DROP INDEX"],
  ['DROP INDEX IF EXISTS gone, "Half Index", apart.people_note', "DROP INDEX"],
  ["ALTER TABLE people ADD COLUMN note int", 'failed 42701: column "note" of relation "people" already exists'],
  ["DROP TRIGGER gone ON people", 'failed 42704: trigger "gone" for table "people" does not exist'],
  [
    "DROP INDEX people_pkey",
    "failed 2BP01: cannot drop index people_pkey because constraint people_pkey on table people requires it",
  ],
  ["CREATE TEMP TABLE mine (a int)", "CREATE TABLE"],
  ["CREATE INDEX mine_a ON mine (a)", 'refused: relation "mine" does not exist'],
])("C4 %s", async (sql, said) => expect(await seen(sql)).toBe(said));

test("an index on a session's own table", async () => {
  for (const [sql, said] of [
    ["CREATE TEMP TABLE mine (a int)", "CREATE TABLE"],
    ["CREATE INDEX mine_a ON mine (a)", "CREATE INDEX"],
    ["ALTER INDEX mine_a RENAME TO mine_b", "ALTER INDEX"],
    ["DROP INDEX mine_b", "DROP INDEX"],
  ] as const)
    expect(`${sql}: ${await seen(sql)}`).toBe(`${sql}: ${said}`);
});

test("an index that has come to mean another table's since it was judged is left alone", async () => {
  const { admin } = database;
  await admin.query("SET ROLE gw; CREATE INDEX moving ON people (note); RESET ROLE");
  expect((await connection.catalog("now")).index("public", "moving")?.relation.name).toBe("people");
  await admin.query("SET ROLE gw; ALTER INDEX moving RENAME TO moved; CREATE INDEX moving ON halves (id); RESET ROLE");
  // Judged on what was known, which is noticed; judged anew, it is the other table's.
  expect(await seen("DROP INDEX moving")).toBe("DROP INDEX");
  const now = await connection.catalog("now");
  expect([now.index("public", "moving"), now.index("public", "moved")?.relation.name]).toEqual([null, "people"]);
});

test("a function cannot say a value in the words of a definition's error", async () => {
  const { admin } = database;
  await admin.query(`SET ROLE gw; CREATE FUNCTION telling() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION USING ERRCODE = '42701', MESSAGE = OLD.ssn, SCHEMA = 'tablecmds.c'; END$$;
    CREATE TRIGGER telling BEFORE DELETE ON people FOR EACH ROW EXECUTE FUNCTION telling(); RESET ROLE`);
  await connection.catalog("now");
  const said = await seen("DELETE FROM people WHERE id = 1");
  expect(said).toMatch(/^failed 42701: .*hidden/);
});

test("what an index says of values that it was built from is not told", async () => {
  const { admin } = database;
  await admin.query(`SET ROLE gw; CREATE FUNCTION number(text) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT 1$$;
    CREATE INDEX by_number ON people (number(ssn)); CREATE OR REPLACE FUNCTION number(text) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT $1::int$$; RESET ROLE`);
  await connection.catalog("now");
  const said = await seen("REINDEX INDEX by_number");
  expect(said).toMatch(/^failed 22P02/);
  expect(said).not.toContain("901");
});
