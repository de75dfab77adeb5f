import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * PostgreSQL refuses to run as root. So when we are root it runs as `postgres` or `nobody`; where that account cannot
 * reach the binaries or the folder (a 0700 home), in a user namespace in which root is called `nobody`.
 */
export interface Account {
  /** Null: as we are. */
  readonly uid: number | null;
  readonly gid: number | null;
  /** Words before the program. */
  readonly prefix: readonly string[];
}

const AS_WE_ARE: Account = { uid: null, gid: null, prefix: [] };
const NAMESPACE: Account = { uid: null, gid: null, prefix: ["unshare", "--user", "--map-user=65534", "--map-group=65534"] };

export function chooseAccount(native: string, folder: string): Account {
  if (process.getuid?.() !== 0) return AS_WE_ARE;
  for (const name of ["postgres", "nobody"]) {
    const account = lookUp(name);
    if (account !== null && runs(account, native) && reaches(account, dirname(folder))) return account;
  }
  if (runs(NAMESPACE, native)) return NAMESPACE;
  throw new Error(
    `PostgreSQL does not run as root, and no other account can reach \`${native}\` and \`${folder}\`; ` +
      "start as an ordinary account, or set DATABASE_URL",
  );
}

function lookUp(name: string): Account | null {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid), prefix: [] };
}

function runs(account: Account, native: string): boolean {
  const [command = "", ...rest] = [...account.prefix, join(native, "bin", "initdb"), "--version"];
  return spawnSync(command, rest, as(account)).status === 0;
}

function reaches(account: Account, folder: string): boolean {
  return spawnSync("/bin/sh", ["-c", 'cd "$0"', folder], as(account)).status === 0;
}

function as(account: Account): { uid?: number; gid?: number; cwd: string } {
  return { cwd: "/", ...(account.uid === null ? {} : { uid: account.uid, gid: account.gid ?? account.uid }) };
}
