import { formatsOf, type RowFrame } from "../../server/contract/rows.ts";
import type { ClientMessage, ServerMessage, WireBlock } from "../../server/contract/socket.ts";
import { NOTHING_SHOWN, shown, type WatchView } from "../sessions/watch-view.ts";
import { NO_ROWS, rowsIn } from "./row-log.ts";
import {
  type OpenSession,
  ROWS_HELD,
  type Run,
  type RunStatement,
  type Session,
  type SocketState,
  UNWATCHED,
  WHOLE,
} from "./state.ts";

export type SocketEvent =
  | { readonly type: "connecting" }
  | { readonly type: "connected" }
  /** The sessions that lived on it are over: the gateway ends them with their socket. */
  | { readonly type: "lost"; readonly retryAt: number; readonly attempt: number }
  | { readonly type: "signed-out" }
  | { readonly type: "sent"; readonly message: ClientMessage; readonly at: number }
  | { readonly type: "received"; readonly message: ServerMessage; readonly at: number }
  | { readonly type: "rows"; readonly channel: number; readonly frame: RowFrame }
  | { readonly type: "more-rows-wanted"; readonly request: string }
  | { readonly type: "forgotten"; readonly request: string };

/** Pure. A message about a session, run or statement that is not known changes nothing. */
export function reduce(state: SocketState, event: SocketEvent): SocketState {
  switch (event.type) {
    case "connecting":
      return { ...state, link: { state: "connecting" } };
    case "connected":
      return { ...state, link: { state: "open" }, reviews: { ...state.reviews, state: "unknown" } };
    case "lost":
      return {
        ...state,
        link: { state: "lost", retryAt: event.retryAt, attempt: event.attempt },
        roundTripMs: null,
        asked: {},
        watches: mapValues(state.watches, (view) => ({
          ...view,
          state: "ended",
          reason: "the connection to Gatehouse was lost",
        })),
        sessions: mapValues(state.sessions, (session) => close(session, "the connection to Gatehouse was lost")),
      };
    case "signed-out":
      return {
        ...state,
        link: { state: "signed-out" },
        asked: {},
        sessions: mapValues(state.sessions, (session) => close(session, "your sign-in has ended")),
      };
    case "sent":
      return sent(state, event.message, event.at);
    case "received":
      return received(state, event.message, event.at);
    case "rows": {
      const { frame, channel } = event;
      const where = { session: sessionOf(state, channel)?.session ?? "", run: frame.run, statement: frame.statement };
      const counted = inRun(state, where, (run) => ({ ...run, rows: run.rows + frame.rows.starts.length - 1 }));
      return inStatement(counted, where, (statement) => ({ ...statement, rows: statement.rows.append(frame.rows) }));
    }
    case "more-rows-wanted":
      return inRequest(state, event.request, (session) =>
        session.run === null ? session : { ...session, run: { ...session.run, rowsWanted: session.run.rows + ROWS_HELD } },
      );
    case "forgotten": {
      const { [event.request]: _, ...sessions } = state.sessions;
      return { ...state, sessions };
    }
  }
}

function sent(state: SocketState, message: ClientMessage, at: number): SocketState {
  switch (message.type) {
    case "session.open":
      return {
        ...state,
        asked: { ...state.asked, [message.request]: at },
        sessions: { ...state.sessions, [message.request]: { state: "opening", target: message.target, kind: message.kind } },
      };
    case "broadcast.run":
      return { ...state, broadcast: { request: message.request, targets: {} } };
    case "session.resume":
      return {
        ...state,
        sessions: { ...state.sessions, [message.request]: { state: "opening", target: message.target, kind: "terminal" } },
      };
    case "judge":
      return { ...state, asked: { ...state.asked, [message.request]: at } };
    case "sql.run": {
      const run: Run = {
        run: message.run,
        text: message.text,
        startedAt: at,
        state: "running",
        cancelling: false,
        rows: 0,
        rowsWanted: ROWS_HELD,
        statements: [],
      };
      return inSession(state, message.session, (session) => ({ ...session, run }));
    }
    case "watch.start":
      return { ...state, watches: { ...state.watches, [message.session]: NOTHING_SHOWN } };
    case "watch.stop": {
      const { [message.session]: _, ...watches } = state.watches;
      return { ...state, watches };
    }
    case "sql.cancel":
      return inRun(state, message, (run) => ({ ...run, cancelling: true }));
    default:
      return state;
  }
}

