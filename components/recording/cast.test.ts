import { expect, test } from "vitest";
import { castHeader, castLine } from "../../server/core/terminal/asciicast.ts";
import { commandsOf, playedAt, sizeAt, withLines } from "./cast.ts";

const TEXT = [
  castHeader({ columns: 80, rows: 24, startedAt: 1_700_000_000_500, title: "t" }),
  castLine(0, "o", "$ "),
  castLine(1_500, "m", 'echo "ä\n"'),
  castLine(1_600, "o", "ä\r\n\u001b[0m"),
  castLine(1_700, "x", "0"),
  castLine(61_700, "r", "100x30"),
  castLine(62_000, "m", "sleep 9"),
].join("");

test("what the gateway writes is read, in parts as in one", () => {
  const whole = withLines(null, TEXT);
  const cut = TEXT.indexOf("\n", 200) + 1;
  expect(withLines(withLines(null, TEXT.slice(0, cut)), TEXT.slice(cut))).toEqual(whole);
  expect(whole).toMatchObject({ columns: 80, rows: 24, startedAt: 1_700_000_000 });
  expect(whole?.events).toHaveLength(6);
  expect(withLines(whole, "nonsense\n[1]\n{}\n")?.events).toHaveLength(6);
});

test("long silence is cut, and commands have their ends", () => {
  const cast = withLines(null, TEXT);
  if (cast === null) throw new Error("no header");
  expect(playedAt(cast.events, 2).map((at) => Math.round(at * 10))).toEqual([0, 15, 16, 17, 37, 40]);
  expect(commandsOf(cast.events)).toEqual([
    { line: 'echo "ä\n"', at: 1.5, end: { at: 1.7, exitCode: 0 }, index: 1 },
    { line: "sleep 9", at: 62, end: null, index: 5 },
  ]);
  expect(sizeAt(cast, 4)).toEqual({ columns: 80, rows: 24 });
  expect(sizeAt(cast, 5)).toEqual({ columns: 100, rows: 30 });
});
