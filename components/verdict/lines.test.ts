import { describe, expect, test } from "vitest";
import type { WireDecision, WireReason } from "../../server/contract/socket.ts";
import { meaningOf, policiesOf, verdictLines } from "./lines.ts";

const reason = (outcome: WireReason["outcome"], resource: string, policy: string | null = `p-${outcome}`): WireReason => ({
  outcome,
  policy,
  action: "sql:select",
  resource,
  span: [0, 6],
  message: `${outcome} by ${policy}`,
});
const decision = (changes: Partial<WireDecision>): WireDecision => ({
  outcome: "allow",
  reasons: [],
  microActions: [],
  masked: [],
  policyVersion: 1,
  ...changes,
});
const micro = (resource: string) => ({ action: "sql:select", resource, span: [0, 6] as const });

describe("verdictLines", () => {
  test.each<[string, WireDecision, string[]]>([
    ["nothing", decision({}), []],
    ["an allowed one", decision({ microActions: [micro("t.a")], reasons: [reason("allow", "t.a")] }), ["allow t.a p-allow"]],
    [
      "a masked one",
      decision({ microActions: [micro("t.a")], reasons: [reason("allow", "t.a")], masked: [{ column: "t.a", mask: "m" }] }),
      ["masked t.a p-allow"],
    ],
    [
      "the strictest of two reasons decides",
      decision({ outcome: "deny", microActions: [micro("t.a")], reasons: [reason("allow", "t.a"), reason("deny", "t.a")] }),
      ["deny t.a p-deny"],
    ],
    [
      "what is denied comes first",
      decision({
        outcome: "deny",
        microActions: [micro("t.a"), micro("t.b")],
        reasons: [reason("allow", "t.a"), reason("deny", "t.b")],
      }),
      ["deny t.b p-deny", "allow t.a p-allow"],
    ],
    [
      "a reason about no micro-action is a line too",
      decision({ outcome: "deny", reasons: [reason("deny", "statement", null)] }),
      ["deny statement null"],
    ],
    ["nobody spoke: as the whole", decision({ outcome: "deny", microActions: [micro("t.a")] }), ["deny t.a null"]],
  ])("%s", (_name, given, expected) => {
    expect(verdictLines(given).map((line) => `${line.meaning} ${line.resource} ${line.policy}`)).toEqual(expected);
  });
});

test.each<[string, WireDecision, string]>([
  ["allowed", decision({}), "allow"],
  ["allowed with a mask", decision({ masked: [{ column: "t.a", mask: "m" }] }), "masked"],
  ["denied with a mask", decision({ outcome: "deny", masked: [{ column: "t.a", mask: "m" }] }), "deny"],
])("meaning: %s", (_name, given, expected) => expect(meaningOf(given)).toBe(expected));

test("policies that agree with the outcome are named once", () => {
  const given = decision({ outcome: "review", reasons: [reason("review", "a"), reason("review", "b"), reason("allow", "c")] });
  expect(policiesOf(given)).toEqual([{ id: "p-review", description: "" }]);
});
