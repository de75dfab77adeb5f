import { expect, test } from "vitest";
import { isQuiet } from "./quiet.ts";

const at = (time: string) => new Date(`2026-03-04T${time}:00`);

test.each<[string, { from: string; until: string }, string, boolean]>([
  ["over midnight, before it", { from: "22:00", until: "07:00" }, "23:30", true],
  ["over midnight, after it", { from: "22:00", until: "07:00" }, "06:59", true],
  ["over midnight, by day", { from: "22:00", until: "07:00" }, "07:00", false],
  ["within a day", { from: "12:00", until: "13:30" }, "13:00", true],
  ["within a day, later", { from: "12:00", until: "13:30" }, "13:30", false],
])("quiet hours: %s", (_name, hours, time, expected) => expect(isQuiet(hours, at(time))).toBe(expected));
