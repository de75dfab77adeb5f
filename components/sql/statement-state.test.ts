import { expect, test } from "vitest";
import { wireRows } from "../../test/fixtures/rows.ts";
import { NO_ROWS } from "../socket/row-log.ts";
import type { RunStatement } from "../socket/state.ts";
import { shortened, stateOf, summary } from "./statement-state.ts";

const ended = (changes: Partial<NonNullable<RunStatement["ended"]>>): NonNullable<RunStatement["ended"]> => ({
  type: "sql.statement-ended",
  session: "s",
  run: "r",
  statement: 0,
  ended: "done",
  command: "SELECT",
  rowCount: null,
  limited: false,
  durationMs: 41,
  error: null,
  ...changes,
});
const statement = (changes: Partial<RunStatement>): RunStatement => ({
  span: [0, 1],
  decision: { outcome: "allow", reasons: [], microActions: [], masked: [], policyVersion: 1 },
  review: null,
  held: null,
  columns: null,
  rows: NO_ROWS,
  notices: [],
  ended: null,
  ...changes,
});

test.each<[string, RunStatement, boolean, string]>([
  ["decided, nothing else yet", statement({}), true, "running"],
  ["cut off with its connection", statement({}), false, "lost"],
  ["ended", statement({ ended: ended({ ended: "denied" }) }), true, "denied"],
])("state: %s", (_name, given, live, expected) => expect(stateOf(given, live)).toBe(expected));

test.each<[string, RunStatement, string]>([
  ["running without rows", statement({}), ""],
  ["running with rows", statement({ rows: NO_ROWS.append(wireRows([["1"]])) }), "1 row"],
  ["the server's count", statement({ ended: ended({ rowCount: 12_431 }) }), "SELECT · 12,431 rows · 41 ms"],
  ["no count and no columns", statement({ ended: ended({ command: "BEGIN" }) }), "BEGIN · 41 ms"],
  ["no count but columns", statement({ columns: [], ended: ended({}) }), "SELECT · 0 rows · 41 ms"],
])("summary: %s", (_name, given, expected) => expect(summary(given)).toBe(expected));

test.each([
  ["short", "select 1", "select 1"],
  ["lines become one", "select\n  1", "select 1"],
  ["long", "select aaaaaaaaaa, bbbbbbbbbb, cccccccccc", "select aaaaaaaaaa, bbbbbbbbbb, cccc…"],
])("shortened: %s", (_name, text, expected) => expect(shortened(text)).toBe(expected));
