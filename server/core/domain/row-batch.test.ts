import fc from "fast-check";
import { expect, test } from "vitest";
import { rowBytes } from "../../../test/fixtures/rows.ts";
import { rowFrom, rowOfOne, rowStarts, rowsOf } from "./row-batch.ts";

const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
const values = fc.array(fc.option(fc.string({ unit: "grapheme" })), { maxLength: 6 });

test("rows come back as they were", () => {
  fc.assert(
    fc.property(fc.array(values, { maxLength: 8 }), (rows) => {
      const bytes = rowBytes(rows);
      expect(rowsOf({ count: rows.length, bytes }, decode)).toEqual(rows);
    }),
  );
});

test.each<[string, string]>([
  ["empty", ""],
  ["a byte order mark is kept", "\ufeffa"],
  ["of other scripts", "名前 ü 🙂"],
])("a row of one value: %s", (_name, value) => {
  const bytes = rowOfOne(new TextEncoder().encode(value));
  expect(bytes).toEqual(new Uint8Array(rowBytes([[value]])));
  expect(rowFrom(bytes, 0, decode)).toEqual([value]);
});

const whole = rowBytes([["ab", null], ["c"]]);
const changed = (at: number, byte: number) => Buffer.from(whole).fill(byte, at, at + 1);

test.each<[string, Uint8Array]>([
  ["cut in a value", whole.subarray(0, -1)],
  ["cut in a header", whole.subarray(0, 3)],
  ["of another letter", changed(0, 0x45)],
  ["a length that is too short for its header", changed(4, 5)],
  ["a length that leads beyond the end", changed(3, 1)],
  ["more values than there are", changed(6, 3)],
  ["a value that is longer than its row", changed(10, 200)],
  ["fewer values than there are", changed(6, 1)],
])("not rows: %s", (_name, bytes) => {
  expect(rowStarts(bytes)).toBeNull();
  expect(() => rowsOf({ count: 1, bytes }, decode)).toThrow("not rows");
});
