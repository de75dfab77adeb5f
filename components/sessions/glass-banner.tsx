"use client";

import { Button, Textarea } from "@mantine/core";
import { Siren } from "lucide-react";
import { useState } from "react";
import { useSocketStore } from "../socket/socket.tsx";
import type { Glass } from "../socket/state.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import { PolicyLink } from "../verdict/verdict-list.tsx";
import classes from "./sessions.module.css";

/** The shortest reason that the gateway takes. */
const SHORTEST = 10;

/** Broken glass, at all times and loud; or what breaking it would mean, and why. */
export function GlassBanner({ session, glass, onGiveUp }: { session: string; glass: Glass; onGiveUp: () => void }) {
  const { asked, broken } = glass;
  return (
    <>
      {broken.length === 0 ? null : (
        <div className={classes.glass} role="alert" data-glass-broken={broken.length}>
          <Siren size={16} aria-hidden />
          <div>
            <b>Glass is broken in this session.</b> The alarm went out; what you do is reviewed afterwards.
            {broken.map((each) => (
              <div key={each.review}>
                <TimeAgo at={each.at} />: “{each.reason}”{" "}
                <a href={`/reviews/${each.review}`} target="_blank" rel="noreferrer">
                  its review
                </a>
              </div>
            ))}
          </div>
        </div>
      )}
      {asked === null ? null : <AskReason key={asked.policies.join()} session={session} asked={asked} onGiveUp={onGiveUp} />}
    </>
  );
}

function AskReason(props: { session: string; asked: NonNullable<Glass["asked"]>; onGiveUp: () => void }) {
  const { session, asked, onGiveUp } = props;
  const store = useSocketStore();
  const [reason, setReason] = useState("");
  const [short, setShort] = useState(false);
  const send = () => {
    const why = reason.trim();
    if (why.length < SHORTEST) return setShort(true);
    store.send({ type: "glass.break", session, reason: why });
  };
  return (
    <section className={classes.breaking} aria-label="break glass" data-glass-asked={asked.policies.join(" ")}>
      <h3>
        <Siren size={16} aria-hidden /> This breaks glass
      </h3>
      <p>
        {asked.policies.map((policy) => (
          <PolicyLink key={policy} id={policy} />
        ))}{" "}
        lets it run at once, without anybody's yes. An alarm goes out now, everything that needs it in this session is on the
        record under your reason, and somebody else has to review it afterwards.
      </p>
      <pre>{asked.statement}</pre>
      <Textarea
        aria-label="why the glass is broken"
        placeholder="Why can this not wait?"
        autoFocus
        autosize
        minRows={2}
        maxLength={2_000}
        value={reason}
        error={short ? `Say it in ${SHORTEST} characters or more, so that others understand it tomorrow` : undefined}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-glass-reason
      />
      <div className={classes.choices}>
        <Button color="red" variant="light" onClick={send} data-break-glass>
          Break the glass and run it
        </Button>
        <Button variant="default" onClick={onGiveUp} data-leave-glass>
          Leave it whole
        </Button>
      </div>
    </section>
  );
}
