import { randomBytes } from "node:crypto";
import type { ExecOptions } from "ssh2";
import type { FileOrder } from "../../core/guard/files.ts";
import type { Language, PreparedShell } from "../../core/guard/shell/index.ts";
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
import { follow } from "./program.ts";
import type { SharedLinks } from "./shared-links.ts";
import { STANDARD_PATH, wrap } from "./wrapper.ts";

const MOST_PROGRAMS = 6;

/** Where a connection leads. */
export interface Account {
  readonly user: string;
  /** Physical. */
  readonly home: string;
  /** Folder of programs before the standard ones. */
  readonly path: string | null;
  readonly language: Language;
}

/** What one session sees of the connections that it shares. */
export class SshConnection implements ShellConnection {
  readonly home: string;
  readonly user: string;
  readonly path: readonly string[];
  readonly language: Language;
  readonly #links: SharedLinks;
  readonly #own: string | null;
  readonly #listeners: ((reason: string) => void)[] = [];
  readonly #running = new Set<RunningProgram>();
  #starting = 0;
  #closed: string | null = null;
  #left = false;

  constructor(links: SharedLinks, account: Account) {
    this.#links = links;
    this.language = account.language;
    this.user = account.user;
    this.home = account.home;
    this.#own = account.path;
    this.path = [...(account.path === null ? [] : [account.path]), ...STANDARD_PATH.split(":")];
    links.join(this.#lost);
  }

  readonly #lost = (reason: string): void => {
    if (this.#closed !== null) return;
    this.#closed = reason;
    for (const listener of this.#listeners) listener(reason);
  };

  async run(command: Authorized<PreparedShell>, run: ShellRun, sink: ProgramSink): Promise<RunningProgram> {
    if (this.#left) throw new Error("the session has ended");
    if (this.#running.size + this.#starting >= MOST_PROGRAMS)
      throw new Error(`more than ${MOST_PROGRAMS} programs at once in one session`);
    const nonce = randomBytes(8).toString("hex");
    const line = wrap({
      command: command.sent,
      cwd: run.cwd,
      nonce,
      environment: run.environment,
      interactive: run.interactive,
      reportsDirectory: command.changesDirectory,
      path: this.#own,
      language: this.language,
    });
    const options: ExecOptions = run.pty
      ? // No suspending: there is no job control to take it up again.
        { pty: { term: "xterm-256color", cols: run.columns, rows: run.rows, modes: { VSUSP: 255, VDSUSP: 255 } } }
      : {};
    this.#starting++;
    try {
      return await this.#links.exec(line, options, (channel) => {
        const program = follow(channel, { nonce, cwd: run.cwd, pty: run.pty }, sink);
        this.#running.add(program);
        void program.end.then(() => this.#running.delete(program));
        // It was asked for before the session ended.
        if (this.#left) program.signal("KILL");
        return program;
      });
    } finally {
      this.#starting--;
    }
  }

  realpath(path: string): Promise<string | null> {
    return this.#links.files.realpath(path);
  }

  isDirectory(path: string): Promise<boolean> {
    return this.#links.files.isDirectory(path);
  }

  list(path: string): Promise<readonly string[]> {
    return this.#links.files.list(path);
  }

  names(path: string): Promise<readonly string[]> {
    return this.#links.files.names(path);
  }

  entries(path: string): Promise<readonly FileEntry[] | null> {
    return this.#links.files.entries(path);
  }

  stat(path: string): Promise<FileState | null> {
    return this.#links.files.stat(path);
  }

  readFile(
    order: Authorized<FileOrder>,
    part: { readonly from?: number; readonly most?: number } = {},
  ): AsyncIterable<Uint8Array> {
    return this.#links.files.read(order.path, part);
  }

  writeFile(order: Authorized<FileOrder>): Promise<FileUpload> {
    return this.#links.files.write(order.path, randomBytes(8).toString("hex"));
  }

  /** Ends what runs in this session; what others of the same person run goes on. */
  close(): void {
    if (this.#left) return;
    this.#left = true;
    for (const program of this.#running) program.signal("KILL");
    this.#links.leave(this.#lost);
    queueMicrotask(() => this.#lost("the session ended"));
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#closed !== null) listener(this.#closed);
    else this.#listeners.push(listener);
  }
}
