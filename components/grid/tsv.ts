import type { RowLog } from "../socket/row-log.ts";

/** A rectangle of cells: rows `top..bottom` and columns `left..right`, both ends in it. */
export interface Range {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export function rangeOf(a: { row: number; column: number }, b: { row: number; column: number }): Range {
  return {
    top: Math.min(a.row, b.row),
    bottom: Math.max(a.row, b.row),
    left: Math.min(a.column, b.column),
    right: Math.max(a.column, b.column),
  };
}

/**
 * Cells as a spreadsheet takes them. NULL is an empty field; a field with a tab, a line break or a double quote is
 * quoted. What begins like a formula stays text: a leading `=`, `+`, `@` or (not a number) `-` gets a `'` before it,
 * since the values come from a database that anyone may have written to.
 */
export function tsv(rows: RowLog, range: Range, header: readonly string[] | null): string {
  const lines: string[] =
    header === null
      ? []
      : [
          header
            .slice(range.left, range.right + 1)
            .map(field)
            .join("\t"),
        ];
  for (let index = range.top; index <= range.bottom; index += 1) {
    const row = rows.at(index);
    if (row === undefined) break;
    lines.push(
      row
        .slice(range.left, range.right + 1)
        .map((value) => (value === null ? "" : field(value)))
        .join("\t"),
    );
  }
  return lines.join("\n");
}

function field(value: string): string {
  const safe =
    /^[=+@]/.test(value) || (value.startsWith("-") && !/^-[0-9.]+([eE][+-]?[0-9]+)?$/.test(value)) ? `'${value}` : value;
  return /[\t\n\r"]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
