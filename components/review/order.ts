import type { WireReview } from "../../server/contract/socket.ts";
import { isUnsettled } from "./run-words.ts";

type Reviews = Readonly<Record<string, WireReview>>;

/** Those that wait for `person`: open and theirs to answer, or with a run on which they have something to say. */
export function openReviews(reviews: Reviews, person: string): readonly WireReview[] {
  return Object.values(reviews).filter(
    (review) =>
      (review.state === "open" && review.mayAnswer && review.requester !== person) ||
      (review.maySettle && review.runs.some(isUnsettled)),
  );
}

/** Still to be looked at by somebody: it waits for an answer, or what ran by it is not settled. */
export function isPending(review: WireReview): boolean {
  return review.state === "open" || review.runs.some(isUnsettled);
}

/** Changes when a timed grant comes or ends: then what the person may see is to be asked anew. */
export function grantsIn(reviews: Reviews): string {
  return Object.values(reviews)
    .flatMap(({ grant }) => (grant === null ? [] : [`${grant.id}${grant.ended === null ? "" : "-"}`]))
    .sort()
    .join();
}

export type Sort = "waiting" | "expiry" | "target";

/** What waits for the person first, then what else is open, as sorted; then what is over, the newest first. */
export function inOrder(reviews: readonly WireReview[], sort: Sort = "waiting"): readonly WireReview[] {
  const rank = (review: WireReview) =>
    !isPending(review) ? 2 : review.mayAnswer || (review.maySettle && review.runs.some(isUnsettled)) ? 0 : 1;
  const between = {
    waiting: (a: WireReview, b: WireReview) => a.openedAt - b.openedAt,
    expiry: (a: WireReview, b: WireReview) => a.expiresAt - b.expiresAt,
    target: (a: WireReview, b: WireReview) => a.target.localeCompare(b.target) || a.openedAt - b.openedAt,
  }[sort];
  return reviews.toSorted((a, b) => rank(a) - rank(b) || (isPending(a) ? between(a, b) : b.openedAt - a.openedAt));
}

/** Other open ones with the same text on other targets, theirs to answer: one decision can be given to all. */
export function siblingsOf(review: WireReview, all: readonly WireReview[]): readonly WireReview[] {
  return all.filter(
    (other) =>
      other.id !== review.id &&
      other.state === "open" &&
      other.mayAnswer &&
      other.kind === review.kind &&
      other.kind !== "access" &&
      other.kind !== "glass" &&
      other.statement === review.statement &&
      other.target !== review.target,
  );
}

/** The newer of two views of one review: more answers, or an end. */
export function merged(asked: readonly WireReview[], live: Reviews): readonly WireReview[] {
  const all = new Map(asked.map((review) => [review.id, review]));
  for (const review of Object.values(live)) all.set(review.id, review);
  return [...all.values()];
}
