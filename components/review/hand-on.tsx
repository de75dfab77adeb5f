"use client";

import { Button, Menu } from "@mantine/core";
import { useState } from "react";
import type { WireReview } from "../../server/contract/socket.ts";
import { ask } from "../request/ask.ts";
import classes from "./review.module.css";

/** Asks another group that the policy names to answer. */
export function HandOn({ review }: { review: WireReview }) {
  const [failure, setFailure] = useState<string | null>(null);
  const hand = async (group: string) => {
    const path = `/api/reviews/${encodeURIComponent(review.id)}/escalate`;
    const result = await ask<WireReview>(path, { method: "POST", body: { group } });
    setFailure(result.ok ? null : result.error.message);
  };
  return (
    <>
      {review.escalateTo.length === 0 ? null : (
        <Menu position="bottom-start">
          <Menu.Target>
            <Button variant="default" data-hand-on>
              Hand on…
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {review.escalateTo.map((group) => (
              <Menu.Item key={group} onClick={() => void hand(group)}>
                Ask {group} to answer
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {review.escalations.map(({ group, by }) => (
        <span key={group} className={classes.quiet} data-handed-to={group}>
          {by} asked {group}
        </span>
      ))}
      {failure === null ? null : (
        <span role="alert" className={classes.failure}>
          {failure}
        </span>
      )}
    </>
  );
}
