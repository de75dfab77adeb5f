import { z } from "zod";
import type { RecordingItem, RecordingPart, RecordingQuery, RecordingVerification } from "../contract/http.ts";
import type { Principal } from "../core/domain/principal.ts";
import { mayUse } from "./application.ts";
import type { Context } from "./ports-of-gateway.ts";
import { VerbError } from "./verb-error.ts";

const LISTED = 50;

function mayReadAll(context: Context, principal: Principal): boolean {
  return mayUse(context.configuration.set, principal, "audit:read", context.clock.now());
}

/** One's own, or everybody's for who may read the record. */
export async function listRecordings(
  context: Context,
  principal: Principal,
  query: RecordingQuery,
): Promise<{ readonly recordings: readonly RecordingItem[]; readonly next: number | null }> {
  const whose = mayReadAll(context, principal) ? (query.principal ?? null) : principal.id;
  const found = await context.recordings.list({
    principal: whose,
    target: query.target ?? null,
    before: query.before ?? null,
    limit: LISTED,
  });
  return { recordings: found, next: found.length < LISTED ? null : (found.at(-1)?.startedAt ?? null) };
}

async function seen(context: Context, principal: Principal, session: string): Promise<RecordingItem> {
  const found = await context.recordings.find(session);
  if (found === null || (found.principal !== principal.id && !mayReadAll(context, principal)))
    throw new VerbError("not-found", "there is no such recording that you may watch");
  return found;
}

/** Its first part puts on the record who watches it. */
export async function recordingPart(
  context: Context,
  principal: Principal,
  session: string,
  part: number,
): Promise<RecordingPart> {
  const recording = await seen(context, principal, session);
  if (part === 0)
    await context.audit.append({
      type: "recording.watched",
      at: context.clock.now(),
      principal: principal.id,
      target: recording.target,
      session,
      body: { of: recording.principal },
    });
  return { recording, text: await context.recordings.chunk(session, part) };
}

const Closed = z.object({ session: z.string(), body: z.object({ chunks: z.number(), digest: z.string() }) });

/** Whether what is stored is what was put on the record when the session ended. */
export async function verifyRecording(context: Context, principal: Principal, session: string): Promise<RecordingVerification> {
  const recording = await seen(context, principal, session);
  const page = await context.record.page({ type: "recording.closed", text: session, limit: 10 });
  const closed = page.items
    .map(({ entry }) => Closed.safeParse(JSON.parse(entry.payload)))
    .flatMap((event) => (event.success && event.data.session === session ? [event.data.body] : []))[0];
  if (closed === undefined) {
    const why = "its end is not on the record: the session goes on, or its replica was lost";
    return { verdict: "not-closed", message: why };
  }
  let digest = "";
  for (let part = 0; part < closed.chunks; part++) {
    const text = await context.recordings.chunk(session, part);
    if (text === null) return { verdict: "broken", message: `part ${part + 1} of ${closed.chunks} is missing` };
    digest = context.sha256(digest + text);
  }
  if ((await context.recordings.chunk(session, closed.chunks)) !== null)
    return { verdict: "broken", message: "it is longer than it was when the session ended" };
  return digest === closed.digest && digest === recording.digest
    ? { verdict: "intact", message: "as it was when the session ended" }
    : { verdict: "broken", message: "it is not what the record says of the session's end" };
}
