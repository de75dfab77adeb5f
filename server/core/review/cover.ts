import { canonicalJson } from "../audit/chain.ts";
import type { Decision } from "../domain/decision.ts";
import type { Access, AnsweredRequirement } from "../domain/grant.ts";
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
            holdForMs: obligation.holdForMs,
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

/** RV-20: how long what runs by a yes for this review waits in an open transaction. Null: it does not. */
export function holdOf(review: Pick<Review, "safeRun" | "answers">, requirements: readonly ReviewRequirement[]): number | null {
  if (review.safeRun === "not-possible") return null;
  const byPolicy = heldByPolicy(requirements);
  if (byPolicy !== undefined) return byPolicy;
  const yes = review.answers.filter((answer) => answer.verdict === "approve");
  if (yes.some((answer) => answer.hold === true)) return HOLD_MS;
  if (yes.some((answer) => answer.hold === false || answer.minutes !== null)) return null;
  return review.safeRun === "wanted" ? HOLD_MS : null;
}

/** The shortest that a policy asks for. Null: one says never, and none asks for it. Undefined: no policy says anything. */
export function heldByPolicy(requirements: readonly Pick<ReviewRequirement, "holdForMs">[]): number | null | undefined {
  const said = requirements.flatMap(({ holdForMs }) => (holdForMs === null ? [] : [holdForMs]));
  const held = said.filter((milliseconds) => milliseconds > 0);
  if (held.length > 0) return Math.min(...held);
  return said.length > 0 ? null : undefined;
}

const HOLD_MS = 2 * 60_000;

/** RV-9: what an approved review makes beside its one run, and for how long. Null: nothing. */
export function timedGrantOf(
  review: Review,
): { readonly minutes: number; readonly holdMs: number | null; readonly access: readonly Access[] } | null {
  const yes = review.answers.filter((answer) => answer.verdict === "approve");
  const given = yes.flatMap((answer) => (answer.minutes === null ? [] : [answer.minutes]));
  if (review.asks !== null) return { minutes: Math.min(review.asks.minutes, ...given), holdMs: null, access: accessLeft(review) };
  if (review.shape === "" || given.length === 0 || given.length < yes.length) return null;
  return { minutes: Math.min(mostMinutes(review), ...given), holdMs: holdOf(review, []), access: [] };
}

/** RV-14: of what was asked, that to which every yes so far has agreed. */
export function accessLeft({ asks, answers }: Pick<Review, "asks" | "answers">): readonly Access[] {
  const yes = answers.filter((answer) => answer.verdict === "approve");
  return (asks?.access ?? []).filter((_, index) => yes.every(({ access }) => access === undefined || access.includes(index)));
}

/** The longest that a yes for this review may last, in minutes; 0: only once. */
export function mostMinutes(review: Pick<Review, "asks" | "requirements">): number {
  const most = Math.min(...review.requirements.map((requirement) => requirement.mostMinutes));
  return review.asks === null ? most : Math.min(review.asks.minutes, Math.max(1, most));
}
