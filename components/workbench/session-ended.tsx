"use client";

import { Button } from "@mantine/core";
import { Unplug } from "lucide-react";
import { useNow } from "../theme/time-ago.tsx";
import classes from "./workbench.module.css";

/** The session is over: why, and the way on. What it showed stays in view. `again`: when it is opened again by itself. */
export function SessionEnded({ reason, again, reopen }: { reason: string; again?: number | null; reopen: () => void }) {
  const now = useNow(again == null ? null : 500);
  return (
    <div className={classes.ended} role="alert" data-session-ended>
      <Unplug size={14} aria-hidden />
      <span>
        <strong>The session ended:</strong> {reason}. What was not committed was rolled back; what ran in it has stopped.
        {again == null ? null : (
          <span data-again> Opening it again in {Math.max(1, Math.ceil((again - now) / 1_000))} s, where it stood.</span>
        )}
      </span>
      <Button size="compact-xs" variant="default" onClick={reopen}>
        {again == null ? "Open again" : "Now"}
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
