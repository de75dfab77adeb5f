"use client";

import { Button, Textarea } from "@mantine/core";
import { ArrowLeft } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ReviewAnswerBody } from "../../server/contract/http.ts";
import type { WireReview } from "../../server/contract/socket.ts";
import { ask } from "../request/ask.ts";
import { clock } from "../theme/time.ts";
import { TimeAgo, useNow } from "../theme/time-ago.tsx";
import { policiesOf, verdictLines } from "../verdict/lines.ts";
import { MarkedStatement } from "../verdict/statement.tsx";
import { PolicyLink, VerdictList } from "../verdict/verdict-list.tsx";
import classes from "./reviews-page.module.css";
import { isField } from "./reviews-page.tsx";
import { Answers } from "./waiting-card.tsx";

type Span = readonly [from: number, to: number];

const BECAUSE: Readonly<Record<string, string>> = {
  "your own": "This is your own statement: someone else has to look at it.",
  "not a reviewer": "The policy asks for other reviewers than you.",
  "already answered": "You have answered already.",
};

/** One review, large: the statement first, what it would do marked in it, who asks and why, then the answer. */
export function ReviewDetail({
  review,
  onAnswered,
  onBack,
}: {
  review: WireReview;
  onAnswered: (review: WireReview) => void;
  onBack: () => void;
}) {
  const [hovered, setHovered] = useState<Span | null>(null);
  const lines = verdictLines(review.decision);
  const policies = policiesOf(review.decision);
  const now = useNow(1_000);
  const approvals = review.answers.filter((answer) => answer.verdict === "approve").length;

  return (
    <article
      className={classes.review}
      data-review-detail={review.id}
      data-review-state={review.state}
      data-environment={review.environment}
    >
      <header>
        <Button
          className={classes.back}
          variant="subtle"
          size="compact-xs"
          leftSection={<ArrowLeft size={13} aria-hidden />}
          onClick={onBack}
        >
          All reviews
        </Button>
        <h2>
          {review.requester} wants to {review.kind === "sql" ? "run a statement" : "run a command"} on{" "}
          <span className={classes.target}>
            {review.target} <b>{review.environment}</b>
          </span>
        </h2>
        <p className={classes.quiet}>
          {review.requesterGroups.length === 0 ? "in no group" : review.requesterGroups.join(", ")} · asked{" "}
          <TimeAgo at={review.openedAt} />
          {review.state === "open" ? ` · expires in ${clock(review.expiresAt - now)}` : ""}
          {review.approvalsNeeded > 1 ? ` · ${approvals} of ${review.approvalsNeeded} approvals` : ""}
        </p>
      </header>
      {review.reason === "" ? (
        <p className={classes.quiet}>No reason was given.</p>
      ) : (
        <blockquote className={classes.reason} data-review-reason>
          {review.reason}
        </blockquote>
      )}
      <MarkedStatement text={review.statement} lines={lines} hovered={hovered} />
      <Answer review={review} onAnswered={onAnswered} />
      <div className={classes.columns}>
        <section>
          <h3>What it would do</h3>
          <VerdictList decision={review.decision} onHover={setHovered} />
        </section>
        <section>
          <h3>Who asks for the review</h3>
          <ul className={classes.plain}>
            {policies.map(({ id, description }) => (
              <li key={id} data-policy={id}>
                <PolicyLink id={id} />
                {description === "" ? null : <div className={classes.quiet}>{description}</div>}
              </li>
            ))}
          </ul>
          {review.decision.masked.length === 0 ? null : (
            <>
              <h3>Masked in the result</h3>
              <ul className={classes.plain}>
                {review.decision.masked.map(({ column, mask }) => (
                  <li key={column} className={classes.masked} data-masked-column={column}>
                    ◐ <code>{column}</code> <span>{mask}</span>
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
      </div>
    </article>
  );
}

/** Neither answer is the default: an accidental Enter decides nothing. */
function Answer({ review, onAnswered }: { review: WireReview; onAnswered: (review: WireReview) => void }) {
  const [comment, setComment] = useState("");
  const [sending, setSending] = useState<ReviewAnswerBody["verdict"] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const may = review.state === "open" && review.mayAnswer;

  const answer = async (verdict: ReviewAnswerBody["verdict"]) => {
    if (!may || sending !== null) return;
    if (verdict === "reject" && comment.trim() === "") {
      setFailure("Say why, so that they know what to change.");
      field.current?.focus();
      return;
    }
    setSending(verdict);
    setFailure(null);
    const body: ReviewAnswerBody = { verdict, comment: comment.trim(), minutes: null };
    const result = await ask<WireReview>(`/api/reviews/${encodeURIComponent(review.id)}/answer`, { method: "POST", body });
    setSending(null);
    if (result.ok) onAnswered(result.value);
    else setFailure(result.error.message);
  };

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isField(event.target)) return;
      if (event.key !== "a" && event.key !== "r") return;
      event.preventDefault();
      void answer(event.key === "a" ? "approve" : "reject");
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  });

  return (
    <section className={classes.answer} aria-label="answer">
      <Answers review={review} />
      {review.state === "open" ? null : (
        <p data-review-ended={review.state} className={classes.over}>
          This review is {review.state}
          {review.state === "approved" ? (review.usedAt === null ? "; the yes was not used yet" : "; the yes was used") : ""}.
          {review.usedAt === null ? null : (
            <>
              {" "}
              <TimeAgo at={review.usedAt} />
            </>
          )}
        </p>
      )}
      {review.state === "open" && !review.mayAnswer ? (
        <p className={classes.over} data-may-not-answer={review.mayNotAnswerBecause ?? ""}>
          {BECAUSE[review.mayNotAnswerBecause ?? ""] ??
            `You may not answer: ${review.mayNotAnswerBecause ?? "no policy permits `review:resolve` for you"}.`}
        </p>
      ) : null}
      {may ? (
        <>
          <Textarea
            ref={field}
            aria-label="comment"
            placeholder="Comment. Needed for a no; goes to the requester and onto the record"
            autosize
            minRows={1}
            maxRows={5}
            maxLength={4_000}
            value={comment}
            onChange={(event) => setComment(event.currentTarget.value)}
          />
          <div className={classes.buttons}>
            <Button variant="default" loading={sending === "approve"} onClick={() => void answer("approve")} data-approve>
              <span className={classes.yes}>✓ Approve once</span> <kbd>a</kbd>
            </Button>
            <Button variant="default" loading={sending === "reject"} onClick={() => void answer("reject")} data-reject>
              <span className={classes.no}>✕ Reject</span> <kbd>r</kbd>
            </Button>
            <span className={classes.quiet}>A yes covers exactly this statement, this person and this target, once.</span>
          </div>
        </>
      ) : null}
      {failure === null ? null : (
        <p role="alert" className={classes.failure}>
          {failure}
        </p>
      )}
    </section>
  );
}
