import { describe, expect, it } from "vitest";
import type { Review, ReviewAnswer } from "../domain/review.ts";
import type { RunState } from "../domain/run.ts";
import { heldByPolicy, holdOf } from "./cover.ts";
import { type RunEvent, transitionRun } from "./run.ts";

const verdict = (of: "commit" | "roll-back") => ({ verdict: of, by: "bo", because: "", decidedAt: 5 });
const STATES = {
  started: { state: "started" },
  held: { state: "held", rows: 3, until: 100 },
  committing: { state: "closing", rows: 3, ...verdict("commit") },
  "rolling back": { state: "closing", rows: 3, ...verdict("roll-back") },
  ended: { state: "ended", ended: "done", rows: 3, at: 9, verdict: null },
  unknown: { state: "unknown", at: 9, found: null },
  found: { state: "unknown", at: 9, found: { ran: true, by: "bo", note: "", at: 10 } },
} as const satisfies Record<string, RunState>;
const EVENTS = {
  hold: { event: "hold", rows: 3, forMs: 50, at: 50 },
  commit: { event: "settle", verdict: "commit", by: "cy", because: "", at: 99 },
  "late commit": { event: "settle", verdict: "commit", by: "cy", because: "", at: 100 },
  "roll-back": { event: "settle", verdict: "roll-back", by: "cy", because: "", at: 200 },
  end: { event: "end", ended: "done", rows: 3, at: 60 },
  lose: { event: "lose", at: 70 },
  find: { event: "find", ran: false, by: "cy", note: "", at: 80 },
} as const satisfies Record<string, RunEvent>;

/** What each event makes of each state; a text in place of a state: a part of the refusal. */
const TABLE: Record<keyof typeof EVENTS, Record<keyof typeof STATES, string>> = {
  hold: {
    started: "held",
    held: "waits in an open",
    committing: "decided already",
    "rolling back": "decided already",
    ended: "over already",
    unknown: "not known",
    found: "not known",
  },
  commit: {
    started: "is running",
    held: "closing",
    committing: "bo has decided already: it is committed",
    "rolling back": "bo has decided already: it is rolled back",
    ended: "over already",
    unknown: "not known",
    found: "not known",
  },
  "late commit": {
    started: "is running",
    held: "its time is over",
    committing: "decided already",
    "rolling back": "decided already",
    ended: "over already",
    unknown: "not known",
    found: "not known",
  },
  "roll-back": {
    started: "is running",
    held: "closing",
    committing: "decided already",
    "rolling back": "decided already",
    ended: "over already",
    unknown: "not known",
    found: "not known",
  },
  end: {
    started: "ended",
    held: "ended",
    committing: "ended",
    "rolling back": "ended",
    ended: "over already",
    unknown: "ended",
    found: "ended",
  },
  lose: {
    started: "unknown",
    held: "ended",
    committing: "unknown",
    "rolling back": "ended",
    ended: "over already",
    unknown: "not known",
    found: "not known",
  },
  find: {
    started: "is running",
    held: "waits in an open",
    committing: "decided already",
    "rolling back": "decided already",
    ended: "over already",
    unknown: "unknown",
    found: "bo has said",
  },
};
const CASES = Object.entries(TABLE).flatMap(([event, states]) =>
  Object.entries(states).map(([state, expected]) => [state, event, expected] as const),
);

describe("RV-16 RV-17 RV-18 RV-19 a run", () => {
  it.each(CASES)("that is %s, on %s: %s", (state, event, expected) => {
    const run = { state: STATES[state as keyof typeof STATES] };
    const next = transitionRun(run, EVENTS[event as keyof typeof EVENTS]);
    if (next.ok) expect(next.state.state).toBe(expected);
    else expect(next.reason).toContain(expected);
  });

  it("RV-19 that was held and is lost was rolled back, by nobody", () => {
    const next = transitionRun({ state: STATES.held }, EVENTS.lose);
    expect(next).toMatchObject({ ok: true, state: { ended: "rolled-back", rows: 3, verdict: { by: "system" } } });
  });
});

const answer = (changes: Partial<ReviewAnswer>): ReviewAnswer => ({
  by: "bo",
  counts: ["p"],
  verdict: "approve",
  minutes: null,
  hold: null,
  comment: "",
  at: 1,
  ...changes,
});
const TWO_MINUTES = 120_000;

describe("RV-20 how long it waits for a commit", () => {
  it.each<[string, Review["safeRun"], readonly Partial<ReviewAnswer>[], readonly (number | null)[], number | null]>([
    ["as it was asked", "wanted", [{}], [null], TWO_MINUTES],
    ["not, where nobody asked", "not-wanted", [{}], [null], null],
    ["the reviewer wants it", "not-wanted", [{ hold: true }], [null], TWO_MINUTES],
    ["the reviewer waives it", "wanted", [{ hold: false }], [null], null],
    ["one of two reviewers wants it", "wanted", [{ hold: false }, { hold: true }], [null], TWO_MINUTES],
    ["a yes for some time does not hold", "wanted", [{ minutes: 10 }], [null], null],
    ["a yes for some time whose reviewer wants it", "wanted", [{ minutes: 10, hold: true }], [null], TWO_MINUTES],
    ["policy decides before either", "not-wanted", [{ hold: false }], [30_000], 30_000],
    ["policy says never", "wanted", [{ hold: true }], [0], null],
    ["of two policies the shorter", "wanted", [{}], [30_000, 10_000], 10_000],
    ["one policy says never, the other asks for it", "wanted", [{}], [0, 10_000], 10_000],
    ["what cannot be held is not", "not-possible", [{ hold: true }], [30_000], null],
  ])("%s", (_name, safeRun, answers, policies, expected) => {
    const requirements = policies.map((holdForMs) => ({
      policy: "p",
      approvals: 1,
      groups: [],
      users: [],
      mostMinutes: 60,
      escalateTo: [],
      holdForMs,
    }));
    expect(holdOf({ safeRun, answers: answers.map(answer) }, requirements)).toBe(expected);
  });

  it("says nothing where no policy does", () => expect(heldByPolicy([{ holdForMs: null }])).toBeUndefined());
});
