import { expect, test } from "vitest";
import type { SqlParser } from "../../server/gateway/ports.ts";
import { CATALOG, parse, STATE } from "../../test/fixtures/sql-guard.ts";
import { type Replayed, type ReplaySession, replay } from "./replay.ts";
import type { RawAnswer } from "./session.ts";

/** What the replay has to tell, on a session that answers as it is told. */

const parser: SqlParser = { parse: async (text) => parse(text), trees: async (text) => parse(text), close: async () => {} };
const row = (value: string): RawAnswer => ({ ok: true, columns: "a 25 -1", rows: [value] });
const error = (code: string): RawAnswer => ({ ok: false, code, message: code });

/** `answers`: of the raw text, of what is sent, of the raw text again, and with masks. */
function replayed(text: string, answers: readonly RawAnswer[]): Promise<Replayed> {
  const session: ReplaySession = {
    transaction: "idle",
    stale: false,
    prepared: new Map(),
    cursors: new Map(),
    known: async () => ({ catalog: CATALOG, state: STATE }),
    run: async () => answers[0] ?? row(""),
    read: async () => answers,
  };
  return replay([{ text, data: null }], session, parser);
}

const SELECT = "SELECT name FROM customers";

test.each<[string, readonly RawAnswer[], string]>([
  ["what writes", [error("25006"), error("25006"), error("25006"), error("25006")], "writes: "],
  ["other rows", [row("a"), row("b"), row("a"), row("")], "differs: "],
  ["an error of its own", [row("a"), error("42703"), row("a"), row("")], "differs: "],
  ["an error because of a mask", [row("a"), row("a"), row("a"), error("42804")], "fails with masks: "],
])("%s is a defect", async (_name, answers, told) => {
  const { defects } = await replayed(SELECT, answers);
  expect(defects).toHaveLength(1);
  expect(defects[0]?.startsWith(told)).toBe(true);
});

test.each<[string, readonly RawAnswer[], string]>([
  ["the same rows", [row("a"), row("a"), row("a"), row("")], "reads"],
  ["values that may not be NULL", [row("a"), row("a"), row("a"), error("22004")], "reads"],
  ["the same error", [error("22012"), error("22012"), error("22012"), error("22012")], "invalid"],
  ["rows that no two runs have in common", [row("a"), row("b"), row("c"), row("")], "unlike"],
])("%s are none", async (_name, answers, outcome) => {
  const { defects, counts } = await replayed(SELECT, answers);
  expect(defects).toEqual([]);
  expect(counts).toMatchObject({ [outcome]: 1 });
});

test("what is refused counts where the server runs it", async () => {
  const text = "SELECT nothing FROM customers";
  expect((await replayed(text, [row("")])).refused).toEqual({ "refused: column … does not exist": 1 });
  expect((await replayed(text, [error("42703")])).refused).toEqual({});
  expect((await replayed("DO 'BEGIN END'", [row("")])).refused).toEqual({ "opaque: DO block": 1 });
});
