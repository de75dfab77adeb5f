"use client";

import { ActionIcon, Button } from "@mantine/core";
import { FolderOpen, Search } from "lucide-react";
import dynamic from "next/dynamic";
import { useCallback, useEffect, useRef, useState } from "react";
import type { TargetItem } from "../../server/contract/http.ts";
import type { WireBlock, WireInstead } from "../../server/contract/socket.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { FilesPanel } from "../files/files-panel.tsx";
import { askableOf } from "../review/access.ts";
import { AskButton } from "../review/ask-access.tsx";
import { WaitingCard } from "../review/waiting-card.tsx";
import { GlassBanner } from "../sessions/glass-banner.tsx";
import { WatchedBanner } from "../sessions/watched-banner.tsx";
import { useSession, useSocketStore } from "../socket/socket.tsx";
import type { TerminalState } from "../socket/state.ts";
import { SessionEnded } from "../workbench/session-ended.tsx";
import { useTerminalSettings } from "./settings.ts";
import { SettingsMenu } from "./settings-menu.tsx";
import classes from "./terminal.module.css";
import { VerdictLine } from "./verdict-line.tsx";

const Screen = dynamic(() => import("./screen.tsx"), { ssr: false, loading: () => <Skeleton label="the terminal" lines={3} /> });

