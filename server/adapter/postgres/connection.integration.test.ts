import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverHas, startServer } from "../../../test/servers/start.ts";
import { type PostgresTarget, Target } from "../../core/domain/configuration.ts";
import { describeSql, type PreparedSql, protectSql } from "../../core/guard/sql/index.ts";
import { OPEN, type Protection } from "../../core/guard/sql/protection.ts";
import type { EmbeddedPostgres } from "../../demo/embedded-postgres.ts";
import type { Authorized } from "../../gateway/authorized.ts";
import type { SqlConnection, SqlConnector, SqlEnd, SqlLimits, SqlNotice, SqlParser } from "../../gateway/ports.ts";
import { rowsAsText } from "../../gateway/row-text.ts";
import { createPostgresConnector, createSqlParser, DEFINITION_CHANGED } from "./index.ts";

const LIMITS: SqlLimits = { readOnly: false, rows: null, timeoutMs: 20_000, lockTimeoutMs: 1_000 };
const MASKED: Protection = {
  mask: ({ column }) => (column === "ssn" ? { id: "ssn", mask: { type: "redact" } } : null),
  rowFilters: () => [],
};

let folder: string;
let server: EmbeddedPostgres;
let connector: SqlConnector;
let parser: SqlParser;
let admin: pg.Client;
let connection: SqlConnection;

function targetWith(changes: Partial<PostgresTarget["postgres"]>): PostgresTarget {
  const postgres = { host: server.host, port: server.port, database: "shop", user: "gw", tls: "disable", ...changes };
  return Target.parse({ kind: "target", id: "shop", type: "postgres", environment: "prod", postgres }) as PostgresTarget;
}

const connect = (changes: Partial<PostgresTarget["postgres"]> = {}, password = "gw") =>
  connector.connect(targetWith(changes), { password }, { id: "engineer@acme.test", maskKey: "key" });

async function prepare(sql: string, protection = OPEN, own = connection): Promise<PreparedSql> {
  const parsed = await parser.parse(sql);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  const [statement] = parsed.statements;
  if (statement === undefined) throw new Error("no statement");
  const catalog = await own.catalog();
  const described = describeSql(statement, catalog, own.state);
  if ("refusal" in described) throw new Error(described.refusal.message);
  const result = protectSql(described, protection, catalog, own.state);
  if (!result.ok) throw new Error(result.refusal.message);
  return result.prepared;
}

interface Seen {
  readonly end: SqlEnd;
  readonly rows: (readonly (string | null)[])[];
  readonly notices: SqlNotice[];
  readonly columns: string[];
}

async function run(
  sql: string | PreparedSql,
  limits: Partial<SqlLimits> = {},
  protection = OPEN,
  own = connection,
): Promise<Seen> {
  const prepared = typeof sql === "string" ? await prepare(sql, protection, own) : sql;
  const rows: (readonly (string | null)[])[] = [];
  const notices: SqlNotice[] = [];
  const columns: string[] = [];
  const end = await own.run(
    prepared as Authorized<PreparedSql>,
    { ...LIMITS, ...limits },
    {
      columns: (list) => columns.push(...list.map(({ name, type, masked }) => `${name} ${type} ${masked ?? "-"}`)),
      rows: (batch) => {
        rows.push(...rowsAsText(batch));
      },
      notice: (notice) => notices.push(notice),
    },
  );
  return { end, rows, notices, columns };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-connection-"));
  server = await startServer({ folder: join(folder, "postgres"), settings: { fsync: "off" } });
  parser = createSqlParser();
  connector = createPostgresConnector({ parser, now: () => performance.now() });
  await server.createDatabase("shop");
  admin = new pg.Client({ connectionString: server.connectionString("shop") });
  await admin.connect();
  await admin.query(`
    CREATE ROLE gw LOGIN PASSWORD 'gw'; GRANT ALL ON SCHEMA public TO gw; SET ROLE gw;
    CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, ssn text, CHECK (name <> 'nobody'));
    INSERT INTO customers VALUES (1, 'Ann', '901-11-1001'), (2, 'Bob', '702-22-2002');
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'row %', NEW; RETURN NEW; END$$;
    CREATE TRIGGER tell BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION tell();
    CREATE TABLE told (id int, ssn text); INSERT INTO told VALUES (1, '901-11-1001');
    CREATE FUNCTION tell_all() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
      RAISE EXCEPTION USING ERRCODE = '23505', MESSAGE = OLD.ssn, DETAIL = OLD.ssn, HINT = OLD.ssn, COLUMN = OLD.ssn,
        CONSTRAINT = OLD.ssn, DATATYPE = OLD.ssn, TABLE = OLD.ssn, SCHEMA = OLD.ssn; END$$;
    CREATE TRIGGER tell_all BEFORE DELETE ON told FOR EACH ROW EXECUTE FUNCTION tell_all();
    CREATE FUNCTION notify_all() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_notify('x', OLD.ssn); RETURN NEW; END$$;
    CREATE TRIGGER notify_all BEFORE UPDATE ON told FOR EACH ROW EXECUTE FUNCTION notify_all();
    CREATE FUNCTION change(text, text) RETURNS text LANGUAGE sql AS $$SELECT set_config($1, $2, false)$$;
    RESET ROLE; CREATE SCHEMA elsewhere AUTHORIZATION gw; SET ROLE gw; CREATE TABLE elsewhere.customers (id int, ssn text); INSERT INTO elsewhere.customers VALUES (5, '905');
    CREATE TABLE numbers AS SELECT g AS n, 'text number ' || g AS t FROM generate_series(1, 400000) AS g;
    RESET ROLE`);
  connection = await connect();
});

