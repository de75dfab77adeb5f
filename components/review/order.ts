import type { WireReview } from "../../server/contract/socket.ts";

type Reviews = Readonly<Record<string, WireReview>>;

/** Those that wait for `person`: open, and theirs to answer. */
export function openReviews(reviews: Reviews, person: string): readonly WireReview[] {
  return Object.values(reviews).filter((review) => review.state === "open" && review.mayAnswer && review.requester !== person);
}

/** What waits for the person first, then what else is open, the oldest first; then what is over, the newest first. */
export function inOrder(reviews: readonly WireReview[]): readonly WireReview[] {
  const rank = (review: WireReview) => (review.state !== "open" ? 2 : review.mayAnswer ? 0 : 1);
  return reviews.toSorted(
    (a, b) => rank(a) - rank(b) || (a.state === "open" ? a.openedAt - b.openedAt : b.openedAt - a.openedAt),
  );
}

/** The newer of two views of one review: more answers, or an end. */
export function merged(asked: readonly WireReview[], live: Reviews): readonly WireReview[] {
  const all = new Map(asked.map((review) => [review.id, review]));
  for (const review of Object.values(live)) all.set(review.id, review);
  return [...all.values()];
}