const NO_BLOCKS: readonly WireBlock[] = [];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A terminal on a target. The gateway owns the prompt, the echo and the line editor: here keys go out and output comes in. */
export function TerminalTab(props: {
  id: string;
  target: TargetItem;
  visible: boolean;
  active: boolean;
  onRequest: (request: string | null) => void;
  /** The statement, in a SQL tab of that target. */
  onSql: (target: string, statement: string) => void;
}) {
  const { target, onRequest } = props;
  const store = useSocketStore();
  const [size, setSize] = useState<Size | null>(null);
  const { request, session, again, reopen } = useSession(target.id, "terminal", size, `gatehouse-terminal ${props.id}`);
  const { settings, change } = useTerminalSettings();
  useEffect(() => onRequest(request), [onRequest, request]);
  const [files, setFiles] = useState(false);
  const [searching, setSearching] = useState(false);

  const open = session?.state === "open" ? session : null;
  const id = open?.session ?? null;
  const [wasOpen, setWasOpen] = useState(false);
  useEffect(() => {
    if (id !== null) setWasOpen(true);
  }, [id]);
  const ended = session?.state === "closed" ? session.reason : session?.state === "refused" && wasOpen ? session.message : null;
  // The window may have changed between asking for the session and getting it.
  const sized = useRef(size);
  sized.current = size;
  useEffect(() => {
    if (id !== null && sized.current !== null) store.send({ type: "terminal.resize", session: id, ...sized.current });
  }, [store, id]);
  const resize = useCallback(
    (next: Size) => {
      setSize(next);
      if (id !== null) store.send({ type: "terminal.resize", session: id, ...next });
    },
    [store, id],
  );
  const acknowledge = useCallback(
    (bytes: number) => {
      if (id !== null) store.send({ type: "terminal.ack", session: id, bytes });
    },
    [store, id],
  );
  const edit = open?.terminal.edit ?? null;
  useEffect(() => {
    if (edit !== null) setFiles(true);
  }, [edit]);
  /** In place of the line that is typed, or waits: what was typed is taken away first. */
  const doInstead = (instead: WireInstead) => {
    if (instead.do === "sql") return props.onSql(instead.target, instead.statement);
    // Keys would go to what runs.
    if (open === null || open.terminal.running) return;
    store.keys(open.channel, open.terminal.review?.state === "open" ? "\x03" : "\x05\x15");
    store.keys(open.channel, `${instead.line}\r`);
  };
  const review = open?.terminal.review?.state === "open" ? open.terminal.review : null;
  const denied = open?.terminal.verdict?.decision ?? null;
  const asked = denied === null ? [] : askableOf(denied);

  return (
    <div
      className={classes.tab}
      data-terminal-tab={target.id}
      data-session={session?.state ?? "none"}
      data-session-id={id ?? undefined}
      data-environment={target.environment}
      data-running={open?.terminal.running || undefined}
    >
      {open === null ? null : (
        <GlassBanner session={open.session} glass={open.glass} onGiveUp={() => store.keys(open.channel, "\x03")} />
      )}
      {open === null ? null : <WatchedBanner session={open.session} watched={open.watched} />}
      {ended === null ? null : <SessionEnded reason={ended} again={again} reopen={reopen} />}
      {isRaw(open?.terminal ?? null) ? (
        <p className={classes.raw} role="alert" data-raw-shell>
          <b>Raw shell.</b> Single commands are not judged here. It is recorded, and others may watch and end it. <kbd>exit</kbd>{" "}
          leads back.
        </p>
      ) : null}
      <div className={classes.middle}>
        <div className={classes.screen}>
          {session?.state === "refused" && !wasOpen ? (
            <Condition kind="forbidden" title={`No terminal on ${target.id}`} what={session.message}>
              {session.hint === undefined ? null : <p>{session.hint}</p>}
              {target.may ? null : (
                <AskButton
                  target={target.id}
                  access={[{ action: "target:connect", resource: "target" }]}
                  label="Ask to connect…"
                />
              )}
              <Button onClick={reopen}>Try again</Button>
            </Condition>
          ) : (
            <Screen
              label={`terminal on ${target.id}, ${target.environment}`}
              session={id}
              channel={open?.channel ?? null}
              resumed={open?.resumed ?? false}
              visible={props.visible}
              active={props.active}
              settings={settings}
              searching={searching}
              onSearching={setSearching}
              blocks={open?.terminal.blocks ?? NO_BLOCKS}
              onSize={resize}
              onParsed={acknowledge}
            />
          )}
          {review === null ? null : (
            <div className={classes.overlay}>
              <WaitingCard review={review} onWithdraw={() => store.send({ type: "review.withdraw", review: review.id })}>
                <InsteadButton instead={open?.terminal.verdict?.instead ?? null} onDo={doInstead} />
              </WaitingCard>
            </div>
          )}
        </div>
        {files && id !== null ? (
          <FilesPanel key={id} session={id} start={open?.terminal.cwd ?? ""} edit={edit} onClose={() => setFiles(false)} />
        ) : null}
      </div>
      <footer className={classes.line}>
        <VerdictLine state={open?.terminal ?? null} />
        {review !== null || open?.terminal.running === true ? null : (
          <InsteadButton instead={open?.terminal.verdict?.instead ?? null} onDo={doInstead} />
        )}
        <AskButton target={target.id} access={asked} label="Ask for this…" />
        <span className={classes.where}>{open?.terminal.cwd}</span>
        {open?.terminal.exitCode == null || open.terminal.running ? null : (
          <span
            data-exit-code={open.terminal.exitCode}
            data-meaning={open.terminal.exitCode === 0 ? "allow" : "deny"}
            className={classes.exit}
          >
            exit {open.terminal.exitCode}
          </span>
        )}
        <ActionIcon
          variant="subtle"
          size="sm"
          color="gray"
          aria-label="search in the terminal"
          aria-keyshortcuts="Control+Shift+F"
          title="Search (Ctrl+Shift+F)"
          aria-pressed={searching}
          onClick={() => setSearching(!searching)}
          data-open-search
        >
          <Search size={14} aria-hidden />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          size="sm"
          color="gray"
          aria-label="files of the host"
          aria-pressed={files}
          disabled={id === null}
          onClick={() => setFiles(!files)}
          data-open-files
        >
          <FolderOpen size={14} aria-hidden />
        </ActionIcon>
        <SettingsMenu settings={settings} change={change} />
      </footer>
    </div>
  );
}

function InsteadButton({ instead, onDo }: { instead: WireInstead | null; onDo: (instead: WireInstead) => void }) {
  if (instead === null) return null;
  return (
    <Button
      size="compact-xs"
      variant="default"
      // The terminal keeps the keys.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onDo(instead)}
      data-instead={instead.do}
    >
      {instead.do === "sql" ? (
        `Open it in a SQL tab of ${instead.target}`
      ) : (
        <>
          <code>{instead.line}</code>&nbsp;{instead.do === "edit" ? "opens it at once" : "shows it at once"}
        </>
      )}
    </Button>
  );
}

function isRaw(state: TerminalState | null): boolean {
  const last = state?.blocks.at(-1);
  return state?.running === true && last?.ended === null && last.line.trim() === "raw-shell";
}
