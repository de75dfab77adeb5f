"use client";

import { Button, Checkbox, TextInput, Tooltip } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { PanelRight, Play, Square } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { TargetItem, TargetTree } from "../../server/contract/http.ts";
import { Condition } from "../condition/condition.tsx";
import { useAnswer } from "../request/use-answer.ts";
import { AskButton } from "../review/ask-access.tsx";
import { grantsIn } from "../review/order.ts";
import { GlassBanner } from "../sessions/glass-banner.tsx";
import { WatchedBanner } from "../sessions/watched-banner.tsx";
import { useSession, useSocket, useSocketStore } from "../socket/socket.tsx";
import type { Run } from "../socket/state.ts";
import { fits } from "../socket/store.ts";
import { RolledBack, SessionEnded } from "../workbench/session-ended.tsx";
import { Split } from "../workbench/split.tsx";
import { type Span, statementAt, statements } from "./boundaries.ts";
import { marksOf, moved } from "./denial.ts";
import type { EditorCursor, EditorHandle, EditorMark } from "./editor.tsx";
import { LazyEditor } from "./lazy-editor.tsx";
import { type Ran, type Replacement, replacementIn } from "./replacement.ts";
import { RunView } from "./run-view.tsx";
import classes from "./sql-tab.module.css";
import { VerdictDrawer } from "./verdict-drawer.tsx";

const JUDGE_AFTER_MS = 250;

/** A text that was sent, and where it stood in the editor. */
interface Sent {
  readonly id: string;
  readonly text: string;
  readonly offset: number;
}

