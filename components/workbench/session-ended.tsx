"use client";

import { Button } from "@mantine/core";
import { Unplug } from "lucide-react";
import classes from "./workbench.module.css";

/** The session is over: why, and the way on. What it showed stays in view. */
export function SessionEnded({ reason, reopen }: { reason: string; reopen: () => void }) {
  return (
    <div className={classes.ended} role="alert" data-session-ended>
      <Unplug size={14} aria-hidden />
      <span>
        <strong>The session ended:</strong> {reason}. What was not committed was rolled back; what ran in it has stopped.
      </span>
      <Button size="compact-xs" variant="default" onClick={reopen}>
        Open again
      </Button>
    </div>
  );
}
