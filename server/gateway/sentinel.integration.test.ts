import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startTestGateway } from "../../test/fixtures/gateway.ts";
import type { protectSql } from "../core/guard/sql/protect.ts";
import type { StatementEnd } from "./statement-end.ts";

/** A guard with a bug: it finds what must be masked, and then sends the text as it was written. */
vi.mock("../core/guard/sql/protect.ts", async (original) => {
  const real = await original<{ readonly protectSql: typeof protectSql }>();
  return {
    protectSql: (...given: Parameters<typeof protectSql>): ReturnType<typeof protectSql> => {
      const result = real.protectSql(...given);
      if (!result.ok) return result;
      return { ...result, prepared: { ...result.prepared, sent: result.prepared.original, verified: null } };
    },
  };
});

const engineer = {
  id: "engineer@acme.test",
  email: "engineer@acme.test",
  name: "Engineer",
  groups: ["engineers"],
  attributes: {},
} as const;
const CONFIGURATION = `
kind: policy
id: read
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select", "sql:copy"]
---
kind: mask
id: ssn
target: shop
columns: [public.customers.ssn]
mask: { type: redact }
`;
const SHOP = "CREATE TABLE customers (id int PRIMARY KEY, ssn text); INSERT INTO customers VALUES (1, '901-11-1001')";

let started: Awaited<ReturnType<typeof startTestGateway>>;

beforeAll(async () => {
  started = await startTestGateway({ shop: SHOP, configuration: CONFIGURATION });
});

afterAll(() => started?.stop());

it("P4 a bug of the guard: the result is dropped, the session ends, the alarm is on the record", async () => {
  const session = await started.gateway.sessions.openSql(engineer, "shop");
  const over = new Promise<string>((resolve) => session.onEnded(resolve));
  const ends: StatementEnd["ended"][] = [];
  const shown: unknown[] = [];
  await session.sql.run(
    "SELECT id, ssn FROM customers",
    { parameters: null, reason: "", waitForReview: false, signal: new AbortController().signal },
    {
      decided: () => undefined,
      waiting: () => undefined,
      columns: (_index, columns) => shown.push(...columns),
      rows: (_index, batch) => {
        shown.push(batch);
      },
      notice: () => undefined,
      ended: (_index, end) => {
        ends.push(end.ended);
      },
    },
  );
  expect(ends).toEqual(["alarm"]);
  expect(shown).toEqual([]);
  expect(await over).not.toBe("");
  const { rows } = await started.store.query("SELECT payload FROM audit_event WHERE type = 'sentinel.alarm'");
  expect(rows).toHaveLength(1);
  expect(rows[0].payload).toContain("public.customers.ssn");
  expect(rows[0].payload).not.toContain("901-11-1001");
});
