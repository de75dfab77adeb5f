"use client";

import { Button, TextInput } from "@mantine/core";
import { Database, Eye, Search, SquareTerminal } from "lucide-react";
import Link from "next/link";
import { useEffect, useState } from "react";
import type { SessionItem, SessionList } from "../../server/contract/watch.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { Failed } from "../request/failed.tsx";
import { useAnswer } from "../request/use-answer.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import classes from "./sessions.module.css";

const LOOK_MS = 3_000;

/** Sessions that are open now, on whatever replica, and that the person may watch. */
export function SessionsPage() {
  const [look, setLook] = useState(0);
  const [asked, again] = useAnswer<SessionList>("/api/sessions", String(look));
  const [kept, setKept] = useState<readonly SessionItem[] | null>(null);
  const [filter, setFilter] = useState("");
  useEffect(() => {
    const timer = setInterval(() => setLook((count) => count + 1), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (asked.state === "loaded") setKept(asked.value.sessions);
  }, [asked]);
  const text = filter.trim().toLowerCase();
  const sessions = kept?.filter((item) => `${item.principal} ${item.name} ${item.target}`.toLowerCase().includes(text)) ?? [];
  return (
    <div className={classes.page} data-sessions-page>
      <header>
        <h1>Sessions</h1>
        <TextInput
          aria-label="search in sessions"
          placeholder="Person or target"
          leftSection={<Search size={13} aria-hidden />}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
      </header>
      {kept === null && asked.state === "loading" ? <Skeleton label="sessions" /> : null}
      {asked.state === "failed" ? <Failed what="the sessions" status={asked.status} error={asked.error} again={again} /> : null}
      {kept !== null && sessions.length === 0 ? (
        <Condition
          kind="empty"
          title={text === "" ? "No session is open" : "Nothing matches"}
          what="A session that you may watch appears here by itself. Whoever is watched is told by whom."
        />
      ) : null}
      <ul>
        {sessions.map((item) => (
          <Item key={item.id} item={item} />
        ))}
      </ul>
    </div>
  );
}

function Item({ item }: { item: SessionItem }) {
  const Icon = item.kind === "sql" ? Database : SquareTerminal;
  return (
    <li data-session-item={item.id} data-principal={item.principal} data-environment={item.environment}>
      <div>
        <b>{item.name === "" ? item.principal : item.name}</b> <code>{item.principal}</code>
        <p>
          <Icon size={13} aria-hidden /> {item.target} <b className={classes.environment}>{item.environment}</b> as{" "}
          {item.identity} · since <TimeAgo at={item.openedAt} />
          {item.watchers.length === 0 ? null : (
            <span data-watchers={item.watchers.length}>
              {" "}
              · <Eye size={13} aria-hidden /> {item.watchers.map((watcher) => watcher.name || watcher.id).join(", ")}
            </span>
          )}
        </p>
        {item.last === null ? null : (
          <p className={classes.last} data-meaning={item.last.outcome}>
            <TimeAgo at={item.last.at} /> <code>{item.last.text}</code>
          </p>
        )}
      </div>
      {item.own ? (
        <span className={classes.quiet}>your own</span>
      ) : (
        <Button component={Link} href={`/sessions/${item.id}`} prefetch={false} variant="default" size="compact-sm" data-watch>
          Watch
        </Button>
      )}
    </li>
  );
}
