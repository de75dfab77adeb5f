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
 * A session on a target for as long as the component lives. SQL sessions are opened again by themselves when the
 * connection comes back; a terminal that was lost is opened again by hand, since what ran in it is gone.
 */
export function useSession(
  target: string,
  kind: SessionKind,
  size: { columns: number; rows: number } | null | undefined,
): { request: string | null; session: Session | undefined; reopen: () => void } {
  const store = useSocketStore();
  const connected = useSocket((state) => state.link.state === "open");
  const [request, setRequest] = useState<string | null>(null);
  const [opening, setOpening] = useState(0);
  const session = useSocket((state) => (request === null ? undefined : state.sessions[request]));
  const sizeNow = useRef(size);
  sizeNow.current = size;
  const ready = size !== null;
  const again = kind === "sql" ? connected : connected || request !== null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `opening` is a reason to open again
  useEffect(() => {
    if (!again || !ready) return;
    const mine = store.open(target, kind, sizeNow.current ?? undefined);
    setRequest(mine);
    return () => store.forget(mine);
  }, [store, target, kind, again, ready, opening]);

  return { request, session, reopen: () => setOpening((count) => count + 1) };
}
