export type Row = readonly (string | null)[];

/**
 * A list that only grows, seen at one length. Appending copies nothing: the newer list shares its rows with the older
 * one, which still sees only its own. (Copying on each batch of a stream costs the square of its length.)
 */
export interface RowLog {
  readonly length: number;
  at(index: number): Row | undefined;
  append(rows: readonly Row[]): RowLog;
}

export const NO_ROWS: RowLog = seen([], 0);

function seen(rows: Row[], length: number): RowLog {
  return {
    length,
    at: (index) => (index < length ? rows[index] : undefined),
    append: (more) => {
      // Someone else has grown it already: from here on there are two.
      const own = rows.length === length && length > 0 ? rows : rows.slice(0, length);
      for (const row of more) own.push(row);
      return seen(own, own.length);
    },
  };
}
