import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { spawn as spawnTerminal } from "@lydell/node-pty";
import ssh2, { type Connection, type ServerChannel, type Session, type SFTPWrapper } from "ssh2";
import type { Account } from "./account.ts";
import type { Keys } from "./keys.ts";

/**
 * The substitute where OpenSSH cannot run: an `ssh2` server whose programs run as this process's own user. Takes the
 * gateway's key and nothing else, gives a pseudo-terminal to each exec, and of SFTP what the gateway asks for.
 */
export async function startNodeHost(options: {
  readonly port: number;
  readonly keys: Keys;
  readonly account: Account;
  readonly log: (line: string) => void;
}): Promise<{ stop(): Promise<void> }> {
  const allowed = ssh2.utils.parseKey(options.keys.clientPublic);
  if (allowed instanceof Error) throw allowed;
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [await readFile(options.keys.hostPrivateFile)] }, (connection) => {
    connections.add(connection);
    connection.on("error", () => undefined);
    connection.on("close", () => connections.delete(connection));
    connection.on("authentication", (attempt) => {
      if (attempt.method !== "publickey" || attempt.username !== options.account.user) return attempt.reject(["publickey"]);
      const key = attempt.key;
      if (key.algo !== allowed.type || !key.data.equals(allowed.getPublicSSH())) return attempt.reject();
      if (attempt.signature === undefined || attempt.blob === undefined) return attempt.accept();
      return allowed.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true ? attempt.accept() : attempt.reject();
    });
    connection.on("ready", () => connection.on("session", (accept) => serve(accept(), options.account)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", () => resolve());
  });
  return {
    async stop() {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function serve(session: Session, account: Account): void {
  let size: { cols: number; rows: number } | null = null;
  let resize: ((cols: number, rows: number) => void) | null = null;
  let kill: ((signal: string) => void) | null = null;
  session.on("pty", (accept, _reject, asked) => {
    size = { cols: asked.cols || 80, rows: asked.rows || 24 };
    accept?.();
  });
  session.on("window-change", (accept, _reject, asked) => {
    resize?.(asked.cols, asked.rows);
    accept?.();
  });
  session.on("signal", (accept, _reject, asked) => {
    kill?.(`SIG${asked.name}`);
    accept?.();
  });
  session.on("exec", (accept, _reject, asked) => {
    const channel = accept();
    const terminal = spawnTerminal("/bin/sh", ["-c", asked.command], {
      name: "xterm-256color",
      ...(size ?? { cols: 80, rows: 24 }),
      cwd: account.home,
      env: { HOME: account.home, USER: account.user, LOGNAME: account.user, PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
      encoding: null,
    });
    resize = (cols, rows) => terminal.resize(cols, rows);
    kill = (signal) => terminal.kill(signal);
    join(channel, terminal);
  });
  session.on("sftp", (accept) => serveFiles(accept()));
}

const MOST_BUFFERED = 8_000_000;

function join(channel: ServerChannel, terminal: ReturnType<typeof spawnTerminal>): void {
  let over = false;
  // A paused terminal loses its last words when the program ends, so it is paused only before memory is at stake.
  terminal.onData((chunk: string | Buffer) => {
    channel.write(chunk);
    if (channel.writableLength < MOST_BUFFERED) return;
    terminal.pause();
    channel.once("drain", () => terminal.resume());
  });
  channel.on("data", (chunk: Buffer) => {
    if (!over) terminal.write(chunk.toString("utf8"));
  });
  terminal.onExit(({ exitCode, signal }) => {
    over = true;
    channel.exit(signal === undefined || signal === 0 ? exitCode : 128 + signal);
    channel.end();
  });
  channel.on("close", () => {
    if (!over) terminal.kill("SIGHUP");
  });
}

const { OK, EOF, FAILURE, NO_SUCH_FILE, OP_UNSUPPORTED } = ssh2.utils.sftp.STATUS_CODE;

function serveFiles(sftp: SFTPWrapper): void {
  const handles = new Map<number, { name: string; folder: string; read: boolean }>();
  let next = 0;
  const attributes = async (file: string) => {
    const entry = await stat(file);
    return {
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      size: entry.size,
      atime: entry.atimeMs / 1_000,
      mtime: entry.mtimeMs / 1_000,
    };
  };
  const answer = (id: number, work: Promise<void>) => {
    work.catch((error: NodeJS.ErrnoException) => sftp.status(id, error.code === "ENOENT" ? NO_SUCH_FILE : FAILURE));
  };
  sftp.on("REALPATH", (id, file) => {
    answer(
      id,
      realpath(file).then((filename) =>
        sftp.name(id, [{ filename, longname: filename, attrs: { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 } }]),
      ),
    );
  });
  for (const event of ["STAT", "LSTAT"] as const) {
    sftp.on(event, (id: number, file: string) =>
      answer(
        id,
        attributes(file).then((attrs) => sftp.attrs(id, attrs)),
      ),
    );
  }
  sftp.on("OPENDIR", (id, folder) => {
    const open = async () => {
      await readdir(folder);
      const number = next++;
      handles.set(number, { name: folder, folder, read: false });
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE(number);
      sftp.handle(id, handle);
    };
    answer(id, open());
  });
  sftp.on("READDIR", (id, handle) => {
    const entry = handles.get(handle.readUInt32BE());
    if (entry === undefined) return void sftp.status(id, FAILURE);
    if (entry.read) return void sftp.status(id, EOF);
    entry.read = true;
    const list = async () => {
      const names = await readdir(entry.folder);
      const rows = await Promise.all(
        names.map(async (filename) => {
          const attrs = await attributes(`${entry.folder}/${filename}`).catch(() => null);
          return {
            filename,
            longname: filename,
            attrs: attrs ?? { mode: 0o100644, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 },
          };
        }),
      );
      sftp.name(id, rows);
    };
    answer(id, list());
  });
  sftp.on("CLOSE", (id, handle) => {
    handles.delete(handle.readUInt32BE());
    sftp.status(id, OK);
  });
  for (const event of ["OPEN", "READ", "WRITE", "REMOVE", "RENAME", "MKDIR", "RMDIR", "SETSTAT", "SYMLINK"] as const) {
    sftp.on(event as "REMOVE", (id: number) => sftp.status(id, OP_UNSUPPORTED));
  }
}
