import type { Decision } from "./decision.ts";
import type { Access, TimedGrant } from "./grant.ts";
import type { MicroAction } from "./micro-action.ts";
import type { GrantedRun } from "./run.ts";
import type { Span } from "./span.ts";

/** A statement that waits for someone else's yes. Times are milliseconds since the epoch, from the store's clock. */
export interface Review {
  readonly id: string;
  readonly requester: string;
  readonly requesterGroups: readonly string[];
  readonly target: string;
  readonly environment: string;
  readonly session: string;
  /**
   * `access`: no statement waits; someone asks to be let do something for some time. `glass`: nothing waits either; somebody
   * has acted at once, and others look at it afterwards.
   */
  readonly kind: "sql" | "shell" | "access" | "glass";
  /** For `access` one line for each thing asked. */
  readonly statement: string;
  readonly span: Span;
  readonly microActions: readonly MicroAction[];
  readonly decision: Decision;
  /** SHA-256 over the normalised statement, the principal and the target; what a grant covers. */
  readonly fingerprint: string;
  /** SHA-256 of what a yes for some time would cover; empty: nothing but this one statement. */
  readonly shape: string;
  /** Literals are open in the shape; else it is this exact text. */
  readonly shapeIsOpen: boolean;
  /** Whether it is to wait in an open transaction after it ran, as the requester wants it. */
  readonly safeRun: SafeRun;
  /** What the planner expects it to touch, in rows; null: not known. */
  readonly estimatedRows: number | null;
  /** What `access` asks for, and for how long. Null: a statement waits. */
  readonly asks: { readonly access: readonly Access[]; readonly minutes: number } | null;
  readonly reason: string;
  readonly openedAt: number;
  /** Of `glass`: when it is due; it never expires. */
  readonly expiresAt: number;
  /** Every one has to be met. */
  readonly requirements: readonly ReviewRequirement[];
  readonly answers: readonly ReviewAnswer[];
  readonly comments: readonly ReviewComment[];
  readonly escalations: readonly Escalation[];
  readonly state: ReviewState;
  /** What a yes for some time has made; null: none. */
  readonly grant: TimedGrant | null;
  /** What ran by it, the newest first; the last few. */
  readonly runs: readonly GrantedRun[];
}

export type SafeRun = "not-possible" | "wanted" | "not-wanted";

export interface ReviewComment {
  readonly by: string;
  readonly text: string;
  readonly at: number;
}

/** Another group was asked to answer in place of those whom the policy names first. */
export interface Escalation {
  readonly group: string;
  readonly by: string;
  readonly at: number;
}

/** What one review policy asks for: so many distinct people of those groups or users; empty lists: whom policy permits `review:resolve`. */
export interface ReviewRequirement {
  readonly policy: string;
  readonly approvals: number;
  readonly groups: readonly string[];
  readonly users: readonly string[];
  /** The longest that a yes for some time may last, in minutes; 0: only once. */
  readonly mostMinutes: number;
  /** Groups to which it can be handed on. */
  readonly escalateTo: readonly string[];
  /** How long what ran waits in an open transaction; 0: never; null: as requester and reviewer choose. */
  readonly holdForMs: number | null;
}

export interface ReviewAnswer {
  readonly by: string;
  /** Requirements, by policy, for which this person's yes counts. */
  readonly counts: readonly string[];
  readonly verdict: "approve" | "reject";
  /** A yes for so long; null: once, or for as long as was asked. */
  readonly minutes: number | null;
  /** Whether what runs is to wait in an open transaction; null: as it was asked. */
  readonly hold: boolean | null;
  /** Of what `asks` lists, by number from 0, what this yes lets be done. Absent: all of it. */
  readonly access?: readonly number[];
  readonly comment: string;
  readonly at: number;
}

export type ReviewState =
  | { readonly state: "open" }
  /** A yes made a grant for one run; `usedAt` null: not used yet. Of an `access` it is never used: its grant is timed. */
  | { readonly state: "approved"; readonly at: number; readonly usedAt: number | null }
  | { readonly state: "rejected"; readonly at: number; readonly by: string; readonly comment: string }
  | { readonly state: "withdrawn"; readonly at: number }
  | { readonly state: "expired"; readonly at: number };

/** For how long access is asked for; null: it is a statement that waits. */
export function minutesOf(review: Pick<Review, "asks">): number | null {
  return review.asks?.minutes ?? null;
}
