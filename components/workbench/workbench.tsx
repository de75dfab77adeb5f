"use client";

import { ActionIcon, Drawer } from "@mantine/core";
import { Columns2, Database, PanelLeft, Radio, SquareTerminal, X } from "lucide-react";
import dynamic from "next/dynamic";
import { useCallback, useEffect, useReducer, useState } from "react";
import type { TargetItem, TreeTable } from "../../server/contract/http.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import type { Focus } from "../frame/focus.ts";
import { useAnswer } from "../request/use-answer.ts";
import { grantsIn } from "../review/order.ts";
import { useSocket } from "../socket/socket.tsx";
import { TargetTree } from "../targets/target-tree.tsx";
import { selectFrom } from "./select-from.ts";
import { NO_TABS, reduceTabs, WorkbenchTabs } from "./tabs.ts";
import { useBorder } from "./use-border.ts";
import { focusPanel, useSplitKeys } from "./use-split-keys.ts";
import classes from "./workbench.module.css";

const SqlTab = dynamic(() => import("../sql/sql-tab.tsx").then((module) => module.SqlTab), {
  ssr: false,
  loading: () => <Skeleton label="the SQL tab" />,
});
const TerminalTab = dynamic(() => import("../terminal/terminal-tab.tsx").then((module) => module.TerminalTab), {
  ssr: false,
  loading: () => <Skeleton label="the terminal" />,
});

const Broadcast = dynamic(() => import("../terminal/broadcast.tsx").then((module) => module.Broadcast), { ssr: false });

const STORED = "gatehouse-workbench";

