import { canonicalJson } from "../audit/chain.ts";
import type { Decision } from "../domain/decision.ts";
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
          },
        ]
      : [],
  );
}

/** RV-7: the answers given are all that the policies ask for now. */
export function covers(review: Review, decision: Decision): boolean {
  return requirementsOf(decision).every(
    (now) =>
      review.answers.filter((answer) => answer.verdict === "approve" && answer.counts.includes(now.policy)).length >=
      now.approvals,
  );
}