function received(state: SocketState, message: ServerMessage, at: number): SocketState {
  switch (message.type) {
    case "session.opened": {
      if (state.sessions[message.request] === undefined) return state;
      const session: OpenSession = {
        state: "open",
        session: message.session,
        kind: message.kind,
        target: message.target,
        environment: message.environment,
        identity: message.identity,
        channel: message.channel,
        resumed: message.resumed,
        transaction: "idle",
        run: null,
        judged: null,
        terminal: { cwd: "", running: false, exitCode: null, review: null, verdict: null, edit: null, blocks: [] },
        watched: UNWATCHED,
        glass: WHOLE,
      };
      return { ...answered(state, message.request, null), sessions: { ...state.sessions, [message.request]: session } };
    }
    case "session.refused": {
      const session = state.sessions[message.request];
      if (session === undefined) return state;
      const { target, kind } = session;
      const refused: Session = {
        state: "refused",
        target,
        kind,
        message: message.message,
        ...(message.hint === undefined ? {} : { hint: message.hint }),
        again: message.again === true,
      };
      return { ...answered(state, message.request, null), sessions: { ...state.sessions, [message.request]: refused } };
    }
    case "session.closed":
      return {
        ...state,
        sessions: mapValues(state.sessions, (session) =>
          session.state === "open" && session.session === message.session
            ? close(session, message.reason, message.lost)
            : session,
        ),
      };
    case "sql.decided":
      return inRun(state, message, (run) => {
        const statements = [...run.statements];
        const before = statements[message.statement];
        // The statement is decided again when it goes on after a review: what was asked stays in view.
        statements[message.statement] = { ...statementOf(message), review: before?.review ?? null };
        return { ...run, statements };
      });
    case "sql.waiting":
      return inStatement(state, message, (statement) => ({ ...statement, review: message.review }));
    case "sql.held":
      return inStatement(state, message, (statement) => ({ ...statement, review: message.review, held: message.held }));
    case "sql.columns":
      return inStatement(state, message, (statement) => ({
        ...statement,
        columns: message.columns,
        rows: rowsIn(formatsOf(message.columns)),
      }));
    case "sql.notice":
      return inStatement(state, message, (statement) => ({
        ...statement,
        notices: [...statement.notices, { severity: message.severity, message: message.message }],
      }));
    case "sql.statement-ended":
      return inStatement(state, message, (statement) => ({ ...statement, held: null, ended: message }));
    case "sql.run-ended": {
      const ended = inRun(state, message, (run) => ({ ...run, state: "ended", cancelling: false }));
      return inSession(ended, message.session, (session) => ({ ...session, transaction: message.transaction }));
    }
    case "judged": {
      const known = answered(state, message.request, at);
      return inSession(known, message.session, (session) => ({
        ...session,
        judged: { request: message.request, decisions: message.decisions },
      }));
    }
    case "terminal.verdict":
      return inSession(state, message.session, (session) => ({
        ...session,
        terminal: {
          ...session.terminal,
          verdict: message.text === "" ? null : { text: message.text, decision: message.decision, instead: message.instead },
        },
      }));
    case "terminal.edit":
      return inSession(state, message.session, (session) => ({
        ...session,
        terminal: {
          ...session.terminal,
          edit: { path: message.path, number: (session.terminal.edit?.number ?? 0) + 1 },
        },
      }));
    case "terminal.state": {
      const { cwd, running, exitCode, review } = message;
      return inSession(state, message.session, (session) => ({
        ...session,
        terminal: { ...session.terminal, cwd, running, exitCode, review },
      }));
    }
    case "session.watched": {
      const { watchers, paused, comments } = message;
      return inSession(state, message.session, (session) => ({ ...session, watched: { watchers, paused, comments } }));
    }
    case "session.glass": {
      const { asked, broken } = message;
      return inSession(state, message.session, (session) => ({ ...session, glass: { asked, broken } }));
    }
    case "watch.started":
      return inWatch(state, message.session, (view) => ({ ...view, state: "open", item: message.item }));
    case "watch.frames":
      return inWatch(state, message.session, (view) => message.frames.reduce(shown, view));
    case "watch.ended":
      return inWatch(state, message.session, (view) => ({ ...view, state: "ended", reason: message.reason }));
    case "broadcast.target":
      if (state.broadcast?.request !== message.request) return state;
      return {
        ...state,
        broadcast: { ...state.broadcast, targets: { ...state.broadcast.targets, [message.target]: message } },
      };
    case "terminal.block":
      return inSession(state, message.session, (session) => ({
        ...session,
        terminal: { ...session.terminal, blocks: withBlock(session.terminal.blocks, message.block) },
      }));
    case "reviews":
      return {
        ...state,
        reviews: { state: "known", items: Object.fromEntries(message.reviews.map((review) => [review.id, review])) },
      };
    case "review.changed": {
      const items = { ...state.reviews.items, [message.review.id]: message.review };
      return withReview({ ...state, reviews: { ...state.reviews, items } }, message);
    }
    case "configuration.changed":
      return { ...state, policyVersion: message.policyVersion };
    case "error":
      return complain(state, message.code, message.message);
  }
}

