import { expect, test } from "vitest";
import { type CastEvent, castHeader, castLine } from "../core/terminal/asciicast.ts";
import type { RecordingStore } from "./store-ports.ts";
import { tailOf } from "./tail-of-recording.ts";

/** A recording of these events, so many in a part. */
function recordingOf(events: readonly (readonly [CastEvent[1], string])[], perPart = 3) {
  const lines = events.map(([code, data], i) => castLine(i * 1_000, code, data));
  const parts = [castHeader({ columns: 80, rows: 24, startedAt: 0, title: "" })];
  for (let at = 0; at < lines.length; at += perPart) parts.push(lines.slice(at, at + perPart).join(""));
  let read = 0;
  const store: Pick<RecordingStore, "chunksBefore"> = {
    chunksBefore: async (_session, before, limit) => {
      const all = parts.map((text, seq) => ({ seq, text })).filter(({ seq }) => before === null || seq < before);
      const some = all.reverse().slice(0, limit);
      read += some.length;
      return some;
    },
  };
  return { store: store as RecordingStore, parts: parts.length, read: () => read };
}

const HOME = JSON.stringify({ cwd: "/home/deploy", environment: { A: "1" } });
const command = (line: string, ...outputs: readonly string[]): (readonly [CastEvent[1], string])[] => [
  ["o", "prompt, and what is typed"],
  ["m", line],
  ["p", HOME],
  ...outputs.map((output) => ["o", output] as const),
  ["x", "0"],
];

test("commands with their output, the newest first; what was shown between them is left out", async () => {
  for (const perPart of [1, 2, 5, 100]) {
    const { store } = recordingOf(
      [["r", "100x30"], ...command("first", "1\r\n", "2\r\n"), ["r", "90x20"], ...command("none"), ["o", "prompt"]],
      perPart,
    );
    const tail = await tailOf(store, "s", 1_000);
    const where = { cwd: "/home/deploy", environment: { A: "1" } };
    expect(tail.commands).toEqual([
      { line: "none", where, output: "" },
      { line: "first", where, output: "1\r\n2\r\n" },
    ]);
    expect(tail).toMatchObject({ columns: 90, characters: 15 });
  }
});

test("one that was under way when it was lost is there; one whose beginning is not, is not", async () => {
  const under = recordingOf([
    ["m", "tail -f x"],
    ["p", HOME],
    ["o", "a\r\n"],
    ["o", "b\r\n"],
  ]);
  expect((await tailOf(under.store, "s", 1_000)).commands).toMatchObject([{ line: "tail -f x", output: "a\r\nb\r\n" }]);
  const cut = recordingOf([["o", "of something\r\n"], ["x", "0"], ...command("known", "k")]);
  expect((await tailOf(cut.store, "s", 1_000)).commands).toMatchObject([{ line: "known", output: "k" }]);
  const nowhere = recordingOf([
    ["m", "secret"],
    ["o", "shown"],
    ["x", "0"],
    ["m", "other"],
    ["p", "{}"],
    ["o", "too"],
  ]);
  expect((await tailOf(nowhere.store, "s", 1_000)).commands).toEqual([]);
});

test("of a long output the last lines, from the start of one on; no more is read than is wanted", async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\r\n`);
  const long = recordingOf([...command("early", "e"), ...command("seq", ...lines), ...command("after", "z")], 10);
  const tail = await tailOf(long.store, "s", 5_000);
  expect(tail.commands.map(({ line }) => line)).toEqual(["after", "seq"]);
  const shown = tail.commands[1]?.output ?? "";
  expect(shown.length).toBeLessThanOrEqual(5_000);
  expect(shown).toMatch(/^line \d+\r\n/);
  expect(shown.endsWith("line 19999\r\n")).toBe(true);
  const enough = recordingOf([...command("seq", ...lines), ...command("one", "x".repeat(6_000))], 10);
  await tailOf(enough.store, "s", 5_000);
  expect(enough.read()).toBeLessThan(40);
});

test("what is cut inside of a full screen stays inside of it", async () => {
  const lines = Array.from({ length: 1_000 }, (_, i) => `row ${i}\r\n`);
  const inside = recordingOf(command("vim x", "\x1b[?1049h", ...lines));
  expect((await tailOf(inside.store, "s", 900)).commands[0]?.output).toMatch(/^\x1b\[\?1049hrow \d+\r\n/);
  const left = recordingOf(command("vim x; seq 9", "\x1b[?1049h", "\x1b[?25h\x1b[?1049l", ...lines));
  expect((await tailOf(left.store, "s", 900)).commands[0]?.output).toMatch(/^row \d+\r\n/);
});
