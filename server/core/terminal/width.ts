import { eastAsianWidth } from "get-east-asian-width";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** What a person counts as characters. */
export function graphemes(text: string): readonly string[] {
  return /^[\x20-\x7e]*$/.test(text) ? Array.from(text) : Array.from(segmenter.segment(text), (part) => part.segment);
}

/** Cells that a grapheme takes on the screen: 0, 1 or 2. A line break takes none, it ends the row. */
export function graphemeWidth(grapheme: string): number {
  const point = grapheme.codePointAt(0);
  if (point === undefined || grapheme === "\n") return 0;
  if (point < 0x7f) return 1;
  if (/^[\p{Mn}\p{Me}\u200b-\u200d\ufeff]/u.test(grapheme)) return 0;
  if (grapheme.includes("\ufe0f")) return 2;
  return eastAsianWidth(point) === 2 ? 2 : 1;
}

/** Cells of a text without escape sequences. */
export function textWidth(text: string): number {
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0);
}
