"use client";

import { Button } from "@mantine/core";
import { ShieldCheck, ShieldX } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useEffect, useState } from "react";
import type { Problem, RecordingItem, RecordingPart, RecordingVerification } from "../../server/contract/http.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { ask } from "../request/ask.ts";
import { Failed } from "../request/failed.tsx";
import { TimeAgo } from "../theme/time-ago.tsx";
import { type Cast, withLines } from "./cast.ts";
import classes from "./recording.module.css";

const Player = dynamic(() => import("./player.tsx"), { ssr: false, loading: () => <Skeleton label="the player" lines={6} /> });

type Loaded =
  | { readonly state: "loading"; readonly parts: number; readonly of: number | null }
  | { readonly state: "failed"; readonly status: number; readonly error: Problem["error"] }
  | { readonly state: "loaded"; readonly recording: RecordingItem; readonly cast: Cast | null };

/** One recording: who, where, when, whether it is as it was, and the player. */
export function RecordingPage({ session }: { session: string }) {
  const [attempt, setAttempt] = useState(0);
  const loaded = useRecording(session, attempt);
  const asked = useSearchParams();
  const start = Number(asked.get("at") ?? 0);
  const command = Number(asked.get("command") ?? 0);
  const recording = loaded.state === "loaded" ? loaded.recording : null;
  return (
    <div className={classes.page} data-recording={session}>
      <header className={classes.head}>
        <Link href="/recordings">Recordings</Link>
        {recording === null ? null : (
          <>
            <h1>
              {recording.principal} on {recording.target}
            </h1>
            <span className={classes.quiet}>
              {recording.environment}, <TimeAgo at={recording.startedAt} />
              {recording.endedAt === null ? ", its end is not recorded: it goes on, or was cut off" : null}
            </span>
            <span className={classes.push} />
            <Verify session={session} />
            {recording.endedAt === null ? (
              <Button size="compact-sm" variant="default" onClick={() => setAttempt(attempt + 1)}>
                Load what came since
              </Button>
            ) : null}
          </>
        )}
      </header>
      {loaded.state === "loading" ? (
        <Skeleton label={`the recording${loaded.of === null ? "" : `, part ${loaded.parts} of ${loaded.of}`}`} lines={8} />
      ) : null}
      {loaded.state === "failed" ? (
        <Failed what="the recording" status={loaded.status} error={loaded.error} again={() => setAttempt(attempt + 1)} />
      ) : null}
      {recording !== null && loaded.state === "loaded" && loaded.cast !== null ? (
        <Player
          key={`${session} ${attempt}`}
          cast={loaded.cast}
          command={Number.isInteger(command) ? command : 0}
          start={Number.isFinite(start) ? start : 0}
          label={`what ${recording.principal} saw on ${recording.target}`}
        />
      ) : null}
      {loaded.state === "loaded" && loaded.cast === null ? (
        <Condition kind="empty" title="Nothing was shown yet" what="The recording has begun and holds nothing so far." />
      ) : null}
    </div>
  );
}

function useRecording(session: string, attempt: number): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ state: "loading", parts: 0, of: null });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt reads it again
  useEffect(() => {
    const abort = new AbortController();
    const load = async () => {
      setLoaded({ state: "loading", parts: 0, of: null });
      let cast: Cast | null = null;
      for (let part = 0; ; part++) {
        const path = `/api/recordings/${encodeURIComponent(session)}?part=${part}`;
        const answer = await ask<RecordingPart>(path, { signal: abort.signal });
        if (!answer.ok) return setLoaded({ state: "failed", status: answer.status, error: answer.error });
        const { recording, text } = answer.value;
        if (text === null) return setLoaded({ state: "loaded", recording, cast });
        cast = withLines(cast, text);
        setLoaded({ state: "loading", parts: part + 1, of: recording.endedAt === null ? null : recording.chunks });
      }
    };
    load().catch(() => {});
    return () => abort.abort();
  }, [session, attempt]);
  return loaded;
}

/** Compares what is stored with what the record says of the session's end. */
function Verify({ session }: { session: string }) {
  const [found, setFound] = useState<RecordingVerification | { readonly verdict: "failed"; readonly message: string } | null>(
    null,
  );
  const [busy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    const path = `/api/recordings/${encodeURIComponent(session)}/verify`;
    const answer = await ask<RecordingVerification>(path, { method: "POST", body: {} });
    setFound(answer.ok ? answer.value : { verdict: "failed", message: answer.error.message });
    setBusy(false);
  };
  const meaning = found?.verdict === "intact" ? "allow" : found?.verdict === "not-closed" ? "review" : "deny";
  return (
    <span className={classes.verification} aria-live="polite">
      {found === null ? null : (
        <span data-recording-verdict={found.verdict} data-meaning={meaning}>
          {meaning === "deny" ? <ShieldX size={15} aria-hidden /> : <ShieldCheck size={15} aria-hidden />}
          {found.message}
        </span>
      )}
      <Button size="compact-sm" variant="default" loading={busy} onClick={() => void verify()} data-verify-recording>
        Verify
      </Button>
    </span>
  );
}
