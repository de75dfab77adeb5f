"use client";

import { type KeyboardEvent, type PointerEvent, type RefObject, useRef, useState } from "react";

const STEP = 4;
const LEAST = 15;

/** A border between two parts that is moved by mouse and by arrow keys. `share`: of the first part, in percent. */
export function useBorder<Host extends HTMLElement>(between: "rows" | "columns", start: number, label: string) {
  const [share, setShare] = useState(start);
  const host: RefObject<Host | null> = useRef<Host>(null);
  const set = (value: number) => setShare(Math.max(LEAST, Math.min(100 - LEAST, value)));
  const [less, more] = between === "rows" ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
  return {
    share,
    host,
    tracks: `minmax(0, ${share}fr) 5px minmax(0, ${100 - share}fr)`,
    border: {
      role: "separator",
      tabIndex: 0,
      "aria-label": label,
      "aria-orientation": between === "rows" ? "horizontal" : "vertical",
      "aria-valuenow": Math.round(share),
      onPointerDown: (event: PointerEvent<HTMLElement>) => event.currentTarget.setPointerCapture(event.pointerId),
      onPointerMove: (event: PointerEvent<HTMLElement>) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId) || host.current === null) return;
        const { top, height, left, width } = host.current.getBoundingClientRect();
        set(between === "rows" ? ((event.clientY - top) / height) * 100 : ((event.clientX - left) / width) * 100);
      },
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key !== less && event.key !== more) return;
        set(share + (event.key === less ? -STEP : STEP));
        event.preventDefault();
      },
      onDoubleClick: () => setShare(start),
    },
  } as const;
}
