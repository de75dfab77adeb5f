"use client";

import type { Me } from "../../server/contract/http.ts";
import { useSocket } from "../socket/socket.tsx";
import { openSession } from "../socket/store.ts";
import { duration } from "../theme/time.ts";
import type { Focus } from "./focus.ts";
import classes from "./frame.module.css";

const LINK = { connecting: "connecting", open: "connected", lost: "offline", "signed-out": "signed out" } as const;

/** Where one is, as whom, and that it is recorded. */
export function StatusBar({ me, focus }: { me: Me; focus: Focus | null }) {
  const link = useSocket((state) => state.link.state);
  const roundTrip = useSocket((state) => state.roundTripMs);
  const version = useSocket((state) => state.policyVersion) ?? me.policyVersion;
  const session = useSocket((state) => openSession(state, focus?.request ?? null));
  return (
    <footer className={classes.status} data-environment={focus?.environment ?? ""}>
      {focus === null ? null : (
        <>
          <span className={classes.statusEnvironment} data-status="environment">
            {focus.environment}
          </span>
          <span data-status="target">{focus.target}</span>
          {session === null ? null : <span data-status="identity">as {session.identity}</span>}
          {session === null || session.kind !== "sql" ? null : (
            <span data-status="transaction" data-transaction={session.transaction}>
              {session.transaction === "idle" ? "no transaction" : `transaction ${session.transaction}`}
            </span>
          )}
        </>
      )}
      <span className={classes.push} data-status="link" data-link={link}>
        {link === "open" ? "" : "○ "}
        {LINK[link]}
      </span>
      {roundTrip === null ? null : <span data-status="round-trip">round-trip {duration(roundTrip)}</span>}
      {session === null ? null : (
        <span className={classes.recording} data-status="recording">
          <b aria-hidden>●</b> recording
        </span>
      )}
      <span data-status="policy-version">policies v{version}</span>
    </footer>
  );
}
