import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ATTACKS, rowsToCompare } from "../../../test/attack/cases.ts";
import { ATTACKED_SETTINGS, type Attacked, openAttacked } from "../../../test/attack/play.ts";
import { serverHas, startServer } from "../../../test/servers/start.ts";
import type { EmbeddedPostgres } from "../../demo/embedded-postgres.ts";

/** Every known way round, on a real server. Older servers: test/servers. */

/** Cases in a language that older servers do not know: there they end in a syntax error. */
const SINCE: Readonly<Record<string, number>> = {
  "pg-q-search-clause": 14,
  "pg-q-cycle-clause": 14,
  "pg-q-json-object-std": 16,
};

let folder: string;
let server: EmbeddedPostgres;
let attacked: Attacked;
const counts: Record<string, number> = {};
const leaks: string[] = [];
const unacceptable: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-corpus-"));
  server = await startServer({ folder: join(folder, "postgres"), settings: ATTACKED_SETTINGS });
  attacked = await openAttacked(server);
});

afterAll(async () => {
  await attacked?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
  const { extensionsMissing = [] } = attacked ?? {};
  const summary = { cases: ATTACKS.length, leaks, outcomes: counts, unacceptable, extensionsMissing };
  process.stdout.write(`${JSON.stringify(summary, null, 1)}\n`);
});

describe("known ways round (P4)", () => {
  test.each(ATTACKS.map((item) => [item.id, item] as const))("%s", { timeout: 15_000 }, async (id, item) => {
    const { outcome, leak, said, rows } = await attacked.attack(item);
    if (leak !== null) leaks.push(`${id}: ${leak}`);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    const acceptable = serverHas(SINCE[id] ?? 0) ? item.acceptable : ["error-without-value"];
    if (!acceptable.includes(outcome)) unacceptable.push(`${id}: ${outcome} (${said})`);
    expect(leak, said).toBeNull();
    expect(acceptable, said).toContain(outcome);
    const compared = outcome === "masked" ? rowsToCompare(item, rows) : null;
    if (compared !== null) expect(compared.is).toEqual(compared.expected);
  });
});
