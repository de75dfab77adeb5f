import { absurd } from "../domain/absurd.ts";
import type { Review, ReviewAnswer } from "../domain/review.ts";
import { accessLeft, mostMinutes } from "./cover.ts";

/** What can happen to a review. Times come from the store's clock. */
export type ReviewEvent =
  | { readonly event: "answer"; readonly answer: ReviewAnswer }
  | { readonly event: "withdraw"; readonly by: string; readonly at: number }
  | { readonly event: "expire"; readonly at: number }
  | { readonly event: "use"; readonly at: number }
  | { readonly event: "comment"; readonly by: string; readonly text: string; readonly at: number }
  /** `counts`: the requirements for which their own yes counts; empty for the requester. */
  | {
      readonly event: "escalate";
      readonly by: string;
      readonly group: string;
      readonly counts: readonly string[];
      readonly at: number;
    };

/** A conversation, not a store of files. */
const MOST_COMMENTS = 100;

export type Transition = { readonly ok: true; readonly review: Review } | { readonly ok: false; readonly reason: string };

/** The review's next state, or why the event cannot be. Total over states and events; rules in SPEC.md. */
export function transition(review: Review, event: ReviewEvent): Transition {
  switch (event.event) {
    case "answer":
      return answer(review, event.answer);
    case "withdraw":
      if (event.by !== review.requester) return { ok: false, reason: "only the requester can withdraw a review" };
      if (review.kind === "glass") return { ok: false, reason: "it was done already: somebody else has to look at it" };
      if (review.state.state === "approved" && review.asks !== null)
        return { ok: false, reason: "it was granted already; end the grant instead" };
      if (review.state.state === "approved" && review.state.usedAt !== null)
        return { ok: false, reason: "the grant was used already" };
      if (review.state.state !== "open" && review.state.state !== "approved")
        return { ok: false, reason: `the review is ${review.state.state} already` };
      return { ok: true, review: { ...review, state: { state: "withdrawn", at: event.at } } };
    case "expire":
      if (review.kind === "glass") return { ok: false, reason: "it stays open until somebody has looked at it" };
      if (
        review.state.state === "open" ||
        (review.state.state === "approved" && review.state.usedAt === null && review.asks === null)
      ) {
        return { ok: true, review: { ...review, state: { state: "expired", at: event.at } } };
      }
      return { ok: false, reason: `the review is ${review.state.state} already` };
    case "use":
      if (review.asks !== null) return { ok: false, reason: "it asks for access; no statement waits for it" };
      if (review.kind === "glass") return { ok: false, reason: "no statement waits for it" };
      if (review.state.state !== "approved") return { ok: false, reason: `the review is ${review.state.state}` };
      if (review.state.usedAt !== null) return { ok: false, reason: "the grant was used already" };
      if (event.at >= review.expiresAt) return { ok: false, reason: "the grant has expired" };
      return { ok: true, review: { ...review, state: { ...review.state, usedAt: event.at } } };
    case "comment":
      if (review.comments.length >= MOST_COMMENTS) return { ok: false, reason: `a review takes ${MOST_COMMENTS} comments` };
      return {
        ok: true,
        review: { ...review, comments: [...review.comments, { by: event.by, text: event.text, at: event.at }] },
      };
    case "escalate":
      return escalate(review, event);
    default:
      return absurd(event);
  }
}

/** RV-13. */
function escalate(review: Review, event: Extract<ReviewEvent, { event: "escalate" }>): Transition {
  if (review.state.state !== "open") return { ok: false, reason: `the review is ${review.state.state} already` };
  if (review.kind !== "glass" && event.at >= review.expiresAt) return { ok: false, reason: "the review has expired" };
  if (event.by !== review.requester && event.counts.length === 0)
    return { ok: false, reason: "only its requester and its reviewers can hand it on" };
  if (!review.requirements.some((requirement) => requirement.escalateTo.includes(event.group)))
    return { ok: false, reason: `no policy lets it be handed to \`${event.group}\`` };
  if (review.escalations.some((other) => other.group === event.group))
    return { ok: false, reason: `\`${event.group}\` was asked already` };
  const { group, by, at } = event;
  return { ok: true, review: { ...review, escalations: [...review.escalations, { group, by, at }] } };
}

/** Two addresses of one mailbox are one person: `ann+admin@acme.test` is `ann@acme.test`. RV-1. */
export function samePerson(one: string, other: string): boolean {
  return mailbox(one) === mailbox(other);
}

/** Characters that no mail server tells apart from nothing, and no reviewer sees. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|\p{Cc}/gu;

/** Two spellings too many are one person rather than one too few: whoever is meant wrongly asks somebody else. */
function mailbox(address: string): string {
  const folded = address.normalize("NFKC").replaceAll(INVISIBLE, "").trim().toUpperCase().toLowerCase().normalize("NFKC");
  const at = folded.lastIndexOf("@");
  const local = folded.slice(0, at).replaceAll(/["\\]/g, "");
  return `${local.split("+")[0]}@${folded.slice(at + 1).replace(/\.$/, "")}`;
}

function answer(review: Review, given: ReviewAnswer): Transition {
  if (samePerson(given.by, review.requester)) return { ok: false, reason: "nobody resolves their own review" };
  if (review.state.state !== "open") return { ok: false, reason: `the review is ${review.state.state} already` };
  if (review.kind !== "glass" && given.at >= review.expiresAt) return { ok: false, reason: "the review has expired" };
  if (review.kind === "glass" && given.comment.trim() === "") return { ok: false, reason: "say what you found" };
  if (review.answers.some((other) => samePerson(other.by, given.by)))
    return { ok: false, reason: "you have answered this review already" };
  if (given.counts.length === 0) return { ok: false, reason: "you are not among the reviewers whom the policy names" };
  if (given.verdict === "approve" && given.minutes !== null && given.minutes > mostMinutes(review))
    return { ok: false, reason: longest(mostMinutes(review)) };
  const answers = [...review.answers, given];
  if (given.verdict === "approve" && given.access !== undefined && accessLeft({ asks: review.asks, answers }).length === 0)
    return { ok: false, reason: "nothing of what was asked would be left; say no instead" };
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

function longest(minutes: number): string {
  return minutes === 0
    ? "policy lets it be approved only once, not for some time"
    : `policy lets it be approved for ${minutes} minutes at most`;
}
