import { expect, test } from "vitest";
import { graphemes, graphemeWidth, textWidth } from "./width.ts";

test.each([
  ["a", 1],
  ["é", 1],
  ["漢", 2],
  ["👩‍👩‍👧‍👦", 2],
  ["e\u0301", 1],
  ["🇫🇷", 2],
  ["👍🏽", 2],
  ["\u1112\u1161\u11ab", 2],
  ["❤️", 2],
  ["❤", 1],
  ["1️⃣", 2],
  ["ﾊﾞ", 1],
  ["กำ", 1],
  ["क्षि", 2],
  ["…", 1],
  ["☰", 1],
])("%s takes %i", (text, width) => {
  expect(graphemes(text)).toEqual([text]);
  expect(textWidth(text)).toBe(width);
  expect(textWidth(`x${text}${text}`)).toBe(1 + 2 * width);
});

test("a line break takes none, and half a flag one", () => {
  expect(graphemes("🇫\n🇷").map(graphemeWidth)).toEqual([1, 0, 1]);
});