/** Tabs stay mounted while they are open: a hidden terminal goes on. `wanted`: a target that the palette asked for. */
export function Workbench(props: {
  visible: boolean;
  wanted: { target: string; number: number } | null;
  onFocus: (focus: Focus | null) => void;
}) {
  const version = useSocket((state) => `${state.policyVersion} ${grantsIn(state.reviews.items)}`);
  const [targets, again] = useAnswer<readonly TargetItem[]>("/api/targets", version);
  const [{ tabs, active, left, right }, change] = useReducer(reduceTabs, NO_TABS);
  const { host, tracks, border } = useBorder<HTMLDivElement>("columns", 50, "border between the tabs");
  const [restored, setRestored] = useState(false);
  const [requests, setRequests] = useState<Readonly<Record<string, string | null>>>({});
  const [treeOpen, setTreeOpen] = useState(false);
  const [broadcasting, setBroadcasting] = useState(false);
  const { onFocus, wanted } = props;

  useEffect(() => {
    const stored = WorkbenchTabs.safeParse(parse(window.sessionStorage.getItem(STORED)));
    if (stored.success) change({ type: "restored", tabs: stored.data });
    setRestored(true);
  }, []);
  useEffect(() => {
    if (restored) window.sessionStorage.setItem(STORED, JSON.stringify({ tabs, active, left, right }));
  }, [restored, tabs, active, left, right]);

  const known = targets.state === "loaded" ? targets.value : null;
  const targetOf = (id: string) => known?.find((target) => target.id === id);
  const shown = tabs.find((tab) => tab.id === active);
  const shownTarget = shown === undefined ? undefined : targetOf(shown.target);
  const shownRequest = shown === undefined ? null : (requests[shown.id] ?? null);
  useEffect(() => {
    onFocus(
      shownTarget === undefined ? null : { target: shownTarget.id, environment: shownTarget.environment, request: shownRequest },
    );
  }, [onFocus, shownTarget, shownRequest]);

  const open = (target: TargetItem, table?: TreeTable) => {
    setTreeOpen(false);
    const text = table === undefined ? "" : selectFrom(table);
    const there = table === undefined ? undefined : tabs.find((tab) => tab.target === target.id && tab.id === active);
    if (there !== undefined) change({ type: "appended", id: there.id, text });
    else change({ type: "opened", id: crypto.randomUUID(), target: target.id, text });
  };

  /** The tab beside the active one; from a single tab, another session on its target. */
  const split = () => {
    if (right !== null || shown === undefined) return change({ type: "joined" });
    const index = tabs.indexOf(shown);
    const other = tabs[index + 1] ?? tabs[index - 1];
    const id = other?.id ?? crypto.randomUUID();
    if (other === undefined) {
      change({ type: "opened", id, target: shown.target, text: "" });
      change({ type: "activated", id: shown.id });
    }
    change({ type: "split", id });
  };

  useSplitKeys(props.visible, {
    split,
    other: () => {
      const next = active === right ? left : right;
      if (right === null || next === null) return false;
      change({ type: "activated", id: next });
      focusPanel(next);
      return true;
    },
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: each wish is fulfilled once, when the targets are known
  useEffect(() => {
    const target = wanted === null ? undefined : targetOf(wanted.target);
    if (target?.may) open(target);
  }, [wanted?.number, known === null]);

  const remember = useCallback((id: string, request: string | null) => {
    setRequests((before) => (before[id] === request ? before : { ...before, [id]: request }));
  }, []);

  const hosts = known?.filter((target) => target.type === "ssh" && target.may) ?? [];
  const tree = <TargetTree targets={targets} again={again} onOpen={open} />;
  return (
    <div className={classes.workbench} hidden={!props.visible} data-workbench>
      <h1 className={classes.forTheEar}>Workbench</h1>
      <div className={classes.side}>{tree}</div>
      <Drawer
        opened={treeOpen}
        onClose={() => setTreeOpen(false)}
        title="Targets"
        size={300}
        padding={0}
        styles={{ header: { padding: "0 8px 0 12px", minHeight: 44 } }}
        zIndex={300}
      >
        {tree}
      </Drawer>
      {broadcasting ? <Broadcast hosts={hosts} onClose={() => setBroadcasting(false)} /> : null}
      <div className={classes.main}>
        <div className={classes.tabs}>
          <ActionIcon
            className={classes.treeSwitch}
            variant="subtle"
            color="gray"
            aria-label="targets"
            aria-expanded={treeOpen}
            onClick={() => setTreeOpen(true)}
          >
            <PanelLeft size={16} aria-hidden />
          </ActionIcon>
          <div role="tablist" aria-label="open sessions" className={classes.tabList}>
            {tabs.map((tab, index) => {
              const target = targetOf(tab.target);
              const Icon = target?.type === "ssh" ? SquareTerminal : Database;
              return (
                <div
                  key={tab.id}
                  className={classes.tab}
                  data-environment={target?.environment ?? ""}
                  role="presentation"
                  data-selected={tab.id === active || undefined}
                  data-in-sight={tab.id === left || tab.id === right || undefined}
                >
                  <button
                    type="button"
                    role="tab"
                    id={`tab-${tab.id}`}
                    aria-selected={tab.id === active}
                    aria-controls={`panel-${tab.id}`}
                    data-workbench-tab={tab.target}
                    onClick={() => change({ type: "activated", id: tab.id })}
                    onAuxClick={(event) => event.button === 1 && change({ type: "closed", id: tab.id })}
                    aria-keyshortcuts="Delete"
                    onKeyDown={(event) => {
                      if (event.key === "Delete") return change({ type: "closed", id: tab.id });
                      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
                      const next = step === undefined ? undefined : tabs[index + step];
                      if (next === undefined) return;
                      change({ type: "activated", id: next.id });
                      document.getElementById(`tab-${next.id}`)?.focus();
                    }}
                  >
                    <Icon size={13} aria-hidden />
                    {tab.target}
                    <span className={classes.environment}>{target?.environment}</span>
                  </button>
                  {/* For the mouse; the keyboard closes a tab with Delete, since a list of tabs may hold nothing but tabs. */}
                  <button
                    type="button"
                    className={classes.close}
                    tabIndex={-1}
                    aria-hidden
                    title={`Close ${tab.target}`}
                    data-close-tab={tab.target}
                    onClick={() => change({ type: "closed", id: tab.id })}
                  >
                    <X size={12} aria-hidden />
                  </button>
                </div>
              );
            })}
          </div>
          {hosts.length < 2 ? null : (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label="run one line on several hosts"
              onClick={() => setBroadcasting(true)}
              data-open-broadcast
            >
              <Radio size={15} aria-hidden />
            </ActionIcon>
          )}
          <ActionIcon
            className={classes.splitSwitch}
            variant="subtle"
            color="gray"
            aria-label={right === null ? "show another tab beside this one" : "show this tab alone"}
            aria-keyshortcuts="Control+Shift+\\"
            title={right === null ? "Split (Ctrl+Shift+\\)" : "One tab (Ctrl+Shift+\\). F6 goes to the other"}
            aria-pressed={right !== null}
            disabled={shown === undefined}
            // The terminal or editor keeps the keys.
            onMouseDown={(event) => event.preventDefault()}
            onClick={split}
            data-split
          >
            <Columns2 size={15} aria-hidden />
          </ActionIcon>
        </div>
        <div
          ref={host}
          className={classes.panels}
          data-two={right !== null || undefined}
          style={right === null ? undefined : { gridTemplateColumns: tracks }}
        >
          {right === null ? null : <div {...border} className={classes.border} />}
          {tabs.length === 0 ? (
            <Condition
              kind="empty"
              title="Nothing is open"
              what="Choose a database for SQL or a host for a terminal. Every statement and command is judged before it runs, and is on the record."
            >
              <span className={classes.hints}>
                <kbd>Ctrl</kbd> <kbd>K</kbd> opens anything by name
              </span>
            </Condition>
          ) : null}
          {known === null
            ? null
            : tabs.map((tab) => (
                <div
                  key={tab.id}
                  role="tabpanel"
                  id={`panel-${tab.id}`}
                  aria-labelledby={`tab-${tab.id}`}
                  className={classes.panel}
                  hidden={tab.id !== left && tab.id !== right}
                  data-side={right === null ? undefined : tab.id === right ? "right" : "left"}
                  data-active={(right !== null && tab.id === active) || undefined}
                  onFocusCapture={() => tab.id !== active && change({ type: "activated", id: tab.id })}
                  data-environment={targetOf(tab.target)?.environment ?? ""}
                >
                  <TabContent
                    tab={tab}
                    target={targetOf(tab.target)}
                    visible={props.visible && (tab.id === left || tab.id === right)}
                    active={tab.id === active}
                    onText={(text) => change({ type: "written", id: tab.id, text })}
                    onSql={(target, text) => change({ type: "opened", id: crypto.randomUUID(), target, text })}
                    onRequest={remember}
                  />
                </div>
              ))}
        </div>
      </div>
    </div>
  );
}

function TabContent(props: {
  tab: { id: string; target: string; text: string };
  target: TargetItem | undefined;
  visible: boolean;
  active: boolean;
  onText: (text: string) => void;
  onSql: (target: string, text: string) => void;
  onRequest: (id: string, request: string | null) => void;
}) {
  const { tab, target, onRequest } = props;
  const tell = useCallback((request: string | null) => onRequest(tab.id, request), [onRequest, tab.id]);
  if (target === undefined)
    return <Condition kind="error" title={`There is no target ${tab.target}`} what="It was removed, or renamed." />;
  return target.type === "postgres" ? (
    <SqlTab target={target} text={tab.text} onText={props.onText} onRequest={tell} />
  ) : (
    <TerminalTab id={tab.id} target={target} visible={props.visible} active={props.active} onRequest={tell} onSql={props.onSql} />
  );
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
