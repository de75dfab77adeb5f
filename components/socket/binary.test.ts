import { expect, test } from "vitest";
import { frame, unframe } from "./binary.ts";

test.each([
  ["a key", 1, "l"],
  ["letters of other scripts", 70_000, "名前 ü"],
  ["nothing", 2, ""],
])("a frame comes back: %s", (_name, channel, text) => {
  const back = unframe(frame(channel, text).buffer);
  expect(back?.channel).toBe(channel);
  expect(new TextDecoder().decode(back?.bytes)).toBe(text);
});

test("the channel is big-endian", () => expect([...frame(258, "a")]).toEqual([0, 0, 1, 2, 97]));
test("what is too short is no frame", () => expect(unframe(new ArrayBuffer(3))).toBeNull());
