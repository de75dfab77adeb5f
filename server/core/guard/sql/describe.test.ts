import { describe, expect, test } from "vitest";
import { CATALOG, one, parse, STATE } from "../../../../test/fixtures/sql-guard.ts";
import { resourceName } from "../../domain/micro-action.ts";
import { describeSql } from "./index.ts";

function actions(sql: string): string[] {
  const described = describeSql(one(sql), CATALOG, STATE);
  if ("refusal" in described) return [`refused: ${described.refusal.message} @ ${sql.slice(...described.refusal.span)}`];
  return described.microActions.map(
    ({ action, resource, span }) => `${action.slice(4)} ${resourceName(resource)} @ ${sql.slice(...span)}`,
  );
}

const REFERENCES: readonly [string, string, readonly string[]][] = [
  [
    "R1 a column where it stands",
    "SELECT name FROM customers",
    ["select public.customers.name @ name", "select public.customers @ customers"],
  ],
  ["R1 a schema is part of the name's place", "SELECT 1 FROM hr.staff", ["select hr.staff @ hr.staff"]],
  [
    "R2 a star is all columns, at the star",
    "SELECT o.* FROM orders o",
    [
      "select public.orders.id @ o.*",
      "select public.orders.customer_id @ o.*",
      "select public.orders.total @ o.*",
      "select public.orders.region @ o.*",
      "select public.orders @ orders",
    ],
  ],
  ["R2 count(*) reads no column", "SELECT count(*) FROM orders", ["select public.orders @ orders"]],
  ["R2 EXISTS (SELECT *) reads no column", "SELECT EXISTS (SELECT * FROM orders)", ["select public.orders @ orders"]],
  ["R3 a CTE hides a table", "WITH orders AS (SELECT 1 AS id) SELECT id FROM orders", []],
  [
    "R3 inside of its own definition it does not",
    "WITH orders AS (SELECT id FROM orders) SELECT id FROM orders",
    ["select public.orders.id @ id", "select public.orders @ orders"],
  ],
  [
    "R4 a subquery sees the outer row",
    "SELECT (SELECT c.name) FROM customers c",
    ["select public.customers.name @ c.name", "select public.customers @ customers"],
  ],
  [
    "R5 USING reads both sides",
    "SELECT 1 FROM orders o JOIN hr.staff s USING (id)",
    [
      "select public.orders @ orders",
      "select hr.staff @ hr.staff",
      "select public.orders.id @ hr.staff",
      "select hr.staff.id @ hr.staff",
    ],
  ],
  [
    "R6 an alias list renames",
    "SELECT a.y FROM orders AS a(x, y)",
    ["select public.orders.customer_id @ a.y", "select public.orders @ orders"],
  ],
  [
    "R7 functional notation is the column",
    "SELECT name(c) FROM hr.staff c, orders",
    [
      "select hr.staff.id @ c",
      "select hr.staff.name @ c",
      "select hr.staff.salary @ c",
      "select hr.staff @ hr.staff",
      "select public.orders @ orders",
    ],
  ],
  [
    "R8 names are found in quotes too",
    'SELECT "select" FROM "Weird Name"',
    ['select public."Weird Name".select @ "select"', 'select public."Weird Name" @ "Weird Name"'],
  ],
  [
    "R9 spans count UTF-16 units",
    "SELECT '🙂é', name FROM customers",
    ["select public.customers.name @ name", "select public.customers @ customers"],
  ],
  [
    "R10 a lock is a right to write",
    "SELECT 1 FROM orders FOR UPDATE",
    ["select public.orders @ orders", "update public.orders @ orders"],
  ],
];

