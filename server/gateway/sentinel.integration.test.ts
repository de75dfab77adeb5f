import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { deriveKeys } from "../adapter/secret/keys.ts";
import { seal } from "../adapter/secret/secret-store.ts";
import type { protectSql } from "../core/guard/sql/protect.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../demo/embedded-postgres.ts";
import { type Started, startGateway } from "../main.ts";
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
const keys = deriveKeys("a secret for tests that is long enough to be one");

let folder: string;
let postgres: EmbeddedPostgres;
let started: Started;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-sentinel-"));
  postgres = await startEmbeddedPostgres({ folder: join(folder, "postgres"), settings: { fsync: "off" } });
  await postgres.createDatabase("gatehouse");
  await postgres.createDatabase("shop");
  const shop = new pg.Client({ connectionString: postgres.connectionString("shop") });
  await shop.connect();
  await shop.query("CREATE TABLE customers (id int PRIMARY KEY, ssn text); INSERT INTO customers VALUES (1, '901-11-1001')");
  await shop.end();
  started = await startGateway({
    storeUrl: postgres.connectionString("gatehouse"),
    keys,
    checkpoints: null,
    log: () => undefined,
  });
  const { host, port } = postgres;
  const login = { host, port, database: "shop", user: "postgres", password: seal(postgres.password, keys.seal), tls: "disable" };
  const documents = [
    { kind: "target", id: "shop", type: "postgres", environment: "prod", postgres: login },
    {
      kind: "policy",
      id: "read",
      effect: "permit",
      principals: { groups: ["engineers"] },
      actions: ["target:connect", "sql:select", "sql:copy"],
    },
    { kind: "mask", id: "ssn", target: "shop", columns: ["public.customers.ssn"], mask: { type: "redact" } },
  ];
  await started.gateway.context.configuration.apply(documents.map((one) => JSON.stringify(one)).join("\n---\n"), "test");
});

afterAll(async () => {
  await started?.stop();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

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
  const store = new pg.Client({ connectionString: postgres.connectionString("gatehouse") });
  await store.connect();
  const { rows } = await store.query("SELECT payload FROM audit_event WHERE type = 'sentinel.alarm'");
  await store.end();
  expect(rows).toHaveLength(1);
  expect(rows[0].payload).toContain("public.customers.ssn");
  expect(rows[0].payload).not.toContain("901-11-1001");
});
