"use client";

import Link from "next/link";
import type { BlastRadiusReport, ReviewContext } from "../../server/contract/http.ts";
import type { WireReview } from "../../server/contract/socket.ts";
import { Skeleton } from "../condition/condition.tsx";
import { useAnswer } from "../request/use-answer.ts";
import { counted } from "../theme/time.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import classes from "./reviews-page.module.css";

/** What the change would touch, counted in the database when the review is opened. */
export function BlastRadius({ review }: { review: WireReview }) {
  const wanted = review.kind === "sql" && review.state === "open" && review.mayAnswer;
  const [asked] = useAnswer<BlastRadiusReport>(wanted ? `/api/reviews/${encodeURIComponent(review.id)}/blast-radius` : null);
  if (!wanted) return null;
  return (
    <section
      className={classes.blast}
      data-blast-radius={asked.state}
      aria-label="blast radius"
      aria-live="polite"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what does not fit is scrolled, by the keyboard too
      tabIndex={0}
    >
      <h3>Blast radius</h3>
      {asked.state === "loading" ? <Skeleton label="the rows it would touch" lines={2} /> : null}
      {asked.state === "failed" ? <p className={classes.quiet}>Not counted: {asked.error.message}.</p> : null}
      {asked.state === "loaded" ? <Counted report={asked.value} /> : null}
    </section>
  );
}

function Counted({ report }: { report: BlastRadiusReport }) {
  const { counted: count, sample, plan, table } = report;
  return (
    <>
      {count.state === "no" ? (
        <p className={classes.quiet}>Not counted: {count.reason}.</p>
      ) : (
        <p data-blast-rows={count.rows}>
          <b>{counted(count.rows, "row")}</b>{" "}
          {count.of === "source" ? "would be taken from its source" : `of ${table ?? "the table"}`}
          {count.differs ? "; something is masked or filtered for you, so it may be others" : ""}
        </p>
      )}
      {sample === null || sample.rows.length === 0 ? null : (
        <p className={classes.quiet}>
          {sample.columns.join(", ")}:{" "}
          <code>{sample.rows.map((row) => row.map((value) => value ?? "NULL").join(" ")).join(", ")}</code>
          {count.state === "yes" && count.rows > sample.rows.length ? " …" : ""}
        </p>
      )}
      {plan === null ? null : (
        <p className={classes.quiet}>
          The planner expects {plan.rows === null ? "" : `${counted(plan.rows, "row")}, `}cost{" "}
          {Math.round(plan.cost).toLocaleString("en")}
        </p>
      )}
      {plan === null || plan.nodes.length === 0 ? null : (
        <ul className={classes.plan} aria-label="the plan" data-plan={plan.nodes.length}>
          {plan.nodes.map(({ depth, what, rows }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a plan does not change, and two of its steps can be alike
            <li key={index} style={{ paddingInlineStart: `${depth * 2}ch` }}>
              {what} <span className={classes.quiet}>{counted(rows, "row")}</span>
            </li>
          ))}
        </ul>
      )}
      <ul className={classes.plain}>
        {report.locks.map((lock) => (
          <li key={`${lock.table} ${lock.mode}`} className={classes.quiet}>
            <code>{lock.mode}</code> on <code>{lock.table}</code>: {lock.blocks}
          </li>
        ))}
      </ul>
    </>
  );
}

/** What was done before in the session, and how earlier ones of the same shape ended. */
export function Around({ review }: { review: WireReview }) {
  const [asked] = useAnswer<ReviewContext>(`/api/reviews/${encodeURIComponent(review.id)}/context`);
  if (asked.state !== "loaded") return null;
  const { statements, alike } = asked.value;
  return (
    <>
      {statements.length === 0 ? null : (
        <section data-session-before>
          <h3>{review.kind === "glass" ? "Done under it, the newest first" : "Before it in the session"}</h3>
          <ol className={classes.before}>
            {statements.map((item) => (
              <li key={`${item.at} ${item.statement}`} data-meaning={item.outcome === "review" ? "review" : item.outcome}>
                <TimeAgo at={item.at} /> <code>{item.statement}</code>
              </li>
            ))}
          </ol>
        </section>
      )}
      {alike.length === 0 ? null : (
        <section data-alike>
          <h3>Earlier ones of this shape</h3>
          <ul className={classes.before}>
            {alike.map((item) => (
              <li key={item.id}>
                <Link href={`/reviews/${item.id}`} prefetch={false}>
                  {item.state}
                </Link>{" "}
                {item.by.length === 0 ? "" : `by ${item.by.join(", ")} `}for {item.requester}, <TimeAgo at={item.openedAt} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
