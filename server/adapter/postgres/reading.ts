import type { SqlSink } from "../../gateway/ports.ts";
import type { ActiveQuery, Field, Protocol, ServerMessage } from "./driver.ts";

/** One statement in the extended protocol, in two steps with room between: prepare (parse, describe), then run. */

const STATEMENT = "gatehouse";
const BATCH_ROWS = 500;
const BATCH_CHARACTERS = 256 * 1_024;
const FLUSH_MS = 40;

export type Step<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ServerMessage };

abstract class Base implements ActiveQuery {
  protected error: ServerMessage | null = null;
  protected protocol: Protocol | null = null;

  abstract submit(connection: Protocol): void;
  abstract handleReadyForQuery(): void;

  /** After an error of the server the driver forgets its active query, but ReadyForQuery still comes. */
  handleError(error: Error & ServerMessage, connection: Protocol): void {
    this.error ??= error;
    if (error.severity === undefined) this.handleReadyForQuery();
    else connection.once("readyForQuery", () => this.handleReadyForQuery());
  }
  handleRowDescription(_message: { readonly fields: readonly Field[] }): void {}
  handleDataRow(_message: { readonly fields: readonly (string | null)[] }): void {}
  handleCommandComplete(_message: { readonly text: string }): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(connection: Protocol): void {
    connection.sendCopyFail("COPY is not supported");
  }
  /** Data that comes without a description of its columns is passed on only where that is what was asked for. */
  handleCopyData(_message: { readonly chunk: Uint8Array }): void {}
}

/** Parses the text on the server, which locks its relations, and answers what its result would be made of. */
export class Preparing extends Base {
  private fields: readonly Field[] = [];
  private readonly text: string;
  private readonly settle: (step: Step<readonly Field[]>) => void;

  constructor(text: string, settle: (step: Step<readonly Field[]>) => void) {
    super();
    this.text = text;
    this.settle = settle;
  }

  submit(connection: Protocol): void {
    // An error in the last run has left it: what follows an error up to Sync is skipped.
    connection.close({ type: "S", name: STATEMENT });
    connection.parse({ name: STATEMENT, text: this.text, types: [] });
    connection.describe({ type: "S", name: STATEMENT });
    connection.sync();
  }
  override handleRowDescription(message: { readonly fields: readonly Field[] }): void {
    this.fields = message.fields;
  }
  handleReadyForQuery(): void {
    this.settle(this.error === null ? { ok: true, value: this.fields } : { ok: false, error: this.error });
  }
}

export interface Ran {
  readonly tag: string;
  readonly rows: number;
  readonly limited: boolean;
}

export interface RunningOptions {
  readonly values: readonly (string | null)[];
  /** Rows that are passed on; null: all. */
  readonly limit: number | null;
  /** `ask`: the server itself stops (no parallel plan); `cancel`: `stop` is called; `drop`: the rest is not passed on. */
  readonly atLimit: "ask" | "cancel" | "drop";
  readonly stop: () => void;
  /** Lines of COPY are the rows. */
  readonly copies: boolean;
  readonly sink: SqlSink;
}

const LINE = new TextDecoder();

/** Runs what was prepared. Rows go on in batches; while the sink is busy the socket is not read. */
export class Running extends Base {
  private batch: (readonly (string | null)[])[] = [];
  private size = 0;
  private rows = 0;
  private tag = "";
  private limited = false;
  private sending: Promise<void> = Promise.resolve();
  private waiting = 0;
  private timer: NodeJS.Timeout | null = null;
  private failure: unknown = null;
  private readonly options: RunningOptions;
  private readonly settle: (step: Step<Ran>) => void;

  constructor(options: RunningOptions, settle: (step: Step<Ran>) => void) {
    super();
    this.options = options;
    this.settle = settle;
  }

  submit(connection: Protocol): void {
    this.protocol = connection;
    const { values, limit, atLimit } = this.options;
    connection.bind({ portal: "", statement: STATEMENT, values, binary: false });
    connection.execute({ portal: "", rows: limit !== null && atLimit === "ask" ? limit + 1 : 0 });
    connection.close({ type: "S", name: STATEMENT });
    connection.sync();
  }

  override handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    this.row(message.fields);
  }
  /** The server sends one message a row, with its line feed. */
  override handleCopyData(message: { readonly chunk: Uint8Array }): void {
    if (this.options.copies) this.row([LINE.decode(message.chunk).replace(/\n$/, "")]);
  }

  private row(fields: readonly (string | null)[]): void {
    const { limit, atLimit, stop } = this.options;
    if (this.failure !== null) return;
    if (limit !== null && this.rows >= limit) {
      if (!this.limited && atLimit === "cancel") stop();
      this.limited = true;
      return;
    }
    this.rows += 1;
    this.batch.push(fields);
    for (const value of fields) this.size += value?.length ?? 0;
    if (this.batch.length >= BATCH_ROWS || this.size >= BATCH_CHARACTERS) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.batch.length === 0) return;
    const rows = this.batch;
    this.batch = [];
    this.size = 0;
    this.waiting += 1;
    this.protocol?.stream.pause();
    this.sending = this.sending
      .then(() => this.options.sink.rows(rows))
      .catch((error: unknown) => {
        this.failure ??= error;
        this.options.stop();
      })
      .then(() => {
        this.waiting -= 1;
        if (this.waiting === 0) this.protocol?.stream.resume();
      });
  }

  override handleCommandComplete(message: { readonly text: string }): void {
    this.tag = message.text;
  }
  override handlePortalSuspended(): void {
    this.limited = true;
  }

  handleReadyForQuery(): void {
    this.flush();
    void this.sending.then(() => {
      if (this.failure !== null) this.settle({ ok: false, error: { code: "57014", message: "the result was not taken" } });
      else if (this.error !== null && !(this.limited && this.error.code === "57014"))
        this.settle({ ok: false, error: this.error });
      else this.settle({ ok: true, value: { tag: this.tag, rows: this.rows, limited: this.limited } });
    });
  }
}
