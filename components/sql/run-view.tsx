"use client";

import { Button, Tabs } from "@mantine/core";
import { useEffect, useState } from "react";
import type { WireColumn, WireSuggestion } from "../../server/contract/socket.ts";
import { Condition } from "../condition/condition.tsx";
import { Grid } from "../grid/grid.tsx";
import { askableOf, maskedLike } from "../review/access.ts";
import { AskAccess, AskButton } from "../review/ask-access.tsx";
import { endInWords } from "../review/run-words.ts";
import { Held } from "../review/runs.tsx";
import { Answers, WaitingCard } from "../review/waiting-card.tsx";
import { useSocketStore } from "../socket/socket.tsx";
import type { Run, RunStatement } from "../socket/state.ts";
import { clock, counted } from "../theme/time.ts";
import { useNow } from "../theme/time-ago.tsx";
import { OutcomeMark } from "../verdict/outcome-mark.tsx";
import { Prose } from "../verdict/prose.tsx";
import { CaretStatement } from "../verdict/statement.tsx";
import { PolicyLink } from "../verdict/verdict-list.tsx";
import { denialOf, inside } from "./denial.ts";
import classes from "./run-view.module.css";
import { MEANING, shortened, stateOf, summary } from "./statement-state.ts";

/** Beyond this many rows the page would be higher than browsers can scroll. */
const MOST_ROWS = 700_000;

/** What a run did, statement by statement. */
export function RunView(props: {
  target: string;
  run: Run;
  request: string | null;
  /** Somebody has to watch, and nobody does. */
  paused: boolean;
  onCancel: () => void;
  /** Puts a suggestion into the editor. False: the statement is not there any more. */
  onReplace: (suggestion: WireSuggestion) => boolean;
  /** Runs a statement again that was waiting for that review when its session was lost; null: no session is open. */
  onGoOn: ((text: string, review: string) => void) | null;
}) {
  const { run, request, onCancel } = props;
  const [chosen, setChosen] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run is the reason to forget the choice
  useEffect(() => setChosen(null), [run.run]);
  const index = Math.min(chosen ?? run.statements.length - 1, run.statements.length - 1);
  const statement = run.statements[index];
  const live = run.state === "running";

  if (statement === undefined) {
    return live ? (
      <Running since={run.startedAt} cancelling={run.cancelling} onCancel={onCancel} what="Judging" />
    ) : (
      <Condition kind="empty" title="Nothing was run" what="The text holds no statement." />
    );
  }
  return (
    <div className={classes.run} data-run={run.state}>
      {run.statements.length < 2 ? null : (
        <div className={classes.statements} role="tablist" aria-label="statements of the run">
          {run.statements.map((each, number) => (
            <button
              // biome-ignore lint/suspicious/noArrayIndexKey: a statement's number in its run is what identifies it
              key={number}
              type="button"
              role="tab"
              aria-selected={number === index}
              data-statement-tab={stateOf(each, live)}
              onClick={() => setChosen(number)}
            >
              <OutcomeMark meaning={MEANING[stateOf(each, live)]} word={false} />
              <code>{shortened(run.text.slice(...each.span))}</code>
            </button>
          ))}
        </div>
      )}
      <StatementView
        key={`${run.run} ${index}`}
        target={props.target}
        run={run}
        statement={statement}
        request={request}
        paused={props.paused}
        onCancel={onCancel}
        onReplace={props.onReplace}
        onGoOn={props.onGoOn}
      />
    </div>
  );
}

interface Viewed {
  readonly target: string;
  readonly run: Run;
  readonly statement: RunStatement;
  readonly request: string | null;
  readonly paused: boolean;
  readonly onCancel: () => void;
  readonly onReplace: (suggestion: WireSuggestion) => boolean;
  readonly onGoOn: ((text: string, review: string) => void) | null;
}

function StatementView(props: Viewed) {
  const { run, statement } = props;
  const state = stateOf(statement, run.state === "running");
  const messages = statement.notices.length + (statement.ended?.error == null ? 0 : 1);
  return (
    <Tabs defaultValue="result" className={classes.tabs} keepMounted={false} data-statement-state={state}>
      <Tabs.List>
        <Tabs.Tab value="result">Result</Tabs.Tab>
        <Tabs.Tab value="messages">Messages{messages === 0 ? "" : ` (${messages})`}</Tabs.Tab>
        <div className={classes.summary} data-summary>
          {statement.ended?.limited ? <span className={classes.limited}>cut at the row limit</span> : null}
          <OutcomeMark meaning={MEANING[state]} word={state} />
          <span>{summary(statement)}</span>
        </div>
      </Tabs.List>
      <Tabs.Panel value="result" className={classes.panel}>
        <Result {...props} />
      </Tabs.Panel>
      <Tabs.Panel value="messages" className={classes.panel}>
        <Messages statement={statement} />
      </Tabs.Panel>
    </Tabs>
  );
}

