import { expect, test } from "vitest";
import type { WireReason } from "../../server/contract/socket.ts";
import { inside, marksOf } from "./denial.ts";

const reason = (outcome: WireReason["outcome"], span: [number, number], message: string): WireReason => ({
  outcome,
  policy: "p",
  action: "sql:select",
  resource: "t",
  span,
  message,
});
const decision = (outcome: WireReason["outcome"], reasons: WireReason[]) => ({
  outcome,
  reasons,
  microActions: [],
  masked: [],
  policyVersion: 1,
});

test.each<[string, ReturnType<typeof decision>, string[]]>([
  ["allowed: nothing", decision("allow", [reason("allow", [0, 6], "yes")]), []],
  ["denied, moved to its place in the editor", decision("deny", [reason("deny", [7, 10], "no")]), ["deny 107-110"]],
  [
    "what would also need a review is left out",
    decision("deny", [reason("deny", [0, 1], "no"), reason("review", [2, 3], "ask")]),
    ["deny 100-101"],
  ],
  ["review", decision("review", [reason("review", [0, 6], "ask"), reason("allow", [0, 6], "yes")]), ["review 100-106"]],
  [
    "the same said twice is one mark",
    decision("deny", [reason("deny", [0, 1], "no"), reason("deny", [0, 1], "no")]),
    ["deny 100-101"],
  ],
])("marks: %s", (_name, given, expected) => {
  expect(marksOf(given, 100).map(({ meaning, span }) => `${meaning} ${span[0]}-${span[1]}`)).toEqual(expected);
});

test.each<[string, [number, number], [number, number], [number, number]]>([
  ["inside", [12, 15], [10, 20], [2, 5]],
  ["begins before", [5, 15], [10, 20], [0, 5]],
  ["ends after", [15, 25], [10, 20], [5, 10]],
  ["elsewhere", [30, 40], [10, 20], [10, 10]],
])("inside: %s", (_name, span, within, expected) => expect(inside(span, within)).toEqual(expected));