const CHANGES: readonly [string, string, readonly string[]][] = [
  [
    "C1 an insert writes its columns",
    "INSERT INTO orders (id) VALUES (1)",
    ["insert public.orders @ orders", "insert public.orders.id @ id"],
  ],
  [
    "C2 an update reads what it compares",
    "UPDATE orders SET region = 'EU' WHERE id = 1",
    [
      "update public.orders @ orders",
      "select public.orders @ orders",
      "update public.orders.region @ region",
      "select public.orders.id @ id",
    ],
  ],
  ["C3 truncate", "TRUNCATE orders", ["truncate public.orders @ orders"]],
  ["C4 DDL on a table", "CREATE TABLE t (a int)", ["ddl public.t @ t"]],
  [
    "C4 what may not be there is judged as what would be",
    "DROP TABLE IF EXISTS gone, orders, hr.gone",
    ["ddl public.gone @ gone", "ddl public.orders @ orders", "ddl hr.gone @ hr.gone"],
  ],
  ["C4 so is what would be altered", "ALTER TABLE IF EXISTS hr.gone ADD COLUMN a int", ["ddl hr.gone @ hr.gone"]],
  ["C4 and renamed", "ALTER TABLE IF EXISTS gone RENAME a TO b", ["ddl public.gone @ gone"]],
  ["C4 an index is its table's", "ALTER INDEX orders_region SET (fillfactor = 70)", ["ddl public.orders @ orders_region"]],
  ["C4 also its name", "ALTER INDEX public.orders_region RENAME TO j", ["ddl public.orders @ public.orders_region"]],
  [
    "C4 dropped by name, some of which may not be there",
    'DROP INDEX CONCURRENTLY IF EXISTS gone, public."Orders Total", orders_region',
    ["ddl public.gone @ gone", 'ddl public.orders @ public."Orders Total"', "ddl public.orders @ orders_region"],
  ],
  ["C4 built anew", "REINDEX INDEX CONCURRENTLY orders_region", ["ddl public.orders @ orders_region"]],
  ["C4 described", "COMMENT ON INDEX orders_region IS 'x'", ["ddl public.orders @ orders_region"]],
  ["C4 one that is not there", "DROP INDEX gone", ['refused: index "gone" does not exist @ gone']],
  ["C4 a table is none", "DROP INDEX IF EXISTS orders", ['refused: "orders" is not an index @ orders']],
  [
    "C4 nor is an index a table",
    "DROP TABLE orders_region",
    ['refused: relation "orders_region" does not exist @ orders_region'],
  ],
  [
    "C4 where an index lies is the server's affair",
    "ALTER INDEX orders_region SET TABLESPACE x",
    ["ddl public.orders @ orders_region", "opaque ALTER INDEX: SetTableSpace @ ALTER INDEX orders_region SET TABLESPACE x"],
  ],
  ["C4 an enum has a relation's name", "CREATE TYPE mood AS ENUM ('a', 'b')", ["ddl public.mood @ mood"]],
  ["C4 so has a row's type", "CREATE TYPE hr.pair AS (a int, b text)", ["ddl hr.pair @ hr.pair"]],
  [
    "C4 a domain calls what its check calls",
    "CREATE DOMAIN loud AS text CHECK (shout(VALUE) = VALUE)",
    ["ddl public.loud @ loud", "call public.shout @ shout"],
  ],
  [
    "C4 nor is anything in it passed over",
    "CREATE DOMAIN d AS text DEFAULT pg_read_file('x')",
    ["ddl public.d @ d", "opaque function pg_read_file @ pg_read_file"],
  ],
  [
    "C4 not in the server's own schema",
    "CREATE DOMAIN pg_catalog.d AS int",
    ["refused: a type cannot be made in `pg_catalog` @ pg_catalog.d"],
  ],
  ["C4 types are dropped by name", "DROP TYPE IF EXISTS gone, hr.gone", ["ddl public.gone @ gone", "ddl hr.gone @ hr.gone"]],
  ["C4 that must be there", "DROP DOMAIN gone", ['refused: type "gone" does not exist @ gone']],
  ["C4 also to have more labels", "ALTER TYPE gone ADD VALUE 'x'", ['refused: type "gone" does not exist @ gone']],
  ["C4 a trigger is its table's", "DROP TRIGGER IF EXISTS g ON hr.staff", ["ddl hr.staff @ hr.staff"]],
  ["C4 also when it rests", "ALTER TABLE orders DISABLE TRIGGER USER", ["ddl public.orders @ orders"]],
  ["C4 what is said of it too", "COMMENT ON TRIGGER g ON orders IS NULL", ["ddl public.orders @ orders"]],
  ["C4 so is a constraint", "COMMENT ON CONSTRAINT k ON hr.staff IS 'x'", ["ddl hr.staff @ hr.staff"]],
  ["C4 and a column", "COMMENT ON COLUMN hr.staff.salary IS 'x'", ["ddl hr.staff @ hr.staff"]],
  [
    "C4 one that is not there is refused",
    "COMMENT ON COLUMN staff.salry IS 'x'",
    ['refused: relation "staff" does not exist @ staff.salry'],
  ],
  [
    "C4 nor one that the table has not",
    "COMMENT ON COLUMN hr.staff.salry IS 'x'",
    ['refused: column "salry" of relation "staff" does not exist @ salry'],
  ],
  ["C4 what must be there is refused", "DROP TABLE gone", ['refused: relation "gone" does not exist @ gone']],
  [
    "R4 LIMIT sees the query around it",
    "SELECT (SELECT 1 LIMIT o.id) FROM orders o",
    ["select public.orders.id @ o.id", "select public.orders @ orders"],
  ],
  [
    "R4 XMLTABLE and JSON_TABLE have names of their own",
    "SELECT xmltable.a, json_table.* FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS a text), JSON_TABLE('{}', '$' COLUMNS (b int))",
    [],
  ],
  ["R4 and nothing of its own", "SELECT 1 FROM orders LIMIT total", ['refused: column "total" does not exist @ total']],
  [
    "R3 grouping sets know the output's names",
    "SELECT o.total AS t, o.region AS r, count(*) FROM orders o GROUP BY ROLLUP (t, (r, 1))",
    ["select public.orders.total @ o.total", "select public.orders.region @ o.region", "select public.orders @ orders"],
  ],
  [
    "R3 a number after a star is a column of the star",
    "SELECT o.*, 1 AS one FROM orders o GROUP BY 1, 2, 3, 4, 5",
    [
      "select public.orders.id @ o.*",
      "select public.orders.customer_id @ o.*",
      "select public.orders.total @ o.*",
      "select public.orders.region @ o.*",
      "select public.orders @ orders",
    ],
  ],
  [
    "R4 CYCLE's columns are known to the recursion",
    "WITH RECURSIVE w AS (SELECT 1 AS n UNION ALL SELECT n FROM w WHERE NOT again) CYCLE n SET again USING way SELECT n FROM w",
    [],
  ],
  ["F4 a type's name as a function is a cast", "SELECT inet('10.0.0.1'), tsquery('a')", []],
  ["F2 with two arguments it is none", "SELECT inet('10.0.0.1', 1)", ["opaque function inet @ inet"]],
  ["U2 how much is said", "SET client_min_messages = warning", ["set client_min_messages @ SET client_min_messages = warning"]],
  ["U2 what may be changed may be seen", "SHOW enable_seqscan", ["set enable_seqscan @ SHOW enable_seqscan"]],
  [
    "U2 not what the server does inside",
    "SET client_min_messages = debug5",
    ["refused: setting `client_min_messages` is one of `notice`, `warning`, `error` here @ SET client_min_messages = debug5"],
  ],
  ["C4 serial is no type", "CREATE TABLE t (a serial, b bigserial)", ["ddl public.t @ t"]],
  ["C4 nor when a column is added", "ALTER TABLE orders ADD COLUMN n smallserial", ["ddl public.orders @ orders"]],
  ["C4 elsewhere it is one", "SELECT 1::serial", ['refused: type "serial" does not exist @ serial']],
  [
    "C4 a table refers to itself",
    "CREATE TABLE t (a int REFERENCES t, FOREIGN KEY (a) REFERENCES public.t)",
    ["ddl public.t @ t"],
  ],
  [
    "C4 where another schema is looked through first, to the one that is there",
    "CREATE TABLE hr.orders (a int REFERENCES orders)",
    [
      "ddl hr.orders @ hr.orders",
      "ddl public.orders @ orders",
      "select public.orders @ orders",
      "select public.orders.id @ orders",
    ],
  ],
  [
    "C6 a computed copy reads what it copies",
    "ALTER TABLE hr.staff ADD COLUMN twice int GENERATED ALWAYS AS (salary * 2) STORED",
    ["ddl hr.staff @ hr.staff", "select hr.staff @ hr.staff", "select hr.staff.salary @ salary"],
  ],
  [
    "C6 so does a check",
    "ALTER TABLE hr.staff ADD CHECK (staff.salary > 0)",
    ["ddl hr.staff @ hr.staff", "select hr.staff @ hr.staff", "select hr.staff.salary @ staff"],
  ],
  [
    "C6 an index over an expression, also of the whole row",
    "CREATE INDEX ON hr.staff (upper(name)) WHERE staff IS NOT NULL",
    [
      "ddl hr.staff @ hr.staff",
      "select hr.staff @ hr.staff",
      "select hr.staff.name @ name",
      "select hr.staff.id @ hr.staff",
      "select hr.staff.name @ hr.staff",
      "select hr.staff.salary @ hr.staff",
    ],
  ],
  ["C6 an index alone does not", "CREATE INDEX ON hr.staff (salary)", ["ddl hr.staff @ hr.staff"]],
  [
    "C6 a value that gets another type is looked at",
    "ALTER TABLE hr.staff ALTER salary TYPE text",
    ["ddl hr.staff @ hr.staff", "select hr.staff @ hr.staff", "select hr.staff.salary @ hr.staff"],
  ],
  [
    "C6 one that was added just before has none",
    "ALTER TABLE hr.staff ADD note text DEFAULT 'x', ALTER note SET NOT NULL",
    ["ddl hr.staff @ hr.staff"],
  ],
  [
    "C6 a column under a new name is read by it",
    "ALTER TABLE hr.staff RENAME salary TO note",
    ["ddl hr.staff @ hr.staff", "select hr.staff @ hr.staff", "select hr.staff.salary @ hr.staff"],
  ],
  [
    "C6 so is a table, and the new name is judged too",
    "ALTER TABLE hr.staff RENAME TO people",
    [
      "ddl hr.people @ hr.staff",
      "ddl hr.staff @ hr.staff",
      "select hr.staff @ hr.staff",
      "select hr.staff.id @ hr.staff",
      "select hr.staff.name @ hr.staff",
      "select hr.staff.salary @ hr.staff",
    ],
  ],
  [
    "C6 a table is read through a new parent",
    "ALTER TABLE vip_people INHERIT orders",
    [
      "ddl public.orders @ orders",
      "ddl public.vip_people @ vip_people",
      "select public.vip_people @ vip_people",
      "select public.vip_people.id @ vip_people",
      "select public.vip_people.perk @ vip_people",
      "select public.vip_people.ssn @ vip_people",
    ],
  ],
  [
    "C6 also as a partition",
    "ALTER TABLE people ATTACH PARTITION orders DEFAULT",
    [
      "ddl public.orders @ orders",
      "ddl public.people @ people",
      "select public.orders @ orders",
      "select public.orders.customer_id @ orders",
      "select public.orders.id @ orders",
      "select public.orders.region @ orders",
      "select public.orders.total @ orders",
    ],
  ],
  [
    "C6 what a parent is given can be read in its new part",
    "CREATE TABLE part PARTITION OF people DEFAULT",
    [
      "ddl public.part @ part",
      "ddl public.people @ people",
      "select public.people @ people",
      "select public.people.id @ people",
      "select public.people.ssn @ people",
    ],
  ],
  ["C4 and not to what cannot be found", "CREATE TABLE hr.t (a int REFERENCES t)", ['refused: relation "t" does not exist @ t']],
  ["C4 a temporary table too", "CREATE TEMP TABLE t (a int REFERENCES t)", ["ddl pg_temp.t @ t"]],
  [
    "C4 DROP has names, not positions",
    "DROP TABLE IF EXISTS public.orders, hr.staff",
    ["ddl public.orders @ public.orders", "ddl hr.staff @ hr.staff"],
  ],
];

