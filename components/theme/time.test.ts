import { describe, expect, test } from "vitest";
import { clock, counted, duration, relativeTime } from "./time.ts";

describe("relativeTime", () => {
  const now = 1_000_000_000;
  test.each([
    ["the same moment", 0, "now"],
    ["a clock that is a little off", 4_000, "now"],
    ["seconds", -42_000, "42 seconds ago"],
    ["minutes are cut, not rounded", -119_000, "1 minute ago"],
    ["hours", -7_300_000, "2 hours ago"],
    ["days", -3 * 86_400_000, "3 days ago"],
    ["the future", 600_000, "in 10 minutes"],
  ])("%s", (_name, offset, expected) => expect(relativeTime(now + offset, now)).toBe(expected));
});

describe("duration", () => {
  test.each([
    ["less than a millisecond", 0.4, "< 1 ms"],
    ["milliseconds", 12.4, "12 ms"],
    ["a few seconds", 1_234, "1.23 s"],
    ["seconds", 41_900, "41 s"],
    ["minutes", 725_000, "12 min 05 s"],
    ["hours", 7_620_000, "2 h 07 min"],
  ])("%s", (_name, milliseconds, expected) => expect(duration(milliseconds)).toBe(expected));
});

describe("clock", () => {
  test.each([
    ["begins at nothing", 20, "0 s"],
    ["a clock that is a little off", -20, "0 s"],
    ["seconds are whole", 5_900, "5 s"],
    ["minutes", 61_000, "1 min 01 s"],
  ])("%s", (_name, milliseconds, expected) => expect(clock(milliseconds)).toBe(expected));
});

describe("counted", () => {
  test.each([
    ["none", 0, "0 rows"],
    ["one", 1, "1 row"],
    ["many, with separators", 12_431, "12,431 rows"],
  ])("%s", (_name, count, expected) => expect(counted(count, "row")).toBe(expected));
});