function Result({ target, run, statement, request, paused, onCancel, onReplace, onGoOn }: Viewed) {
  const store = useSocketStore();
  const [wanted, setWanted] = useState<WireColumn | null>(null);
  const state = stateOf(statement, run.state === "running");
  if (state === "waiting" && statement.review !== null) {
    const { review } = statement;
    return <WaitingCard review={review} onWithdraw={() => store.send({ type: "review.withdraw", review: review.id })} />;
  }
  if (state === "held" && statement.review !== null && statement.held !== null) {
    return (
      <div className={classes.held}>
        <Held review={statement.review} run={statement.held} />
      </div>
    );
  }
  if (state === "rolled-back") return <RolledBack statement={statement} />;
  if (state === "denied") return <Denied target={target} run={run} statement={statement} onReplace={onReplace} />;
  if (state === "rejected" || state === "expired" || state === "withdrawn")
    return <NotApproved statement={statement} state={state} />;
  if (state === "failed") return <FailedStatement run={run} statement={statement} />;
  if (state === "alarm") {
    return (
      <Condition
        kind="error"
        title="The result was dropped"
        what="A value that must be masked arrived raw from the database. Nothing of it was shown, the session was ended and an alarm is on the record. Please tell whoever administers Gatehouse."
      />
    );
  }
  if (statement.columns !== null) {
    return (
      <div className={classes.result}>
        <div className={classes.grid}>
          <Grid
            columns={statement.columns}
            rows={statement.rows}
            label={`result of ${shortened(run.text.slice(...statement.span))}`}
            onAsk={statement.decision.masked.length === 0 ? undefined : setWanted}
          />
          {wanted === null ? null : (
            <AskAccess
              key={wanted.name}
              target={target}
              access={maskedLike(statement.decision, wanted.name).map((resource) => ({ action: "sql:unmask", resource }))}
              choose
              open
              onClose={() => setWanted(null)}
            />
          )}
          {state === "done" && statement.rows.length === 0 ? (
            <div className={classes.none}>
              <Condition kind="empty" title="No rows" what="The statement ran; nothing matched." />
            </div>
          ) : null}
        </div>
        {run.state === "running" && run.rows >= run.rowsWanted ? (
          <div className={classes.more} role="status">
            {counted(run.rows, "row")} are here, more wait in the database.
            {run.rows < MOST_ROWS && request !== null ? (
              <Button variant="default" size="compact-xs" onClick={() => store.wantMoreRows(request)}>
                Load more
              </Button>
            ) : null}
            <Button variant="default" size="compact-xs" onClick={onCancel}>
              That is enough
            </Button>
          </div>
        ) : null}
      </div>
    );
  }
  if (state === "running")
    return (
      <Running
        since={run.startedAt}
        cancelling={run.cancelling}
        onCancel={onCancel}
        what={paused ? "Waiting for a watcher" : "Running"}
      />
    );
  if (state === "cancelled")
    return <Condition kind="empty" title="Cancelled" what="The statement was stopped before it ended." />;
  if (state === "lost") return <Lost run={run} statement={statement} onGoOn={onGoOn} />;
  return <Condition kind="done" title={statement.ended?.command ?? "Done"} what={summary(statement)} />;
}

function Running({
  since,
  cancelling,
  onCancel,
  what,
}: {
  since: number;
  cancelling: boolean;
  onCancel: () => void;
  what: string;
}) {
  const now = useNow(200);
  return (
    <div className={classes.running} role="status">
      <span className={classes.pulse} aria-hidden />
      {cancelling ? "Cancelling" : what}… {clock(now - since)}
      <Button variant="default" size="compact-xs" onClick={onCancel} disabled={cancelling}>
        Cancel
      </Button>
    </div>
  );
}

/** The session ended under it. Where it was waiting for a review, that may still stand. */
function Lost({ run, statement, onGoOn }: Pick<Viewed, "run" | "statement" | "onGoOn">) {
  if (statement.review?.state !== "open")
    return <Condition kind="empty" title="Cut off" what="The session was over before the end of the statement was told." />;
  const { id } = statement.review;
  return (
    <Condition
      kind="offline"
      title="Cut off while it waited for a reviewer"
      what="Nothing was run. The review may still stand: go on waiting for it. A yes that came meanwhile counts, once."
    >
      <Button disabled={onGoOn === null} onClick={() => onGoOn?.(run.text.slice(...statement.span), id)} data-go-on={id}>
        Go on waiting
      </Button>
      <a href={`/reviews/${id}`} target="_blank" rel="noreferrer">
        Look at the review
      </a>
    </Condition>
  );
}