export function SqlTab(props: {
  target: TargetItem;
  text: string;
  onText: (text: string) => void;
  onRequest: (request: string | null) => void;
}) {
  const { target, text } = props;
  const store = useSocketStore();
  const { request, session, reopen } = useSession(target.id, "sql", undefined, null);
  const policyVersion = useSocket((state) => state.policyVersion);
  const grants = useSocket((state) => grantsIn(state.reviews.items));
  const [tree] = useAnswer<TargetTree>(`/api/targets/${encodeURIComponent(target.id)}/tree`, `${policyVersion} ${grants}`);
  const [cursor, setCursor] = useState<EditorCursor>({ offset: 0, selection: null });
  const [asked, setAsked] = useState<Sent | null>(null);
  const [ran, setRan] = useState<(Sent & Ran) | null>(null);
  const [hovered, setHovered] = useState<Span | null>(null);
  const [drawer, setDrawer] = useState(true);
  const [reason, setReason] = useState("");
  const [safeRun, setSafeRun] = useState(true);
  const { onRequest } = props;
  useEffect(() => onRequest(request), [onRequest, request]);

  const open = session?.state === "open" ? session : null;
  // A session that took an open transaction with it is followed by another, where nothing of it is.
  const [rolledBack, setRolledBack] = useState(false);
  const before = useRef<{ session: string; transaction: string } | null>(null);
  useEffect(() => {
    if (open === null) return;
    const last = before.current;
    if (last !== null && last.session !== open.session) setRolledBack(last.transaction !== "idle");
    before.current = { session: open.session, transaction: open.transaction };
  }, [open]);

  const kept = useRef<Run | null>(null);
  if ((session?.state === "open" || session?.state === "closed") && session.run !== null) kept.current = session.run;
  const run = kept.current;
  const running = open?.run?.state === "running";

  const current = useMemo(() => cursor.selection ?? statementAt(text, cursor.offset), [text, cursor]);
  const currentText = current === null ? "" : text.slice(...current);

  // The verdict while typing: on what a run would take.
  const [quietText] = useDebouncedValue(currentText, JUDGE_AFTER_MS);
  const currentNow = useRef(current);
  currentNow.current = current;
  const openSession = open?.session;
  // biome-ignore lint/correctness/useExhaustiveDependencies: new policies are a reason to ask again
  useEffect(() => {
    if (openSession === undefined || quietText.trim() === "" || !fits(quietText)) return setAsked(null);
    const id = crypto.randomUUID();
    setAsked({ id, text: quietText, offset: currentNow.current?.[0] ?? 0 });
    store.send({ type: "judge", session: openSession, request: id, text: quietText });
  }, [store, openSession, quietText, policyVersion]);

  const judged = asked !== null && open?.judged?.request === asked.id ? open.judged : null;
  // Where the judged text stands now: typing above it moves it.
  const judgedAt = asked === null ? null : placeOf(asked, text, current);

  const marks = useMemo((): readonly EditorMark[] => {
    const found = new Map<string, EditorMark>();
    const add = (mark: EditorMark) => found.set(`${mark.span.join()} ${mark.message}`, mark);
    if (judged !== null && judgedAt !== null) {
      for (const { decision } of judged.decisions) for (const mark of marksOf(decision, judgedAt)) add(mark);
    }
    const ranAt = ran === null || run === null || run.run !== ran.id ? null : placeOf(ran, text, null);
    if (ranAt !== null && run !== null) {
      for (const { decision, ended } of run.statements) {
        if (ended?.ended !== "done") for (const mark of marksOf(decision, ranAt)) add(mark);
        if (ended?.error?.span) add({ span: moved(ended.error.span, ranAt), meaning: "deny", message: ended.error.message });
      }
    }
    return [...found.values()];
  }, [judged, judgedAt, ran, run, text]);

  const start = (whole: string, span: Span | null) => {
    if (open === null || running || span === null) return;
    const id = crypto.randomUUID();
    const sent = whole.slice(...span);
    if (sent.trim() === "") return;
    const why = reason.trim();
    if (
      store.send({ type: "sql.run", session: open.session, run: id, text: sent, safeRun, ...(why === "" ? {} : { reason: why }) })
    ) {
      setRan({ id, text: sent, offset: span[0], whole });
    }
  };
  const runStatement = (statement: string) => {
    if (open !== null && !running)
      store.send({ type: "sql.run", session: open.session, run: crypto.randomUUID(), text: statement });
  };
  const goOn = (statement: string, goesOnWith: string) => {
    if (open !== null && !running)
      store.send({ type: "sql.run", session: open.session, run: crypto.randomUUID(), text: statement, goesOnWith });
  };
  const cancel = () => {
    if (open !== null && running && open.run !== null)
      store.send({ type: "sql.cancel", session: open.session, run: open.run.run });
  };
  const editor = useRef<EditorHandle | null>(null);
  /** False: the statement is not there any more. */
  const replaceBy = (suggestion: Replacement): boolean =>
    ran !== null &&
    run !== null &&
    ran.id === run.run &&
    (editor.current?.replace((now) => replacementIn(now, ran, suggestion)) ?? false);
  const all = useMemo(() => statements(text).length, [text]);
  const needsReview = judged?.decisions.some(({ decision }) => decision.outcome === "review") ?? false;

  if (session?.state === "refused") {
    return (
      <Condition kind="forbidden" title={`No session on ${target.id}`} what={session.message}>
        {session.hint === undefined ? null : <p>{session.hint}</p>}
        {target.may ? null : (
          <AskButton target={target.id} access={[{ action: "target:connect", resource: "target" }]} label="Ask to connect…" />
        )}
        <Button onClick={reopen}>Try again</Button>
      </Condition>
    );
  }

  return (
    <div className={classes.tab} data-sql-tab={target.id} data-session={session?.state ?? "none"}>
      <div className={classes.centre}>
        <Split
          label="height of the editor"
          first={
            <div className={classes.upper}>
              <div className={classes.bar} role="toolbar" aria-label="run">
                {running ? (
                  <Button color="red" variant="light" leftSection={<Square size={12} aria-hidden />} onClick={cancel} data-cancel>
                    Cancel <kbd>Esc</kbd>
                  </Button>
                ) : (
                  <Tooltip label={cursor.selection === null ? "The statement under the cursor" : "What is selected"}>
                    <Button
                      leftSection={<Play size={12} aria-hidden />}
                      onClick={() => start(text, current)}
                      disabled={open === null || current === null}
                      data-run-button
                    >
                      {cursor.selection === null ? "Run" : "Run selection"} <kbd>Ctrl ⏎</kbd>
                    </Button>
                  </Tooltip>
                )}
                <Button
                  variant="default"
                  onClick={() => start(text, [0, text.length])}
                  disabled={open === null || running || all === 0}
                  data-run-all
                >
                  Run all{all > 1 ? ` (${all})` : ""}
                </Button>
                <TransactionMark transaction={open?.transaction ?? "idle"} disabled={running} onRun={runStatement} />
                {needsReview ? (
                  <TextInput
                    className={classes.reason}
                    placeholder="Why? Shown to the reviewer"
                    aria-label="reason for the reviewer"
                    value={reason}
                    onChange={(event) => setReason(event.currentTarget.value)}
                    maxLength={2_000}
                    data-reason
                  />
                ) : null}
                {needsReview ? (
                  <Tooltip label="After the yes it runs in an open transaction: you see how many rows it changed, then commit or roll back">
                    <Checkbox
                      size="xs"
                      label="Hold before commit"
                      checked={safeRun}
                      onChange={(event) => setSafeRun(event.currentTarget.checked)}
                      data-safe-run
                    />
                  </Tooltip>
                ) : null}
                <Button
                  className={classes.drawerSwitch}
                  variant="subtle"
                  aria-pressed={drawer}
                  aria-label="verdict"
                  onClick={() => setDrawer(!drawer)}
                  leftSection={<PanelRight size={14} aria-hidden />}
                >
                  Verdict
                </Button>
              </div>
              <div className={classes.editor}>
                <LazyEditor
                  language="pgsql"
                  label={`SQL for ${target.id}`}
                  value={text}
                  onChange={props.onText}
                  onCursor={setCursor}
                  onReady={(handle) => {
                    editor.current = handle;
                  }}
                  onRun={(now, at) => start(now, at.selection ?? statementAt(now, at.offset))}
                  onRunAll={(now) => start(now, [0, now.length])}
                  onCancel={cancel}
                  running={running}
                  placeholder="-- Write SQL. Ctrl+Enter runs the statement under the cursor, after it is judged."
                  marks={marks}
                  current={current}
                  hovered={hovered}
                  tables={tree.state === "loaded" ? tree.value.tables : NO_TABLES}
                />
              </div>
            </div>
          }
          second={
            <div className={classes.lower}>
              {open === null ? null : <GlassBanner session={open.session} glass={open.glass} onGiveUp={cancel} />}
              {open === null ? null : <WatchedBanner session={open.session} watched={open.watched} />}
              {rolledBack ? <RolledBack onSeen={() => setRolledBack(false)} /> : null}
              {session?.state === "closed" ? <SessionEnded reason={session.reason} reopen={reopen} /> : null}
              {run === null ? (
                <Condition
                  kind="empty"
                  title="Nothing was run yet"
                  what="Each statement is judged before it runs: what you may not see is masked or refused, what is risky waits for a reviewer."
                />
              ) : (
                <RunView
                  target={target.id}
                  run={run}
                  request={request}
                  paused={open?.watched.paused ?? false}
                  onCancel={cancel}
                  onReplace={replaceBy}
                  onGoOn={open === null || running ? null : goOn}
                />
              )}
            </div>
          }
        />
      </div>
      {drawer ? (
        <VerdictDrawer
          state={
            currentText.trim() === ""
              ? "empty"
              : open === null
                ? "offline"
                : judged === null || judgedAt === null
                  ? "judging"
                  : "judged"
          }
          decisions={judged?.decisions.map(({ decision }) => decision) ?? []}
          onHover={(span) => setHovered(span === null || judgedAt === null ? null : moved(span, judgedAt))}
          onClose={() => setDrawer(false)}
        />
      ) : null}
    </div>
  );
}

const NO_TABLES: never[] = [];

/** Where a text that was sent begins now; null: it is not there any more. */
function placeOf(sent: Sent, text: string, current: Span | null): number | null {
  for (const offset of [current?.[0], sent.offset]) {
    if (offset !== undefined && text.startsWith(sent.text, offset)) return offset;
  }
  return null;
}

/** Whether a transaction is open, in words; with the two ways out of it. */
function TransactionMark(props: {
  transaction: "idle" | "open" | "failed";
  disabled: boolean;
  onRun: (statement: string) => void;
}) {
  if (props.transaction === "idle") {
    return (
      <span className={classes.transaction} data-transaction="idle">
        auto-commit
      </span>
    );
  }
  return (
    <span
      className={classes.transaction}
      data-transaction={props.transaction}
      data-meaning={props.transaction === "open" ? "review" : "deny"}
    >
      transaction {props.transaction}
      {props.transaction === "open" ? (
        <Button size="compact-xs" variant="default" disabled={props.disabled} onClick={() => props.onRun("commit")}>
          Commit
        </Button>
      ) : null}
      <Button size="compact-xs" variant="default" disabled={props.disabled} onClick={() => props.onRun("rollback")}>
        Roll back
      </Button>
    </span>
  );
}
