import type { RowLog } from "../socket/row-log.ts";

const CELL = 7.3;
const PADDING = 18;

/** A first width for each column, in pixels: of its name and its first rows, within limits. `extra`: room for marks in the header. */
export function firstWidths(
  columns: readonly { readonly name: string; readonly type: string; readonly masked: string | null }[],
  rows: RowLog,
): number[] {
  return columns.map((column, index) => {
    let longest = column.name.length + (column.masked === null ? 1 + Math.min(column.type.length, 12) : 5 + column.masked.length);
    for (let row = 0; row < Math.min(rows.length, 50); row += 1) {
      const value = rows.at(row)?.[index];
      longest = Math.max(longest, value?.length ?? 4);
    }
    return Math.round(Math.min(360, Math.max(64, longest * CELL + PADDING)));
  });
}
