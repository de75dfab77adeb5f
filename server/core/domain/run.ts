/** One run of a statement that only a grant let run. Times are milliseconds since the epoch, from the store's clock. */
export interface GrantedRun {
  readonly id: string;
  readonly review: string;
  readonly session: string;
  /** The timed grant that it used; null: the yes for one run. */
  readonly grant: string | null;
  readonly startedAt: number;
  readonly state: RunState;
}

export type RunState =
  /** The grant is used; whether anything reached the target is known to nobody but the replica that runs it. */
  | { readonly state: "started" }
  /** It ran and waits in an open transaction, until when. `rows`: as the command tag says; null where it says none. */
  | { readonly state: "held"; readonly rows: number | null; readonly until: number }
  /** Somebody, or the gateway, has decided on the open transaction; its replica carries that out. */
  | ({ readonly state: "closing"; readonly rows: number | null } & RunVerdict)
  | {
      readonly state: "ended";
      readonly ended: RunEnd;
      readonly rows: number | null;
      readonly at: number;
      /** What was decided on the open transaction; null: it was not held. */
      readonly verdict: RunVerdict | null;
    }
  /** INVARIANT (P5): not known whether it ran, and never run again. `found`: what somebody found out since. */
  | { readonly state: "unknown"; readonly at: number; readonly found: RunFinding | null };

export interface RunVerdict {
  readonly verdict: "commit" | "roll-back";
  /** A principal's identifier, or `system`. */
  readonly by: string;
  readonly because: string;
  readonly decidedAt: number;
}

export interface RunFinding {
  readonly ran: boolean;
  readonly by: string;
  readonly note: string;
  readonly at: number;
}

export const RUN_ENDS = [
  "done",
  /** Of a held one in the person's own open transaction: it stands there, and ends with that transaction. */
  "kept",
  "rolled-back",
  "failed",
  "cancelled",
  "alarm",
  /** The grant was used and nothing was sent to the target. */
  "not-run",
] as const;
export type RunEnd = (typeof RUN_ENDS)[number];
