"use client";

import type { ReactNode } from "react";
import classes from "./split.module.css";
import { useBorder } from "./use-border.ts";

/** Two parts one above the other with a border that can be moved. */
export function Split({ first, second, label }: { first: ReactNode; second: ReactNode; label: string }) {
  const { host, tracks, border } = useBorder<HTMLDivElement>("rows", 42, label);
  return (
    <div ref={host} className={classes.split} style={{ gridTemplateRows: tracks }}>
      <div className={classes.part}>{first}</div>
      <div {...border} className={classes.border} />
      <div className={classes.part}>{second}</div>
    </div>
  );
}
