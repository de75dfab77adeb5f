import { readRowFrame } from "../../server/contract/rows.ts";
import { ClientMessage, MAX_TEXT, ServerMessage } from "../../server/contract/socket.ts";
import { frame, unframe } from "./binary.ts";
import { reduce, type SocketEvent, sessionOf } from "./reducer.ts";
import { decodeText } from "./row-log.ts";
import { INITIAL, type OpenSession, type SessionKind, type SocketState } from "./state.ts";

type Listener = (bytes: Uint8Array) => void;

/** Output that came before the terminal was there to take it, at most; the rest is dropped with its session's start. */
const BUFFERED_FRAMES = 1_000;
const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 15_000;
const ACKNOWLEDGE_ROWS = 1_000;

/** The page's one connection to the gateway, and what is known through it. */
export interface SocketStore {
  snapshot(): SocketState;
  subscribe(changed: () => void): () => void;
  /** Connects and keeps connected until the returned function is called. */
  start(): () => void;
  retryNow(): void;
  open(target: string, kind: SessionKind, terminal?: { columns: number; rows: number; tab?: string; empty?: boolean }): string;
  /** Goes on with a terminal that was lost. */
  resume(session: string, target: string, size: { columns: number; rows: number }): string;
  /** Ends the session that `request` opened, or will have opened. */
  forget(request: string): void;
  send(message: ClientMessage): boolean;
  keys(channel: number, text: string): void;
  /** One listener for each channel; what came before it is delivered at once. */
  listen(channel: number, listener: Listener): () => void;
  wantMoreRows(request: string): void;
}

export function createSocketStore(url: string): SocketStore {
  let state = INITIAL;
  let socket: WebSocket | null = null;
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wanted = false;
  const subscribers = new Set<() => void>();
  const listeners = new Map<number, Listener>();
  const waiting = new Map<number, Uint8Array[]>();
  const acknowledged = new Map<string, number>();

  const dispatch = (event: SocketEvent) => {
    const next = reduce(state, event);
    if (next === state) return;
    state = next;
    for (const changed of subscribers) changed();
  };

  const send = (message: ClientMessage): boolean => {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    if (!ClientMessage.safeParse(message).success) return false;
    socket.send(JSON.stringify(message));
    dispatch({ type: "sent", message, at: Date.now() });
    return true;
  };

  const acknowledge = (channel: number) => {
    const owner = sessionOf(state, channel);
    const rows = owner?.run ?? null;
    if (owner === null || rows === null || rows.rows >= rows.rowsWanted) return;
    if (rows.rows - (acknowledged.get(rows.run) ?? 0) < ACKNOWLEDGE_ROWS) return;
    acknowledged.set(rows.run, rows.rows);
    send({ type: "sql.ack", session: owner.session, run: rows.run, rows: rows.rows });
  };

  const receive = (message: ServerMessage) => {
    // Its tab was closed while it opened.
    if (message.type === "session.opened" && state.sessions[message.request] === undefined) {
      send({ type: "session.close", session: message.session });
      return;
    }
    dispatch({ type: "received", message, at: Date.now() });
    if (message.type === "sql.run-ended") acknowledged.delete(message.run);
  };

  const receiveRows = (channel: number, whole: ArrayBuffer) => {
    const frame = readRowFrame(new Uint8Array(whole), decodeText);
    // What is missing in a result must not be missed.
    if (frame === null) return socket?.close(4400, "rows that are not whole");
    dispatch({ type: "rows", channel, frame });
    acknowledge(channel);
  };

  const receiveBytes = (whole: ArrayBuffer) => {
    const output = unframe(whole);
    if (output === null) return;
    if (sessionOf(state, output.channel)?.kind === "sql") return receiveRows(output.channel, whole);
    const listener = listeners.get(output.channel);
    if (listener !== undefined) return listener(output.bytes);
    const held = waiting.get(output.channel) ?? [];
    if (held.length < BUFFERED_FRAMES) held.push(output.bytes);
    waiting.set(output.channel, held);
  };

  const connect = () => {
    clearTimeout(timer);
    dispatch({ type: "connecting" });
    const mine = new WebSocket(url);
    socket = mine;
    mine.binaryType = "arraybuffer";
    mine.onopen = () => {
      attempt = 0;
      waiting.clear();
      dispatch({ type: "connected" });
      send({ type: "reviews.watch" });
    };
    mine.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) return receiveBytes(data);
      const message = ServerMessage.safeParse(parse(data));
      if (message.success) receive(message.data);
      // A gateway that is newer than this page: what it adds is not for us, what it changed would mislead.
      else console.warn("a message from the gateway was not understood", message.error.issues);
    };
    mine.onclose = ({ code }) => {
      if (socket !== mine) return;
      socket = null;
      if (code === 4401) return dispatch({ type: "signed-out" });
      if (!wanted) return;
      const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt) * (0.75 + Math.random() / 2);
      attempt += 1;
      dispatch({ type: "lost", retryAt: Date.now() + delay, attempt });
      timer = setTimeout(connect, delay);
    };
  };

  return {
    snapshot: () => state,
    subscribe: (changed) => {
      subscribers.add(changed);
      return () => subscribers.delete(changed);
    },
    start: () => {
      wanted = true;
      connect();
      const online = () => {
        if (state.link.state === "lost") connect();
      };
      window.addEventListener("online", online);
      return () => {
        wanted = false;
        clearTimeout(timer);
        window.removeEventListener("online", online);
        const closing = socket;
        socket = null;
        closing?.close(1000);
      };
    },
    retryNow: () => {
      attempt = 0;
      if (state.link.state === "lost") connect();
    },
    open: (target, kind, terminal) => {
      const request = crypto.randomUUID();
      send({ type: "session.open", request, target, kind, ...(terminal ?? {}) });
      return request;
    },
    resume: (session, target, size) => {
      const request = crypto.randomUUID();
      send({ type: "session.resume", request, session, target, ...size });
      return request;
    },
    forget: (request) => {
      const session = state.sessions[request];
      if (session?.state === "open") send({ type: "session.close", session: session.session });
      dispatch({ type: "forgotten", request });
    },
    send,
    keys: (channel, text) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(frame(channel, text));
    },
    listen: (channel, listener) => {
      listeners.set(channel, listener);
      for (const bytes of waiting.get(channel) ?? []) listener(bytes);
      waiting.delete(channel);
      return () => {
        if (listeners.get(channel) === listener) listeners.delete(channel);
      };
    },
    wantMoreRows: (request) => {
      dispatch({ type: "more-rows-wanted", request });
      const session = state.sessions[request];
      if (session?.state === "open" && session.run !== null) {
        send({ type: "sql.ack", session: session.session, run: session.run.run, rows: session.run.rows });
      }
    },
  };
}

/** Whether a text is short enough to be sent for a verdict. */
export function fits(text: string): boolean {
  return text.length < MAX_TEXT;
}

export function openSession(state: SocketState, request: string | null): OpenSession | null {
  const session = request === null ? undefined : state.sessions[request];
  return session?.state === "open" ? session : null;
}

function parse(data: unknown): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}
