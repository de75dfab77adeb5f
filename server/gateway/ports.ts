import type { AuditEntry, AuditEvent } from "../core/domain/audit.ts";
import type { ResultColumn } from "../core/domain/column.ts";
import type { PostgresTarget, SecretReference, SshTarget } from "../core/domain/configuration.ts";
import type { RowBatch } from "../core/domain/row-batch.ts";
import type { Span } from "../core/domain/span.ts";
import type { FileOrder } from "../core/guard/files.ts";
import type { Language, PreparedShell } from "../core/guard/shell/index.ts";
import type { Catalog, ParsedSql, ParsedTrees, PreparedSql, SqlSessionState } from "../core/guard/sql/index.ts";
import type { Authorized } from "./authorized.ts";

/** Where the gateway gets the time from, in milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** Turns a reference into the secret. Throws `SecretError` that names the reference, never the value. */
export interface SecretStore {
  resolve(reference: SecretReference): Promise<string>;
}

/** Resolves once the event is durable. Rejects when it is not: then nothing may happen. */
export interface AuditLog {
  append(event: AuditEvent): Promise<AuditEntry>;
}

/** PostgreSQL's own grammar, outside the event loop's thread. Never throws for what a person typed. */
export interface SqlParser {
  parse(text: string): Promise<ParsedSql>;
  /** The same without what is only needed to write a statement anew. */
  trees(text: string): Promise<ParsedTrees>;
  close(): Promise<void>;
}

export interface SqlNotice {
  readonly severity: string;
  readonly message: string;
}

/** A scrubbed error: no field carries data. `span` points into the text the person wrote. */
export interface SqlFailure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly span: Span | null;
}

/** Takes a result as it comes. Where `rows` returns a promise, the reader waits for it (back-pressure). */
export interface SqlSink {
  /** It reads the formats of columns; otherwise every value comes as text. */
  readonly takesFormats?: boolean;
  columns(columns: readonly ResultColumn[]): void;
  rows(batch: RowBatch): undefined | Promise<void>;
  notice(notice: SqlNotice): void;
}

export type SqlEnd =
  /** `rowCount` as the command tag says; null where it says none. `limited`: the row limit stopped it. */
  | {
      readonly ended: "done";
      readonly command: string;
      readonly rowCount: number | null;
      readonly limited: boolean;
      readonly durationMs: number;
    }
  /** It ran, waited in an open transaction, and was rolled back. */
  | { readonly ended: "rolled-back"; readonly command: string; readonly rowCount: number | null; readonly durationMs: number }
  | { readonly ended: "failed"; readonly error: SqlFailure; readonly durationMs: number }
  | { readonly ended: "cancelled"; readonly durationMs: number }
  /** A column that must be masked arrived raw: nothing of the result was passed on after that, the connection is closed. */
  | { readonly ended: "alarm"; readonly message: string; readonly durationMs: number };

export interface SqlLimits {
  readonly readOnly: boolean;
  /** Null: no limit. */
  readonly rows: number | null;
  readonly timeoutMs: number;
  readonly lockTimeoutMs: number;
}

/** A statement that has run and is not committed: `decided` gives what is to become of it. It must settle in time. */
export interface Hold {
  /** The server itself rolls back some seconds after so long, whatever becomes of the gateway. */
  readonly forMs: number;
  decided(ran: { readonly rowCount: number | null; readonly inOwnTransaction: boolean }): Promise<"commit" | "roll-back">;
}

/** One person's own connection to one database. Closing rolls an open transaction back. */
export interface SqlConnection {
  /** What the guard needs to know of the session: search path, temporary relations, transaction, prepared statements. */
  readonly state: SqlSessionState;
  /** The target's catalog, shared by all connections of the target and revalidated; `now`: before it is given. */
  catalog(when?: "now"): Promise<Catalog>;
  /** With a `hold` what ran is committed, or kept in the person's own open transaction, only when that says so. */
  run(statement: Authorized<PreparedSql>, limits: SqlLimits, sink: SqlSink, hold?: Hold): Promise<SqlEnd>;
  /** What the server's planner says of a statement, which is not run; null where it cannot say. */
  estimate(statement: PreparedSql): Promise<{ readonly rows: number; readonly cost: number } | null>;
  /** Rolls an open transaction back and drops what earlier statements have left: temporary relations, cursors. */
  forget(): Promise<void>;
  /** Cancels what runs on the server. Does nothing when nothing runs. */
  cancel(): Promise<void>;
  close(): Promise<void>;
  /** Called once, when the connection is gone, with the reason. */
  onClosed(listener: (reason: string) => void): void;
}

