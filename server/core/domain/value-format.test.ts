import { describe, expect, test } from "vitest";
import { textOfValue, type ValueFormat, valueFormat } from "./value-format.ts";

const UTC = { DateStyle: "ISO, MDY", TimeZone: "UTC" };

describe("which values come as bytes", () => {
  const CASES: readonly [string, number, Parameters<typeof valueFormat>[1], ValueFormat | null][] = [
    ["a number", 23, UTC, "int4"],
    ["a number, whatever is known of the session", 20, { DateStyle: undefined, TimeZone: undefined }, "int8"],
    ["text", 25, UTC, null],
    ["numeric", 1700, UTC, null],
    ["an instant in UTC", 1184, UTC, "timestamptz"],
    ["an instant in another zone", 1184, { ...UTC, TimeZone: "Europe/Berlin" }, null],
    ["an instant in a zone like UTC by its name alone", 1184, { ...UTC, TimeZone: "UTC+3" }, null],
    ["an instant in a zone that is not known", 1184, { ...UTC, TimeZone: undefined }, null],
    ["a date in another zone", 1082, { ...UTC, TimeZone: "Europe/Berlin" }, "date"],
    ["a date in another style", 1082, { ...UTC, DateStyle: "German, DMY" }, null],
    ["a stamp in a style that is not known", 1114, { ...UTC, DateStyle: undefined }, null],
  ];
  test.each(CASES)("%s", (_name, type, settings, format) => expect(valueFormat(type, settings)).toBe(format));
});

test("bytes that are too few for a value are an error, not a value", () => {
  for (const format of ["bool", "int2", "int4", "int8", "oid", "date", "timestamp", "timestamptz", "uuid"] as const)
    expect(() => textOfValue(format, new Uint8Array(0))).toThrow(RangeError);
});
