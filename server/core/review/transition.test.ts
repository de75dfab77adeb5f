import { describe, expect, it, test } from "vitest";
import type { Access } from "../domain/grant.ts";
import type { Review, ReviewAnswer, ReviewRequirement } from "../domain/review.ts";
import { mostMinutes, timedGrantOf } from "./cover.ts";
import { samePerson, transition } from "./transition.ts";

const requirement = (changes: Partial<ReviewRequirement> = {}): ReviewRequirement => ({
  policy: "deletes",
  approvals: 1,
  groups: [],
  users: [],
  mostMinutes: 60,
  escalateTo: [],
  holdForMs: null,
  ...changes,
});

const review = (changes: Partial<Review> = {}): Review => ({
  id: "r",
  requester: "ann@acme.test",
  requesterGroups: [],
  target: "shop",
  environment: "prod",
  session: "s",
  kind: "sql",
  statement: "delete from orders",
  span: [0, 1],
  microActions: [],
  decision: { outcome: "review", reasons: [], obligations: [], policyVersion: 1 },
  fingerprint: "f",
  shape: "shape",
  shapeIsOpen: true,
  asks: null,
  reason: "",
  openedAt: 0,
  expiresAt: 100,
  requirements: [requirement()],
  answers: [],
  comments: [],
  escalations: [],
  state: { state: "open" },
  grant: null,
  safeRun: "not-possible",
  estimatedRows: null,
  runs: [],
  ...changes,
});

const yes = (by: string, changes: Partial<ReviewAnswer> = {}): ReviewAnswer => ({
  by,
  counts: ["deletes"],
  verdict: "approve",
  minutes: null,
  hold: null,
  comment: "",
  at: 10,
  ...changes,
});

function answered(start: Review, ...answers: readonly ReviewAnswer[]): Review | string {
  let now = start;
  for (const answer of answers) {
    const next = transition(now, { event: "answer", answer });
    if (!next.ok) return next.reason;
    now = next.review;
  }
  return now;
}

describe("RV-1 one's own", () => {
  test.each([
    ["ann@acme.test", true],
    ["Ann@Acme.test", true],
    ["ann+admin@acme.test", true],
    ["ＡＮＮ@acme.test", true],
    ["an\u200bn@acme.test", true],
    ["a\u00adnn@acme.test\u2060", true],
    ['"ann"@acme.test', true],
    ['"ann+x"@acme.test', true],
    ["ann@acme.test.", true],
    ["ann\u0000@acme.test", true],
    [" ann@acme.test\n", true],
    ["ann@acme.test@other.test", false],
    ["@acme.test", false],
    ["ann@other.test", false],
    ["anna@acme.test", false],
  ])("%s", (by, same) => {
    expect(samePerson(by, "ann@acme.test")).toBe(same);
    const done = answered(review(), yes(by));
    expect(typeof done === "string").toBe(same);
  });

  it("RV-2 two addresses of one reviewer are one yes", () => {
    const start = review({ requirements: [requirement({ approvals: 2 })] });
    expect(answered(start, yes("bo@acme.test"), yes("bo+2@acme.test"))).toBe("you have answered this review already");
  });
});

describe("RV-9 a yes for some time", () => {
  const two = review({ requirements: [requirement({ approvals: 2, mostMinutes: 30 })] });
  test.each<[string, Review, readonly ReviewAnswer[], number | null | string]>([
    ["once", review(), [yes("bo@acme.test")], null],
    ["for ten minutes", review(), [yes("bo@acme.test", { minutes: 10 })], 10],
    ["the shortest of two", two, [yes("bo@acme.test", { minutes: 20 }), yes("cy@acme.test", { minutes: 5 })], 5],
    ["one of two only once", two, [yes("bo@acme.test", { minutes: 20 }), yes("cy@acme.test")], null],
    ["longer than policy", two, [yes("bo@acme.test", { minutes: 31 })], "policy lets it be approved for 30 minutes at most"],
    [
      "policy says once",
      review({ requirements: [requirement({ mostMinutes: 0 })] }),
      [yes("bo@acme.test", { minutes: 1 })],
      "policy lets it be approved only once, not for some time",
    ],
  ])("%s", (_name, start, answers, expected) => {
    const done = answered(start, ...answers);
    expect(typeof done === "string" ? done : (timedGrantOf(done)?.minutes ?? null)).toBe(expected);
  });

  it("RV-14 an access is for as long as was asked, or shorter", () => {
    const asks = { access: [{ action: "target:connect", resource: { kind: "target" } }], minutes: 45 } as const;
    const start = review({ kind: "access", asks, shape: "", requirements: [requirement({ mostMinutes: 480 })] });
    expect(mostMinutes(start)).toBe(45);
    expect(timedGrantOf(answered(start, yes("bo@acme.test")) as Review)).toEqual({
      minutes: 45,
      holdMs: null,
      access: asks.access,
    });
    expect(timedGrantOf(answered(start, yes("bo@acme.test", { minutes: 5 })) as Review)).toEqual({
      minutes: 5,
      holdMs: null,
      access: asks.access,
    });
    expect(answered(start, yes("bo@acme.test", { minutes: 46 }))).toContain("45 minutes at most");
    const used = transition(answered(start, yes("bo@acme.test")) as Review, { event: "use", at: 11 });
    expect(used.ok).toBe(false);
  });
});

