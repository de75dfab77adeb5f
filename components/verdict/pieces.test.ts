import { expect, test } from "vitest";
import type { VerdictLine } from "./lines.ts";
import { pieces } from "./pieces.ts";

const at = (from: number, to: number, resource: string): VerdictLine => ({
  key: resource,
  meaning: "allow",
  action: "sql:select",
  resource,
  span: [from, to],
  policy: null,
  policyDescription: null,
  message: null,
  hint: null,
  mask: null,
});

test.each<[string, string, VerdictLine[], string[]]>([
  ["no marks", "select 1", [], ["select 1"]],
  ["one mark", "select a from t", [at(7, 8, "t.a")], ["select ", "a=t.a", " from t"]],
  ["the shorter span wins inside the longer", "abcdef", [at(0, 6, "all"), at(2, 3, "c")], ["ab=all", "c=c", "def=all"]],
  ["a span past the end is cut", "ab", [at(1, 9, "x")], ["a", "b=x"]],
  ["the whole text", "ab", [at(0, 2, "x")], ["ab=x"]],
  ["an empty text", "", [], []],
])("%s", (_name, text, lines, expected) => {
  const cut = pieces(text, lines);
  expect(cut.map((piece) => (piece.line === null ? piece.text : `${piece.text}=${piece.line.resource}`))).toEqual(expected);
  expect(cut.map((piece) => piece.text).join("")).toBe(text);
});
