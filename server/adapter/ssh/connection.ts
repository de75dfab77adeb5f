import { randomBytes } from "node:crypto";
import type { Client, ClientChannel, ExecOptions } from "ssh2";
import type { FileOrder } from "../../core/guard/files.ts";
import type { PreparedShell } from "../../core/guard/shell/index.ts";
import type { Authorized } from "../../gateway/authorized.ts";
import type {
  FileEntry,
  FileState,
  FileUpload,
  ProgramSink,
  RunningProgram,
  ShellConnection,
  ShellRun,
} from "../../gateway/ports.ts";
import { Files } from "./files.ts";
import { follow } from "./program.ts";
import { STANDARD_PATH, wrap } from "./wrapper.ts";

/** sshd allows ten sessions on a connection and frees one 80 ms after it closed; one is kept for files. */
const MOST_PROGRAMS = 6;
const OPEN_ATTEMPTS = 6;
const OPEN_PAUSE_MS = 80;

export class SshConnection implements ShellConnection {
  readonly home: string;
  readonly user: string;
  readonly path: readonly string[];
  readonly #client: Client;
  readonly #own: string | null;
  readonly #files: Files;
  readonly #listeners: ((reason: string) => void)[] = [];
  #running = 0;
  #closed: string | null = null;

  constructor(client: Client, account: { readonly user: string; readonly home: string; readonly path: string | null }) {
    this.#client = client;
    this.user = account.user;
    this.home = account.home;
    this.#own = account.path;
    this.path = [...(account.path === null ? [] : [account.path]), ...STANDARD_PATH.split(":")];
    this.#files = new Files(client, Date.now);
    let reason = "the host closed the connection";
    client.on("error", (error) => {
      reason = `the connection to the host is lost: ${error.message}`;
    });
    client.on("close", () => {
      if (this.#closed !== null) return;
      this.#closed = reason;
      for (const listener of this.#listeners) listener(reason);
    });
  }

  async run(command: Authorized<PreparedShell>, run: ShellRun, sink: ProgramSink): Promise<RunningProgram> {
    if (this.#running >= MOST_PROGRAMS) throw new Error(`more than ${MOST_PROGRAMS} programs at once in one session`);
    this.#running++;
    const nonce = randomBytes(8).toString("hex");
    const line = wrap({
      command: command.sent,
      cwd: run.cwd,
      nonce,
      environment: run.environment,
      interactive: run.interactive,
      reportsDirectory: command.changesDirectory,
      path: this.#own,
    });
    try {
      const options: ExecOptions = run.pty
        ? // No suspending: there is no job control to take it up again.
          { pty: { term: "xterm-256color", cols: run.columns, rows: run.rows, modes: { VSUSP: 255, VDSUSP: 255 } } }
        : {};
      const program = await this.#open(line, options, (channel) => follow(channel, { nonce, cwd: run.cwd, pty: run.pty }, sink));
      void program.end.then(() => {
        this.#running--;
      });
      return program;
    } catch (error) {
      this.#running--;
      throw error;
    }
  }

  /** `use` gets the channel at once: a short program's end may be in the same packet as its beginning. */
  async #open<T>(line: string, options: ExecOptions, use: (channel: ClientChannel) => T): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await new Promise<T>((resolve, reject) => {
          this.#client.exec(line, options, (error, channel) => (error === undefined ? resolve(use(channel)) : reject(error)));
        });
      } catch (error) {
        if (attempt >= OPEN_ATTEMPTS || this.#closed !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, OPEN_PAUSE_MS * attempt));
      }
    }
  }

  realpath(path: string): Promise<string | null> {
    return this.#files.realpath(path);
  }

  isDirectory(path: string): Promise<boolean> {
    return this.#files.isDirectory(path);
  }

  list(path: string): Promise<readonly string[]> {
    return this.#files.list(path);
  }

  names(path: string): Promise<readonly string[]> {
    return this.#files.names(path);
  }

  entries(path: string): Promise<readonly FileEntry[] | null> {
    return this.#files.entries(path);
  }

  stat(path: string): Promise<FileState | null> {
    return this.#files.stat(path);
  }

  readFile(
    order: Authorized<FileOrder>,
    part: { readonly from?: number; readonly most?: number } = {},
  ): AsyncIterable<Uint8Array> {
    return this.#files.read(order.path, part);
  }

  writeFile(order: Authorized<FileOrder>): Promise<FileUpload> {
    return this.#files.write(order.path, randomBytes(8).toString("hex"));
  }

  close(): void {
    this.#client.end();
    // A host that does not answer keeps no session open.
    setTimeout(() => this.#client.destroy(), 500).unref();
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#closed !== null) listener(this.#closed);
    else this.#listeners.push(listener);
  }
}
