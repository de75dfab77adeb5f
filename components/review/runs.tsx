"use client";

import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import type { WireReview, WireRun } from "../../server/contract/socket.ts";
import { ask } from "../request/ask.ts";
import { clock, counted } from "../theme/time.ts";
import { TimeAgo, useNow } from "../theme/time-ago.tsx";
import classes from "./review.module.css";
import { endInWords, rowsInWords } from "./run-words.ts";

/** What ran because of the review, and what is to be decided about it. */
export function Runs({ review }: { review: WireReview }) {
  if (review.runs.length === 0) return null;
  return (
    <section aria-label="runs" data-runs={review.runs.length}>
      <ul className={classes.runs}>
        {review.runs.map((run) => (
          <li key={run.id} data-granted-run={run.id} data-run-state={run.state}>
            {run.state === "held" ? (
              <Held review={review} run={run} />
            ) : run.state === "unknown" ? (
              <Unknown review={review} run={run} />
            ) : (
              <span>
                {endInWords(run)} <TimeAgo at={run.at ?? run.startedAt} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** It has run and nobody else sees it yet. Neither button is the default: both are final. */
export function Held({ review, run }: { review: WireReview; run: WireRun }) {
  const now = useNow(500);
  const [sending, setSending] = useState<"commit" | "roll-back" | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const left = (run.until ?? now) - now;
  const settle = async (verdict: "commit" | "roll-back") => {
    setSending(verdict);
    const result = await ask<WireReview>(`/api/runs/${encodeURIComponent(run.id)}/settle`, { method: "POST", body: { verdict } });
    setSending(null);
    setFailure(result.ok ? null : result.error.message);
  };
  return (
    <section className={classes.held} data-held={run.id} data-held-rows={run.rows ?? ""} aria-label="waits for a commit">
      <h3>
        {rowsInWords(run.rows)} changed, not committed
        <span className={classes.clock} data-held-left>
          {left <= 0 ? "rolling back" : `rolled back in ${clock(left)}`}
        </span>
      </h3>
      <p data-held-estimate={review.estimatedRows ?? ""}>
        {review.estimatedRows === null
          ? "The planner gave no estimate."
          : `The planner expected ${counted(review.estimatedRows, "row")}.`}{" "}
        The rows are locked meanwhile: whoever else wants to change them waits.
      </p>
      {review.maySettle ? (
        <div className={classes.buttons}>
          <Button
            variant="default"
            loading={sending === "commit"}
            disabled={left <= 0}
            onClick={() => void settle("commit")}
            data-commit
          >
            Commit
          </Button>
          <Button variant="default" loading={sending === "roll-back"} onClick={() => void settle("roll-back")} data-roll-back>
            Roll back
          </Button>
          <span className={classes.quiet}>The requester or a reviewer decides; the first decision holds.</span>
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

/** The gateway was lost between using the yes and knowing the end. Somebody looks, and says. */
function Unknown({ review, run }: { review: WireReview; run: WireRun }) {
  const [note, setNote] = useState("");
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const found = async (ran: boolean) => {
    setSending(true);
    const body = { ran, note: note.trim() };
    const result = await ask<WireReview>(`/api/runs/${encodeURIComponent(run.id)}/found`, { method: "POST", body });
    setSending(false);
    setFailure(result.ok ? null : result.error.message);
  };
  return (
    <section className={classes.unknown} data-unknown={run.id} aria-label="not known whether it ran">
      <h3>Not known whether it ran</h3>
      <p>
        The yes was used <TimeAgo at={run.startedAt} />, and then the gateway or the target was lost before its end was known. It
        is not run again. Look at the data before you ask anew.
      </p>
      {run.found === null ? null : (
        <p data-found={run.found.ran ? "ran" : "did-not-run"}>
          {run.found.by} found that it {run.found.ran ? "ran" : "did not run"}, <TimeAgo at={run.found.at} />
          {run.found.note === "" ? "" : `: ${run.found.note}`}
        </p>
      )}
      {run.found === null && review.maySettle ? (
        <>
          <TextInput
            aria-label="what you found"
            placeholder="What you found, for the record"
            maxLength={2_000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <div className={classes.buttons}>
            <Button variant="default" disabled={sending} onClick={() => void found(true)} data-it-ran>
              It ran
            </Button>
            <Button variant="default" disabled={sending} onClick={() => void found(false)} data-it-did-not-run>
              It did not run
            </Button>
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
