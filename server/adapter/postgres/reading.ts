import { type Formats, type RowBatch, rowOfOne } from "../../core/domain/row-batch.ts";
import type { SqlSink } from "../../gateway/ports.ts";
import { bindMessage } from "./bind-message.ts";
import type { ActiveQuery, Field, Protocol, ServerMessage } from "./driver.ts";
import type { RowTaker } from "./frames.ts";
import { RowBuffer } from "./row-buffer.ts";

/** One statement in the extended protocol, in two steps with room between: prepare (parse, describe), then run. */

const STATEMENT = "gatehouse";
const BATCH_BYTES = 256 * 1_024;
const FLUSH_MS = 40;
const LINE_FEED = 0x0a;

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
  handleDataRow(): void {}
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
  /** Of the result's columns; none: all are text. */
  readonly formats: Formats;
  /** Rows that are passed on; null: all. */
  readonly limit: number | null;
  /** `ask`: the server itself stops (no parallel plan); `cancel`: `stop` is called; `drop`: the rest is not passed on. */
  readonly atLimit: "ask" | "cancel" | "drop";
  /** Settles when the server has been told; does not fail. */
  readonly stop: () => Promise<void>;
  /** Lines of COPY are the rows. */
  readonly copies: boolean;
  readonly sink: SqlSink;
}

/** Runs what was prepared. Rows go on in batches; while the sink is busy the socket is not read. */
export class Running extends Base implements RowTaker {
  private readonly buffer = new RowBuffer();
  private rows = 0;
  private tag = "";
  private limited = false;
  private sending: Promise<void> = Promise.resolve();
  private waiting = 0;
  private timer: NodeJS.Timeout | null = null;
  private stopping: Promise<void> = Promise.resolve();
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
    const { values, formats, limit, atLimit, copies } = this.options;
    if (!copies) connection.takeRows(this);
    if (connection.stream.writable) connection.stream.write(bindMessage(STATEMENT, values, formats));
    connection.execute({ portal: "", rows: limit !== null && atLimit === "ask" ? limit + 1 : 0 });
    connection.close({ type: "S", name: STATEMENT });
    connection.sync();
  }

  /** The server sends one message a row, with its line feed. */
  override handleCopyData(message: { readonly chunk: Uint8Array }): void {
    if (!this.options.copies) return;
    const { chunk } = message;
    this.take(rowOfOne(chunk.at(-1) === LINE_FEED ? chunk.subarray(0, -1) : chunk), 1, 0);
  }

  take(bytes: Uint8Array, count: number, rest: number): void {
    if (this.failure !== null || this.limited) return;
    this.buffer.push(bytes, count, rest);
    this.rows += count;
    const { limit } = this.options;
    if (limit !== null && this.rows > limit) {
      this.buffer.cut(this.buffer.count - (this.rows - limit));
      this.rows = limit;
      this.limited = true;
      if (this.options.atLimit === "cancel") this.stop();
    }
    if (this.buffer.size >= BATCH_BYTES) this.flush();
    else if (this.buffer.count > 0) this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  private stop(): void {
    this.stopping = this.options.stop();
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const batch = this.buffer.take();
    if (batch === null) return;
    // A sink that has room takes it at once, and the socket is read on.
    const taken = this.waiting > 0 ? this.sending.then(() => this.give(batch)) : this.give(batch);
    if (taken === undefined) return;
    this.waiting += 1;
    this.protocol?.stream.pause();
    this.sending = taken.then(() => {
      this.waiting -= 1;
      if (this.waiting === 0) this.protocol?.stream.resume();
    });
  }

  /** Settles when the sink wants more; does not fail. */
  private give(batch: RowBatch): Promise<void> | undefined {
    if (this.failure !== null) return undefined;
    const failed = (error: unknown): void => {
      this.failure ??= error;
      this.stop();
    };
    try {
      return this.options.sink.rows(batch)?.catch(failed);
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  override handleCommandComplete(message: { readonly text: string }): void {
    this.tag = message.text;
  }
  override handlePortalSuspended(): void {
    this.limited = true;
  }

  handleReadyForQuery(): void {
    this.protocol?.takeRows(null);
    this.flush();
    // What stops a statement must not arrive when another one runs.
    void Promise.all([this.sending, this.stopping]).then(() => {
      if (this.failure !== null) this.settle({ ok: false, error: { code: "57014", message: "the result was not taken" } });
      else if (this.error !== null && !(this.limited && this.error.code === "57014"))
        this.settle({ ok: false, error: this.error });
      else this.settle({ ok: true, value: { tag: this.tag, rows: this.rows, limited: this.limited } });
    });
  }
}
