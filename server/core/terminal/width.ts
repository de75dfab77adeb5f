import { eastAsianWidth } from "get-east-asian-width";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** What a person counts as characters. */
export function graphemes(text: string): readonly string[] {
  return /^[\x20-\x7e]*$/.test(text) ? Array.from(text) : Array.from(segmenter.segment(text), (part) => part.segment);
}

/** What stands on the character before it: marks, variations, skin tones, the later parts of a Korean syllable. */
const ATTACHED = /^[\p{M}\u0e33\u0eb3\p{Emoji_Modifier}\u200c-\u200d\uff9e-\uff9f\u1160-\u11ff\u{e0020}-\u{e007f}]$/u;
/** Wide since Unicode 16; the screen's tables are older. */
const WIDE_OF_LATE = /^[\u2630-\u2637\u268a-\u268f\u2ffc-\u2fff\u31e4\u31e5\u31ef\u4dc0-\u4dff]$/;
const PICTOGRAM = /^\p{Extended_Pictographic}$/u;
const REGIONAL_PAIR = /^\p{Regional_Indicator}{2}$/u;

/**
 * Cells that the browser's terminal gives to a grapheme: 1 for a character, 2 for a wide one, an emoji or a flag; what is
 * attached takes none of its own. A conjunct that is one grapheme to a person is several on the screen, one a consonant.
 * A line break takes none, it ends the row. That both count alike is what the cursor's place hangs on; the stories of
 * the browser compare them.
 */
export function graphemeWidth(grapheme: string): number {
  if (grapheme === "\n" || grapheme === "") return 0;
  if (grapheme.length === 1 && grapheme <= "\x7e") return 1;
  if (REGIONAL_PAIR.test(grapheme)) return 2;
  let width = 0;
  let last = 0;
  let joins = false;
  for (const character of grapheme) {
    const own = widthOf(character);
    if (last > 0 && (ATTACHED.test(character) || (joins && PICTOGRAM.test(character)))) {
      width += Math.max(0, own - last);
      last = Math.max(own, last);
    } else {
      width += own;
      last = own;
    }
    joins = character === "\u200d";
  }
  return width;
}

function widthOf(character: string): 1 | 2 {
  if (character === "\ufe0f") return 2;
  return WIDE_OF_LATE.test(character) ? 1 : eastAsianWidth(character.codePointAt(0) ?? 0);
}

/** Cells of a text without escape sequences. */
export function textWidth(text: string): number {
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0);
}
