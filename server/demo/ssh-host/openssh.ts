import { execFile, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import type { Account } from "./account.ts";
import type { Keys } from "./keys.ts";

const run = promisify(execFile);
const SSHD = "/usr/sbin/sshd";
const START_DEADLINE_MS = 5_000;

/** The path of an sshd that can give out pseudo-terminals here, or null. As root one is installed where apt can. */
export async function findSshd(log: (line: string) => void): Promise<string | null> {
  const root = process.getuid?.() === 0;
  if (!(await executable(SSHD)) && root) {
    log("demo host: installing openssh-server");
    await run("apt-get", ["install", "-y", "--no-install-recommends", "openssh-server"], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).catch(() => undefined);
  }
  if (!(await executable(SSHD))) return null;
  return root || (await terminalsNeedNoRoot()) ? SSHD : null;
}

/** An sshd that is not root can hand out a terminal only where devpts gives new ones to the group tty by itself. */
async function terminalsNeedNoRoot(): Promise<boolean> {
  const mounts = await readFile("/proc/mounts", "utf8").catch(() => "");
  return mounts.split("\n").some((line) => line.includes(" /dev/pts devpts ") && /[ ,]gid=5\b/.test(line));
}

export async function startSshd(options: {
  readonly sshd: string;
  readonly folder: string;
  readonly port: number;
  readonly keys: Keys;
  readonly account: Account;
  readonly log: (line: string) => void;
}): Promise<{ stop(): Promise<void> }> {
  const configurationFile = path.join(options.folder, "sshd_config");
  const pidFile = path.join(options.folder, "sshd.pid");
  await endOrphan(pidFile, configurationFile);
  await writeFile(configurationFile, configuration({ ...options, pidFile }));
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  // Detached: Ctrl-C in the demo's own terminal reaches us first, and sessions end in order.
  const child = spawn(options.sshd, ["-D", "-e", "-f", configurationFile], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { NODE_ENV: "production", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2_000);
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let exited = false;
  void gone.then(() => {
    exited = true;
  });
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await answers(options.port))) {
    if (exited || Date.now() > deadline) throw new Error(`sshd did not start: ${complaint.trim()}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const pid = child.pid;
  return {
    async stop() {
      if (pid === undefined || exited) return;
      const family = [pid, ...(await descendants(pid))];
      for (const member of family) signal(member, "SIGTERM");
      await gone;
      for (const member of family) signal(member, "SIGKILL");
    },
  };
}

function configuration(options: { port: number; pidFile: string; keys: Keys; account: Account }): string {
  return [
    `Port ${options.port}`,
    "ListenAddress 127.0.0.1",
    `HostKey "${options.keys.hostPrivateFile}"`,
    `PidFile "${options.pidFile}"`,
    `AuthorizedKeysFile "${path.join(options.account.root, "authorized_keys")}"`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    `AllowUsers ${options.account.user}`,
    "PermitUserRC no",
    "PermitUserEnvironment no",
    `SetEnv HOME="${options.account.home}"`,
    "AllowTcpForwarding no",
    "AllowAgentForwarding no",
    "X11Forwarding no",
    "PermitTunnel no",
    "PrintMotd no",
    "PrintLastLog no",
    "LogLevel ERROR",
    "Subsystem sftp internal-sftp",
    "",
  ].join("\n");
}

/** A server that an earlier run left behind: only one whose command line names our configuration. */
async function endOrphan(pidFile: string, configurationFile: string): Promise<void> {
  const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).trim());
  if (!Number.isInteger(pid) || pid <= 1) return;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  if (!commandLine.includes(configurationFile)) return;
  for (const member of [pid, ...(await descendants(pid))]) signal(member, "SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 200));
}

async function descendants(ancestor: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => null);
    if (stat === null) continue;
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  for (const queue = [ancestor]; queue.length > 0; ) {
    for (const child of children.get(queue.pop() ?? 0) ?? []) {
      found.push(child);
      queue.push(child);
    }
  }
  return found;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already: that is what was wanted.
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
    socket.setTimeout(1_000, () => {
      socket.destroy();
      resolve(false);
    });
  });
}

async function executable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
