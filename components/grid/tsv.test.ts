import { describe, expect, test } from "vitest";
import type { Row } from "../../server/contract/rows.ts";
import { wireRows } from "../../test/fixtures/rows.ts";
import { NO_ROWS } from "../socket/row-log.ts";
import { rangeOf, tsv } from "./tsv.ts";

const one = (value: string | null) => tsv(NO_ROWS.append(wireRows([[value]])), { top: 0, bottom: 0, left: 0, right: 0 }, null);

describe("a field", () => {
  test.each<[string, string | null, string]>([
    ["plain", "ada", "ada"],
    ["NULL is empty", null, ""],
    ["a tab is quoted", "a\tb", '"a\tb"'],
    ["a line break is quoted", "a\nb", '"a\nb"'],
    ["a quote is doubled", 'say "x"', '"say ""x"""'],
    ["a formula stays text", "=HYPERLINK(1)", "'=HYPERLINK(1)"],
    ["a formula that begins with a minus", "-1+cmd", "'-1+cmd"],
    ["a negative number is a number", "-12.5e3", "-12.5e3"],
    ["a JSON object", '{"a":1}', '"{""a"":1}"'],
  ])("%s", (_name, value, expected) => expect(one(value)).toBe(expected));
});

describe("a rectangle", () => {
  const rows: Row[] = [
    ["1", "a", null],
    ["2", "b", "x"],
    ["3", "c", "y"],
  ];
  test.each<[string, [number, number, number, number], string]>([
    ["one row", [1, 0, 1, 2], "2\tb\tx"],
    ["one column", [0, 1, 2, 1], "a\nb\nc"],
    ["upwards and to the left", [2, 2, 1, 1], "b\tx\nc\ty"],
    ["past the end", [2, 0, 9, 1], "3\tc"],
  ])("%s", (_name, [row, column, toRow, toColumn], expected) => {
    const range = rangeOf({ row, column }, { row: toRow, column: toColumn });
    expect(tsv(NO_ROWS.append(wireRows(rows)), range, null)).toBe(expected);
  });

  test("with its header", () => {
    expect(tsv(NO_ROWS.append(wireRows(rows)), { top: 0, bottom: 0, left: 1, right: 2 }, ["id", "name", "note"])).toBe(
      "name\tnote\na\t",
    );
  });
});
