"use client";

import { CloseButton } from "@mantine/core";
import type { WireDecision } from "../../server/contract/socket.ts";
import { Skeleton } from "../condition/condition.tsx";
import { type Meaning, meaningOf } from "../verdict/lines.ts";
import { OutcomeMark } from "../verdict/outcome-mark.tsx";
import { VerdictList } from "../verdict/verdict-list.tsx";
import type { Span } from "./boundaries.ts";
import classes from "./sql-tab.module.css";

const WORD: Record<Meaning, string> = {
  allow: "Would run",
  masked: "Would run, masked",
  review: "Would wait for a reviewer",
  deny: "Would be denied",
};

/** What the statement under the cursor would do. Nothing is run or recorded to find out. */
export function VerdictDrawer(props: {
  state: "empty" | "offline" | "judging" | "judged";
  decisions: readonly WireDecision[];
  onHover: (span: Span | null) => void;
  onClose: () => void;
}) {
  return (
    <aside className={classes.drawer} aria-label="verdict" data-verdict-drawer={props.state}>
      <header>
        <h2>Verdict</h2>
        <CloseButton size="sm" aria-label="close the verdict" onClick={props.onClose} />
      </header>
      <div className={classes.drawerBody} aria-live="polite">
        {props.state === "empty" ? <p>What the statement under the cursor would do is shown here while you type.</p> : null}
        {props.state === "offline" ? <p>Not connected: the verdict comes back with the connection.</p> : null}
        {props.state === "judging" ? <Skeleton label="the verdict" lines={4} /> : null}
        {props.state !== "judged"
          ? null
          : props.decisions.map((decision, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a statement's number is what identifies it
              <section key={index} data-verdict={meaningOf(decision)}>
                <h3 data-meaning={decision.glass === undefined ? meaningOf(decision) : "review"}>
                  {decision.glass === undefined ? (
                    <OutcomeMark meaning={meaningOf(decision)} word={WORD[meaningOf(decision)]} />
                  ) : (
                    <OutcomeMark meaning="review" word="Would break glass" />
                  )}
                </h3>
                {decision.watched === undefined ? null : (
                  <p data-verdict-watched>Only while somebody watches the session: {decision.watched.join(", ")}</p>
                )}
                <VerdictList decision={decision} onHover={props.onHover} />
              </section>
            ))}
        {props.state === "judged" && props.decisions.length === 0 ? <p>There is nothing here to judge.</p> : null}
      </div>
    </aside>
  );
}
