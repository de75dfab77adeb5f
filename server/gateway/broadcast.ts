import type { Decision } from "../core/domain/decision.ts";
import { describeShell } from "../core/guard/shell/index.ts";
import { MaskedOutput } from "./masked-output.ts";
import type { ProgramEnd, RunningProgram } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import { ProgramLimits } from "./program-limits.ts";
import { Recorder } from "./recorder.ts";
import type { OpenShellSession, Person, Sessions } from "./sessions.ts";

/** One line on one of several hosts, as far as it has come. */
export interface BroadcastState {
  readonly state: "connecting" | "waiting" | "running" | "ended";
  /** Null: not judged yet, or the host could not be reached. */
  readonly outcome: Decision["outcome"] | null;
  /** Why it did not run, or what it waits for. */
  readonly message: string;
  readonly exitCode: number | null;
  readonly durationMs: number | null;
  /** The last of it, masked. */
  readonly output: string;
  readonly review: string | null;
  /** Of the session that it has on this host, for its recording. */
  readonly session: string | null;
}

const SIZE = { columns: 120, rows: 40 };
/** Characters of output that are shown of one host; all of it is in the recording. */
const SHOWN = 32_000;
const KILL_AFTER_MS = 2_500;

const BEGUN: BroadcastState = {
  state: "connecting",
  outcome: null,
  message: "",
  exitCode: null,
  durationMs: null,
  output: "",
  review: null,
  session: null,
};

/**
 * Runs one line on a host, in a session of its own: connected, judged, reviewed, recorded and masked as in a terminal, in
 * the account's home. `tell` hears every change; the promise ends with the last. Never throws.
 */
export async function runOnOne(
  context: Context,
  sessions: Sessions,
  person: Person,
  target: string,
  line: string,
  signal: AbortSignal,
  tell: (state: BroadcastState) => void,
): Promise<void> {
  let state = BEGUN;
  const change = (part: Partial<BroadcastState>): void => {
    state = { ...state, ...part };
    tell(state);
  };
  change({});
  let session: OpenShellSession | null = null;
  let recorder: Recorder | null = null;
  try {
    session = await sessions.openShell(person, target);
    const { principal } = session.requester;
    const recorded = { session: session.id, principal: principal.id, target, environment: session.target.environment, ...SIZE };
    const lost = new AbortController();
    recorder = await Recorder.open(context, recorded, (reason) => lost.abort(new Error(reason)));
    change({ session: session.id });
    await run(session, recorder, line, AbortSignal.any([signal, lost.signal]), change, context);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    const expected = code === "forbidden" || code === "not-found" || code === "unavailable";
    if (!expected)
      context.log(`broadcast to ${target}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    const message = expected && error instanceof Error ? error.message : "something went wrong in Gatehouse; its log says what";
    change({ state: "ended", outcome: code === "forbidden" ? "deny" : state.outcome, message });
  } finally {
    await recorder?.close().catch((error: unknown) => context.log(`recording of ${target}: ${String(error)}`));
    await session?.close("the line has ended").catch((error: unknown) => context.log(`closing ${target}: ${String(error)}`));
  }
}

async function run(
  session: OpenShellSession,
  recorder: Recorder,
  line: string,
  signal: AbortSignal,
  change: (part: Partial<BroadcastState>) => void,
  context: Context,
): Promise<void> {
  const { connection } = session;
  const { home, user, language } = connection;
  const where = { cwd: home, home, user, language, environment: {} };
  recorder.command(line, where);
  const described = describeShell(line, where);
  if (!("refusal" in described) && described.prepared.interactive) {
    change({ state: "ended", outcome: "deny", message: "it takes keys; run it in a terminal of each host" });
    return;
  }
  const submitted = await session.judge.submit(line, where, {
    waitForReview: true,
    reason: "",
    signal,
    onReview: (review) => change({ state: "waiting", outcome: "review", review: review.id, message: "waits for a review" }),
    onLacking: (what) =>
      change({
        state: "waiting",
        message: what === "glass" ? "needs a reason first: break the glass in a terminal" : "waits for a watcher",
      }),
  });
  const { outcome } = submitted.decision;
  if (!submitted.allowed) {
    recorder.exited(null);
    const reason = submitted.decision.reasons.find((each) => each.outcome === outcome)?.message;
    change({
      state: "ended",
      outcome,
      message: submitted.ended === "denied" ? (reason ?? submitted.message) : submitted.message,
    });
    return;
  }
  change({ state: "running", outcome, message: "" });
  const began = performance.now();
  const decoder = new TextDecoder();
  let shown = "";
  let bytes = 0;
  const output = new MaskedOutput(session.target.type === "ssh" ? context.configuration.set.detectors : [], false, (chunk) => {
    recorder.output(chunk);
    shown = (shown + decoder.decode(chunk, { stream: true })).slice(-SHOWN);
  });
  let end: ProgramEnd;
  let limited = "";
  let stop: () => void = () => undefined;
  const limits = new ProgramLimits(submitted.decision, (reason) => {
    limited = reason;
    stop();
  });
  try {
    const program = await connection.run(
      submitted.command,
      { cwd: connection.home, environment: {}, ...SIZE, interactive: false, pty: true },
      {
        output: (chunk) => {
          bytes += chunk.length;
          if (limited !== "") return undefined;
          output.push(limits.within(chunk));
          return recorder.room() ?? undefined;
        },
      },
    );
    stop = () => stopProgram(program);
    limits.begin();
    session.onInterrupt(stop);
    session.onEnded(stop);
    if (signal.aborted || !session.judge.mayGoOn()) stop();
    signal.addEventListener("abort", stop, { once: true });
    end = await program.end;
  } catch (error) {
    end = { ended: "lost", message: error instanceof Error ? error.message : String(error) };
  }
  limits.end();
  output.end();
  const durationMs = performance.now() - began;
  const exitCode = end.ended === "exited" ? end.exitCode : null;
  recorder.exited(exitCode);
  await submitted.executed({ exitCode, durationMs, bytes });
  change({ state: "ended", exitCode, durationMs, output: shown, message: end.ended === "exited" ? limited : end.message });
}

/** Asks it to end, and ends it. */
export function stopProgram(program: RunningProgram): void {
  program.signal("INT");
  setTimeout(() => program.signal("KILL"), KILL_AFTER_MS).unref();
}
