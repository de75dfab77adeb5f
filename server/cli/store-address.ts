import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { startEmbeddedPostgres } from "../demo/embedded-postgres.ts";

export interface StoreAddress {
  readonly url: string;
  /** Whether it is the data folder's own PostgreSQL. */
  readonly embedded: boolean;
  stop(): Promise<void>;
}

/**
 * The store named by `--store` or DATABASE_URL; else the embedded one of the data folder, started when it does not run.
 * When another process of Gatehouse runs it (`gatehouse demo` in another window), that one is used and left running.
 */
export async function storeAddress(
  config: Config,
  given: string | undefined,
  log: (line: string) => void,
): Promise<StoreAddress> {
  const url = given ?? config.DATABASE_URL;
  if (url !== undefined) return { url, embedded: false, stop: async () => undefined };
  const folder = join(config.GATEHOUSE_DATA, "postgres");
  const running = await runningServer(folder);
  if (running !== null) return { url: running, embedded: true, stop: async () => undefined };
  const postgres = await startEmbeddedPostgres({ folder, log });
  await postgres.createDatabase("gatehouse");
  return { url: postgres.connectionString("gatehouse"), embedded: true, stop: () => postgres.stop() };
}

/** The address of the data folder's server when a live process owns it. */
async function runningServer(folder: string): Promise<string | null> {
  const owner = join(folder, "owner");
  if (!existsSync(owner)) return null;
  const pid = Number((await readFile(owner, "utf8")).split(" ")[0]);
  if (!Number.isInteger(pid) || pid <= 1 || pid === process.pid || !isAlive(pid)) return null;
  const [port, password] = await Promise.all([
    readFile(join(folder, "port"), "utf8"),
    readFile(join(folder, "password"), "utf8"),
  ]);
  return `postgresql://postgres:${encodeURIComponent(password.trim())}@127.0.0.1:${port.trim()}/gatehouse`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