describe("RV-14 part of what was asked", () => {
  const [one, two, three] = ["email", "phone", "street"].map((column) => ({
    action: "sql:unmask" as const,
    resource: { kind: "column" as const, schema: "public", table: "customers", column },
  }));
  const access = [one, two, three].filter((each) => each !== undefined);
  const asks = { access, minutes: 45 };
  const start = review({ kind: "access", asks, shape: "", requirements: [requirement({ approvals: 2 })] });
  test.each<[string, readonly (readonly number[] | undefined)[], readonly number[] | string]>([
    ["nobody leaves anything out", [undefined, undefined], [0, 1, 2]],
    ["the first does", [[0, 2], undefined], [0, 2]],
    [
      "both do",
      [
        [0, 2],
        [1, 2],
      ],
      [2],
    ],
    ["nothing that both would grant", [[0], [1, 2]], "nothing of what was asked would be left; say no instead"],
    ["nothing at all", [[]], "nothing of what was asked would be left; say no instead"],
    ["what was not asked", [[3, 7]], "nothing of what was asked would be left; say no instead"],
  ])("%s", (_name, given, expected) => {
    const answers = given.map((numbers, i) => yes(`lead${i}@acme.test`, numbers === undefined ? {} : { access: numbers }));
    const done = answered(start, ...answers);
    const granted =
      typeof done === "string" ? done : timedGrantOf(done)?.access.map((each) => (access as readonly Access[]).indexOf(each));
    expect(granted).toEqual(expected);
  });
});

describe("RV-13 handing on", () => {
  const start = review({ requirements: [requirement({ escalateTo: ["dpo"] })] });
  test.each<[string, Review, string, string, readonly string[], string | null]>([
    ["by its requester", start, "ann@acme.test", "dpo", [], null],
    ["by a reviewer", start, "bo@acme.test", "dpo", ["deletes"], null],
    ["by somebody", start, "cy@acme.test", "dpo", [], "only its requester and its reviewers can hand it on"],
    [
      "to a group that no policy names",
      start,
      "bo@acme.test",
      "friends",
      ["deletes"],
      "no policy lets it be handed to `friends`",
    ],
    [
      "after its end",
      { ...start, state: { state: "expired", at: 1 } },
      "ann@acme.test",
      "dpo",
      [],
      "the review is expired already",
    ],
    ["too late", { ...start, expiresAt: 5 }, "ann@acme.test", "dpo", [], "the review has expired"],
  ])("%s", (_name, from, by, group, counts, refusal) => {
    const next = transition(from, { event: "escalate", by, group, counts, at: 10 });
    expect(next.ok ? null : next.reason).toBe(refusal);
  });
});

it("RV-5 an access that was granted does not expire with its review", () => {
  const asks = { access: [], minutes: 5 };
  const done = answered(review({ asks, shape: "" }), yes("bo@acme.test")) as Review;
  expect(transition(done, { event: "expire", at: 1_000 }).ok).toBe(false);
});

describe("RV-21 a review of broken glass", () => {
  const glass = review({ kind: "glass", shape: "" });
  test.each<[string, Parameters<typeof transition>[1], string]>([
    ["does not expire", { event: "expire", at: 1_000 }, "stays open"],
    ["is not withdrawn", { event: "withdraw", by: "ann@acme.test", at: 1 }, "done already"],
    ["is not closed without a comment", { event: "answer", answer: yes("bo@acme.test") }, "what you found"],
    ["is not closed by its person", { event: "answer", answer: yes("ann+2@acme.test", { comment: "fine" }) }, "their own"],
  ])("%s", (_name, event, reason) => {
    const next = transition(glass, event);
    expect(next.ok ? "" : next.reason).toContain(reason);
  });

  it("is closed long after it was due, and its yes lets nothing run", () => {
    const late = yes("bo@acme.test", { comment: "it was right", at: 10_000 });
    const closed = transition(glass, { event: "answer", answer: late });
    if (!closed.ok) throw new Error(closed.reason);
    expect(closed.review.state.state).toBe("approved");
    expect(timedGrantOf(closed.review)).toBeNull();
    expect(transition(closed.review, { event: "use", at: 10_001 })).toMatchObject({ ok: false });
    expect(transition(closed.review, { event: "expire", at: 10_001 })).toMatchObject({ ok: false });
  });
});
