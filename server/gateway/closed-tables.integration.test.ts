import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway } from "../../test/fixtures/gateway.ts";
import type { StatementEnd } from "./statement-end.ts";

/** Decision 020: names of tables may be told, of a closed table's columns nothing is, also not whether one is there. */

const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:*"]
resources: { tables: [public.customers, public.notes] }
---
kind: policy
id: connect
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:explain"]
---
kind: policy
id: no-heaps
effect: forbid
principals: { groups: [engineers] }
actions: ["sql:*"]
resources: { tables: [public.notes] }
when: "statement.estimatedRows > 1000 || !statement.hasWhere"
---
kind: policy
id: no-ssn
effect: forbid
principals: { groups: [engineers] }
actions: ["sql:select"]
resources: { columns: [public.customers.ssn] }
`;

let guarded: Awaited<ReturnType<typeof startTestGateway>>;
let session: Awaited<ReturnType<typeof guarded.gateway.sessions.openSql>>;

beforeAll(async () => {
  guarded = await startTestGateway({
    configuration: CONFIGURATION,
    shop: `CREATE TABLE customers (id int PRIMARY KEY, ssn text); CREATE TABLE notes (id int, note text);
      CREATE SCHEMA private; CREATE TABLE private.api_keys (id int, token text); CREATE TABLE private.other (id int); CREATE INDEX token_index ON private.api_keys (token)`,
  });
  const engineer = { email: "engineer@acme.test", name: "Engineer", groups: ["engineers"], attributes: {} };
  session = await guarded.gateway.sessions.openSql(engineer, "shop");
});
afterAll(async () => {
  await session?.close("done");
  await guarded?.stop();
});

/** All that a person is told of a statement, by running it and while they type it. */
async function told(sql: string): Promise<string> {
  const heard: unknown[] = [];
  await session.sql.run(
    sql,
    { parameters: null, reason: "", waitForReview: false, signal: new AbortController().signal },
    {
      decided: (_index, _span, decision, actions) => heard.push(decision.outcome, decision.reasons, actions, decision.suggestion),
      waiting: () => undefined,
      columns: () => undefined,
      rows: () => undefined,
      notice: () => undefined,
      ended: (_index, end: StatementEnd) => heard.push(end),
    },
  );
  return JSON.stringify([heard, await session.sql.judge(sql)]);
}

const withoutPlaces = (text: string) => text.replace(/"span":\[\d+,\d+\]/g, "");

test.each<[string, string, string]>([
  ["a select list", "SELECT token FROM private.api_keys", "SELECT tokem FROM private.api_keys"],
  ["a star", "SELECT * FROM private.api_keys", "SELECT 1 FROM private.api_keys"],
  ["a whole row", "SELECT k FROM private.api_keys k", "SELECT 1 FROM private.api_keys k"],
  ["a condition", "SELECT 1 FROM private.api_keys k WHERE k.token = 'x'", "SELECT 1 FROM private.api_keys k WHERE k.tokem = 'x'"],
  [
    "an outer query",
    "SELECT id FROM customers WHERE id IN (SELECT token FROM private.api_keys)",
    "SELECT id FROM customers WHERE id IN (SELECT tokem FROM private.api_keys)",
  ],
  [
    "a recursive query",
    "WITH RECURSIVE r AS (SELECT token AS a FROM private.api_keys UNION SELECT a FROM r) SELECT 1 FROM r",
    "WITH RECURSIVE r AS (SELECT tokem AS a FROM private.api_keys UNION SELECT a FROM r) SELECT 1 FROM r",
  ],
  ["a change", "UPDATE private.api_keys SET token = ''", "UPDATE private.api_keys SET tokem = ''"],
  ["an insertion", "INSERT INTO private.api_keys (token) VALUES ('')", "INSERT INTO private.api_keys (tokem) VALUES ('')"],
  ["a deletion", "DELETE FROM private.api_keys WHERE token = ''", "DELETE FROM private.api_keys WHERE tokem = ''"],
  ["what a change returns", "DELETE FROM private.api_keys RETURNING token", "DELETE FROM private.api_keys RETURNING tokem"],
  [
    "USING",
    "SELECT 1 FROM customers JOIN private.api_keys USING (id)",
    "SELECT 1 FROM customers JOIN private.api_keys USING (ssn)",
  ],
  ["a comment", "COMMENT ON COLUMN private.api_keys.token IS 'x'", "COMMENT ON COLUMN private.api_keys.tokem IS 'x'"],
  ["a copy", "COPY private.api_keys (token) TO STDOUT", "COPY private.api_keys (tokem) TO STDOUT"],
  [
    "two of them",
    "SELECT (SELECT max(token) FROM private.api_keys) FROM (SELECT id FROM private.other) o",
    "SELECT (SELECT max(token) FROM private.api_keys) FROM (SELECT di FROM private.other) o",
  ],
  [
    "two of them in a row",
    "SELECT (SELECT max(token) FROM private.api_keys), (SELECT 1 FROM private.other)",
    "SELECT (SELECT max(tokem) FROM private.api_keys), (SELECT 1 FROM private.other)",
  ],
  [
    "a cursor",
    "DECLARE c CURSOR WITH HOLD FOR SELECT token FROM private.api_keys",
    "DECLARE c CURSOR WITH HOLD FOR SELECT tokem FROM private.api_keys",
  ],
  ["an explanation", "EXPLAIN SELECT token FROM private.api_keys", "EXPLAIN SELECT tokem FROM private.api_keys"],
])("%s tells nothing of a closed table's columns", async (_name, there, missing) => {
  const [a, b] = [await told(there), await told(missing)];
  expect(a).toContain("`private.");
  for (const text of [a, b]) {
    expect(text).not.toMatch(/does not exist|did you mean/);
    expect(text).not.toMatch(/private\.\w+\./);
  }
  // `k.token` and the like are part of what the person wrote, and so of nothing else.
  expect(withoutPlaces(a)).toBe(withoutPlaces(b));
});

test("of a table that may be read everything is told: what is missing, and which column is denied", async () => {
  expect(await told("SELECT sn FROM customers")).toMatch(/column \\"sn\\" does not exist.*did you mean `ssn`/);
  expect(await told("SELECT * FROM customers")).toMatch(/public\.customers\.ssn/);
  expect(await told("SELECT 1 FROM custmers")).toMatch(/relation \\"custmers\\" does not exist.*did you mean `customers`/);
  // Names of tables are in everybody's tree.
  expect(await told("SELECT 1 FROM private.api_key")).toMatch(/did you mean `private.api_keys`/);
});

test("a table that is closed to some statements is not closed", async () => {
  expect(await told("SELECT missing FROM notes WHERE id = 1")).toMatch(/column \\"missing\\" does not exist/);
  expect(await told("SELECT note FROM notes")).toMatch(/no-heaps/);
  expect(await told("DELETE FROM notes")).toMatch(/no-heaps/);
});

test("the record has all of it", async () => {
  await told("SELECT token FROM private.api_keys");
  const { rows } = await guarded.store.query(
    "SELECT payload FROM audit_event WHERE type = 'statement.decided' AND payload LIKE '%SELECT token FROM private%'",
  );
  expect(rows.at(-1)?.payload).toContain("sql:select private.api_keys.token");
});
