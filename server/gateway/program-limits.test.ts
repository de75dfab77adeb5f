import { expect, test, vi } from "vitest";
import type { Decision, Obligation } from "../core/domain/decision.ts";
import { ProgramLimits } from "./program-limits.ts";

const decision = (...obligations: Obligation[]): Decision => ({ outcome: "allow", reasons: [], obligations, policyVersion: 1 });
const later = () => new Promise((resolve) => setTimeout(resolve, 30));

test("the tightest limits hold, and are told once", async () => {
  const stop = vi.fn();
  const limits = new ProgramLimits(
    decision(
      { type: "time-limit", milliseconds: 60_000, policy: "long" },
      { type: "time-limit", milliseconds: 5, policy: "short" },
      { type: "limit-output", bytes: 1_000, policy: "much" },
    ),
    stop,
  );
  limits.begin();
  await later();
  expect(limits.within(new Uint8Array(2_000))).toHaveLength(1_000);
  await later();
  expect(stop.mock.calls).toEqual([["ended: 0.005 s are over, which is all that policy `short` allows"]]);
});

test("output is shown up to the byte, in however many pieces it comes", async () => {
  const stop = vi.fn();
  const limits = new ProgramLimits(decision({ type: "limit-output", bytes: 10_000, policy: "little" }), stop);
  limits.begin();
  let shown = 0;
  for (const size of [4_000, 6_000]) shown += limits.within(new Uint8Array(size)).length;
  await later();
  expect(stop).not.toHaveBeenCalled();
  for (const size of [1, 5_000]) shown += limits.within(new Uint8Array(size)).length;
  expect(shown).toBe(10_000);
  await later();
  expect(stop.mock.calls).toEqual([["ended: 10,000 bytes are shown, which is all that policy `little` allows"]]);
});

test("what has ended is not ended again, and without limits nothing is", async () => {
  const stop = vi.fn();
  const ended = new ProgramLimits(decision({ type: "time-limit", milliseconds: 5, policy: "short" }), stop);
  ended.begin();
  ended.end();
  const free = new ProgramLimits(decision(), stop);
  free.begin();
  expect(free.within(new Uint8Array(5_000_000))).toHaveLength(5_000_000);
  await later();
  expect(stop).not.toHaveBeenCalled();
});

test("a limit that is longer than any timer ends nothing early", async () => {
  const stop = vi.fn();
  const limits = new ProgramLimits(decision({ type: "time-limit", milliseconds: 30 * 24 * 3_600_000, policy: "month" }), stop);
  limits.begin();
  await later();
  limits.end();
  expect(stop).not.toHaveBeenCalled();
});
