import { type Decode, type Formats, type Row, type Rows, rowFrom } from "../../server/contract/rows.ts";

const UTF_8 = new TextDecoder("utf-8", { ignoreBOM: true });
export const decodeText: Decode = (bytes) => UTF_8.decode(bytes);

/**
 * A list that only grows, seen at one length. Appending copies nothing: the newer list shares its rows with the older
 * one, which still sees only its own. (Copying on each batch of a stream costs the square of its length.) Rows are kept
 * as they came; a row's values become text when it is looked at.
 */
export interface RowLog {
  readonly length: number;
  at(index: number): Row | undefined;
  append(rows: Rows): RowLog;
}

interface Block {
  readonly first: number;
  readonly rows: Rows;
}

export const NO_ROWS: RowLog = rowsIn([]);

/** None yet. */
export function rowsIn(formats: Formats): RowLog {
  return seen([], 0, 0, formats);
}

function seen(blocks: Block[], known: number, length: number, formats: Formats): RowLog {
  return {
    length,
    at: (index) => (index >= 0 && index < length ? rowIn(blocks, known, index, formats) : undefined),
    append: (rows) => {
      // Someone else has grown it already: from here on there are two.
      const own = blocks.length === known && known > 0 ? blocks : blocks.slice(0, known);
      own.push({ first: length, rows });
      return seen(own, own.length, length + rows.starts.length - 1, formats);
    },
  };
}

function rowIn(blocks: readonly Block[], known: number, index: number, formats: Formats): Row | undefined {
  let low = 0;
  let high = known - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((blocks[middle]?.first ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  const block = blocks[low];
  const start = block?.rows.starts[index - block.first];
  return block === undefined || start === undefined ? undefined : rowFrom(block.rows.bytes, start, decodeText, formats);
}
