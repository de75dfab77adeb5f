"use client";

import { Button } from "@mantine/core";
import { useState } from "react";
import type { DeadNotifications as Dead } from "../../server/contract/http.ts";
import { ask } from "../request/ask.ts";
import { useAnswer } from "../request/use-answer.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import classes from "./admin.module.css";

/** What could not be delivered, and was given up. Nothing is shown where there is none. */
export function DeadNotifications({ mayWrite }: { mayWrite: boolean }) {
  const [asked, again] = useAnswer<Dead>("/api/notifications");
  const [failure, setFailure] = useState<string | null>(null);
  if (asked.state !== "loaded" || asked.value.dead.length === 0) return null;
  const retry = async (id: string) => {
    const result = await ask(`/api/notifications/${encodeURIComponent(id)}/retry`, { method: "POST", body: {} });
    setFailure(result.ok ? null : result.error.message);
    again();
  };
  return (
    <section className={classes.dead} aria-label="given up" data-dead-notifications={asked.value.dead.length}>
      <h2>Given up</h2>
      <ul>
        {asked.value.dead.map((each) => (
          <li key={each.id}>
            <code>{each.channel}</code> <TimeAgo at={each.at} />: {each.error}
            {each.review === null ? null : (
              <>
                {" · "}
                <a href={`/reviews/${encodeURIComponent(each.review)}`}>review</a>
              </>
            )}{" "}
            {mayWrite ? (
              <Button variant="default" size="compact-xs" onClick={() => void retry(each.id)}>
                Try again
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {failure === null ? null : <p role="alert">{failure}</p>}
    </section>
  );
}
