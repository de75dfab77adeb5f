import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OLDER_POSTGRES, serverHas, startServer } from "../../../test/servers/start.ts";
import { openTwins, type Twins } from "../../../test/twin/twins.ts";
import { describeSql, type ParsedStatement } from "../../core/guard/sql/index.ts";
import type { EmbeddedPostgres } from "../../demo/embedded-postgres.ts";
import { createSqlParser } from "./index.ts";

/** What the guard takes for reading alone is tried by the server itself: in a READ ONLY transaction nothing may be refused. */

const WRITES_IN_READ_ONLY = "25006";
const folderOf = new URL("../../../test/postgres-statements/", import.meta.url);

let folder: string;
let server: EmbeddedPostgres;
let twins: Twins;
let client: pg.Client;
const parser = createSqlParser();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-statements-"));
  server = await startServer({ folder: join(folder, "postgres"), settings: { fsync: "off" } });
  twins = await openTwins(server);
  client = new pg.Client({ connectionString: server.connectionString("shop") });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await twins?.close();
  await parser.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function statements(file: string): Promise<readonly ParsedStatement[]> {
  const parsed = await parser.parse(await readFile(new URL(file, folderOf), "utf8"));
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return parsed.statements.filter(({ text }) => serverHas(16) || !NEW_NUMBERS.test(text));
}

/** V2: refused before PostgreSQL 16. */
const NEW_NUMBERS = /\b0x1F\b/;

/** How many of reading.sql older servers do not know: newer functions (42883), syntax (42601), subscripts of jsonb (42804). */
const LACKING: Readonly<Record<number, number>> = { 13: 24, 14: 11, 15: 10, 16: 8, 17: 2 };
const NOT_KNOWN = /^(42883|42601|42804): /;

interface Judged {
  readonly text: string;
  readonly as: "reading" | "more" | "opaque" | "refused";
  readonly why: string;
}

function judge(list: readonly ParsedStatement[]): readonly Judged[] {
  return list.map((statement) => {
    const { text } = statement;
    const described = describeSql(statement, twins.catalog, { searchPath: ["public"], transaction: "idle" });
    if ("refusal" in described) return { text, as: "refused", why: described.refusal.message };
    const { microActions, analysis } = described;
    const opaque = microActions.find((action) => action.action === "sql:opaque");
    if (opaque !== undefined) return { text, as: "opaque", why: opaque.resource.kind === "opaque" ? opaque.resource.what : "" };
    const reading = !analysis.writes && microActions.every((action) => action.action === "sql:select");
    return { text, as: reading ? "reading" : "more", why: "" };
  });
}

/** The SQLSTATE that the server gives in a READ ONLY transaction. Null: it ran. */
async function readOnly(text: string): Promise<string | null> {
  await client.query("BEGIN READ ONLY");
  try {
    await client.query(text);
    return null;
  } catch (error) {
    return error instanceof pg.DatabaseError ? (error.code ?? "") : "";
  } finally {
    await client.query("ROLLBACK");
  }
}

test("N1 what the manual shows of SELECT is reading, and the server agrees", async () => {
  const judged = judge(await statements("reading.sql"));
  const other = judged.filter(({ as }) => as !== "reading");
  const failed: string[] = [];
  for (const { text } of judged) {
    const code = await readOnly(text);
    expect(code, text).not.toBe(WRITES_IN_READ_ONLY);
    if (code !== null) failed.push(`${code}: ${text}`);
  }
  process.stdout.write(`${JSON.stringify({ statements: judged.length, other, failed }, null, 1)}\n`);
  expect(other.map(({ text, why }) => `${why}: ${text}`)).toEqual([]);
  expect(failed.filter((line) => OLDER_POSTGRES === 0 || !NOT_KNOWN.test(line))).toEqual([]);
  expect(failed.length).toBe(LACKING[OLDER_POSTGRES] ?? 0);
});

test("P4 the same statements through the guard give what the twin gives", async () => {
  const different: string[] = [];
  for (const { text } of await statements("reading.sql")) {
    if (NOT_ALIKE.test(text)) continue;
    const { answer } = await twins.guarded(text);
    const raw = await twins.raw(text);
    if (JSON.stringify(answer) !== JSON.stringify(raw))
      different.push(`${JSON.stringify(answer).slice(0, 300)} ≠ ${JSON.stringify(raw).slice(0, 300)}: ${text}`);
  }
  expect(different).toEqual([]);
});

/** The row of a masked table is a record. */
const NOT_ALIKE = /pg_typeof/;

test("nothing that does more passes for reading", async () => {
  const judged = judge(await statements("changing.sql"));
  const counts: Record<string, number> = {};
  for (const { as } of judged) counts[as] = (counts[as] ?? 0) + 1;
  const opaque = judged.filter(({ as }) => as === "opaque").map(({ why }) => why);
  process.stdout.write(`${JSON.stringify({ statements: judged.length, counts, opaque }, null, 1)}\n`);
  expect(judged.filter(({ as }) => as === "reading").map(({ text }) => text)).toEqual([]);
});
