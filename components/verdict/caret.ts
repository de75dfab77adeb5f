type Span = readonly [from: number, to: number];

export interface CaretLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** What stands under the text: spaces, then `^^^^`. Null: the span does not touch this line. */
  readonly carets: string | null;
}

/**
 * The lines around a span with carets under it, for a monospaced font. Tabs stay tabs in both, so that they line up.
 * An empty span (something is missing here) gets one caret.
 */
export function caretLines(text: string, span: Span, context = 2): readonly CaretLine[] {
  const from = Math.max(0, Math.min(span[0], text.length));
  const to = Math.max(from, Math.min(span[1], text.length));
  const lines = text.split("\n");
  const marked: CaretLine[] = [];
  let start = 0;
  for (const [index, line] of lines.entries()) {
    const end = start + line.length;
    const touched =
      from === to ? from >= start && from <= end : from <= end && to > start && Math.max(from, start) < Math.min(to, end);
    marked.push({ number: index + 1, text: line, carets: touched ? carets(line, from - start, to - start) : null });
    start = end + 1;
  }
  const first = marked.findIndex((line) => line.carets !== null);
  const last = marked.findLastIndex((line) => line.carets !== null);
  if (first === -1) return marked.slice(0, context + 1);
  return marked.slice(Math.max(0, first - context), Math.min(last, first + MOST_LINES) + 1 + context);
}

const MOST_LINES = 8;

function carets(line: string, from: number, to: number): string {
  const [left, right] = [Math.max(0, from), Math.min(line.length, to)];
  return blank(line.slice(0, left)) + "^".repeat(Math.max(1, cells(line.slice(left, right))));
}

function blank(text: string): string {
  return text.replace(/[^\t]/gu, (character) => " ".repeat(cells(character)));
}

/** Columns of a monospaced font; letters of East Asian scripts and emoji take two. */
function cells(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\p{Extended_Pictographic}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/u.test(character)
      ? 2
      : 1;
  return width;
}
