"use client";

import { Button, TextInput } from "@mantine/core";
import { ArrowLeft, Eye } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useEffect, useState } from "react";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { ask } from "../request/ask.ts";
import { Answer } from "../review/review-detail.tsx";
import { useSocket, useSocketStore } from "../socket/socket.tsx";
import { counted } from "../theme/time.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import { verdictLines } from "../verdict/lines.ts";
import { OutcomeMark } from "../verdict/outcome-mark.tsx";
import { Prose } from "../verdict/prose.tsx";
import { MarkedStatement } from "../verdict/statement.tsx";
import classes from "./sessions.module.css";
import type { WatchedStatement, WatchView } from "./watch-view.ts";
import { Remarks } from "./watched-banner.tsx";

const WatchedScreen = dynamic(() => import("./watched-screen.tsx"), {
  ssr: false,
  loading: () => <Skeleton label="the terminal" lines={3} />,
});

/** One session as it goes on. Its person is told who watches for as long as this page is open. */
export function WatchPage({ id }: { id: string }) {
  const store = useSocketStore();
  const connected = useSocket((state) => state.link.state === "open");
  const view = useSocket((state) => state.watches[id]);
  useEffect(() => {
    if (!connected) return;
    store.send({ type: "watch.start", session: id });
    return () => {
      store.send({ type: "watch.stop", session: id });
    };
  }, [store, id, connected]);
  const item = view?.item ?? null;
  if (view === undefined || (item === null && view.state !== "ended")) return <Skeleton label="the session" />;
  if (item === null) {
    return (
      <Condition kind="forbidden" title="This session cannot be watched" what={view.reason}>
        <Button component={Link} href="/sessions" variant="default">
          All sessions
        </Button>
      </Condition>
    );
  }
  return (
    <div className={classes.watch} data-watch-page={id} data-watch-state={view.state} data-environment={item.environment}>
      <header>
        <Button
          component={Link}
          href="/sessions"
          variant="subtle"
          size="compact-xs"
          leftSection={<ArrowLeft size={13} aria-hidden />}
        >
          All sessions
        </Button>
        <h1>
          <Eye size={16} aria-hidden /> {item.name === "" ? item.principal : item.name} on {item.target}{" "}
          <b className={classes.environment}>{item.environment}</b>
        </h1>
        <span className={classes.quiet}>
          {item.principal} as {item.identity}, since <TimeAgo at={item.openedAt} />. They see that you watch.
        </span>
        {item.mayTerminate && view.state === "open" ? <Terminate id={id} /> : null}
      </header>
      {view.state === "ended" ? (
        <p role="status" className={classes.over} data-watch-ended>
          <b>Over:</b> {view.reason}
        </p>
      ) : null}
      <Pending session={id} />
      {item.kind === "terminal" ? <WatchedScreen output={view.output} size={view.size} session={id} /> : null}
      <Statements view={view} />
      <section aria-label="remarks" className={classes.talk}>
        <Remarks session={id} comments={view.comments} />
      </section>
    </div>
  );
}

/** Reviews of this session that wait for the one who watches. */
function Pending({ session }: { session: string }) {
  const items = useSocket((state) => state.reviews.items);
  const waiting = Object.values(items).filter(
    (review) => review.session === session && review.state === "open" && review.mayAnswer,
  );
  return waiting.map((review) => (
    <section key={review.id} className={classes.pending} data-pending-review={review.id}>
      <h2>Waits for your answer</h2>
      <MarkedStatement text={review.statement} lines={verdictLines(review.decision)} hovered={null} />
      <Answer review={review} siblings={[]} onAnswered={() => undefined} />
      <Link href={`/reviews/${review.id}`} prefetch={false}>
        Look at it large
      </Link>
    </section>
  ));
}

function Statements({ view }: { view: WatchView }) {
  if (view.statements.length === 0) {
    return view.item?.kind === "sql" ? <Condition kind="empty" title="Nothing was run while you watched" /> : null;
  }
  return (
    <ol className={classes.statements} aria-label="statements">
      {view.statements.toReversed().map((statement) => (
        <li key={statement.decided.statement} data-watched-statement={statement.decided.statement}>
          <Statement statement={statement} />
        </li>
      ))}
    </ol>
  );
}

function Statement({ statement }: { statement: WatchedStatement }) {
  const { decided, columns, rows, omitted, ended } = statement;
  return (
    <>
      <p data-meaning={decided.outcome}>
        <TimeAgo at={decided.at} /> <OutcomeMark meaning={decided.outcome} word={OUTCOME[decided.outcome]} />{" "}
        {ended === null ? "" : `· ${ended.ended}${ended.rowCount === null ? "" : ` · ${counted(ended.rowCount, "row")}`}`}
        {decided.masked.length === 0 ? "" : ` · ◐ ${decided.masked.join(", ")}`}
      </p>
      <pre>{decided.text}</pre>
      {decided.message === "" ? null : (
        <p className={classes.quiet}>
          <Prose text={decided.message} />
        </p>
      )}
      {ended?.error == null ? null : <p className={classes.quiet}>{ended.error}</p>}
      {columns === null ? null : (
        <div className={classes.rows}>
          <table>
            <thead>
              <tr>
                {columns.map((column, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: names of columns may be the same
                  <th key={index}>
                    {column.masked === null ? "" : "◐ "}
                    {column.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows only grow, and two can be the same
                <tr key={index}>
                  {row.map((value, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: as the columns
                    <td key={at}>{value ?? "NULL"}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {omitted === "" ? null : (
        <p className={classes.quiet} data-omitted>
          Rows are left out: {omitted}.
        </p>
      )}
    </>
  );
}

const OUTCOME = { allow: "allowed", review: "review", deny: "denied" } as const;

/** Needs a reason; ends it on whatever replica it is. */
function Terminate({ id }: { id: string }) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const send = async () => {
    if (reason.trim() === "") return setFailure("Say why: they are told, and it goes onto the record.");
    const result = await ask(`/api/sessions/${encodeURIComponent(id)}/terminate`, {
      method: "POST",
      body: { reason: reason.trim() },
    });
    setFailure(result.ok ? null : result.error.message);
    if (result.ok) setAsking(false);
  };
  if (!asking) {
    return (
      <Button variant="default" size="compact-sm" onClick={() => setAsking(true)} data-terminate>
        End this session…
      </Button>
    );
  }
  return (
    <form
      className={classes.say}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <TextInput
        size="xs"
        autoFocus
        aria-label="why it is ended"
        placeholder="Why? They are told"
        error={failure}
        value={reason}
        maxLength={1_000}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Button type="submit" size="compact-sm" color="red" variant="light" data-confirm-terminate>
        End it
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setAsking(false)}>
        Leave it
      </Button>
    </form>
  );
}
