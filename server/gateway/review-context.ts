import type { ReviewContext } from "../contract/http.ts";
import type { Review } from "../core/domain/review.ts";
import type { Context } from "./ports-of-gateway.ts";

const STATEMENTS = 8;
/** Of the person's last decisions, how many are looked at for those of the session. */
const LOOKED_AT = 100;

/** What was done in the session before, and what earlier reviews of the same shape came to. */
export async function reviewContext(
  context: Context,
  review: Review,
  maySee: (review: Review) => boolean,
): Promise<ReviewContext> {
  const [page, alike] = await Promise.all([
    context.record.page({
      principal: review.requester,
      type: "statement.decided",
      until: Math.ceil(review.openedAt),
      limit: LOOKED_AT,
    }),
    review.shape === "" ? [] : context.reviews.alike(review),
  ]);
  const statements = page.items.flatMap(({ entry, outcome, statement }) => {
    const event: { readonly at: number; readonly principal: string; readonly session: string } = JSON.parse(entry.payload);
    if (event.session !== review.session || event.principal !== review.requester) return [];
    return [{ at: event.at, statement: statement ?? "", outcome: outcome ?? "" }];
  });
  return {
    statements: (review.session === "" ? [] : withoutItself(statements, review)).slice(0, STATEMENTS),
    alike: alike.filter(maySee).map(({ id, requester, openedAt, state, answers }) => ({
      id,
      requester,
      openedAt,
      state: state.state,
      by: answers.map((answer) => answer.by),
    })),
  };
}

/** The newest decision is the one that opened the review. */
function withoutItself(statements: ReviewContext["statements"], review: Review): ReviewContext["statements"] {
  return statements[0]?.statement === review.statement && statements[0].outcome === "review" ? statements.slice(1) : statements;
}
