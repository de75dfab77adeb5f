"use client";

import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import classes from "./split.module.css";

/** Two parts one above the other with a border that can be moved, by mouse and by arrow keys. Percent of the whole. */
export function Split({ first, second, label }: { first: ReactNode; second: ReactNode; label: string }) {
  const [share, setShare] = useState(42);
  const host = useRef<HTMLDivElement>(null);
  const set = (value: number) => setShare(Math.max(15, Math.min(85, value)));

  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId) || host.current === null) return;
    const { top, height } = host.current.getBoundingClientRect();
    set(((event.clientY - top) / height) * 100);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowUp: -4, ArrowDown: 4 }[event.key];
    if (step === undefined) return;
    set(share + step);
    event.preventDefault();
  };

  return (
    <div
      ref={host}
      className={classes.split}
      style={{ gridTemplateRows: `minmax(0, ${share}fr) 5px minmax(0, ${100 - share}fr)` }}
    >
      <div className={classes.part}>{first}</div>
      {/* biome-ignore lint/a11y/useSemanticElements: a border that can be moved is a separator with a value, not an <hr> */}
      <div
        role="separator"
        aria-orientation="horizontal"
        aria-label={label}
        aria-valuenow={Math.round(share)}
        tabIndex={0}
        className={classes.border}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={onPointerMove}
        onKeyDown={onKeyDown}
        onDoubleClick={() => setShare(42)}
      />
      <div className={classes.part}>{second}</div>
    </div>
  );
}
