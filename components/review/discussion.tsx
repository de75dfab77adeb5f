"use client";

import { Button, Textarea } from "@mantine/core";
import { useState } from "react";
import type { ReviewCommentBody } from "../../server/contract/http.ts";
import type { WireReview } from "../../server/contract/socket.ts";
import { ask } from "../request/ask.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import { Linked } from "./linked.tsx";
import classes from "./review.module.css";

/** What requester and reviewers say to each other about a review, as it comes. */
export function Discussion({ review }: { review: WireReview }) {
  const [text, setText] = useState("");
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const open = review.state === "open";
  const send = async () => {
    if (text.trim() === "" || sending) return;
    setSending(true);
    const body: ReviewCommentBody = { text: text.trim() };
    const result = await ask<WireReview>(`/api/reviews/${encodeURIComponent(review.id)}/comment`, { method: "POST", body });
    setSending(false);
    setFailure(result.ok ? null : result.error.message);
    if (result.ok) setText("");
  };
  if (!open && review.comments.length === 0) return null;
  return (
    <section className={classes.discussion} aria-label="comments">
      <ul aria-live="polite">
        {review.comments.map((comment) => (
          <li key={`${comment.at} ${comment.by}`} data-comment={comment.by}>
            <b>{comment.by}</b> <TimeAgo at={comment.at} />
            <p>
              <Linked text={comment.text} />
            </p>
          </li>
        ))}
      </ul>
      {open ? (
        <div className={classes.say}>
          <Textarea
            aria-label="say something"
            placeholder="Ask or explain; both sides see it at once"
            autosize
            minRows={1}
            maxRows={5}
            maxLength={4_000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
            }}
            data-say
          />
          <Button variant="default" loading={sending} disabled={text.trim() === ""} onClick={() => void send()}>
            Send
          </Button>
        </div>
      ) : null}
      {failure === null ? null : (
        <p role="alert" className={classes.failure}>
          {failure}
        </p>
      )}
    </section>
  );
}
