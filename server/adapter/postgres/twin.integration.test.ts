import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OLDER_POSTGRES, startServer } from "../../../test/servers/start.ts";
import { campaign } from "../../../test/twin/campaign.ts";
import { openTwins, type Twins } from "../../../test/twin/twins.ts";
import type { EmbeddedPostgres } from "../../demo/embedded-postgres.ts";

/** Random statements: what the guard lets through gives what the same text gives where masks are stored values. */

const COUNT = OLDER_POSTGRES === 0 ? 2_000 : 300;
const PRIVILEGES_EVERY = 4;

let folder: string;
let server: EmbeddedPostgres;
let twins: Twins;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-twins-"));
  server = await startServer({ folder: join(folder, "postgres"), settings: { fsync: "off" } });
  twins = await openTwins(server);
});

afterAll(async () => {
  await twins?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("W2 P4 the guarded database and its twin answer alike", { timeout: 300_000 }, async () => {
  const result = await campaign(twins, { seed: OLDER_POSTGRES || 18, count: COUNT, privilegesEvery: PRIVILEGES_EVERY, tell: 5 });
  const { failures, ...figures } = result;
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  expect(failures).toEqual([]);
  expect(result).toMatchObject({ generated: COUNT, equal: COUNT, differences: 0, privilegesMissing: 0 });
  expect(result.errors).toBeLessThan(COUNT / 10);
  expect(result.withRows).toBeGreaterThan(COUNT / 2);
  expect(result.privilegesTried).toBeGreaterThan(COUNT / 8);
});

test("the twins differ where nothing guards", async () => {
  // Raw text on the twin against raw values: a comparison that could not fail would show nothing.
  const { answer } = await twins.guarded("SELECT email, ssn, amount FROM customers c JOIN payments p ON p.customer_id = c.id");
  const stored = "Alice.canary@secret.test";
  expect(answer.is === "rows" && answer.rows.length).toBeGreaterThan(5);
  expect(JSON.stringify(answer)).not.toContain(stored);
  expect(await twins.stored("SELECT email FROM customers WHERE id = 1")).toContain(stored);
});

test("a column that was not described is missed by the replay of privileges", async () => {
  const text = "SELECT name FROM customers";
  const { described } = await twins.guarded(text);
  expect(described).not.toBeNull();
  if (described === null) return;
  expect(await twins.privileges(text, described)).toBeNull();
  expect(await twins.privileges("SELECT name, ssn FROM customers", described)).toContain("permission denied");
});
