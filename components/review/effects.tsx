"use client";

import type { WireReview } from "../../server/contract/socket.ts";
import classes from "./reviews-page.module.css";

const TITLES = {
  services: "Services",
  deletes: "Deletes",
  changes: "Writes",
  reads: "Reads",
  network: "Connects to",
  processes: "Signals processes",
  privileges: "With more rights, by",
  unknown: "Not known before it runs",
} as const satisfies Record<WireReview["effects"][number]["kind"], string>;

/** What a command line would do to its host, before its micro-actions one by one. */
export function Effects({ effects }: { effects: WireReview["effects"] }) {
  if (effects.length === 0) return null;
  return (
    <section data-effects={effects.length}>
      <h3>What it would do to the host</h3>
      <dl className={classes.effects}>
        {effects.map(({ kind, what }) => (
          <div key={kind} data-effect={kind}>
            <dt>{TITLES[kind]}</dt>
            <dd>
              {what.map((each) => (
                <code key={each}>{each}</code>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
