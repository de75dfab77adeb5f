"use client";

import { CircleCheck, Inbox, Lock, TriangleAlert, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import classes from "./condition.module.css";

/** What a place shows when it has nothing to show: it says what, why, and (as children) what now. */
export function Condition(props: {
  kind: "empty" | "done" | "error" | "forbidden" | "offline";
  title: string;
  what?: string | undefined;
  children?: ReactNode;
}) {
  const Icon = ICON[props.kind];
  return (
    <div className={classes.condition} data-condition={props.kind} role={props.kind === "error" ? "alert" : undefined}>
      <Icon size={22} aria-hidden />
      <h2>{props.title}</h2>
      {props.what === undefined ? null : <p>{props.what}</p>}
      {props.children === undefined ? null : <div className={classes.next}>{props.children}</div>}
    </div>
  );
}

const ICON = { empty: Inbox, done: CircleCheck, error: TriangleAlert, forbidden: Lock, offline: Unplug } as const;

export function NotPermitted({ what, action }: { what: string; action: string }) {
  return (
    <Condition
      kind="forbidden"
      title={`You may not see ${what}`}
      what={`No policy permits \`${action}\` for you. Someone who administers Gatehouse can add one.`}
    />
  );
}

/** Appears only when the wait is longer than 200 ms, so that fast answers do not flicker. */
export function Skeleton({ lines = 6, label }: { lines?: number; label: string }) {
  return (
    <div className={classes.skeleton} role="status" aria-label={`loading ${label}`} data-condition="loading">
      {WIDTHS.slice(0, lines).map((width) => (
        <div key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

const WIDTHS = [72, 58, 81, 46, 66, 53, 77, 61, 49, 69];
