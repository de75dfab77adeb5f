import { expect, test } from "vitest";
import { caretLines } from "./caret.ts";

const drawn = (text: string, span: readonly [number, number]) =>
  caretLines(text, span).flatMap((line) => [line.text, ...(line.carets === null ? [] : [line.carets])]);

test.each<[string, string, readonly [number, number], string[]]>([
  ["one word", "select ssn from t", [7, 10], ["select ssn from t", "       ^^^"]],
  ["at the start", "drop table t", [0, 4], ["drop table t", "^^^^"]],
  ["an empty span at the end", "select", [6, 6], ["select", "      ^"]],
  ["a span past the end is cut", "select x", [7, 99], ["select x", "       ^"]],
  ["the second line", "select a,\n  ssn\nfrom t", [12, 15], ["select a,", "  ssn", "  ^^^", "from t"]],
  ["over two lines", "a bc\nde f", [2, 7], ["a bc", "  ^^", "de f", "^^"]],
  ["tabs stay tabs", "\tx\ty", [3, 4], ["\tx\ty", "\t \t^"]],
  ["wide letters take two cells", "'東京' x", [5, 6], ["'東京' x", "       ^"]],
  ["an empty text", "", [0, 0], ["", "^"]],
])("%s", (_name, text, span, expected) => expect(drawn(text, span)).toEqual(expected));

test("far lines are left out", () => {
  const lines = caretLines("a\nb\nc\nd\ne\nf\ng", [6, 7]);
  expect(lines.map((line) => line.number)).toEqual([2, 3, 4, 5, 6]);
});
