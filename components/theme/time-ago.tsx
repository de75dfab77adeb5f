"use client";

import { useEffect, useState } from "react";
import { relativeTime } from "./time.ts";

/** A moment, relative to now; the absolute time in the person's zone on hover. */
export function TimeAgo({ at }: { at: number }) {
  const now = useNow(at === 0 ? null : 10_000);
  return (
    <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()} suppressHydrationWarning>
      {relativeTime(at, now)}
    </time>
  );
}

/** The clock, read again every `everyMs`; null: read once. */
export function useNow(everyMs: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
