import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Who logs in to the demo host, and where its files are. */
export interface Account {
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
  /** Folder that the account can reach; holds `home` and `bin`. */
  readonly root: string;
  readonly home: string;
}

const NAME = "deploy";
/** Marks an account as made here: one of the same name that someone else made is never used. */
const COMMENT = "Gatehouse demo host";

/**
 * As root: an account of its own, made once. Else, or when `own` (the shell will be this process's user anyway): the
 * current user. The account's entry names `/` as home and the server sets HOME, so that demos in several folders do
 * not fight over one entry.
 */
export async function chooseAccount(options: { folder: string; own: boolean; log: (line: string) => void }): Promise<Account> {
  const me = os.userInfo();
  const entry = me.uid === 0 && !options.own ? await demoEntry(options.log) : null;
  const { user, uid, gid } = entry ?? { user: me.username, uid: me.uid, gid: me.gid };
  const reachable = entry === null || (await othersMayPass(options.folder));
  const root = reachable
    ? path.join(options.folder, "host")
    : path.join("/var/tmp", `gatehouse-demo-${createHash("sha256").update(options.folder).digest("hex").slice(0, 8)}`);
  const home = path.join(root, "home", user);
  await mkdir(home, { recursive: true });
  return { user, uid, gid, root, home };
}

async function demoEntry(log: (line: string) => void): Promise<{ user: string; uid: number; gid: number } | null> {
  const existing = await entryOf(NAME);
  if (existing !== null) return existing.comment === COMMENT ? existing : null;
  try {
    await run("useradd", [
      "--no-create-home",
      "--home-dir",
      "/",
      "--shell",
      "/bin/bash",
      "--comment",
      COMMENT,
      "--password",
      "*",
      NAME,
    ]);
    log(`demo host: made the account \`${NAME}\` (remove it with \`userdel ${NAME}\`)`);
  } catch {
    return null;
  }
  return entryOf(NAME);
}

async function entryOf(name: string): Promise<{ user: string; uid: number; gid: number; comment: string } | null> {
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((candidate) => candidate.startsWith(`${name}:`));
  if (line === undefined) return null;
  const fields = line.split(":");
  return { user: name, uid: Number(fields[2]), gid: Number(fields[3]), comment: fields[4] ?? "" };
}

async function othersMayPass(folder: string): Promise<boolean> {
  for (let at = folder; ; at = path.dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}
