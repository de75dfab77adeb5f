import { type Formats, type Row, type RowBatch, rowsOf } from "../core/domain/row-batch.ts";

const UTF_8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The rows of a batch with their values as text, for results that are small. */
export function rowsAsText(batch: RowBatch, formats: Formats = []): readonly Row[] {
  return rowsOf(batch, (bytes) => UTF_8.decode(bytes), formats);
}
