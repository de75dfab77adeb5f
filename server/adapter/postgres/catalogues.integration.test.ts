import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guardedDatabase, see } from "../../../test/fixtures/guarded-session.ts";
import { serverHas } from "../../../test/servers/start.ts";
import { describeSql } from "../../core/guard/sql/index.ts";
import { OPEN } from "../../core/guard/sql/protection.ts";
import type { SqlConnection } from "../../gateway/ports.ts";

/** U5 on a real server: what an engineer asks of the catalogues at night, and what those must not tell. */

let guarded: Awaited<ReturnType<typeof guardedDatabase>>;
let connection: SqlConnection;

beforeAll(async () => {
  guarded = await guardedDatabase(`
    CREATE TABLE accounts (id int PRIMARY KEY, email text DEFAULT 'canary-default', CONSTRAINT known CHECK (email <> 'canary-check'));
    CREATE INDEX special ON accounts (id, (email || 'canary-''expression')) WHERE email = E'canary\\\\predicate';
    CREATE VIEW chosen AS SELECT id FROM accounts WHERE email = 'canary-view';
    CREATE VIEW telling AS SELECT pg_get_viewdef('chosen'::regclass) AS text;
    CREATE TABLE odd (id int, "it's" text, "say ""it's""" text);
    CREATE VIEW odder AS SELECT id, "it's" FROM odd
      WHERE "it's" = 'canary-odd' AND "say ""it's""" <> 'canary-''"odder' OR 'canary "' = "it's";
    CREATE TRIGGER t BEFORE UPDATE ON odd FOR EACH ROW WHEN (OLD."it's" = 'canary-when')
      EXECUTE FUNCTION suppress_redundant_updates_trigger('canary-argument');
    CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'canary-code' $$`);
  connection = await guarded.connect();
});
afterAll(async () => {
  await connection?.close();
  await guarded?.stop();
});

const ask = (sql: string) => see(guarded, connection, sql, OPEN);

describe("U5 what is asked at night is answered", () => {
  test.each([
    [
      "SELECT indexdef FROM pg_indexes WHERE indexname = 'special'",
      /btree \(id, \(\(email \|\| '…'::text\)\)\) WHERE \(email = E?'…'::text\)/,
    ],
    ["SELECT definition FROM pg_views WHERE viewname = 'chosen'", /email = '…'::text/],
    ["SELECT pg_get_viewdef('chosen'::regclass)", /^pg_get_viewdef; .*email = '…'::text/s],
    [
      "SELECT pg_catalog.pg_get_viewdef('odder'::regclass, true)::text",
      /^pg_get_viewdef; .*"it's" = '…'::text AND \S*"say ""it's""" <> '…'::text OR '…'::text = \S*"it's"/s,
    ],
    ["SELECT definition FROM pg_views WHERE viewname = 'odder'", /"it's" = '…'::text.*"say ""it's""" <> '…'::text/],
    [
      "SELECT length(pg_get_indexdef(i.indexrelid)) > 9, pg_get_indexdef(i.indexrelid, 2, true) AS two FROM pg_index i WHERE indexrelid = 'special'::regclass",
      /\?column\?,two; t,\(?email \|\| '…'::text/,
    ],
    [
      "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'known'",
      /conname,pg_get_constraintdef; known,CHECK \(\(email <> '…'::text\)\)/,
    ],
    [
      "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 't'",
      /WHEN \(.*"it's" = '…'::text.*EXECUTE FUNCTION suppress_redundant_updates_trigger\('…'\)/,
    ],
    [
      "SELECT pg_get_viewdef(oid) FROM pg_class WHERE relname = 'chosen' GROUP BY pg_get_viewdef(oid) ORDER BY pg_get_viewdef(oid)",
      /'…'/,
    ],
    ["SELECT view_definition FROM information_schema.views WHERE table_name = 'chosen'", /email = '…'::text/],
    ["SELECT proname, provolatile FROM pg_proc WHERE proname = 'f'", /f,v/],
    ["SELECT count(*) > 0 FROM pg_stat_activity WHERE state = 'active' AND wait_event IS NULL", /; t/],
    ["SELECT a.pid = l.pid FROM pg_stat_activity a JOIN pg_locks l USING (pid) LIMIT 1", /; t/],
    ["SELECT pid IS NOT NULL FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(pg_backend_pid())) OR true LIMIT 1", /; t/],
    ["SELECT datname FROM pg_database WHERE datname = current_database()", /; shop/],
    ["SELECT rolname FROM pg_roles WHERE rolname = current_user", /; gw/],
    ["SELECT n_live_tup >= 0 FROM pg_stat_user_tables WHERE relname = 'accounts'", /; t/],
    ["SELECT count(*) FROM pg_stat_progress_vacuum", /; 0/],
    ["SELECT count(*) FROM pg_stat_replication", /; 0/],
    [
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
      /accounts; chosen; odd; odder; telling/,
    ],
  ])("%s", async (sql, expected) => expect(await ask(sql)).toMatch(expected));
});

test("U5 `*` of any of them shows no constant of a definition, no code, and nobody's statements", async () => {
  const catalog = await connection.catalog();
  const names = catalog.relations
    .filter(({ schema }) => schema === "pg_catalog" || schema === "information_schema")
    .map(({ schema, name }) => `${schema}.${name}`);
  let answered = 0;
  for (const name of names) {
    const seen = await ask(`SELECT * FROM ${name}`);
    if (seen.startsWith("refused: system catalogue")) continue;
    answered += 1;
    expect(seen, name).not.toMatch(/^(failed|refused)/);
    expect(seen, name).not.toMatch(/canary|gatehouse\.key|SELECT 'other/);
  }
  expect(answered).toBeGreaterThan(60);
});

describe("U5 what others have typed is not to be had by name", () => {
  test.each([
    "SELECT query FROM pg_stat_activity",
    "SELECT a.query FROM pg_stat_activity a",
    // Before PostgreSQL 14 there is a column less in front of it.
    `SELECT c9 FROM pg_stat_activity a (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, ${serverHas(14) ? "t, " : ""}c9)`,
    "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%x%'",
    "SELECT a FROM pg_stat_activity a",
    "SELECT row_to_json(a) FROM pg_stat_activity a",
    "SELECT (a).query FROM pg_stat_activity a",
    "SELECT query(a) FROM pg_stat_activity a",
    "SELECT 1 FROM pg_stat_activity a JOIN pg_stat_activity b USING (query)",
    "SELECT 1 FROM pg_stat_activity a NATURAL JOIN pg_stat_activity b",
  ])("%s", async (sql) =>
    expect(await ask(sql)).toBe("refused: column `query` of `pg_stat_activity` is closed: it shows what others have typed"),
  );
});

test("F10 a view that writes out a definition is opaque", async () => {
  const parsed = await guarded.parser.parse("SELECT * FROM telling");
  const [statement] = parsed.ok ? parsed.statements : [];
  const described = statement === undefined ? null : describeSql(statement, await connection.catalog(), connection.state);
  const said = described !== null && "microActions" in described ? described.microActions : described;
  expect(JSON.stringify(said)).toContain("function pg_get_viewdef in view public.telling");
});
