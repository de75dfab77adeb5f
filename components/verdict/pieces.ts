import type { VerdictLine } from "./lines.ts";

export interface Piece {
  readonly from: number;
  readonly text: string;
  /** What the piece comes from: the shortest span that holds it, the strictest of equals. Null: nothing. */
  readonly line: VerdictLine | null;
}

/** A text cut where marks begin and end. The pieces put together are the text. */
export function pieces(text: string, lines: readonly VerdictLine[]): readonly Piece[] {
  const cuts = new Set([0, text.length]);
  for (const { span } of lines) {
    for (const cut of span) if (cut > 0 && cut < text.length) cuts.add(cut);
  }
  const sorted = [...cuts].toSorted((a, b) => a - b);
  return sorted.slice(0, -1).map((from, index) => {
    const to = sorted[index + 1] ?? text.length;
    const over = lines.filter(({ span }) => span[0] <= from && span[1] >= to && span[1] > span[0]);
    const line = over.toSorted((a, b) => a.span[1] - a.span[0] - (b.span[1] - b.span[0]))[0] ?? null;
    return { from, text: text.slice(from, to), line };
  });
}