const CODE: readonly [string, string, readonly string[]][] = [
  ["F1 a safe built-in is nothing", "SELECT upper('x'), now(), 1 + 2", []],
  ["F2 an unsafe built-in is opaque", "SELECT pg_read_file('/etc/passwd')", ["opaque function pg_read_file @ pg_read_file"]],
  [
    "F2 whatever the schema says",
    "SELECT pg_catalog.pg_ls_dir('.')",
    ["opaque function pg_catalog.pg_ls_dir @ pg_catalog.pg_ls_dir"],
  ],
  ["F3 a function of the database needs a policy", "SELECT shout('x')", ["call public.shout @ shout"]],
  ["F3 also as an overload of a built-in", "SELECT lower('x')", ["call public.lower @ lower"]],
  ["F4 and behind an operator", "SELECT 'a' === 'b'", ["call public.opf @ ==="]],
  [
    "F5 attribute notation of a value",
    "SELECT ('/etc/passwd'::text).pg_read_file",
    ["refused: attribute notation would call function `pg_read_file` @ ::"],
  ],
  [
    "F5 attribute notation of a function's row",
    "SELECT x.pg_read_file FROM unnest(ARRAY['/etc/passwd']) x",
    ["refused: attribute notation would call function `pg_read_file` @ x.pg_read_file"],
  ],
  [
    "F6 a view calls what its definition calls",
    "SELECT id FROM shouting",
    ["select public.shouting.id @ id", "select public.shouting @ shouting", "call public.shout @ shouting"],
  ],
  [
    "F7 settings are not read by name",
    "SELECT current_setting('gatehouse.key')",
    ["refused: `current_setting` is available for a literal name of a harmless setting only @ current_setting"],
  ],
  [
    "F7 nor changed",
    "SELECT set_config('role', 'postgres', false)",
    ["refused: settings of the session belong to the gateway: `set_config` is not available @ set_config"],
  ],
  [
    "F10 a function that writes out a definition is the catalogue's own column of it",
    "SELECT pg_get_viewdef(oid) FROM pg_class",
    [
      "select pg_catalog.pg_class @ pg_class",
      "select pg_catalog.pg_class.oid @ oid",
      "select pg_catalog.pg_views @ pg_get_viewdef",
      "select pg_catalog.pg_views.definition @ pg_get_viewdef",
    ],
  ],
  [
    "F10 not in FROM",
    "SELECT * FROM pg_get_viewdef(1)",
    ["refused: `pg_get_viewdef` is shown in a select list, not in FROM @ pg_get_viewdef"],
  ],
  ["F10 others stay opaque", "SELECT pg_get_functiondef(1)", ["opaque function pg_get_functiondef @ pg_get_functiondef"]],
  ["F8 a DO block is opaque", "DO $$ BEGIN NULL; END $$", ["opaque DO block @ DO $$ BEGIN NULL; END $$"]],
  ["F8 so is COPY with a program", "COPY orders TO PROGRAM 'cat'", ["opaque COPY … PROGRAM @ COPY orders TO PROGRAM 'cat'"]],
  ["F9 sequences are written to by nextval", "SELECT nextval('s')", ["call pg_catalog.nextval @ nextval"]],
];

