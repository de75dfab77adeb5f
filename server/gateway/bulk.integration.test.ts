import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runText, startTestGateway } from "../../test/fixtures/gateway.ts";

/** T5: a dump's INSERT goes the whole way, and holds nobody up. */

const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select", "sql:insert"]
---
kind: mask
id: email
target: shop
columns: [public.people.email]
mask: { type: redact }
`;

let guarded: Awaited<ReturnType<typeof startTestGateway>>;
beforeAll(async () => {
  guarded = await startTestGateway({
    configuration: CONFIGURATION,
    shop: `CREATE TABLE people (id int PRIMARY KEY, name text, email text, born date, active bool, score numeric, note text, a int, b int, c text)`,
  });
});
afterAll(() => guarded?.stop());

const engineer = { email: "engineer@acme.test", name: "Engineer", groups: ["engineers"], attributes: {} };

test("thousands of rows are inserted at once and looked up again by thousands of keys", async () => {
  const session = await guarded.gateway.sessions.openSql(engineer, "shop");
  const row = (i: number) => `(${i}, 'Name ${i}', 'e${i}@x.test', '2020-01-01', true, ${i}.5, NULL, ${i % 7}, -1, DEFAULT)`;
  const insert = `INSERT INTO people VALUES ${Array.from({ length: 2_900 }, (_, i) => row(i)).join(", ")}`;
  const keys = Array.from({ length: 9_000 }, (_, i) => i * 3);
  expect((await runText(session, "SELECT 1")).ends).toEqual(["done"]);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  expect((await runText(session, insert)).ends).toEqual(["done"]);
  const sum = await runText(session, `SELECT count(*), max(email) FROM people WHERE id IN (${keys.join(", ")})`);
  delay.disable();
  expect(sum.rows).toEqual([["967", "***"]]);
  expect(await runText(session, `SELECT count(*) FROM people WHERE id = ANY ('{${keys.join(",")}}')`)).toMatchObject({
    rows: [["967"]],
  });
  expect(
    await runText(
      session,
      `SELECT count(*) FROM (VALUES ${keys.map((key) => `(${key})`).join(", ")}) v (id) JOIN people USING (id)`,
    ),
  ).toMatchObject({ rows: [["967"]] });
  const { rows } = await guarded.shop.query("SELECT count(*), max(score)::text AS most FROM people");
  expect(rows).toEqual([{ count: "2900", most: "2899.5" }]);
  // On a quiet machine some 11 ms.
  expect(delay.max / 1e6).toBeLessThan(150);
  await session.close("done");
}, 30_000);
