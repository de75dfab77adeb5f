import { absurd } from "../domain/absurd.ts";
import type { GrantedRun, RunEnd, RunFinding, RunState, RunVerdict } from "../domain/run.ts";

/** What can happen to a run that a grant let start. Times come from the store's clock. */
export type RunEvent =
  | { readonly event: "hold"; readonly rows: number | null; readonly forMs: number; readonly at: number }
  | {
      readonly event: "settle";
      readonly verdict: RunVerdict["verdict"];
      readonly by: string;
      readonly because: string;
      readonly at: number;
    }
  | { readonly event: "end"; readonly ended: RunEnd; readonly rows: number | null; readonly at: number }
  /** Its session or replica is gone, or lost the target before it knew the end. */
  | { readonly event: "lose"; readonly at: number }
  | ({ readonly event: "find" } & RunFinding);

export type RunTransition = { readonly ok: true; readonly state: RunState } | { readonly ok: false; readonly reason: string };

/** The run's next state, or why the event cannot be. Total over states and events; RV-16 to RV-20 in SPEC.md. */
export function transitionRun({ state }: Pick<GrantedRun, "state">, event: RunEvent): RunTransition {
  switch (event.event) {
    case "hold":
      if (state.state !== "started") return over(state);
      return { ok: true, state: { state: "held", rows: event.rows, until: event.at + event.forMs } };
    case "settle":
      return settle(state, event);
    case "end":
      return end(state, event);
    case "lose":
      return lose(state, event.at);
    case "find": {
      if (state.state !== "unknown") return over(state);
      if (state.found !== null) return { ok: false, reason: `${state.found.by} has said what became of it already` };
      const { ran, by, note, at } = event;
      return { ok: true, state: { ...state, found: { ran, by, note, at } } };
    }
    default:
      return absurd(event);
  }
}

/** RV-17, RV-18. */
function settle(state: RunState, event: Extract<RunEvent, { event: "settle" }>): RunTransition {
  if (state.state !== "held") return over(state);
  if (event.verdict === "commit" && event.at >= state.until) return { ok: false, reason: "its time is over; it is rolled back" };
  const { verdict, by, because, at } = event;
  return { ok: true, state: { state: "closing", rows: state.rows, verdict, by, because, decidedAt: at } };
}

function end(state: RunState, { ended, rows, at }: Extract<RunEvent, { event: "end" }>): RunTransition {
  switch (state.state) {
    case "ended":
      return over(state);
    case "closing": {
      const { verdict, by, because, decidedAt } = state;
      return { ok: true, state: { state: "ended", ended, rows, at, verdict: { verdict, by, because, decidedAt } } };
    }
    case "started":
    case "held":
    case "unknown":
      return { ok: true, state: { state: "ended", ended, rows, at, verdict: null } };
    default:
      return absurd(state);
  }
}

/** RV-16, RV-19: an open transaction whose connection is gone was rolled back; what was being committed is not known. */
function lose(state: RunState, at: number): RunTransition {
  switch (state.state) {
    case "started":
      return { ok: true, state: { state: "unknown", at, found: null } };
    case "held":
      return { ok: true, state: { state: "ended", ended: "rolled-back", rows: state.rows, at, verdict: GONE(at) } };
    case "closing": {
      if (state.verdict === "commit") return { ok: true, state: { state: "unknown", at, found: null } };
      const { verdict, by, because, decidedAt } = state;
      return {
        ok: true,
        state: { state: "ended", ended: "rolled-back", rows: state.rows, at, verdict: { verdict, by, because, decidedAt } },
      };
    }
    case "ended":
    case "unknown":
      return over(state);
    default:
      return absurd(state);
  }
}

const GONE = (at: number): RunVerdict => ({
  verdict: "roll-back",
  by: "system",
  because: "its session was lost, and with it the open transaction",
  decidedAt: at,
});

function over(state: RunState): RunTransition {
  switch (state.state) {
    case "started":
      return { ok: false, reason: "it is running" };
    case "held":
      return { ok: false, reason: "it waits in an open transaction" };
    case "closing":
      return { ok: false, reason: `${state.by} has decided already: ${WORDS[state.verdict]}` };
    case "ended":
      return { ok: false, reason: `it is over already: ${state.ended}` };
    case "unknown":
      return { ok: false, reason: "it is not known whether it ran" };
    default:
      return absurd(state);
  }
}

const WORDS = { commit: "it is committed", "roll-back": "it is rolled back" } as const;
