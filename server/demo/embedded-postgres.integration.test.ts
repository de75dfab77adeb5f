import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";

let folder: string;
let server: EmbeddedPostgres | null = null;

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "gatehouse-embedded-")), "postgres");
});

afterAll(async () => {
  await server?.stop();
  await rm(join(folder, ".."), { recursive: true, force: true });
});

async function one(connectionString: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: "array" });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

test("the first start makes a server that answers, only with its password", async () => {
  server = await startEmbeddedPostgres({ folder, settings: { wal_level: "logical" } });
  await server.createDatabase("shop");
  await server.createDatabase("shop");
  expect(await one(server.connectionString("shop"), "select current_database()")).toBe("shop");
  expect(await one(server.connectionString("shop"), "show wal_level")).toBe("logical");
  expect(await one(server.connectionString("shop"), "show unix_socket_directories")).toBe("");
  expect((await stat(join(folder, "password"))).mode & 0o777).toBe(0o600);
  await expect(one(`postgresql://postgres:wrong@127.0.0.1:${server.port}/shop`, "select 1")).rejects.toThrow(/password/);
});

test("the second start keeps port and data", async () => {
  const port = server?.port;
  await server?.stop();
  server = await startEmbeddedPostgres({ folder });
  expect(server.port).toBe(port);
  expect(await one(server.connectionString("shop"), "select 7")).toBe(7);
});

test("a server that an earlier process left behind is stopped and started again", async () => {
  server = await startEmbeddedPostgres({ folder });
  expect(await one(server.connectionString("shop"), "select 1")).toBe(1);
});

test("a data folder of another major version is refused with what to do", async () => {
  await server?.stop();
  server = null;
  await writeFile(join(folder, "data", "PG_VERSION"), "15\n");
  await expect(startEmbeddedPostgres({ folder })).rejects.toThrow(/made by PostgreSQL 15, this is PostgreSQL 18; dump it/);
});
