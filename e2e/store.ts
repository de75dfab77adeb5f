import { readFile } from "node:fs/promises";
import pg from "pg";

/** Straight to the store of the demo whose data folder that is. */
export async function openStore(data = ".data/e2e"): Promise<pg.Client> {
  const store = new pg.Client({ connectionString: await storeUrl(data) });
  await store.connect();
  return store;
}

export async function storeUrl(data: string): Promise<string> {
  const [port, password] = await Promise.all(
    ["port", "password"].map(async (name) => (await readFile(`${data}/postgres/${name}`, "utf8")).trim()),
  );
  return `postgresql://postgres:${encodeURIComponent(password ?? "")}@127.0.0.1:${port}/gatehouse`;
}

/** Of the server that holds the store and the database that is guarded. */
export async function databasePort(data = ".data/e2e"): Promise<string> {
  return (await readFile(`${data}/postgres/port`, "utf8")).trim();
}
