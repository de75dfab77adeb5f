import { expect, test } from "vitest";
import type { WireReview } from "../../server/contract/socket.ts";
import { inOrder, merged, openReviews, siblingsOf } from "./order.ts";

const review = (id: string, changes: Partial<WireReview> = {}): WireReview => ({
  id,
  state: "open",
  requester: "ada@acme.test",
  requesterGroups: [],
  target: "shop",
  environment: "prod",
  kind: "sql",
  statement: "select 1",
  decision: { outcome: "review", reasons: [], microActions: [], masked: [], policyVersion: 1 },
  reason: "",
  openedAt: 0,
  expiresAt: 1,
  approvalsNeeded: 1,
  answers: [],
  comments: [],
  escalations: [],
  escalateTo: [],
  asks: null,
  shapeIsOpen: false,
  mostMinutes: 0,
  grant: null,
  mayAnswer: true,
  mayNotAnswerBecause: null,
  usedAt: null,
  session: "s",
  safeRun: "not-possible",
  effects: [],
  estimatedRows: null,
  runs: [],
  maySettle: false,
  ...changes,
});

test("what waits for the person comes first, the oldest first; what is over last, the newest first", () => {
  const order = inOrder([
    review("over-1", { state: "approved", openedAt: 1 }),
    review("mine", { mayAnswer: false, openedAt: 2 }),
    review("new", { openedAt: 9 }),
    review("over-2", { state: "rejected", openedAt: 5 }),
    review("old", { openedAt: 3 }),
  ]);
  expect(order.map(({ id }) => id)).toEqual(["old", "new", "mine", "over-2", "over-1"]);
});

test.each<[string, WireReview, number]>([
  ["open and theirs to answer", review("a"), 1],
  ["over", review("a", { state: "expired" }), 0],
  ["not theirs to answer", review("a", { mayAnswer: false }), 0],
  ["their own, whatever else is said", review("a", { requester: "me@acme.test" }), 0],
])("counted: %s", (_name, given, expected) => expect(openReviews({ [given.id]: given }, "me@acme.test")).toHaveLength(expected));

test("what came live is newer than what was asked for", () => {
  const seen = merged([review("a"), review("b")], { b: review("b", { state: "approved" }), c: review("c") });
  expect(seen.map(({ id, state }) => `${id} ${state}`)).toEqual(["a open", "b approved", "c open"]);
});

test.each<["waiting" | "expiry" | "target", readonly string[]]>([
  ["waiting", ["a", "b", "c"]],
  ["expiry", ["c", "a", "b"]],
  ["target", ["b", "c", "a"]],
])("sorted by %s", (sort, expected) => {
  const order = inOrder(
    [
      review("c", { openedAt: 3, expiresAt: 10, target: "n" }),
      review("b", { openedAt: 2, expiresAt: 30, target: "m" }),
      review("a", { openedAt: 1, expiresAt: 20, target: "z" }),
    ],
    sort,
  );
  expect(order.map(({ id }) => id)).toEqual(expected);
});

test("the same text on other targets can be answered at once; nothing else can", () => {
  const others = [
    review("same", { target: "other" }),
    review("same target"),
    review("not mine", { target: "other", mayAnswer: false }),
    review("over", { target: "other", state: "approved" }),
    review("other text", { target: "other", statement: "select 2" }),
  ];
  expect(siblingsOf(review("this"), [review("this"), ...others]).map(({ id }) => id)).toEqual(["same"]);
});
