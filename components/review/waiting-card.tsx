"use client";

import { Button } from "@mantine/core";
import { Hourglass } from "lucide-react";
import type { ReactNode } from "react";
import type { WireReview } from "../../server/contract/socket.ts";
import { clock } from "../theme/time.ts";
import { TimeAgo, useNow } from "../theme/time-ago.tsx";
import { policiesOf } from "../verdict/lines.ts";
import { PolicyLink } from "../verdict/verdict-list.tsx";
import { minutesInWords } from "./access.ts";
import { Discussion } from "./discussion.tsx";
import { HandOn } from "./hand-on.tsx";
import classes from "./review.module.css";

/** What someone sees while their statement waits for another person's yes. It goes on by itself. */
export function WaitingCard(props: {
  review: WireReview;
  onWithdraw: () => void;
  /** What could be done instead. */
  children?: ReactNode;
}) {
  const { review, onWithdraw } = props;
  const now = useNow(1_000);
  const policies = policiesOf(review.decision);
  const approvals = review.answers.filter((answer) => answer.verdict === "approve").length;
  return (
    <section
      className={classes.waiting}
      data-review-waiting={review.id}
      data-review-state={review.state}
      aria-label="waiting for a review"
    >
      <h3>
        <Hourglass size={16} aria-hidden />
        Waiting for a reviewer
        <span className={classes.clock} data-waited>
          {clock(now - review.openedAt)}
        </span>
      </h3>
      <p>
        {policies.length === 0 ? "A policy" : policies.map(({ id }) => <PolicyLink key={id} id={id} />)} asks for a second pair of
        eyes
        {policies[0]?.description ? `: ${policies[0].description}` : ""}.
      </p>
      <p className={classes.quiet}>
        {review.approvalsNeeded > 1 ? `${approvals} of ${review.approvalsNeeded} approvals. ` : ""}
        It goes on by itself when the yes comes. It expires in {clock(review.expiresAt - now)}.
      </p>
      {review.reason === "" ? null : <p className={classes.quiet}>You wrote: “{review.reason}”</p>}
      <Answers review={review} />
      <Discussion review={review} />
      <div className={classes.buttons}>
        <Button variant="default" onClick={onWithdraw} data-withdraw>
          Withdraw
        </Button>
        {props.children}
        <HandOn review={review} />
        <a className={classes.link} href={`/reviews/${review.id}`} target="_blank" rel="noreferrer">
          Link for the reviewer
        </a>
      </div>
    </section>
  );
}

export function Answers({ review }: { review: WireReview }) {
  if (review.answers.length === 0) return null;
  return (
    <ul className={classes.answers} aria-label="answers">
      {review.answers.map((answer) => (
        <li
          key={`${answer.by} ${answer.at}`}
          data-answer={answer.verdict}
          data-meaning={answer.verdict === "approve" ? "allow" : "deny"}
        >
          <span className={classes.verdict}>{answer.verdict === "approve" ? "✓ approved" : "✕ rejected"}</span>
          {answer.minutes === null ? "" : ` for ${minutesInWords(answer.minutes)}`} by {answer.by}, <TimeAgo at={answer.at} />
          {answer.comment === "" ? null : <blockquote>{answer.comment}</blockquote>}
        </li>
      ))}
    </ul>
  );
}
