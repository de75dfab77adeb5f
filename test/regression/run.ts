import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createSqlParser } from "../../server/adapter/postgres/index.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../server/demo/embedded-postgres.ts";
import { serverPackage } from "../servers/packages.ts";
import { REGRESSION_SERVER, type RegressionSuite } from "./fetch.ts";
import { type Replayed, replay } from "./replay.ts";
import { readScript } from "./script.ts";
import { ScriptSession } from "./session.ts";

/** Replays scripts of the suite, each in a database of its own that begins as the suite's own setup leaves it. */
export async function replayFiles(
  suite: RegressionSuite,
  files: readonly string[],
  say: (file: string, replayed: Replayed, milliseconds: number) => void,
): Promise<ReadonlyMap<string, Replayed>> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-regression-"));
  // The server itself reads files from here.
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({
    folder: join(folder, "postgres"),
    package: await serverPackage(REGRESSION_SERVER),
    settings: { fsync: "off", wal_level: "logical" },
  });
  const parser = createSqlParser();
  const admin = new pg.Client({ connectionString: server.connectionString("postgres") });
  const results = new Map<string, Replayed>();
  try {
    await admin.connect();
    await setUp(server, admin, suite, folder);
    for (const file of files) {
      const began = performance.now();
      await admin.query("DROP DATABASE IF EXISTS regression WITH (FORCE)");
      await admin.query("CREATE DATABASE regression TEMPLATE regression_base");
      const session = new ScriptSession(server.connectionString("regression"), parser, folder);
      await session.open();
      const statements = await scriptOf(suite, file);
      const replayed = await replay(statements, session, parser);
      await session.close();
      results.set(file, replayed);
      say(file, replayed, performance.now() - began);
    }
  } finally {
    await admin.end();
    await parser.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return results;
}

export async function filesOf(suite: RegressionSuite): Promise<readonly string[]> {
  const names = (await readdir(join(suite.folder, "sql"))).filter((name) => name.endsWith(".sql"));
  return names
    .map((name) => name.slice(0, -4))
    .filter((name) => name !== SETUP)
    .sort();
}

const SETUP = "test_setup";

async function scriptOf(suite: RegressionSuite, file: string) {
  return readScript(await readFile(join(suite.folder, "sql", `${file}.sql`), "utf8"), { PG_ABS_SRCDIR: suite.folder });
}

async function setUp(server: EmbeddedPostgres, admin: pg.Client, suite: RegressionSuite, folder: string): Promise<void> {
  await admin.query("CREATE DATABASE regression_base");
  const parser = createSqlParser();
  const session = new ScriptSession(server.connectionString("regression_base"), parser, folder);
  await session.open();
  for (const statement of await scriptOf(suite, SETUP)) await session.run(statement, false);
  await session.close();
  await parser.close();
}
