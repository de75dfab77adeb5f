import { expect, test } from "vitest";
import { rowBytes } from "../../test/fixtures/rows.ts";
import { readRowFrame, rowFrameHead, rowFrom } from "./rows.ts";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const frame = (run: string, rows: Uint8Array) => Buffer.concat([rowFrameHead(258, 3, new TextEncoder().encode(run)), rows]);

test("a frame comes back", () => {
  const whole = frame("läuft", rowBytes([["1", null], ["2"]]));
  const read = readRowFrame(whole, decode);
  expect(read).toMatchObject({ statement: 3, run: "läuft" });
  expect(read?.rows.starts).toHaveLength(3);
  expect(rowFrom(read?.rows.bytes ?? whole, read?.rows.starts[1] ?? 0, decode)).toEqual(["2"]);
  expect([...whole.subarray(0, 4)]).toEqual([0, 0, 1, 2]);
});

test("a frame that lies within a larger buffer", () => {
  const whole = Buffer.concat([Buffer.from("xyz"), frame("r", rowBytes([["1"]]))]).subarray(3);
  expect(readRowFrame(whole, decode)?.rows.starts).toHaveLength(2);
});

test.each<[string, Uint8Array]>([
  ["nothing", new Uint8Array(0)],
  ["less than a head", frame("r", rowBytes([])).subarray(0, 8)],
  ["a name that is cut", frame("run", rowBytes([])).subarray(0, 10)],
  ["rows that are cut", frame("r", rowBytes([["1"]]).subarray(0, 9))],
])("not a frame: %s", (_name, bytes) => expect(readRowFrame(bytes, decode)).toBeNull());

test("a run's name that has no room is refused", () => {
  expect(() => rowFrameHead(1, 0, new Uint8Array(256))).toThrow(RangeError);
});
