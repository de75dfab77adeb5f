import { expect, test } from "vitest";
import type { WireDecision, WireReason } from "../../server/contract/socket.ts";
import { askableOf, durations, maskedLike, minutesInWords } from "./access.ts";

const denied = (action: string, resource: string, policy: string | null = null): WireReason => ({
  outcome: "deny",
  policy,
  action,
  resource,
  span: [0, 1],
  message: "",
});
const decision = (changes: Partial<WireDecision>): WireDecision => ({
  outcome: "deny",
  reasons: [],
  microActions: [],
  masked: [],
  policyVersion: 1,
  ...changes,
});

test.each<[string, readonly WireReason[], readonly string[]]>([
  ["a table", [denied("sql:select", "public.a")], ["sql:select public.a"]],
  [
    "two, each once",
    [denied("shell:exec", "ls"), denied("shell:exec", "ls"), denied("shell:exec", "df")],
    ["shell:exec ls", "shell:exec df"],
  ],
  ["what a policy forbids", [denied("sql:select", "public.a", "never")], []],
  ["something beside it that cannot be asked for", [denied("sql:select", "public.a"), denied("sql:delete", "public.a")], []],
])("can be asked for: %s", (_name, reasons, expected) =>
  expect(askableOf(decision({ reasons: [...reasons] })).map(({ action, resource }) => `${action} ${resource}`)).toEqual(expected),
);

test("the column of the same name comes first", () => {
  const masked = ["public.customers.phone", 'public.customers."e.mail"', "public.customers.email"].map((column) => ({
    column,
    mask: "m",
  }));
  expect(maskedLike(decision({ masked }), "email")[0]).toBe("public.customers.email");
  expect(maskedLike(decision({ masked }), "e.mail")[0]).toBe('public.customers."e.mail"');
  expect(maskedLike(decision({ masked }), "total")).toHaveLength(3);
});

test("durations go up to the longest", () => {
  expect(durations(45)).toEqual([5, 15, 30, 45]);
  expect(durations(0)).toEqual([0]);
  expect([1, 45, 60, 90, 240].map(minutesInWords)).toEqual(["1 minute", "45 minutes", "1 hour", "90 minutes", "4 hours"]);
});
