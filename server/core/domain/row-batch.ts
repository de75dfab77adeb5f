import { textOfValue, type ValueFormat } from "./value-format.ts";

/**
 * Rows on their way from a database to who looks at them. They stay bytes, as PostgreSQL sends them: whole `DataRow`
 * messages one after the other, that is `D`, four bytes length (itself included), two bytes number of values, and for each
 * value four bytes length (-1: NULL) and its text in UTF-8, or the bytes of its column's format. A value becomes a string only where someone reads it: a
 * million rows of strings on the way would cost the gateway more than the database needs to make them.
 */
export interface RowBatch {
  readonly count: number;
  readonly bytes: Uint8Array;
}

export type Row = readonly (string | null)[];

/** Bytes of UTF-8 to text, a byte order mark kept. The core has no decoder of its own. */
export type Decode = (bytes: Uint8Array) => string;

/** For each column the format of its values; null or absent: text. */
export type Formats = readonly (ValueFormat | null | undefined)[];

const LETTER = 0x44;
const HEADER = 7;

export function formatsOf(columns: readonly { readonly format?: ValueFormat | undefined }[]): Formats {
  return columns.map(({ format }) => format);
}

/** Where each row starts, and the end. Null: these are not whole rows. */
export function rowStarts(bytes: Uint8Array): readonly number[] | null {
  const view = viewOf(bytes);
  const starts: number[] = [0];
  let at = 0;
  while (at < bytes.length) {
    if (at + HEADER > bytes.length || bytes[at] !== LETTER) return null;
    const end = at + 1 + view.getUint32(at + 1);
    if (end < at + HEADER || end > bytes.length || !holdsItsValues(view, at, end)) return null;
    starts.push(end);
    at = end;
  }
  return starts;
}

function holdsItsValues(view: DataView, start: number, end: number): boolean {
  let at = start + HEADER;
  for (let left = view.getUint16(start + 5); left > 0; left -= 1) {
    if (at + 4 > end) return false;
    at += 4 + Math.max(0, view.getInt32(at));
  }
  return at === end;
}

/** The values of the row that starts at `start`, which `rowStarts` gave. */
export function rowFrom(bytes: Uint8Array, start: number, decode: Decode, formats: Formats = []): Row {
  const view = viewOf(bytes);
  const row: (string | null)[] = [];
  let at = start + HEADER;
  for (let left = view.getUint16(start + 5); left > 0; left -= 1) {
    const length = view.getInt32(at);
    at += 4;
    const format = formats[row.length] ?? null;
    if (length < 0) row.push(null);
    else {
      const value = bytes.subarray(at, at + length);
      row.push(format === null ? decode(value) : textOfValue(format, value));
    }
    at += Math.max(0, length);
  }
  return row;
}

/** All rows. Throws where the bytes are not whole rows. */
export function rowsOf(batch: RowBatch, decode: Decode, formats: Formats = []): readonly Row[] {
  const starts = rowStarts(batch.bytes);
  if (starts === null) throw new Error("these bytes are not rows");
  return starts.slice(0, -1).map((start) => rowFrom(batch.bytes, start, decode, formats));
}

/** A row of one value. */
export function rowOfOne(value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + 4 + value.length);
  const view = viewOf(bytes);
  bytes[0] = LETTER;
  view.setUint32(1, bytes.length - 1);
  view.setUint16(5, 1);
  view.setInt32(HEADER, value.length);
  bytes.set(value, HEADER + 4);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
