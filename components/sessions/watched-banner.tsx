"use client";

import { Button, TextInput } from "@mantine/core";
import { Eye, Pause } from "lucide-react";
import { useState } from "react";
import { ask } from "../request/ask.ts";
import type { Watched } from "../socket/state.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import classes from "./sessions.module.css";

/** In the tab of a session that is watched, at all times: by whom, and what they say. */
export function WatchedBanner({ session, watched }: { session: string; watched: Watched }) {
  const { watchers, paused, comments } = watched;
  if (watchers.length === 0 && !paused && comments.length === 0) return null;
  return (
    <div className={classes.banner} role="status" data-watched={watchers.length} data-paused={paused || undefined}>
      {paused ? (
        <p>
          <Pause size={14} aria-hidden /> <b>Paused: somebody has to watch this session.</b> New statements wait and keys are held
          until a watcher is here. It goes on by itself.
        </p>
      ) : null}
      {watchers.length === 0 ? null : (
        <p>
          <Eye size={14} aria-hidden /> <b>Watched by</b>{" "}
          {watchers.map((watcher) => (
            <span key={`${watcher.id} ${watcher.since}`} data-watcher={watcher.id}>
              {watcher.name === "" ? watcher.id : `${watcher.name} (${watcher.id})`}, since <TimeAgo at={watcher.since} />
            </span>
          ))}
        </p>
      )}
      {watchers.length === 0 && comments.length === 0 ? null : <Remarks session={session} comments={comments} />}
    </div>
  );
}

/** What was said in a session that is watched, both ways. */
export function Remarks({ session, comments }: { session: string; comments: Readonly<Watched["comments"]> }) {
  const [text, setText] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const send = async () => {
    if (text.trim() === "") return;
    const result = await ask(`/api/sessions/${encodeURIComponent(session)}/comment`, {
      method: "POST",
      body: { text: text.trim() },
    });
    if (result.ok) setText("");
    setFailure(result.ok ? null : result.error.message);
  };
  return (
    <>
      <ul className={classes.remarks} aria-label="remarks">
        {comments.slice(-5).map((comment) => (
          <li key={`${comment.by} ${comment.at}`} data-remark={comment.by}>
            <b>{comment.by}</b> <TimeAgo at={comment.at} />: {comment.text}
          </li>
        ))}
      </ul>
      <form
        className={classes.say}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <TextInput
          size="xs"
          aria-label="remark"
          placeholder="Say something; it goes onto the record"
          maxLength={4_000}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-say-remark
        />
        <Button type="submit" size="compact-sm" variant="default">
          Send
        </Button>
      </form>
      {failure === null ? null : <p role="alert">{failure}</p>}
    </>
  );
}
