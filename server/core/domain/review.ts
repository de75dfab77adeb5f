import type { Decision } from "./decision.ts";
import type { MicroAction } from "./micro-action.ts";
import type { Span } from "./span.ts";

/** A statement that waits for someone else's yes. Times are milliseconds since the epoch, from the store's clock. */
export interface Review {
  readonly id: string;
  readonly requester: string;
  readonly requesterGroups: readonly string[];
  readonly target: string;
  readonly environment: string;
  readonly session: string;
  readonly kind: "sql" | "shell";
  readonly statement: string;
  readonly span: Span;
  readonly microActions: readonly MicroAction[];
  readonly decision: Decision;
  /** SHA-256 over the normalised statement, the principal and the target; what a grant covers. */
  readonly fingerprint: string;
  readonly reason: string;
  readonly openedAt: number;
  readonly expiresAt: number;
  /** Every one has to be met. */
  readonly requirements: readonly ReviewRequirement[];
  readonly answers: readonly ReviewAnswer[];
  readonly state: ReviewState;
}

/** What one review policy asks for: so many distinct people of those groups or users; empty lists: whom policy permits `review:resolve`. */
export interface ReviewRequirement {
  readonly policy: string;
  readonly approvals: number;
  readonly groups: readonly string[];
  readonly users: readonly string[];
}

export interface ReviewAnswer {
  readonly by: string;
  /** Requirements, by policy, for which this person's yes counts. */
  readonly counts: readonly string[];
  readonly verdict: "approve" | "reject";
  readonly comment: string;
  readonly at: number;
}

export type ReviewState =
  | { readonly state: "open" }
  /** A yes made a grant. It is used once; `usedAt` null: not yet. */
  | { readonly state: "approved"; readonly at: number; readonly usedAt: number | null }
  | { readonly state: "rejected"; readonly at: number; readonly by: string; readonly comment: string }
  | { readonly state: "withdrawn"; readonly at: number }
  | { readonly state: "expired"; readonly at: number };
