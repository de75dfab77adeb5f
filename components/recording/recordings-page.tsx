"use client";

import { Button, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import Link from "next/link";
import { useState } from "react";
import type { RecordingList } from "../../server/contract/http.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { Failed } from "../request/failed.tsx";
import { useAnswer } from "../request/use-answer.ts";
import { counted, duration } from "../theme/time.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import classes from "./recording.module.css";

/** What terminals showed: one's own, and everybody's for who may read the record. */
export function RecordingsPage({ all }: { all: boolean }) {
  const [filters, setFilters] = useState({ principal: "", target: "" });
  const [settled] = useDebouncedValue(filters, 250);
  const [before, setBefore] = useState<readonly number[]>([]);
  const query = new URLSearchParams();
  if (settled.principal.trim() !== "") query.set("principal", settled.principal.trim());
  if (settled.target.trim() !== "") query.set("target", settled.target.trim());
  const last = before.at(-1);
  if (last !== undefined) query.set("before", String(last));
  const [list, again] = useAnswer<RecordingList>(`/api/recordings?${query}`);
  const change = (part: Partial<typeof filters>) => {
    setFilters({ ...filters, ...part });
    setBefore([]);
  };
  const next = list.state === "loaded" ? list.value.next : null;
  return (
    <div className={classes.page} data-recordings-page>
      <header className={classes.head}>
        <h1>Recordings</h1>
        <span className={classes.quiet}>
          {all ? "What terminals showed, as it was shown: masked." : "What your terminals showed, as it was shown: masked."}
        </span>
        <span className={classes.push} />
        {all ? (
          <TextInput
            aria-label="principal"
            placeholder="Whole address of a person"
            value={filters.principal}
            onChange={(event) => change({ principal: event.currentTarget.value })}
          />
        ) : null}
        <TextInput
          aria-label="target"
          placeholder="Target"
          value={filters.target}
          onChange={(event) => change({ target: event.currentTarget.value })}
        />
        <Button variant="default" onClick={again}>
          Refresh
        </Button>
      </header>
      <div className={classes.body}>
        {list.state === "loading" ? <Skeleton label="the recordings" lines={8} /> : null}
        {list.state === "failed" ? <Failed what="the recordings" status={list.status} error={list.error} again={again} /> : null}
        {list.state === "loaded" && list.value.recordings.length === 0 ? (
          <Condition kind="empty" title="No recording" what="Every terminal is recorded from its first prompt on." />
        ) : null}
        {list.state === "loaded" && list.value.recordings.length > 0 ? (
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">Target</th>
                <th scope="col">How long</th>
                <th scope="col">Commands</th>
              </tr>
            </thead>
            <tbody>
              {list.value.recordings.map((item) => (
                <tr key={item.session} data-recording-item={item.session}>
                  <td>
                    <Link href={`/recordings/${encodeURIComponent(item.session)}`}>
                      <TimeAgo at={item.startedAt} />
                    </Link>
                  </td>
                  <td>{item.principal}</td>
                  <td>
                    {item.target} <span className={classes.quiet}>{item.environment}</span>
                  </td>
                  <td>{item.endedAt === null ? "no end yet" : duration(item.endedAt - item.startedAt)}</td>
                  <td>{item.endedAt === null ? "" : counted(item.commands, "command")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : null}
      </div>
      <footer className={classes.pager}>
        <Button size="compact-xs" variant="default" disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>
          Newer
        </Button>
        <Button
          size="compact-xs"
          variant="default"
          disabled={next === null}
          onClick={() => next !== null && setBefore([...before, next])}
        >
          Older
        </Button>
      </footer>
    </div>
  );
}
