import { describe, expect, it } from "vitest";
import { QuietHours, quietForMs } from "./quiet.ts";

const hours = (from: string, until: string, timeZone = "Europe/Berlin") => QuietHours.parse({ from, until, timeZone });
const HOUR = 3_600_000;

describe("quiet hours", () => {
  // In January Berlin is an hour ahead of UTC, in July two.
  it.each<[string, QuietHours, string, number]>([
    ["in the evening", hours("22:00", "07:00"), "2026-01-15T22:00:00Z", 8 * HOUR],
    ["after midnight", hours("22:00", "07:00"), "2026-01-15T05:30:00Z", HOUR / 2],
    ["by the zone's own summer", hours("22:00", "07:00"), "2026-07-15T20:00:00Z", 9 * HOUR],
    ["a minute before", hours("22:00", "07:00"), "2026-01-15T20:59:59Z", 0],
    ["at the end", hours("22:00", "07:00"), "2026-01-15T06:00:00Z", 0],
    ["within one day", hours("12:00", "13:00", "UTC"), "2026-01-15T12:45:30Z", 14 * 60_000 + 30_000],
    ["the morning before", hours("12:00", "13:00", "UTC"), "2026-01-15T11:59:00Z", 0],
    ["a zone of half hours", hours("00:00", "01:00", "Asia/Kolkata"), "2026-01-15T18:30:00Z", HOUR],
  ])("%s", (_name, quiet, at, expected) => expect(quietForMs(quiet, Date.parse(at))).toBe(expected));

  it.each<[string, object]>([
    ["no such zone", { from: "22:00", until: "07:00", timeZone: "Europe/Atlantis" }],
    ["no time", { from: "22", until: "07:00", timeZone: "UTC" }],
    ["an hour that is not", { from: "24:00", until: "07:00", timeZone: "UTC" }],
    ["no length", { from: "07:00", until: "07:00", timeZone: "UTC" }],
    ["no zone", { from: "22:00", until: "07:00" }],
  ])("are refused: %s", (_name, quiet) => expect(QuietHours.safeParse(quiet).success).toBe(false));
});
