"use client";

import { Button, Checkbox, Select, Textarea } from "@mantine/core";
import { ArrowLeft } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ReviewAnswerBody } from "../../server/contract/http.ts";
import type { WireReview } from "../../server/contract/socket.ts";
import { usePerson } from "../frame/person.tsx";
import { ask } from "../request/ask.ts";
import { clock } from "../theme/time.ts";
import { TimeAgo, useNow } from "../theme/time-ago.tsx";
import { policiesOf, verdictLines } from "../verdict/lines.ts";
import { MarkedStatement } from "../verdict/statement.tsx";
import { PolicyLink, VerdictList } from "../verdict/verdict-list.tsx";
import { accessInWords, durations, minutesInWords } from "./access.ts";
import { Around, BlastRadius } from "./around.tsx";
import { Discussion } from "./discussion.tsx";
import { Effects } from "./effects.tsx";
import { GrantState } from "./grant-state.tsx";
import { HandOn } from "./hand-on.tsx";
import { Linked } from "./linked.tsx";
import classes from "./reviews-page.module.css";
import { isField } from "./reviews-page.tsx";
import { Runs } from "./runs.tsx";
import { Answers } from "./waiting-card.tsx";

type Span = readonly [from: number, to: number];

const WANTS = {
  sql: "wants to run a statement",
  shell: "wants to run a command",
  access: "asks for access",
  glass: "broke the glass",
} as const satisfies Record<WireReview["kind"], string>;

const BECAUSE: Readonly<Record<string, string>> = {
  "it is your own": "This is your own: someone else has to look at it.",
  "you are not among its reviewers": "The policy asks for other reviewers than you.",
  "you have answered it already": "You have answered already.",
};

