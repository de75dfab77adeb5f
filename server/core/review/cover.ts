import { canonicalJson } from "../audit/chain.ts";
import type { Decision } from "../domain/decision.ts";
import type { AnsweredRequirement } from "../domain/grant.ts";
import { type MicroAction, resourceName } from "../domain/micro-action.ts";
import type { Review, ReviewRequirement } from "../domain/review.ts";

/** What has to be the same for a grant to hold; hashed by the caller. RV-8. */
export function fingerprintText(statement: {
  readonly principal: string;
  readonly target: string;
  readonly kind: "sql" | "shell";
  readonly text: string;
  readonly sent: string;
  /** Shell: the working directory. SQL: the parameters as JSON. */
  readonly place: string;
}): string {
  return canonicalJson({ ...statement });
}

export function requirementsOf(decision: Decision): readonly ReviewRequirement[] {
  return decision.obligations.flatMap((obligation) =>
    obligation.type === "approvals"
      ? [
          {
            policy: obligation.policy,
            approvals: obligation.approvals,
            groups: obligation.reviewers.groups,
            users: obligation.reviewers.users,
            mostMinutes: Math.floor(obligation.grantForMs / 60_000),
            escalateTo: obligation.escalateTo,
          },
        ]
      : [],
  );
}

/**
 * What a yes for some time covers; hashed by the caller. RV-10. `text` is the guard's: literals open, or the exact text.
 * The micro-actions bind what its names stand for: the same words can reach another table.
 */
export function shapeText(statement: {
  readonly target: string;
  readonly kind: "sql" | "shell";
  readonly text: string;
  readonly place: string;
  readonly microActions: readonly MicroAction[];
}): string {
  const { microActions, ...rest } = statement;
  const reaches = new Set(microActions.map((action) => `${action.action} ${resourceName(action.resource)}`));
  return canonicalJson({ ...rest, reaches: [...reaches].sort() });
}

/** How many yeses each requirement has. */
export function answeredOf(review: Review): readonly AnsweredRequirement[] {
  return review.requirements.map(({ policy }) => ({
    policy,
    approvals: review.answers.filter((answer) => answer.verdict === "approve" && answer.counts.includes(policy)).length,
  }));
}

/** RV-7: the answers given are all that the policies ask for now. */
export function covers(answered: readonly AnsweredRequirement[], decision: Decision): boolean {
  return requirementsOf(decision).every((now) =>
    answered.some((given) => given.policy === now.policy && given.approvals >= now.approvals),
  );
}

/** RV-9: what an approved review makes beside its one run, and for how long. Null: nothing. */
export function timedGrantOf(review: Review): { readonly minutes: number } | null {
  const yes = review.answers.filter((answer) => answer.verdict === "approve");
  const given = yes.flatMap((answer) => (answer.minutes === null ? [] : [answer.minutes]));
  if (review.asks !== null) return { minutes: Math.min(review.asks.minutes, ...given) };
  if (review.shape === "" || given.length === 0 || given.length < yes.length) return null;
  return { minutes: Math.min(mostMinutes(review), ...given) };
}

/** The longest that a yes for this review may last, in minutes; 0: only once. */
export function mostMinutes(review: Pick<Review, "asks" | "requirements">): number {
  const most = Math.min(...review.requirements.map((requirement) => requirement.mostMinutes));
  return review.asks === null ? most : Math.min(review.asks.minutes, Math.max(1, most));
}
