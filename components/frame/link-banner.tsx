"use client";

import { Button } from "@mantine/core";
import { Unplug } from "lucide-react";
import { useSocket, useSocketStore } from "../socket/socket.tsx";
import { duration } from "../theme/time.ts";
import { useNow } from "../theme/time-ago.tsx";
import classes from "./frame.module.css";

/** The connection is gone: what that means, what still works, and the way back. */
export function LinkBanner() {
  const link = useSocket((state) => state.link);
  const store = useSocketStore();
  const now = useNow(link.state === "lost" ? 500 : null);
  if (link.state === "signed-out") {
    return (
      <div className={classes.banner} role="alert" data-banner="signed-out">
        <Unplug size={14} aria-hidden />
        <span>
          <strong>Your sign-in has ended.</strong> Sessions were closed; what you wrote is still here.
        </span>
        <Button size="compact-xs" component="a" href="/sign-in">
          Sign in again
        </Button>
      </div>
    );
  }
  if (link.state !== "lost") return null;
  return (
    <div className={classes.banner} role="alert" data-banner="offline">
      <Unplug size={14} aria-hidden />
      <span>
        <strong>No connection to Gatehouse.</strong> You can write and read what is here; nothing runs. Trying again in{" "}
        {duration(Math.max(1_000, link.retryAt - now))}.
      </span>
      <Button size="compact-xs" variant="default" onClick={() => store.retryNow()}>
        Try now
      </Button>
    </div>
  );
}
