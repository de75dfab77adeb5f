import { afterAll, beforeAll, expect, test } from "vitest";
import { runText, startTestGateway } from "../../test/fixtures/gateway.ts";

/** What a session shows depends on whose it is and on the time, also when nothing else has changed. */

const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select", "sql:set", "sql:ddl", "sql:insert"]
---
kind: policy
id: raw-by-day
effect: permit
principals: { groups: [engineers] }
actions: ["sql:unmask"]
resources: { columns: [public.customers.email] }
when: 'now < timestamp("2026-01-01T12:00:00Z")'
---
kind: mask
id: email
target: shop
columns: [public.customers.email]
mask: { type: redact }
---
kind: row-filter
id: own-region
target: shop
table: public.orders
where: region = principal.attributes.region
principals: { everyone: true }
`;

const person = (attributes: Readonly<Record<string, string>>) => ({
  email: "engineer@acme.test",
  name: "Engineer",
  groups: ["engineers"],
  attributes,
});
const NOON = Date.parse("2026-01-01T12:00:00Z");
let now = NOON - 60_000;
let guarded: Awaited<ReturnType<typeof startTestGateway>>;

beforeAll(async () => {
  guarded = await startTestGateway({
    configuration: CONFIGURATION,
    now: () => now,
    shop: `CREATE TABLE customers (id int PRIMARY KEY, email text); INSERT INTO customers VALUES (1, 'ann@acme.test');
      CREATE TABLE orders (id int PRIMARY KEY, region text); INSERT INTO orders VALUES (1, 'EU'), (2, 'US'), (3, NULL);
      CREATE VIEW order_ids AS SELECT id FROM orders`,
  });
});
afterAll(() => guarded?.stop());

test("a row filter goes by the claims of the sign-in, also in a view; without the claim there are no rows", async () => {
  for (const table of ["orders", "order_ids"]) {
    for (const [attributes, expected] of [
      [{ region: "EU" }, [["1"]]],
      [{ region: "US" }, [["2"]]],
      [{ region: "'' OR true" }, []],
      [{}, []],
    ] as const) {
      const session = await guarded.gateway.sessions.openSql(person(attributes), "shop");
      expect((await runText(session, `SELECT id FROM ${table}`)).rows).toEqual(expected);
      await session.close("done");
    }
  }
});

test("claims of the sign-in are the principal's attributes from the store on", async () => {
  const { signIns } = guarded.gateway.context;
  const { sid } = await signIns.create(person({ region: "EU" }), 60_000);
  expect((await signIns.find(sid))?.attributes).toEqual({ region: "EU" });
});

test("a name that was refused before PREPARE is looked up again after it, and again after DEALLOCATE", async () => {
  const session = await guarded.gateway.sessions.openSql(person({}), "shop");
  expect((await runText(session, "EXECUTE p")).ends).toEqual(["denied"]);
  expect((await runText(session, "PREPARE p AS SELECT 7")).ends).toEqual(["done"]);
  expect((await runText(session, "EXECUTE p")).rows).toEqual([["7"]]);
  expect((await runText(session, "DEALLOCATE p")).ends).toEqual(["done"]);
  expect((await runText(session, "EXECUTE p")).ends).toEqual(["denied"]);
  await session.close("done");
});

test("P6 what only the time let be seen goes when the time is over: running statements and rows that are kept", async () => {
  const session = await guarded.gateway.sessions.openSql(person({}), "shop");
  expect((await runText(session, "CREATE TEMP TABLE kept AS SELECT email FROM customers")).ends).toEqual(["done"]);
  expect((await runText(session, "SELECT email FROM kept")).rows).toEqual([["ann@acme.test"]]);
  const running = runText(session, "SELECT email FROM customers, pg_sleep(30)");
  await expect
    .poll(async () => (await guarded.shop.query("SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%'")).rowCount)
    .toBeGreaterThan(1);
  now = NOON;
  expect((await running).ends).toEqual(["cancelled"]);
  // The first statement after it is not run: what the tab had kept is gone.
  expect((await runText(session, "SELECT email FROM customers")).ends).toEqual(["failed"]);
  expect(await runText(session, "SELECT email FROM customers")).toEqual({ ends: ["done"], rows: [["***"]] });
  expect((await runText(session, "SELECT email FROM kept")).ends).toEqual(["denied"]);
  await session.close("done");
}, 30_000);
