"use client";

import { Button, Modal, TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useState } from "react";
import type { PeopleList, PersonBody, PersonItem } from "../../server/contract/http.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { ask } from "../request/ask.ts";
import { Failed } from "../request/failed.tsx";
import { useAnswer } from "../request/use-answer.ts";
import { counted } from "../theme/time.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import classes from "./people.module.css";

/** Who has signed in, and how to end what somebody has open: at once, on every replica. */
export function PeoplePage({ mayWrite }: { mayWrite: boolean }) {
  const [changed, setChanged] = useState<PeopleList | null>(null);
  const [asked, again] = useAnswer<PeopleList>("/api/people");
  const [filter, setFilter] = useState("");
  const [chosen, setChosen] = useState<{ person: PersonItem; change: PersonBody["change"] } | null>(null);
  const list = changed ?? (asked.state === "loaded" ? asked.value : null);
  const text = filter.trim().toLowerCase();
  const people = list?.people.filter((person) => `${person.id} ${person.name}`.toLowerCase().includes(text)) ?? [];
  return (
    <div className={classes.page} data-people-page>
      <header>
        <h1>People</h1>
        <TextInput
          aria-label="search in people"
          placeholder="Name or address"
          leftSection={<Search size={13} aria-hidden />}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
      </header>
      {asked.state === "loading" && list === null ? <Skeleton label="people" /> : null}
      {asked.state === "failed" && list === null ? (
        <Failed what="the people" status={asked.status} error={asked.error} again={again} />
      ) : null}
      {list !== null && people.length === 0 ? <Condition kind="empty" title="Nobody matches" /> : null}
      <ul>
        {people.map((person) => (
          <li key={person.id} data-person-item={person.id} data-disabled={person.disabled !== null || undefined}>
            <div>
              <b>{person.name === "" ? person.id : person.name}</b> <code>{person.id}</code>
              <p>
                {person.groups.length === 0 ? "in no group" : person.groups.join(", ")}
                {Object.entries(person.attributes).map(([name, value]) => ` · ${name} ${value}`)} ·{" "}
                {counted(person.signIns, "sign-in")} now
                {person.lastSignIn === null ? null : (
                  <>
                    {" "}
                    · last <TimeAgo at={person.lastSignIn} />
                  </>
                )}
              </p>
              {person.disabled === null ? null : (
                <p data-meaning="deny" className={classes.disabled}>
                  Disabled by {person.disabled.by}, <TimeAgo at={person.disabled.at} />
                  {person.disabled.reason === "" ? "" : `: ${person.disabled.reason}`}
                </p>
              )}
            </div>
            {mayWrite ? (
              <div className={classes.buttons}>
                {person.signIns === 0 ? null : (
                  <Button
                    variant="default"
                    size="compact-sm"
                    onClick={() => setChosen({ person, change: "revoke-sign-ins" })}
                    data-revoke
                  >
                    Sign out everywhere…
                  </Button>
                )}
                <Button
                  variant="default"
                  size="compact-sm"
                  onClick={() => setChosen({ person, change: person.disabled === null ? "disable" : "enable" })}
                  data-disable
                >
                  {person.disabled === null ? "Disable…" : "Enable…"}
                </Button>
              </div>
            ) : null}
          </li>
        ))}
      </ul>
      {chosen === null ? null : (
        <Change
          person={chosen.person}
          change={chosen.change}
          onClose={() => setChosen(null)}
          onChanged={(next) => {
            setChanged(next);
            setChosen(null);
          }}
        />
      )}
    </div>
  );
}

const SAYS = {
  "revoke-sign-ins": {
    title: "Sign out everywhere",
    what: "Every session that they have open ends now, and what runs in it is cancelled. They can sign in again.",
  },
  disable: {
    title: "Disable",
    what: "Every session that they have open ends now, what runs in it is cancelled, their timed grants end, and they cannot sign in.",
  },
  enable: { title: "Enable", what: "They can sign in again. Grants that have ended stay ended." },
} as const satisfies Record<PersonBody["change"], { readonly title: string; readonly what: string }>;

function Change(props: {
  person: PersonItem;
  change: PersonBody["change"];
  onClose: () => void;
  onChanged: (list: PeopleList) => void;
}) {
  const { person, change } = props;
  const [reason, setReason] = useState("");
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const send = async () => {
    setSending(true);
    const body: PersonBody = { id: person.id, change, reason: reason.trim() };
    const result = await ask<PeopleList>("/api/people", { method: "POST", body });
    setSending(false);
    if (result.ok) props.onChanged(result.value);
    else setFailure(result.error.message);
  };
  return (
    <Modal opened onClose={props.onClose} title={`${SAYS[change].title}: ${person.id}`}>
      <p>{SAYS[change].what}</p>
      <TextInput
        label="Why"
        description="Goes onto the record."
        maxLength={1_000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-autofocus
      />
      {failure === null ? null : (
        <p role="alert" className={classes.disabled}>
          {failure}
        </p>
      )}
      <Button mt="md" color={change === "enable" ? undefined : "red"} loading={sending} onClick={() => void send()} data-confirm>
        {SAYS[change].title}
      </Button>
    </Modal>
  );
}
