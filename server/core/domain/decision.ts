import type { Action } from "./micro-action.ts";
import type { Span } from "./span.ts";

export type Outcome = "allow" | "review" | "deny";

/** One reason of a decision: a policy that spoke, or the guard itself (`policy: null`) when nothing matched or text was not understood. */
export interface Reason {
  readonly outcome: Outcome;
  /** Identifier of the policy; null when no policy matched (default deny) or the guard refused. */
  readonly policy: string | null;
  /** Identifier of the timed grant that permitted it. */
  readonly grant?: string;
  readonly action: Action;
  /** As `resourceName` writes it. */
  readonly resource: string;
  readonly span: Span;
  readonly message: string;
  readonly hint?: string;
}

/** What must happen if the statement runs. */
export type Obligation =
  | {
      readonly type: "approvals";
      readonly approvals: number;
      readonly reviewers: ReviewerSelector;
      readonly expireAfterMs: number;
      /** The longest that a yes for some time may last; 0: only once. */
      readonly grantForMs: number;
      readonly escalateTo: readonly string[];
      /** How long what ran waits in an open transaction; 0: never; null: as requester and reviewer choose. */
      readonly holdForMs: number | null;
      readonly policy: string;
    }
  | { readonly type: "mask"; readonly column: string; readonly mask: string }
  | { readonly type: "filter-rows"; readonly table: string; readonly filter: string }
  | { readonly type: "limit-rows"; readonly rows: number; readonly policy: string }
  | { readonly type: "time-limit"; readonly milliseconds: number; readonly policy: string }
  | { readonly type: "limit-output"; readonly bytes: number; readonly policy: string }
  | { readonly type: "read-only"; readonly policy: string }
  /** Only after the glass was broken: for a reason, with an alarm, and a review afterwards that is due so long after. */
  | {
      readonly type: "review-after";
      readonly policy: string;
      readonly approvals: number;
      readonly reviewers: ReviewerSelector;
      readonly escalateTo: readonly string[];
      readonly withinMs: number;
    }
  /** Somebody else has to watch the session. */
  | { readonly type: "watched"; readonly policy: string };

/** Empty lists everywhere: anyone whom a policy permits `review:resolve`. */
export interface ReviewerSelector {
  readonly groups: readonly string[];
  readonly users: readonly string[];
}

export interface Decision {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly obligations: readonly Obligation[];
  /** Version of the policy set that decided; grows with every saved change. */
  readonly policyVersion: number;
  /** How the statement could be put so that it is not denied, and what of the submitted text that replaces. */
  readonly suggestion?: Suggestion;
}

export interface Suggestion {
  readonly span: Span;
  readonly text: string;
}