function Denied({ target, run, statement, onReplace }: Pick<Viewed, "target" | "run" | "statement" | "onReplace">) {
  const text = run.text.slice(...statement.span);
  const reasons = statement.decision.reasons.filter((reason) => reason.outcome === "deny");
  const main = denialOf(statement.decision);
  return (
    <section className={classes.denied} data-denied data-meaning="deny" aria-label="denied">
      <h3>
        <OutcomeMark meaning="deny" word="Denied. Nothing was run." />
      </h3>
      <CaretStatement text={text} span={inside(main?.span ?? statement.span, statement.span)} meaning="deny" />
      <ul>
        {reasons.map((reason) => (
          <li
            key={`${reason.action} ${reason.resource} ${reason.span.join()} ${reason.message}`}
            data-denial={reason.policy ?? ""}
          >
            <div>
              <Prose text={reason.message} />
            </div>
            <div className={classes.quiet}>
              <code>
                {reason.action} {reason.resource}
              </code>
              {" · "}
              {reason.policy !== null ? (
                <PolicyLink id={reason.policy} />
              ) : reason.action.endsWith(":opaque") ? (
                "not understood, so not run"
              ) : (
                "no policy permits it"
              )}
              {reason.policyDescription ? ` · ${reason.policyDescription}` : ""}
            </div>
            {reason.hint === undefined ? null : (
              <div className={classes.hint} data-hint>
                What you can do: <Prose text={reason.hint} />
              </div>
            )}
          </li>
        ))}
      </ul>
      {statement.decision.suggestion === undefined ? null : (
        <Permitted suggestion={statement.decision.suggestion} onReplace={onReplace} />
      )}
      <AskButton target={target} access={askableOf(statement.decision)} label="Ask for this…" />
    </section>
  );
}

/** The statement as it would not be denied, and the way of it into the editor. */
function Permitted(props: { suggestion: WireSuggestion; onReplace: (suggestion: WireSuggestion) => boolean }) {
  const [gone, setGone] = useState(false);
  return (
    <div className={classes.permitted} data-permitted>
      <code>{props.suggestion.text}</code>
      <Button size="compact-sm" onClick={() => setGone(!props.onReplace(props.suggestion))} data-use-permitted>
        Use the permitted columns
      </Button>
      {gone ? (
        <p role="alert" data-permitted-gone>
          The statement in the editor is not the one that was denied any more, so nothing was replaced. Run it again.
        </p>
      ) : null}
    </div>
  );
}

function NotApproved({ statement, state }: { statement: RunStatement; state: "rejected" | "expired" | "withdrawn" }) {
  return (
    <section className={classes.denied} data-meaning={state === "withdrawn" ? "none" : "deny"} data-review-ended={state}>
      <h3>
        <OutcomeMark meaning={state === "withdrawn" ? "none" : "deny"} word={TITLE[state]} />
      </h3>
      {statement.review === null ? null : <Answers review={statement.review} />}
      <p className={classes.quiet}>{NEXT[state]}</p>
    </section>
  );
}

/** What was decided on it, in the words of the review. */
function RolledBack({ statement }: { statement: RunStatement }) {
  const { review, ended } = statement;
  const run = review?.runs[0];
  return (
    <Condition
      kind="empty"
      title="Rolled back. Nothing was changed."
      what={`${ended?.rowCount == null ? "The change" : `The change of ${counted(ended.rowCount, "row")}`} was taken back${
        run?.state === "ended" ? `. ${endInWords(run)}` : "."
      }`}
    />
  );
}

const TITLE = {
  rejected: "Rejected. Nothing was run.",
  expired: "No answer came in time. Nothing was run.",
  withdrawn: "Withdrawn. Nothing was run.",
};
const NEXT = {
  rejected: "Change the statement, or talk to the reviewer and run it again: that opens a new review.",
  expired: "Run it again to open a new review.",
  withdrawn: "Run it again to open a new review.",
};

function FailedStatement({ run, statement }: { run: Run; statement: RunStatement }) {
  const error = statement.ended?.error;
  return (
    <section className={classes.denied} data-failed data-meaning="deny" role="alert">
      <h3>
        <OutcomeMark meaning="deny" word={error?.message ?? "The statement failed"} />
      </h3>
      {error?.span == null ? null : (
        <CaretStatement text={run.text.slice(...statement.span)} span={inside(error.span, statement.span)} meaning="deny" />
      )}
      {error?.hint == null ? null : <p>Hint: {error.hint}</p>}
      {error == null ? null : (
        <p className={classes.quiet}>
          {error.code.startsWith("GH") ? "Gatehouse" : "The database"} says so, with code {error.code}.
        </p>
      )}
    </section>
  );
}

function Messages({ statement }: { statement: RunStatement }) {
  const error = statement.ended?.error;
  if (statement.notices.length === 0 && error == null) return <Condition kind="empty" title="No messages" />;
  return (
    <ul className={classes.messages} aria-label="messages">
      {statement.notices.map((notice, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: notices only grow, and two can be the same
        <li key={index}>
          <strong>{notice.severity}</strong> {notice.message}
        </li>
      ))}
      {error == null ? null : (
        <li data-meaning="deny">
          <strong>ERROR {error.code}</strong> {error.message}
        </li>
      )}
    </ul>
  );
}