/** One review, large: the statement first, what it would do marked in it, who asks and why, then the answer. */
export function ReviewDetail({
  review,
  siblings,
  onAnswered,
  onBack,
}: {
  review: WireReview;
  /** Other open ones with the same text, on other targets, that the person may answer too. */
  siblings: readonly WireReview[];
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
          {review.requester} {WANTS[review.kind]} on{" "}
          <span className={classes.target}>
            {review.target} <b>{review.environment}</b>
          </span>
        </h2>
        <p className={classes.quiet}>
          {review.requesterGroups.length === 0 ? "in no group" : review.requesterGroups.join(", ")} ·{" "}
          {review.kind === "glass" ? "" : "asked "}
          <TimeAgo at={review.openedAt} />
          {review.state !== "open" ? (
            ""
          ) : review.kind === "glass" ? (
            <Due at={review.expiresAt} now={now} />
          ) : (
            ` · expires in ${clock(review.expiresAt - now)}`
          )}
          {review.asks === null ? "" : ` · for ${minutesInWords(review.asks.minutes)}`}
          {review.approvalsNeeded > 1 ? ` · ${approvals} of ${review.approvalsNeeded} approvals` : ""}
        </p>
      </header>
      {review.reason === "" ? (
        <p className={classes.quiet}>No reason was given.</p>
      ) : (
        <blockquote className={classes.reason} data-review-reason>
          <Linked text={review.reason} />
        </blockquote>
      )}
      {review.asks === null ? null : (
        <ul className={classes.plain} data-asks>
          {review.asks.access.map((each) => (
            <li key={`${each.action} ${each.resource}`} data-left={each.left}>
              They want to {accessInWords(each)}.{each.left ? "" : " A reviewer has left it out."}
            </li>
          ))}
        </ul>
      )}
      <MarkedStatement text={review.statement} lines={lines} hovered={hovered} />
      <BlastRadius review={review} />
      <Effects effects={review.effects} />
      <Answer review={review} siblings={siblings} onAnswered={onAnswered} />
      <Runs review={review} />
      <GrantState review={review} />
      <Discussion review={review} />
      <div className={classes.columns}>
        <section>
          <h3>{review.kind === "glass" ? "What the first statement did" : "What it would do"}</h3>
          <VerdictList decision={review.decision} onHover={setHovered} />
        </section>
        <section>
          <Around review={review} />
          <h3>Who asks for the review</h3>
          <ul className={classes.plain}>
            {policies.length === 0 ? (
              <li>No policy permits it; whoever may resolve reviews on the target can grant it.</li>
            ) : null}
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

/** Whether what runs waits for a commit: what the policy says, or the choice. */
function HoldChoice(props: {
  review: WireReview;
  lasts: number | null;
  hold: boolean | null;
  onChange: (hold: boolean) => void;
}) {
  const { safeRun } = props.review;
  if (safeRun === "not-possible" || safeRun === "never") return null;
  const always = safeRun === "always";
  return (
    <Checkbox
      label={always ? "Held before it is committed, says the policy" : "Hold before it is committed"}
      disabled={always}
      checked={always || (props.hold ?? (safeRun === "wanted" && props.lasts === null))}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
      data-hold
    />
  );
}

/** Of several things that are asked for, those that a yes lets be done. */
function Narrow(props: { review: WireReview; leftOut: ReadonlySet<number>; onChange: (leftOut: ReadonlySet<number>) => void }) {
  const access = props.review.asks?.access ?? [];
  if (access.length < 2) return null;
  return (
    <fieldset className={classes.siblings} data-narrow={props.leftOut.size}>
      <legend>A yes lets them:</legend>
      {access.map((each, index) => (
        <Checkbox
          key={`${each.action} ${each.resource}`}
          label={accessInWords(each)}
          disabled={!each.left}
          checked={each.left && !props.leftOut.has(index)}
          onChange={(event) => {
            const next = new Set(props.leftOut);
            if (event.currentTarget.checked) next.delete(index);
            else next.add(index);
            props.onChange(next);
          }}
        />
      ))}
    </fieldset>
  );
}

/** Of broken glass: how long there is, and how long it is overdue. It never goes away by itself. */
function Due({ at, now }: { at: number; now: number }) {
  return now < at ? (
    <span data-due="soon"> · to be closed in {clock(at - now)}</span>
  ) : (
    <b className={classes.no} data-due="over">
      {" "}
      · overdue for {clock(now - at)}
    </b>
  );
}

/** What a yes would cover, in a sentence. */
function coverOf(review: WireReview, lasts: number | null): string {
  if (review.kind === "glass") return "It was done already. Your answer closes the review and says whether it was right.";
  if (review.asks !== null) return "A yes covers this person on this target until its time is over or somebody ends it.";
  if (lasts === null) return "A yes covers exactly this statement, this person and this target, once.";
  return review.shapeIsOpen
    ? "A yes covers this statement with any other numbers and texts in it, for this person on this target."
    : "A yes covers exactly this text, as often as they run it, for this person on this target.";
}

/** Neither answer is the default: an accidental Enter decides nothing. */
export function Answer({
  review,
  siblings,
  onAnswered,
}: {
  review: WireReview;
  siblings: readonly WireReview[];
  onAnswered: (review: WireReview) => void;
}) {
  const [comment, setComment] = useState("");
  const [lasts, setLasts] = useState<number | null>(null);
  const [hold, setHold] = useState<boolean | null>(null);
  const [leftOut, setLeftOut] = useState<ReadonlySet<number>>(new Set());
  const [also, setAlso] = useState<ReadonlySet<string>>(new Set());
  const [sending, setSending] = useState<ReviewAnswerBody["verdict"] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const may = review.state === "open" && review.mayAnswer;
  const me = usePerson();
  const glass = review.kind === "glass";

  const withdraw = async () => {
    const result = await ask<WireReview>(`/api/reviews/${encodeURIComponent(review.id)}/withdraw`, { method: "POST", body: {} });
    if (result.ok) onAnswered(result.value);
    else setFailure(result.error.message);
  };

  const answer = async (verdict: ReviewAnswerBody["verdict"]) => {
    if (!may || sending !== null) return;
    if ((verdict === "reject" || glass) && comment.trim() === "") {
      setFailure(glass ? "Say what you found: nobody else may look again." : "Say why, so that they know what to change.");
      field.current?.focus();
      return;
    }
    setSending(verdict);
    setFailure(null);
    const body: ReviewAnswerBody = { verdict, comment: comment.trim(), minutes: verdict === "approve" ? lasts : null, hold };
    if (verdict === "approve" && leftOut.size > 0)
      body.access = (review.asks?.access ?? []).flatMap((_, index) => (leftOut.has(index) ? [] : [index]));
    const send = (id: string) => ask<WireReview>(`/api/reviews/${encodeURIComponent(id)}/answer`, { method: "POST", body });
    const result = await send(review.id);
    const failures = result.ok ? [] : [result.error.message];
    if (result.ok) {
      for (const sibling of siblings.filter(({ id }) => also.has(id))) {
        const other = await send(sibling.id);
        if (!other.ok) failures.push(`${sibling.target}: ${other.error.message}`);
      }
      onAnswered(result.value);
    }
    setSending(null);
    setFailure(failures.length === 0 ? null : failures.join("; "));
  };

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isField(event.target)) return;
      if (event.key !== "a" && event.key !== "r" && event.key !== "c") return;
      event.preventDefault();
      if (event.key === "c") return field.current?.focus();
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
          {review.state === "approved" && !glass
            ? review.usedAt === null
              ? "; the yes was not used yet"
              : "; the yes was used"
            : ""}
          .
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
      {review.state === "open" && review.requester === me.id && !glass ? (
        <div className={classes.buttons}>
          <Button variant="default" onClick={() => void withdraw()} data-withdraw-review>
            Withdraw
          </Button>
          <HandOn review={review} />
        </div>
      ) : null}
      {may ? (
        <>
          <Textarea
            ref={field}
            aria-label="comment"
            placeholder={
              glass
                ? "What you found. Goes to the person and onto the record"
                : "Comment. Needed for a no; goes to the requester and onto the record"
            }
            autosize
            minRows={1}
            maxRows={5}
            maxLength={4_000}
            value={comment}
            onChange={(event) => setComment(event.currentTarget.value)}
          />
          <Narrow review={review} leftOut={leftOut} onChange={setLeftOut} />
          {siblings.length === 0 ? null : (
            <fieldset className={classes.siblings} data-siblings={siblings.length}>
              <legend>The same text waits elsewhere. Answer there too:</legend>
              {siblings.map((sibling) => (
                <Checkbox
                  key={sibling.id}
                  label={`${sibling.target} (${sibling.environment}), for ${sibling.requester}`}
                  checked={also.has(sibling.id)}
                  onChange={(event) => {
                    const next = new Set(also);
                    if (event.currentTarget.checked) next.add(sibling.id);
                    else next.delete(sibling.id);
                    setAlso(next);
                  }}
                />
              ))}
            </fieldset>
          )}
          <div className={classes.buttons}>
            {review.mostMinutes === 0 ? null : (
              <Select
                aria-label="how long a yes lasts"
                data-lasts
                w={170}
                allowDeselect={false}
                value={String(lasts ?? (review.asks === null ? 0 : review.asks.minutes))}
                onChange={(value) => setLasts(value === null || value === "0" ? null : Number(value))}
                data={[
                  ...(review.asks === null ? [{ value: "0", label: "once" }] : []),
                  ...durations(review.mostMinutes).map((each) => ({ value: String(each), label: `for ${minutesInWords(each)}` })),
                ]}
              />
            )}
            <HoldChoice review={review} lasts={lasts} hold={hold} onChange={setHold} />
            <Button variant="default" loading={sending === "approve"} onClick={() => void answer("approve")} data-approve>
              <span className={classes.yes}>
                ✓ {glass ? "It was right" : lasts === null && review.asks === null ? "Approve once" : "Approve"}
              </span>{" "}
              <kbd>a</kbd>
            </Button>
            <Button variant="default" loading={sending === "reject"} onClick={() => void answer("reject")} data-reject>
              <span className={classes.no}>✕ {glass ? "It was wrong" : "Reject"}</span> <kbd>r</kbd>
            </Button>
            <HandOn review={review} />
            <span className={classes.quiet}>{coverOf(review, lasts)}</span>
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
