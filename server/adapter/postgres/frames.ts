/** What `pg` attaches its parser to. */
export interface ByteStream {
  on(event: string, listener: (chunk: Buffer) => void): unknown;
  destroy(error?: Error): unknown;
}

interface Attaching {
  attachListeners(stream: ByteStream): void;
}

/** Takes rows as they come, in place of `pg`, which makes a string of every value. */
export interface RowTaker {
  /** `bytes` go on where the last ones ended. In them `count` rows end; the last `rest` bytes are of a row that has not ended. */
  take(bytes: Buffer, count: number, rest: number): void;
}

/** What a connection has once its frames are limited. */
export interface RowSource {
  /** From now on rows go to `taker`; null: to the driver. */
  takeRows(taker: RowTaker | null): void;
}

const HEADER = 5;
const DATA_ROW = 0x44;

/**
 * The driver keeps a message whole in memory and throws where nobody catches when one is longer than a text can be. Here a
 * connection with such a message ends, as if the server had gone, before the message has arrived.
 */
export function limitFrames<T extends Attaching>(connection: T, limit: number): T & RowSource {
  const attach = connection.attachListeners.bind(connection);
  let frames: Frames | null = null;
  connection.attachListeners = (stream) => {
    const own = new Frames(stream, limit);
    frames = own;
    attach({
      on: (event, listener) => stream.on(event, event === "data" ? (chunk) => own.push(chunk, listener) : listener),
      destroy: (error) => stream.destroy(error),
    });
  };
  return Object.assign(connection, {
    takeRows: (taker: RowTaker | null) => {
      if (frames !== null) frames.taker = taker;
    },
  });
}

/** Splits the server's bytes into messages, and keeps none. */
export class Frames {
  taker: RowTaker | null = null;
  readonly #stream: ByteStream;
  readonly #limit: number;
  readonly #header = Buffer.alloc(HEADER);
  /** Bytes of the next message's header that have come. */
  #known = 0;
  /** Bytes of this message's body that have not come. */
  #remaining = 0;
  /** Bytes of an unfinished row that the taker has. */
  #rest = 0;
  /** Whether this message goes to the taker. */
  #isRow = false;
  #ended = false;

  constructor(stream: ByteStream, limit: number) {
    this.#stream = stream;
    this.#limit = limit;
  }

  /** `pass` gets what is not a row, in pieces as they come. */
  push(chunk: Buffer, pass: (chunk: Buffer) => void): void {
    if (this.#ended) return;
    try {
      this.#split(chunk, pass);
    } catch (cause) {
      this.#end("the server's answer cannot be read", cause);
    }
  }

  #split(chunk: Buffer, pass: (chunk: Buffer) => void): void {
    let from = 0;
    let at = 0;
    let count = 0;
    const send = (to: number) => {
      if (to > from) {
        const piece = from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to);
        if (this.#isRow) this.taker?.take(piece, count, this.#rest);
        else pass(piece);
      }
      from = to;
      count = 0;
    };
    while (at < chunk.length) {
      if (this.#remaining > 0) {
        const taken = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= taken;
        this.#rest += taken;
        at += taken;
      } else {
        if (this.#known === 0) {
          const isRow = this.taker !== null && chunk[at] === DATA_ROW;
          if (isRow !== this.#isRow) send(at);
          this.#isRow = isRow;
          this.#rest = 0;
        }
        const taken = this.#headerFrom(chunk, at);
        this.#rest += taken;
        at += taken;
        if (this.#known < HEADER) break;
        this.#known = 0;
        // The length counts itself, and not the message's letter.
        this.#remaining = this.#header.readUInt32BE(1) - 4;
        if (this.#remaining < 0 || this.#remaining > this.#limit) return this.#end("the server sent a row that is too large");
      }
      if (this.#remaining > 0 || !this.#isRow) continue;
      count += 1;
      this.#rest = 0;
      // Rows that have come whole need no more than their length.
      for (;;) {
        if (at + HEADER > chunk.length || chunk[at] !== DATA_ROW) break;
        const end = at + 1 + chunk.readUInt32BE(at + 1);
        if (end > chunk.length || end < at + HEADER || end - at - HEADER > this.#limit) break;
        count += 1;
        at = end;
      }
    }
    send(chunk.length);
  }

  #headerFrom(chunk: Buffer, at: number): number {
    const taken = Math.min(HEADER - this.#known, chunk.length - at);
    for (let index = 0; index < taken; index += 1) this.#header[this.#known + index] = chunk[at + index] ?? 0;
    this.#known += taken;
    return taken;
  }

  #end(message: string, cause?: unknown): void {
    this.#ended = true;
    this.#stream.destroy(new Error(message, { cause }));
  }
}