afterAll(async () => {
  await connector?.close();
  await parser?.close();
  await admin?.end();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("values come as the server writes them, with names, types and masks", async () => {
  const seen = await run("SELECT id, ssn, 12345678901234567890::numeric AS big FROM customers ORDER BY id", {}, MASKED);
  expect(seen.columns).toEqual(["id integer -", "ssn text ssn", "big numeric -"]);
  expect(seen.rows).toEqual([
    ["1", "***", "12345678901234567890"],
    ["2", "***", "12345678901234567890"],
  ]);
  expect(seen.end).toMatchObject({ ended: "done", command: "SELECT", rowCount: 2, limited: false });
});

test("the session bears the principal's name", async () => {
  const seen = await admin.query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatehouse:engineer@acme.test'");
  expect(Number(seen.rows[0].count)).toBeGreaterThan(0);
});

test("parameters are bound", async () => {
  const prepared = { ...(await prepare("SELECT name FROM customers WHERE id = $1")), parameters: ["2"] };
  expect((await run(prepared)).rows).toEqual([["Bob"]]);
});

describe("rows", () => {
  test("a slow taker holds the server back; memory does not grow with the result", async () => {
    const prepared = await prepare("SELECT a.n, a.t FROM numbers a, generate_series(1, 3) g");
    let rows = 0;
    const before = process.memoryUsage().rss;
    const end = await connection.run(prepared as Authorized<PreparedSql>, LIMITS, {
      columns: () => {},
      rows: async (batch) => {
        rows += batch.count;
        if (rows % 100_000 < 500) await new Promise((settle) => setTimeout(settle, 5));
      },
      notice: () => {},
    });
    expect(end).toMatchObject({ ended: "done", rowCount: 1_200_000 });
    expect(rows).toBe(1_200_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(250 * 1_024 * 1_024);
  });

  test("the limit stops the server and says so", async () => {
    const seen = await run("SELECT n FROM numbers", { rows: 100 });
    expect(seen.rows).toHaveLength(100);
    expect(seen.end).toMatchObject({ ended: "done", limited: true, rowCount: 100 });
    expect((await run("SELECT 1")).rows).toEqual([["1"]]);
  });

  test("the limit leaves an open transaction alone", async () => {
    await run("BEGIN");
    expect((await run("SELECT n FROM numbers", { rows: 10 })).end).toMatchObject({ limited: true });
    expect(connection.state.transaction).toBe("open");
    await run("ROLLBACK");
  });

  test("the limit leaves a cursor where it was", async () => {
    await run("BEGIN");
    await run("DECLARE c CURSOR FOR SELECT n FROM numbers ORDER BY n");
    expect((await run("FETCH 1000 FROM c", { rows: 10 })).end).toMatchObject({ limited: true, rowCount: 10 });
    expect((await run("FETCH 1 FROM c")).rows).toEqual([["1001"]]);
    await run("ROLLBACK");
  });

  // Older servers do not count workers.
  test.runIf(serverHas(18)).each(["outside", "inside"])(
    "a plan with parallel workers keeps them, with a limit too, %s of a transaction",
    async (where) => {
      const launched = async () =>
        Number(
          (await admin.query("SELECT parallel_workers_launched AS n FROM pg_stat_database WHERE datname = 'shop'")).rows[0].n,
        );
      await admin.query("ALTER ROLE gw SET parallel_setup_cost = 0; ALTER ROLE gw SET parallel_tuple_cost = 0");
      const own = await connect();
      await admin.query("ALTER ROLE gw RESET parallel_setup_cost; ALTER ROLE gw RESET parallel_tuple_cost");
      if (where === "inside") await run("BEGIN", {}, OPEN, own);
      const before = await launched();
      expect((await run("SELECT sum(n) FROM numbers", { rows: 10 }, OPEN, own)).rows).toHaveLength(1);
      await own.close();
      await expect.poll(launched, { timeout: 5_000 }).toBeGreaterThan(before);
    },
  );

  test("the limit cuts a result that comes in one piece", async () => {
    expect((await run("SELECT n FROM numbers ORDER BY n LIMIT 50", { rows: 7 })).rows).toEqual(
      Array.from({ length: 7 }, (_, index) => [String(index + 1)]),
    );
  });

  test("rows that the server has sent come at once, though the next one takes long", async () => {
    // The server itself waits for 8 kB.
    const prepared = await prepare("SELECT repeat('x', 4000) FROM numbers WHERE n <= 6 AND pg_sleep(0.1) IS NOT NULL");
    const at: number[] = [];
    const began = performance.now();
    await connection.run(prepared as Authorized<PreparedSql>, LIMITS, {
      columns: () => {},
      rows: (batch) => {
        for (let row = 0; row < batch.count; row += 1) at.push(performance.now() - began);
        return undefined;
      },
      notice: () => {},
    });
    expect(at).toHaveLength(6);
    expect((at[5] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(200);
  });

  test("a sink that fails ends the statement, not the session", async () => {
    const prepared = await prepare("SELECT n, t FROM numbers");
    const end = await connection.run(prepared as Authorized<PreparedSql>, LIMITS, {
      columns: () => {},
      rows: () => Promise.reject(new Error("gone")),
      notice: () => {},
    });
    expect(end).toMatchObject({ ended: "failed", error: { code: "57014" } });
    expect((await run("SELECT 1")).rows).toEqual([["1"]]);
  });

  test("a limit that is not reached changes nothing", async () => {
    expect((await run("SELECT id FROM customers", { rows: 2 })).end).toMatchObject({ limited: false, rowCount: 2 });
  });
});

test("cancelling ends the statement, not the session", async () => {
  const running = run("SELECT pg_sleep(20)");
  await new Promise((settle) => setTimeout(settle, 300));
  await connection.cancel();
  expect((await running).end).toMatchObject({ ended: "cancelled" });
  expect((await run("SELECT 1")).rows).toEqual([["1"]]);
});

test("the time limit is the server's", async () => {
  expect((await run("SELECT pg_sleep(20)", { timeoutMs: 100 })).end).toMatchObject({ ended: "failed", error: { code: "57014" } });
});

describe("reading only", () => {
  test("what was authorised as reading cannot write", async () => {
    const prepared = { ...(await prepare("INSERT INTO customers VALUES (9, 'x')")), writes: false };
    expect((await run(prepared)).end).toMatchObject({ ended: "failed", error: { code: "25006" } });
  });

  test("nor inside of a transaction that goes on writing", async () => {
    await run("BEGIN");
    await run("UPDATE customers SET name = 'Anna' WHERE id = 1");
    expect((await run("SELECT name FROM customers WHERE id = 1")).rows).toEqual([["Anna"]]);
    expect((await run("UPDATE customers SET name = 'Annie' WHERE id = 1")).end.ended).toBe("done");
    const prepared = { ...(await prepare("DELETE FROM customers")), writes: false };
    expect((await run(prepared)).end).toMatchObject({ ended: "failed", error: { code: "25006" } });
    await run("ROLLBACK");
    expect((await run("SELECT name FROM customers WHERE id = 1")).rows).toEqual([["Ann"]]);
  });
});

describe("errors and notices", () => {
  test("the place is in the person's own text", async () => {
    const sql = "SELECT 'ä', ssn, id + true FROM customers";
    const { end } = await run(sql, {}, MASKED);
    expect(end.ended).toBe("failed");
    if (end.ended !== "failed" || end.error.span === null) throw new Error("no place");
    expect(sql.slice(...end.error.span)).toBe("+");
    expect(end.error.message).toContain("operator does not exist");
  });

  test("a failing row is not shown", async () => {
    const { end } = await run("UPDATE customers SET name = 'nobody' WHERE id = 2", {}, MASKED);
    expect(end).toMatchObject({ ended: "failed", error: { code: "23514" } });
    expect(JSON.stringify(end)).not.toContain("702");
  });

  test("notices of triggers are dropped where something is masked", async () => {
    expect((await run("UPDATE customers SET name = name WHERE id = 2", {}, MASKED)).notices).toEqual([]);
    expect((await run("UPDATE customers SET name = name WHERE id = 2")).notices).toHaveLength(1);
  });
});

describe("what functions of the database say", () => {
  test("no field of an error that a function raises is told", async () => {
    const { end } = await run("DELETE FROM told", {}, MASKED);
    expect(end).toMatchObject({ ended: "failed", error: { code: "23505" } });
    expect(JSON.stringify(end)).not.toContain("901");
  });

  test("a notification is not heard", async () => {
    const { end, notices } = await run("UPDATE told SET id = 2", {}, MASKED);
    expect(end).toMatchObject({ ended: "done" });
    expect(notices).toEqual([]);
  });

  test.each(["standard_conforming_strings", "client_encoding"])("one that changes %s ends the session", async (setting) => {
    const own = await connect();
    const closed = new Promise<string>((settle) => own.onClosed(settle));
    const value = setting === "client_encoding" ? "LATIN1" : "off";
    await run(`SELECT change('${setting}', '${value}')`, {}, OPEN, own);
    expect(await closed).toBe(`setting \`${setting}\` was changed behind the gateway`);
  });

  test("one that changes the search path is followed", async () => {
    const own = await connect();
    await run("SELECT change('search_path', 'elsewhere')", {}, OPEN, own);
    expect(own.state.searchPath).toEqual(["elsewhere"]);
    await own.close();
  });
});

describe("definitions", () => {
  test("a table that changed after the judgement does not run", async () => {
    const prepared = await prepare("SELECT * FROM customers");
    await admin.query("ALTER TABLE customers ADD COLUMN later text");
    expect((await run(prepared)).end).toMatchObject({ ended: "failed", error: { code: DEFINITION_CHANGED } });
    expect((await run("SELECT * FROM customers")).columns.map((column) => column.split(" ")[0])).toContain("later");
  });

  test("a view whose base changed does not run either", async () => {
    await admin.query("SET ROLE gw; CREATE VIEW names AS SELECT name, ssn FROM customers; RESET ROLE");
    await new Promise((settle) => setTimeout(settle, 1_100));
    const prepared = await prepare("SELECT * FROM names", MASKED);
    await admin.query("SET ROLE gw; CREATE OR REPLACE VIEW names AS SELECT ssn AS name, ssn FROM customers; RESET ROLE");
    expect((await run(prepared)).end).toMatchObject({ ended: "failed", error: { code: DEFINITION_CHANGED } });
  });

  test("a new function could be chosen: judged again", async () => {
    const prepared = await prepare("SELECT lower(name) FROM customers");
    await admin.query("CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1::text'");
    expect((await run(prepared)).end).toMatchObject({ ended: "failed", error: { code: DEFINITION_CHANGED } });
  });

  test("definitions of the own open transaction are seen", async () => {
    await run("BEGIN");
    await run("CREATE TABLE mine (a int)");
    await run("INSERT INTO mine VALUES (7)");
    expect((await run("SELECT a FROM mine")).rows).toEqual([["7"]]);
    await run("ROLLBACK");
    await expect(run("SELECT a FROM mine")).rejects.toThrow('relation "mine" does not exist');
  });
});

test("the sentinel: a masked column that arrives raw closes the connection", async () => {
  const own = await connect();
  const reasons: string[] = [];
  own.onClosed((reason) => reasons.push(reason));
  const prepared = await prepare("SELECT ssn FROM customers", MASKED, own);
  const seen = await run({ ...prepared, sent: "SELECT ssn FROM public.customers" }, {}, MASKED, own);
  expect(seen.end).toMatchObject({ ended: "alarm" });
  expect(seen.rows).toEqual([]);
  expect(reasons).toEqual(["a column that must be masked arrived raw"]);
});

test("a connection that the server ends says so once", async () => {
  const own = await connect();
  const reasons: string[] = [];
  own.onClosed((reason) => reasons.push(reason));
  const [row] = (await run("SELECT pg_backend_pid()", {}, OPEN, own)).rows;
  await admin.query("SELECT pg_terminate_backend($1)", [Number(row?.[0])]);
  await new Promise((settle) => setTimeout(settle, 200));
  expect(reasons).toHaveLength(1);
});

test("closing rolls an open transaction back", async () => {
  const own = await connect();
  await run("BEGIN", {}, OPEN, own);
  await run("DELETE FROM customers", {}, OPEN, own);
  await own.close();
  expect((await run("SELECT count(*) FROM customers")).rows).toEqual([["2"]]);
});

describe("targets that cannot be reached say what to do", () => {
  const cases: readonly [string, Partial<PostgresTarget["postgres"]>, string, RegExp][] = [
    ["wrong password", {}, "wrong", /does not let `gw` in: check user and password/],
    ["no database", { database: "nosuch" }, "gw", /has no database `nosuch`/],
    ["no server", { port: 1 }, "gw", /nothing listens on 127\.0\.0\.1:1/],
    ["no TLS", { tls: "verify" }, "gw", /does not speak TLS/],
    ["no host", { host: "nosuch.invalid" }, "gw", /no address for `nosuch\.invalid`|cannot be reached/],
  ];
  test.each(cases)("%s", async (_name, changes, password, message) => {
    await expect(connect(changes, password)).rejects.toMatchObject({
      code: "target-unreachable",
      message: expect.stringMatching(message),
    });
  });
});
