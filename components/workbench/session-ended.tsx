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

/** A session was opened again by itself, and the transaction that was open in the one before is gone. */
export function RolledBack({ onSeen }: { onSeen: () => void }) {
  return (
    <div className={classes.ended} role="alert" data-session-ended="rolled-back">
      <Unplug size={14} aria-hidden />
      <span>
        <strong>The open transaction was rolled back:</strong> its session ended with the connection. This is a new session.
      </span>
      <Button size="compact-xs" variant="default" onClick={onSeen}>
        Understood
      </Button>
    </div>
  );
}