const UTILITIES: readonly [string, string, readonly string[]][] = [
  ["U1 a transaction", "BEGIN READ ONLY", ["transaction target @ BEGIN READ ONLY"]],
  ["U2 a harmless setting", "SET work_mem = '8MB'", ["set work_mem @ SET work_mem = '8MB'"]],
  ["U2 the search path", "SET search_path = hr", ["set search_path @ SET search_path = hr"]],
  [
    "U2 no schema comes before the built-ins'",
    "SET search_path = hr, pg_catalog",
    ["refused: `pg_catalog` is always looked up first @ SET search_path = hr, pg_catalog"],
  ],
  [
    "U3 EXPLAIN with what it explains",
    "EXPLAIN SELECT id FROM orders",
    ["explain target @ EXPLAIN SELECT id FROM orders", "select public.orders.id @ id", "select public.orders @ orders"],
  ],
  [
    "U3 EXPLAIN of a table that would be made",
    "EXPLAIN (SETTINGS, COSTS off) CREATE TABLE t AS SELECT id FROM orders",
    [
      "explain target @ EXPLAIN (SETTINGS, COSTS off) CREATE TABLE t AS SELECT id FROM orders",
      "ddl public.t @ t",
      "select public.orders.id @ id",
      "select public.orders @ orders",
    ],
  ],
  [
    "U3 EXPLAIN ANALYZE makes no table",
    "EXPLAIN ANALYZE CREATE TABLE t AS SELECT id FROM orders",
    ["refused: EXPLAIN ANALYZE would make the table @ EXPLAIN ANALYZE CREATE TABLE t AS SELECT id FROM orders"],
  ],
  [
    "U4 a cursor without a transaction",
    "DECLARE c CURSOR FOR SELECT 1",
    ["refused: DECLARE CURSOR can only be used in transaction blocks @ DECLARE c CURSOR FOR SELECT 1"],
  ],
  [
    "U4 a cursor that outlives its transaction",
    "DECLARE c CURSOR WITH HOLD FOR SELECT id FROM orders",
    ["select public.orders.id @ id", "select public.orders @ orders"],
  ],
  ["U4 a name that nobody has prepared", "EXECUTE p (1)", ['refused: prepared statement "p" does not exist @ EXECUTE p (1)']],
  [
    "U4 PREPARE is judged as what it holds",
    "PREPARE p (int) AS SELECT id FROM orders WHERE id = $1",
    ["select public.orders.id @ id", "select public.orders.id @ id", "select public.orders @ orders"],
  ],
  [
    "U4 COPY of a table is a query over its columns",
    "COPY orders (id) TO STDOUT",
    ["copy target @ COPY orders (id) TO STDOUT", "select public.orders.id @ orders", "select public.orders @ orders"],
  ],
  ["U4 a temporary table", "CREATE TEMP TABLE t (a int)", ["ddl pg_temp.t @ t"]],
  ["U4 a temporary table by INTO", "SELECT 1 AS a INTO TEMP t", ["ddl pg_temp.t @ t"]],
  [
    "U5 statistics are closed",
    "SELECT 1 FROM pg_stats",
    ["refused: system catalogue `pg_catalog.pg_stats` is closed: it can show what policies hide @ pg_stats"],
  ],
  [
    "U5 what exists is an ordinary question",
    "SELECT relname FROM pg_class",
    ["select pg_catalog.pg_class.relname @ relname", "select pg_catalog.pg_class @ pg_class"],
  ],
  ["U6 a name that is not there", "SELECT 1 FROM custmers", ['refused: relation "custmers" does not exist @ custmers']],
  ["U6 a column that is not there", "SELECT nmae FROM customers", ['refused: column "nmae" does not exist @ nmae']],
];

