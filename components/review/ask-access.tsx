"use client";

import { Button, Modal, Select, Textarea } from "@mantine/core";
import { useState } from "react";
import type { AccessRequestBody } from "../../server/contract/http.ts";
import type { WireReview } from "../../server/contract/socket.ts";
import { ask } from "../request/ask.ts";
import { useSocket } from "../socket/socket.tsx";
import { type Access, accessInWords, durations, minutesInWords } from "./access.ts";
import { GrantState } from "./grant-state.tsx";
import classes from "./review.module.css";
import { Answers } from "./waiting-card.tsx";

const LONGEST = 480;

/** A button that opens the form; where it was denied or masked is where it is asked for. */
export function AskButton(props: { target: string; access: readonly Access[]; label: string; choose?: boolean }) {
  const [open, setOpen] = useState(false);
  if (props.access.length === 0) return null;
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={() => setOpen(true)} data-ask-access>
        {props.label}
      </Button>
      <AskAccess {...props} open={open} onClose={() => setOpen(false)} />
    </>
  );
}

/** Asks for access for some time, and shows what became of it. `choose`: one of the list is meant, the first by default. */
export function AskAccess(props: {
  target: string;
  access: readonly Access[];
  choose?: boolean;
  open: boolean;
  onClose: () => void;
}) {
  const [one, setOne] = useState(0);
  const [minutes, setMinutes] = useState(30);
  const [reason, setReason] = useState("");
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [asked, setAsked] = useState<WireReview | null>(null);
  const live = useSocket((state) => (asked === null ? undefined : state.reviews.items[asked.id]));
  const review = live ?? asked;
  const access = props.choose ? props.access.slice(one, one + 1) : props.access;

  const send = async () => {
    setSending(true);
    setFailure(null);
    const body: AccessRequestBody = { target: props.target, access: [...access], minutes, reason: reason.trim() };
    const result = await ask<WireReview>("/api/reviews/access", { method: "POST", body });
    setSending(false);
    if (result.ok) setAsked(result.value);
    else setFailure(result.error.message);
  };

  return (
    <Modal opened={props.open} onClose={props.onClose} title={`Ask for access on ${props.target}`} data-ask-dialog>
      {review === null ? (
        <div className={classes.form}>
          {props.choose && props.access.length > 1 ? (
            <Select
              label="What you ask for"
              allowDeselect={false}
              data={props.access.map((each, index) => ({ value: String(index), label: accessInWords(each) }))}
              value={String(one)}
              onChange={(value) => setOne(Number(value ?? 0))}
            />
          ) : (
            <ul className={classes.asked}>
              {access.map((each) => (
                <li key={`${each.action} ${each.resource}`}>{accessInWords(each)}</li>
              ))}
            </ul>
          )}
          <Select
            label="For how long"
            allowDeselect={false}
            data={durations(LONGEST).map((each) => ({ value: String(each), label: minutesInWords(each) }))}
            value={String(minutes)}
            onChange={(value) => setMinutes(Number(value ?? 30))}
          />
          <Textarea
            label="Why"
            description="The reviewer reads it, and it goes onto the record. A link to a ticket helps."
            autosize
            minRows={2}
            maxRows={6}
            maxLength={2_000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-autofocus
          />
          {failure === null ? null : (
            <p role="alert" className={classes.failure}>
              {failure}
            </p>
          )}
          <Button loading={sending} onClick={() => void send()} data-send-ask>
            Ask a reviewer
          </Button>
        </div>
      ) : (
        <div className={classes.form} data-asked={review.id} data-review-state={review.state} aria-live="polite">
          <p>
            {review.state === "open"
              ? "A reviewer was asked. You can close this and go on; the access is there when the yes comes."
              : review.state === "approved"
                ? "Granted. Run it again."
                : `The request is ${review.state}.`}
          </p>
          {review.asks?.access.map((each) =>
            each.left ? null : (
              <p key={`${each.action} ${each.resource}`} className={classes.failure} data-left-out={each.resource}>
                Left out by a reviewer: {accessInWords(each)}
              </p>
            ),
          )}
          <Answers review={review} />
          <GrantState review={review} />
          <a className={classes.link} href={`/reviews/${review.id}`} target="_blank" rel="noreferrer">
            Link for the reviewer
          </a>
        </div>
      )}
    </Modal>
  );
}
