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

/**
 * A session on a target for as long as the component lives, opened again by itself when the connection comes back. A
 * terminal goes on where it was, also after the page was loaded again: `keep` is the name under which this browser tab
 * remembers it. What cannot go on begins anew.
 */
export function useSession(
  target: string,
  kind: SessionKind,
  size: { columns: number; rows: number } | null | undefined,
  keep: string | null,
): { request: string | null; session: Session | undefined; reopen: () => void } {
  const store = useSocketStore();
  const connected = useSocket((state) => state.link.state === "open");
  const [request, setRequest] = useState<string | null>(null);
  const [opening, setOpening] = useState(0);
  const session = useSocket((state) => (request === null ? undefined : state.sessions[request]));
  const sizeNow = useRef(size);
  sizeNow.current = size;
  const resuming = useRef<string | null>(null);
  const ready = size !== null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `opening` is a reason to open again
  useEffect(() => {
    if (!connected || !ready) return;
    const known = keep === null ? null : sessionStorage.getItem(keep);
    const now = sizeNow.current;
    const mine = known === null || now == null ? store.open(target, kind, now ?? undefined) : store.resume(known, target, now);
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
    if (keep !== null && id !== null) sessionStorage.setItem(keep, id);
  }, [keep, id]);

  const gone = session?.state === "refused" && resuming.current === request;
  useEffect(() => {
    if (!gone || keep === null) return;
    sessionStorage.removeItem(keep);
    setOpening((count) => count + 1);
  }, [gone, keep]);

  const reopen = () => {
    if (keep !== null) sessionStorage.removeItem(keep);
    setOpening((count) => count + 1);
  };
  return { request, session: gone ? undefined : session, reopen };
}
