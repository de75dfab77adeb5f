"use client";

import { createContext, type ReactNode, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { INITIAL, type Session, type SessionKind, type SocketState } from "./state.ts";
import { createSocketStore, type SocketStore } from "./store.ts";

const SocketContext = createContext<SocketStore | null>(null);

/** One connection for the whole page; every part of it reads what it needs through `useSocket`. */
export function SocketProvider({ children }: { children: ReactNode }) {
  const [store] = useState(() => createSocketStore(typeof window === "undefined" ? "" : socketUrl(window.location)));
  useEffect(() => store.start(), [store]);
  return <SocketContext.Provider value={store}>{children}</SocketContext.Provider>;
}

function socketUrl({ protocol, host }: Location): string {
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}/socket`;
}

export function useSocketStore(): SocketStore {
  const store = useContext(SocketContext);
  if (store === null) throw new Error("no `SocketProvider` around this component");
  return store;
}

/** Part of what is known; rendered again when that part changes. `select` must return the same object for the same state. */
export function useSocket<Part>(select: (state: SocketState) => Part): Part {
  const store = useSocketStore();
  return useSyncExternalStore(
    store.subscribe,
    () => select(store.snapshot()),
    () => select(INITIAL),
  );
}

/** Pauses before a terminal whose host was lost is opened again; after the last one the person is asked. */
const AGAIN_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000, 30_000, 30_000];

/**
 * A session on a target for as long as the component lives, opened again by itself when the connection comes back. A
 * terminal goes on where it was, also after the page was loaded again: `keep` is the name under which this browser tab
 * remembers it. What cannot go on begins anew, a terminal where it stood. Where its host was lost it is opened again by
 * itself, at ever longer intervals: `again` says when.
 */
export function useSession(
  target: string,
  kind: SessionKind,
  size: { columns: number; rows: number } | null | undefined,
  keep: string | null,
): { request: string | null; session: Session | undefined; again: number | null; reopen: () => void } {
  const store = useSocketStore();
  const connected = useSocket((state) => state.link.state === "open");
  const [request, setRequest] = useState<string | null>(null);
  const [opening, setOpening] = useState(0);
  const session = useSocket((state) => (request === null ? undefined : state.sessions[request]));
  const sizeNow = useRef(size);
  sizeNow.current = size;
  const resuming = useRef<string | null>(null);
  /** Whether what a session of it has shown is in sight: not after the page was loaded again. */
  const shown = useRef(false);
  const ready = size !== null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `opening` is a reason to open again
  useEffect(() => {
    if (!connected || !ready) return;
    const known = keep === null ? null : sessionStorage.getItem(keep);
    const now = sizeNow.current;
    const fresh = now == null ? undefined : { ...now, ...(keep === null ? {} : { tab: keep, empty: !shown.current }) };
    const mine = known === null || now == null ? store.open(target, kind, fresh) : store.resume(known, target, now);
    resuming.current = known === null ? null : mine;
    setRequest(mine);
    return () => {
      // Closed by the person: while the connection is lost, nothing is.
      if (keep !== null && store.snapshot().link.state === "open") sessionStorage.removeItem(keep);
      store.forget(mine);
    };
  }, [store, target, kind, connected, ready, opening, keep]);

  const id = session?.state === "open" ? session.session : null;
  useEffect(() => {
    if (id !== null) shown.current = true;
    if (keep !== null && id !== null) sessionStorage.setItem(keep, id);
  }, [keep, id]);

  const gone = session?.state === "refused" && resuming.current === request;
  useEffect(() => {
    if (!gone || keep === null) return;
    sessionStorage.removeItem(keep);
    setOpening((count) => count + 1);
  }, [gone, keep]);

  const [tries, setTries] = useState(0);
  const [again, setAgain] = useState<number | null>(null);
  const broken = kind === "terminal" && session?.state === "closed" && session.lost;
  const unreachable = session?.state === "refused" && session.again && tries > 0;
  const pause = broken || unreachable ? AGAIN_MS[tries] : undefined;
  useEffect(() => {
    if (id !== null) setTries(0);
  }, [id]);
  useEffect(() => {
    if (pause === undefined || !connected) return setAgain(null);
    setAgain(Date.now() + pause);
    const timer = setTimeout(() => {
      if (keep !== null) sessionStorage.removeItem(keep);
      setTries((count) => count + 1);
      setOpening((count) => count + 1);
    }, pause);
    return () => clearTimeout(timer);
  }, [pause, connected, keep]);

  const reopen = () => {
    if (keep !== null) sessionStorage.removeItem(keep);
    setOpening((count) => count + 1);
  };
  return { request, session: gone ? undefined : session, again, reopen };
}
