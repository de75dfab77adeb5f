import type { ToldEvent } from "../core/domain/configuration.ts";
import { minutesOf, type Review } from "../core/domain/review.ts";
import { type PolicySet, targetFits } from "../core/policy/index.ts";
import type { OutgoingMessage } from "./delivery.ts";
import type { NewNotification, NewReview } from "./store-ports.ts";

const STATEMENT_CHARACTERS = 500;

/** What the configuration wants told of an event; stored with the event itself. */
export function notificationsFor(set: PolicySet, event: ToldEvent, review: NewReview | Review): readonly NewNotification[] {
  const target = set.targets.get(review.target);
  const wanted = event === "glass.overdue" ? "glass.broken" : event;
  return set.notifications
    .filter(
      (document) =>
        document.events.includes(wanted) &&
        (document.targets === undefined || (target !== undefined && targetFits(document.targets, target))),
    )
    .map((document) => ({
      channel: document.id,
      body: {
        event,
        review: review.id,
        kind: review.kind,
        requester: review.requester,
        target: review.target,
        environment: review.environment,
        minutes: minutesOf(review),
        // What someone asks for has no values in it; a statement may.
        statement: document.statements || review.kind === "access" ? shortened(review.statement) : null,
        by: "answers" in review ? (review.answers.at(-1)?.by ?? null) : null,
      },
    }));
}

const VERB = {
  "review.opened": "waits for a review",
  "review.approved": "was approved",
  "review.rejected": "was rejected",
  "glass.broken": "broke the glass: it runs at once and has to be reviewed",
  "glass.overdue": "broke the glass, and nobody has closed the review in time",
} as const satisfies Record<ToldEvent, string>;
const WHAT = {
  sql: "A statement",
  shell: "A command",
  access: "A request for access",
  glass: "Break glass",
} as const satisfies Record<Review["kind"], string>;

/** In words. The link leads to a page behind the sign-in; nothing is decided by following it. */
export function messageOf(notification: NewNotification & { readonly id: string }, publicUrl: string): OutgoingMessage {
  const { body } = notification;
  const text = (key: string): string => (typeof body[key] === "string" ? body[key] : "");
  const what = WHAT[text("kind") as Review["kind"]] ?? "Something";
  const verb = VERB[text("event") as ToldEvent] ?? text("event");
  const by = text("by") === "" ? "" : ` by ${text("by")}`;
  return {
    id: notification.id,
    subject: `${what} of ${text("requester")} on ${text("target")} ${verb}${by}`,
    lines: [
      `Target: ${text("target")} (${text("environment")})`,
      `Requester: ${text("requester")}`,
      ...(text("statement") === "" ? [] : [text("statement")]),
    ],
    link: text("review") === "" ? null : `${publicUrl.replace(/\/$/, "")}/reviews/${encodeURIComponent(text("review"))}`,
    fields: body,
  };
}

function shortened(text: string): string {
  return text.length <= STATEMENT_CHARACTERS ? text : `${text.slice(0, STATEMENT_CHARACTERS)}…`;
}
