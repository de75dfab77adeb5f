import { graphemeWidth } from "./width.ts";

export interface Cell {
  /** Below the prompt's first one. */
  readonly row: number;
  readonly column: number;
}

export interface Layout {
  /** Where the cursor stands before that grapheme, from the prompt's first cell; behind the last one for others. */
  readonly at: (index: number) => Cell;
  /** What draws it; afterwards the cursor stands behind the last one. */
  readonly text: string;
}

/** Before a line of a command of several. */
const CONTINUES = "\x1b[90m>\x1b[39m ";
const CONTINUES_WIDTH = 2;
/** At the last cell a terminal waits with the next row until something is written: it goes there now, as wrapped. */
const INTO_NEXT_ROW = " \r\x1b[X";

/**
 * A prompt and the graphemes behind it on a screen of so many columns. The terminal itself wraps, so that it knows what
 * belongs together. `width`: cells of the prompt's visible text.
 */
export function layout(prompt: string, width: number, buffer: readonly string[], columns: number): Layout {
  let text = prompt;
  let row = width === 0 ? 0 : Math.ceil(width / columns) - 1;
  let column = width - row * columns;
  const cells: Cell[] = [];
  for (const grapheme of buffer) {
    const takes = graphemeWidth(grapheme);
    if (grapheme !== "\n" && column + takes > columns) {
      row++;
      column = 0;
    }
    const full = column === columns;
    cells.push({ row: full ? row + 1 : row, column: full ? 0 : column });
    if (grapheme === "\n") {
      text += `${full ? INTO_NEXT_ROW : ""}\r\n${CONTINUES}`;
      row += full ? 2 : 1;
      column = CONTINUES_WIDTH;
      continue;
    }
    text += grapheme;
    column += takes;
  }
  if (column === columns) {
    text += INTO_NEXT_ROW;
    row++;
    column = 0;
  }
  const end = { row, column };
  return { at: (index) => cells[index] ?? end, text };
}
