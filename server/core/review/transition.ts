import { absurd } from "../domain/absurd.ts";
import type { Review, ReviewAnswer } from "../domain/review.ts";

/** What can happen to a review. Times come from the store's clock. */
export type ReviewEvent =
  | { readonly event: "answer"; readonly answer: ReviewAnswer }
  | { readonly event: "withdraw"; readonly by: string; readonly at: number }
  | { readonly event: "expire"; readonly at: number }
  | { readonly event: "use"; readonly at: number };

export type Transition = { readonly ok: true; readonly review: Review } | { readonly ok: false; readonly reason: string };

/** The review's next state, or why the event cannot be. Total over states and events; rules in SPEC.md. */
export function transition(review: Review, event: ReviewEvent): Transition {
  switch (event.event) {
    case "answer":
      return answer(review, event.answer);
    case "withdraw":
      if (event.by !== review.requester) return { ok: false, reason: "only the requester can withdraw a review" };
      if (review.state.state === "approved" && review.state.usedAt !== null)
        return { ok: false, reason: "the grant was used already" };
      if (review.state.state !== "open" && review.state.state !== "approved")
        return { ok: false, reason: `the review is ${review.state.state} already` };
      return { ok: true, review: { ...review, state: { state: "withdrawn", at: event.at } } };
    case "expire":
      if (review.state.state === "open" || (review.state.state === "approved" && review.state.usedAt === null)) {
        return { ok: true, review: { ...review, state: { state: "expired", at: event.at } } };
      }
      return { ok: false, reason: `the review is ${review.state.state} already` };
    case "use":
      if (review.state.state !== "approved") return { ok: false, reason: `the review is ${review.state.state}` };
      if (review.state.usedAt !== null) return { ok: false, reason: "the grant was used already" };
      if (event.at >= review.expiresAt) return { ok: false, reason: "the grant has expired" };
      return { ok: true, review: { ...review, state: { ...review.state, usedAt: event.at } } };
    default:
      return absurd(event);
  }
}

function answer(review: Review, given: ReviewAnswer): Transition {
  if (given.by === review.requester) return { ok: false, reason: "nobody resolves their own review" };
  if (review.state.state !== "open") return { ok: false, reason: `the review is ${review.state.state} already` };
  if (given.at >= review.expiresAt) return { ok: false, reason: "the review has expired" };
  if (review.answers.some((other) => other.by === given.by))
    return { ok: false, reason: "you have answered this review already" };
  if (given.counts.length === 0) return { ok: false, reason: "you are not among the reviewers whom the policy names" };
  const answers = [...review.answers, given];
  if (given.verdict === "reject") {
    return {
      ok: true,
      review: { ...review, answers, state: { state: "rejected", at: given.at, by: given.by, comment: given.comment } },
    };
  }
  const met = review.requirements.every(
    (requirement) =>
      answers.filter((each) => each.verdict === "approve" && each.counts.includes(requirement.policy)).length >=
      requirement.approvals,
  );
  return {
    ok: true,
    review: { ...review, answers, state: met ? { state: "approved", at: given.at, usedAt: null } : { state: "open" } },
  };
}
