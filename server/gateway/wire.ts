import type { WireDecision, WireReview, WireRun } from "../contract/socket.ts";
import type { Decision } from "../core/domain/decision.ts";
import { type MicroAction, resourceName } from "../core/domain/micro-action.ts";
import type { Review } from "../core/domain/review.ts";
import type { GrantedRun } from "../core/domain/run.ts";
import type { PolicySet } from "../core/policy/index.ts";
import { accessLeft, heldByPolicy, mostMinutes } from "../core/review/cover.ts";
import { effectsOf } from "../core/review/effects.ts";

/** What the browser is told of a decision; with the descriptions of the policies that made it. */
export function toWireDecision(decision: Decision, microActions: readonly MicroAction[], set: PolicySet): WireDecision {
  const watched = decision.obligations.flatMap((obligation) => (obligation.type === "watched" ? [obligation.policy] : []));
  const glass = decision.obligations.flatMap((obligation) => (obligation.type === "review-after" ? [obligation.policy] : []));
  const descriptions = new Map(set.policies.map((policy) => [policy.id, policy.description]));
  return {
    outcome: decision.outcome,
    policyVersion: decision.policyVersion,
    reasons: decision.reasons.map((reason) => ({
      outcome: reason.outcome,
      policy: reason.policy,
      policyDescription: reason.policy === null ? undefined : descriptions.get(reason.policy) || undefined,
      action: reason.action,
      resource: reason.resource,
      span: [reason.span[0], reason.span[1]],
      message: reason.message,
      hint: reason.hint,
    })),
    microActions: microActions.map((action) => ({
      action: action.action,
      resource: resourceName(action.resource),
      span: [action.span[0], action.span[1]],
    })),
    masked: decision.obligations.flatMap((obligation) =>
      obligation.type === "mask" ? [{ column: obligation.column, mask: obligation.mask }] : [],
    ),
    suggestion: decision.suggestion,
    ...(glass.length === 0 ? {} : { glass }),
    ...(watched.length === 0 ? {} : { watched }),
  };
}

/** What the one who looks may do with a review. */
export interface Viewer {
  /** Null: they may answer. */
  readonly mayNotAnswerBecause: string | null;
  readonly mayEndGrant: boolean;
  /** Commit or roll back what it let run, or say what became of it. */
  readonly maySettle: boolean;
  /** Groups to which they may hand it on. */
  readonly escalateTo: readonly string[];
}

export function toWireReview(review: Review, viewer: Viewer, set: PolicySet): WireReview {
  const { mayNotAnswerBecause } = viewer;
  const { grant } = review;
  const left = accessLeft(review);
  return {
    id: review.id,
    state: review.state.state,
    requester: review.requester,
    requesterGroups: [...review.requesterGroups],
    target: review.target,
    environment: review.environment,
    kind: review.kind,
    statement: review.statement,
    decision: toWireDecision(review.decision, review.microActions, set),
    reason: review.reason,
    openedAt: review.openedAt,
    expiresAt: review.expiresAt,
    approvalsNeeded: Math.max(1, ...review.requirements.map((requirement) => requirement.approvals)),
    answers: review.answers.map(({ by, verdict, minutes, comment, at }) => ({ by, verdict, minutes, comment, at })),
    comments: review.comments.map((comment) => ({ ...comment })),
    escalations: review.escalations.map((escalation) => ({ ...escalation })),
    escalateTo: [...viewer.escalateTo],
    asks:
      review.asks === null
        ? null
        : {
            access: review.asks.access.map((access) => ({
              action: access.action,
              resource: resourceName(access.resource),
              left: left.includes(access),
            })),
            minutes: review.asks.minutes,
          },
    shapeIsOpen: review.shapeIsOpen,
    mostMinutes: review.asks === null && review.shape === "" ? 0 : mostMinutes(review),
    grant:
      grant === null
        ? null
        : {
            id: grant.id,
            from: grant.from,
            until: grant.until,
            ended: grant.ended,
            uses: grant.uses,
            mayEnd: viewer.mayEndGrant,
          },
    mayAnswer: mayNotAnswerBecause === null,
    mayNotAnswerBecause,
    usedAt: review.state.state === "approved" ? review.state.usedAt : null,
    session: review.session,
    safeRun: safeRunOnWire(review),
    effects: review.kind === "shell" ? effectsOf(review.microActions).map(({ kind, what }) => ({ kind, what: [...what] })) : [],
    estimatedRows: review.estimatedRows,
    runs: review.runs.map(toWireRun),
    maySettle: viewer.maySettle,
  };
}

function safeRunOnWire(review: Review): WireReview["safeRun"] {
  if (review.safeRun === "not-possible") return "not-possible";
  const byPolicy = heldByPolicy(review.requirements);
  if (byPolicy !== undefined) return byPolicy === null ? "never" : "always";
  return review.safeRun;
}

export function toWireRun({ id, grant, startedAt, state }: GrantedRun): WireRun {
  const none = { rows: null, until: null, verdict: null, ended: null, at: null, found: null };
  const run = { id, byTimedGrant: grant !== null, startedAt, state: state.state };
  switch (state.state) {
    case "started":
      return { ...run, ...none };
    case "held":
      return { ...run, ...none, rows: state.rows, until: state.until };
    case "closing": {
      const { verdict, by, because, decidedAt } = state;
      return { ...run, ...none, rows: state.rows, verdict: { verdict, by, because, decidedAt } };
    }
    case "ended": {
      const { ended, rows, at, verdict } = state;
      return { ...run, ...none, ended, rows, at, verdict };
    }
    case "unknown":
      return { ...run, ...none, at: state.at, found: state.found };
  }
}
