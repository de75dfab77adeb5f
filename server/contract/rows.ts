import { type Decode, type Formats, formatsOf, type Row, rowFrom, rowStarts } from "../core/domain/row-batch.ts";

export { type Decode, type Formats, formatsOf, type Row, rowFrom };

/**
 * Rows on the wire: a binary frame on the channel of an SQL session. Big-endian: four bytes channel, four bytes number of
 * the statement in its run, one byte length of the run's name, the name, then rows as PostgreSQL sends them.
 */
export interface RowFrame {
  readonly statement: number;
  readonly run: string;
  readonly rows: Rows;
}

/** Some rows as they came, and where each starts; the last of `starts` is the end. */
export interface Rows {
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
}

const FIXED = 9;

/** What stands before the rows. `run` in UTF-8, at most 255 bytes. */
export function rowFrameHead(channel: number, statement: number, run: Uint8Array): Uint8Array {
  if (run.length > 255) throw new RangeError("the name of a run is longer than 255 bytes");
  const head = new Uint8Array(FIXED + run.length);
  const view = new DataView(head.buffer);
  view.setUint32(0, channel);
  view.setUint32(4, statement);
  view.setUint8(8, run.length);
  head.set(run, FIXED);
  return head;
}

/** Null: it is not one. */
export function readRowFrame(frame: Uint8Array, decode: Decode): RowFrame | null {
  if (frame.length < FIXED) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const named = FIXED + view.getUint8(8);
  if (frame.length < named) return null;
  const bytes = frame.subarray(named);
  const starts = rowStarts(bytes);
  return starts === null
    ? null
    : { statement: view.getUint32(4), run: decode(frame.subarray(FIXED, named)), rows: { bytes, starts } };
}