export interface SqlConnector {
  /** Throws `TargetUnreachable` with a message for people that says what to do. */
  connect(
    target: PostgresTarget,
    credential: { readonly password: string | null },
    principal: { readonly id: string; readonly maskKey: string },
  ): Promise<SqlConnection>;
  /** The target's catalog without a person's session (tree, `gatehouse check`). */
  catalog(target: PostgresTarget, credential: { readonly password: string | null }): Promise<Catalog>;
  close(): Promise<void>;
}

export interface ProgramSink {
  /** Bytes as the program wrote them. While the returned promise is pending the channel is not read. */
  output(bytes: Uint8Array): void | Promise<void>;
}

export type ProgramEnd =
  /** `exitCode`: 128+n where a signal ended it. `cwd`: where a `cd` in the line has led to, absent when it has not moved. */
  | { readonly ended: "exited"; readonly exitCode: number; readonly cwd?: string }
  | { readonly ended: "lost"; readonly message: string };

export interface RunningProgram {
  write(bytes: Uint8Array): void;
  resize(columns: number, rows: number): void;
  signal(name: "INT" | "QUIT" | "TERM" | "KILL" | "HUP"): void;
  readonly end: Promise<ProgramEnd>;
}

export interface ShellRun {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly columns: number;
  readonly rows: number;
  /** Whether keys may reach the program; without, its standard input is /dev/null. */
  readonly interactive: boolean;
  readonly pty: boolean;
}

/** One authenticated connection of one person to one host. */
export interface ShellConnection {
  readonly home: string;
  readonly user: string;
  /** What reads a line there: bash, or where there is none the host's `sh`. */
  readonly language: Language;
  /** Folders in which a program is looked for by its name. */
  readonly path: readonly string[];
  run(command: Authorized<PreparedShell>, run: ShellRun, sink: ProgramSink): Promise<RunningProgram>;
  /** The physical path of a directory or file, or null when there is none. Runs no program of the target. */
  realpath(path: string): Promise<string | null>;
  isDirectory(path: string): Promise<boolean>;
  /** Names in a directory, directories with a trailing `/`; empty when it cannot be read. */
  list(path: string): Promise<readonly string[]>;
  /** The same without looking at what they are: at most 20,000. */
  names(path: string): Promise<readonly string[]>;
  /** What is in a directory, links followed; null when it cannot be read. At most 2,000. */
  entries(path: string): Promise<readonly FileEntry[] | null>;
  /** Null: there is none, or it may not be looked at. */
  stat(path: string): Promise<FileState | null>;
  /** From that byte on, at most so many; throws with the host's reason. */
  readFile(order: Authorized<FileOrder>, part?: { readonly from?: number; readonly most?: number }): AsyncIterable<Uint8Array>;
  /** Nothing is in its place before `finish`. Throws with the host's reason. */
  writeFile(order: Authorized<FileOrder>): Promise<FileUpload>;
  close(): void;
  onClosed(listener: (reason: string) => void): void;
}

export interface FileState {
  readonly kind: "file" | "folder" | "other";
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

export interface FileEntry extends FileState {
  readonly name: string;
}

export interface FileUpload {
  append(bytes: Uint8Array): Promise<void>;
  /** Takes the place of what was there, with its mode. */
  finish(): Promise<void>;
  abort(): Promise<void>;
}

export interface ShellConnector {
  /**
   * Sessions of one person on one target may share a connection; where it breaks, all of them end. Throws `TargetUnreachable`
   * with a message for people, also when the host key is not the pinned one (it names the one seen).
   */
  connect(
    target: SshTarget,
    credential: { readonly privateKey: string | null; readonly password: string | null },
    principal: { readonly id: string },
  ): Promise<ShellConnection>;
  close(): Promise<void>;
}

/** A target that cannot be reached; `message` is for people and says what to do. */
export class TargetUnreachable extends Error {
  readonly code = "target-unreachable";
}
