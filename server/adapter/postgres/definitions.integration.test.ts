import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { guardedDatabase, see } from "../../../test/fixtures/guarded-session.ts";
import { OLDER_POSTGRES } from "../../../test/servers/start.ts";
import type { Protection } from "../../core/guard/sql/protection.ts";
import type { SqlConnection } from "../../gateway/ports.ts";

/** Definitions that change between judging and running, again and again, while statements are judged and run. */

const CHANGES = OLDER_POSTGRES === 0 ? 1_000 : 100;
const SECRET = "901-11-1001";
const MASKED: Protection = {
  mask: ({ column }) => (column === "ssn" ? { id: "ssn", mask: { type: "redact" } } : null),
  rowFilters: () => [],
};

let database: Awaited<ReturnType<typeof guardedDatabase>>;
let connection: SqlConnection;

beforeAll(async () => {
  database = await guardedDatabase(`
    CREATE TABLE people (id int PRIMARY KEY, note text, ssn text); INSERT INTO people VALUES (1, 'open', '${SECRET}');
    CREATE TABLE other (id int, ssn text); INSERT INTO other VALUES (1, '${SECRET}');
    CREATE VIEW shown AS SELECT id, note AS value FROM people;
    CREATE FUNCTION label(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'label ' || $1$$`);
});

beforeEach(async () => {
  connection = await database.connect();
});

afterEach(() => connection.close());
afterAll(() => database?.stop());

/** Changes definitions as fast as the server takes them; meanwhile statements run. Answers what was seen, each once. */
async function meanwhile(change: (round: number) => string, statements: readonly string[]): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  let changing = true;
  const changes = (async () => {
    for (let round = 0; round < CHANGES; round += 1) await database.admin.query(change(round));
  })().finally(() => {
    changing = false;
  });
  while (changing) for (const sql of statements) seen.add(await see(database, connection, sql, MASKED));
  await changes;
  // What stands still is shown again.
  for (const sql of statements) expect(await see(database, connection, sql, MASKED)).not.toMatch(/^(failed|refused)/);
  return seen;
}

const WITHOUT_SCHEMA_CHANGE = /^failed (GH001|55P03|40P01|42703|42P01|42883|XX000)|^refused: (column|relation|function)/;

test("columns that change names never show what is masked by its name", async () => {
  // The value moves with its column: what is named \`ssn\` at the moment of running is masked.
  const swap =
    "BEGIN; ALTER TABLE people RENAME note TO swap; ALTER TABLE people RENAME ssn TO note; ALTER TABLE people RENAME swap TO ssn; UPDATE people SET note = 'open', ssn = '" +
    SECRET +
    "'; COMMIT";
  const seen = await meanwhile(() => swap, ["SELECT note, ssn FROM people", "SELECT * FROM people", "SELECT p FROM people p"]);
  for (const text of seen) expect(text).not.toContain(SECRET);
  expect(await see(database, connection, "SELECT note, ssn FROM people", MASKED)).toBe("note,ssn!ssn; open,***");
});

test("a view that is replaced never shows what its last definition hid", async () => {
  const column = (round: number) => (round % 2 === 0 ? "ssn" : "note");
  const seen = await meanwhile(
    (round) => `CREATE OR REPLACE VIEW shown AS SELECT id, ${column(round)} AS value FROM people`,
    ["SELECT value FROM shown", "SELECT s.* FROM shown s JOIN other o USING (id)"],
  );
  for (const text of seen) expect(text).not.toContain(SECRET);
  await database.admin.query("CREATE OR REPLACE VIEW shown AS SELECT id, ssn AS value FROM people");
  expect(await see(database, connection, "SELECT value FROM shown", MASKED)).toBe("value!ssn; ***");
});

test("a function that is overloaded in between is never called unjudged", async () => {
  const seen = await meanwhile(
    (round) =>
      round % 2 === 0
        ? "CREATE FUNCTION upper(varchar) RETURNS text LANGUAGE sql AS $$SELECT 'overloaded'$$; GRANT EXECUTE ON FUNCTION upper(varchar) TO gw"
        : "DROP FUNCTION upper(varchar)",
    ["SELECT upper(note::varchar) AS up FROM people"],
  );
  const unexpected = [...seen].filter(
    (text) => text !== "up; OPEN" && text !== "up; overloaded" && !WITHOUT_SCHEMA_CHANGE.test(text),
  );
  expect(unexpected).toEqual([]);
});
