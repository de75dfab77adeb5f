"use client";

import { Button } from "@mantine/core";
import { useState } from "react";
import type { WireReview } from "../../server/contract/socket.ts";
import { ask } from "../request/ask.ts";
import { clock } from "../theme/time.ts";
import { TimeAgo, useNow } from "../theme/time-ago.tsx";
import classes from "./review.module.css";

/** A yes for some time: how long it still holds, and a way to end it now. */
export function GrantState({ review }: { review: WireReview }) {
  const { grant } = review;
  const now = useNow(grant === null || grant.ended !== null ? null : 1_000);
  const [ending, setEnding] = useState(false);
  const [ended, setEnded] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  if (grant === null) return null;
  const holds = grant.ended === null && !ended && now < grant.until;
  const end = async () => {
    setEnding(true);
    const result = await ask<WireReview>(`/api/grants/${encodeURIComponent(grant.id)}/end`, { method: "POST", body: {} });
    setEnding(false);
    setEnded(result.ok);
    setFailure(result.ok ? null : result.error.message);
  };
  return (
    <div className={classes.grant} data-grant={holds ? "holds" : "over"}>
      {holds ? (
        <span>
          Holds for <b>{clock(grant.until - now)}</b> more
          {review.kind === "access" ? "" : ` · used ${grant.uses === 1 ? "once" : `${grant.uses} times`}`}
        </span>
      ) : grant.ended === null ? (
        <span>{ended ? "Ended." : "Its time is over."}</span>
      ) : (
        <span>
          Ended by {grant.ended.by}, <TimeAgo at={grant.ended.at} />
        </span>
      )}
      {holds && grant.mayEnd ? (
        <Button variant="default" size="compact-xs" loading={ending} onClick={() => void end()} data-end-grant>
          End it now
        </Button>
      ) : null}
      {failure === null ? null : (
        <span role="alert" className={classes.failure}>
          {failure}
        </span>
      )}
    </div>
  );
}
