import { describe, expect, it } from "vitest";
import type { WatchFrame } from "../../server/contract/watch.ts";
import { NOTHING_SHOWN, shown } from "./watch-view.ts";

const decided = (statement: number): WatchFrame => ({
  type: "decided",
  statement,
  text: `select ${statement}`,
  outcome: "allow",
  message: "",
  masked: [],
  at: 1,
});
const view = (...frames: readonly WatchFrame[]) => frames.reduce(shown, NOTHING_SHOWN);

describe("what a watched session shows", () => {
  it("statements with their rows and ends, in order", () => {
    const seen = view(
      decided(1),
      { type: "columns", statement: 1, columns: [{ name: "id", type: "integer", masked: null }] },
      { type: "rows", statement: 1, rows: [["1"]] },
      { type: "rows", statement: 1, rows: [["2"]] },
      { type: "ended", statement: 1, ended: "done", rowCount: 2, error: null },
      decided(2),
      { type: "omitted", statement: 2, because: "not for you" },
    );
    expect(seen.statements.map(({ rows, omitted, ended }) => [rows.length, omitted, ended?.ended])).toEqual([
      [2, "", "done"],
      [0, "not for you", undefined],
    ]);
  });

  it("frames of a statement that is not known change nothing", () => {
    expect(view({ type: "rows", statement: 9, rows: [["1"]] })).toEqual(NOTHING_SHOWN);
  });

  it("a statement that is told again begins again", () => {
    const seen = view(decided(1), { type: "rows", statement: 1, rows: [["1"]] }, decided(1));
    expect(seen.statements).toMatchObject([{ rows: [] }]);
  });

  it("of much output the end is kept, and how much went before it is known", () => {
    const seen = view(...Array.from({ length: 2_010 }, (_, i): WatchFrame => ({ type: "output", bytes: String(i) })));
    expect(seen.output.dropped).toBe(10);
    expect(seen.output.chunks[0]).toBe("10");
  });
});
