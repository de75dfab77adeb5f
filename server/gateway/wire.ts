import type { WireDecision, WireReview } from "../contract/socket.ts";
import type { Decision } from "../core/domain/decision.ts";
import { type MicroAction, resourceName } from "../core/domain/micro-action.ts";
import type { Review } from "../core/domain/review.ts";
import type { PolicySet } from "../core/policy/index.ts";

/** What the browser is told of a decision; with the descriptions of the policies that made it. */
export function toWireDecision(decision: Decision, microActions: readonly MicroAction[], set: PolicySet): WireDecision {
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
  };
}

/** `mayNotAnswerBecause`: null when the one who asks may. */
export function toWireReview(review: Review, mayNotAnswerBecause: string | null, set: PolicySet): WireReview {
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
    answers: review.answers.map(({ by, verdict, comment, at }) => ({ by, verdict, comment, at })),
    mayAnswer: mayNotAnswerBecause === null,
    mayNotAnswerBecause,
    usedAt: review.state.state === "approved" ? review.state.usedAt : null,
  };
}