function inWatch(state: SocketState, session: string, change: (view: WatchView) => WatchView): SocketState {
  const view = state.watches[session];
  return view === undefined ? state : { ...state, watches: { ...state.watches, [session]: change(view) } };
}

/** A card that waits shows the newest answers without asking. */
function withReview(state: SocketState, { review }: Extract<ServerMessage, { type: "review.changed" }>): SocketState {
  return {
    ...state,
    sessions: mapValues(state.sessions, (session) => {
      if (session.state !== "open") return session;
      const { run, terminal } = session;
      const inRunOf = run?.statements.some((statement) => statement.review?.id === review.id) ?? false;
      const inTerminal = terminal.review?.id === review.id;
      if (!inRunOf && !inTerminal) return session;
      return {
        ...session,
        terminal: inTerminal ? { ...terminal, review } : terminal,
        run:
          run === null || !inRunOf
            ? run
            : {
                ...run,
                statements: run.statements.map((statement) =>
                  statement.review?.id === review.id ? { ...statement, review } : statement,
                ),
              },
      };
    }),
  };
}

/** `at` null: the answer says nothing about the round trip (a session needs its target to answer too). */
function answered(state: SocketState, request: string, at: number | null): SocketState {
  const { [request]: since, ...asked } = state.asked;
  return { ...state, asked, roundTripMs: since === undefined || at === null ? state.roundTripMs : at - since };
}

function complain(state: SocketState, code: string, message: string): SocketState {
  const number = (state.complaints.at(-1)?.number ?? 0) + 1;
  return { ...state, complaints: [...state.complaints.slice(-9), { number, code, message }] };
}

function close(session: Session, reason: string, lost = false): Session {
  switch (session.state) {
    case "open": {
      const run: Run | null = session.run === null ? null : { ...session.run, state: "ended", cancelling: false };
      const terminal = { ...session.terminal, running: false, review: null, verdict: null, edit: null, blocks: [] };
      return { ...session, state: "closed", reason, lost, run, terminal, transaction: "idle" };
    }
    case "opening":
      return { state: "refused", target: session.target, kind: session.kind, message: reason, again: false };
    default:
      return session;
  }
}

/** The open session whose binary frames have this number. */
export function sessionOf(state: SocketState, channel: number): OpenSession | null {
  for (const session of Object.values(state.sessions)) {
    if (session.state === "open" && session.channel === channel) return session;
  }
  return null;
}

function inSession(state: SocketState, id: string, change: (session: OpenSession) => OpenSession): SocketState {
  const request = Object.keys(state.sessions).find((key) => {
    const session = state.sessions[key];
    return session?.state === "open" && session.session === id;
  });
  return request === undefined ? state : inRequest(state, request, change);
}

function inRequest(state: SocketState, request: string, change: (session: OpenSession) => OpenSession): SocketState {
  const session = state.sessions[request];
  if (session?.state !== "open") return state;
  const changed = change(session);
  return changed === session ? state : { ...state, sessions: { ...state.sessions, [request]: changed } };
}

function inRun(state: SocketState, where: { session: string; run: string }, change: (run: Run) => Run): SocketState {
  return inSession(state, where.session, (session) =>
    session.run?.run === where.run ? { ...session, run: change(session.run) } : session,
  );
}

function inStatement(
  state: SocketState,
  where: { session: string; run: string; statement: number },
  change: (statement: RunStatement) => RunStatement,
): SocketState {
  return inRun(state, where, (run) => {
    const statement = run.statements[where.statement];
    if (statement === undefined) return run;
    const statements = [...run.statements];
    statements[where.statement] = change(statement);
    return { ...run, statements };
  });
}

function statementOf(message: Extract<ServerMessage, { type: "sql.decided" }>): RunStatement {
  return {
    span: message.span,
    decision: message.decision,
    review: null,
    held: null,
    columns: null,
    rows: NO_ROWS,
    notices: [],
    ended: null,
  };
}

function mapValues<Value>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value) => Value,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

const BLOCKS_KEPT = 300;

function withBlock(blocks: readonly WireBlock[], block: WireBlock): readonly WireBlock[] {
  return [...blocks.filter((each) => each.number !== block.number), block].slice(-BLOCKS_KEPT);
}