describe.each([
  ["references", REFERENCES],
  ["changes", CHANGES],
  ["code", CODE],
  ["utilities", UTILITIES],
] as const)("%s", (_group, rows) => {
  test.each(rows)("%s", (_name, sql, expected) => {
    const found = actions(sql);
    expect([...found].sort()).toEqual([...expected].sort());
  });
});

describe("texts (T)", () => {
  test("T1 two statements are split by the tree, not by the semicolon", () => {
    const text = "SELECT ';' AS a; -- ;\nSELECT 2 ; ";
    const parsed = parse(text);
    expect(parsed.ok && parsed.statements.map((statement) => statement.text)).toEqual(["SELECT ';' AS a", "SELECT 2"]);
    expect(parsed.ok && parsed.statements.map(({ span }) => text.slice(...span))).toEqual(["SELECT ';' AS a", "SELECT 2"]);
  });

  test("T2 a syntax error has its place in the person's text", () => {
    const text = "SELECT '🙂é' frm FROM t WHERE WHERE";
    const parsed = parse(text);
    expect(parsed.ok ? null : text.slice(...parsed.refusal.span)).toBe("WHERE");
    expect(parsed.ok ? 0 : parsed.refusal.span[0]).toBe(text.lastIndexOf("WHERE"));
  });

  test("T3 names with Unicode escapes are the names that they stand for, UESCAPE is part of them", () => {
    expect(actions('SELECT U&"n\\0061me" FROM U&"!0063ustomers" UESCAPE \'!\' WHERE id = 1')).toEqual([
      'select public.customers.name @ U&"n\\0061me"',
      "select public.customers @ U&\"!0063ustomers\" UESCAPE '!'",
      "select public.customers.id @ id",
    ]);
  });

  test("T4 facts for conditions", () => {
    const described = describeSql(one("SELECT id FROM orders WHERE id = 1 LIMIT 3"), CATALOG, STATE);
    expect("refusal" in described ? null : described.facts).toEqual({
      kind: "select",
      hasWhere: true,
      hasLimit: true,
      tables: ["public.orders"],
    });
  });
});
