import type { RecordQuery } from "../contract/http.ts";
import type { Checkpoint } from "../core/audit/verify.ts";
import type { AuditEntry } from "../core/domain/audit.ts";
import type { ConfigurationDocument, Kind } from "../core/domain/configuration.ts";
import type { Review, ReviewAnswer } from "../core/domain/review.ts";

export interface StoredDocument {
  readonly document: ConfigurationDocument;
  readonly version: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
}

export interface Configuration {
  readonly version: number;
  readonly documents: readonly StoredDocument[];
}

export interface ConfigurationEdit {
  readonly put: readonly { readonly document: ConfigurationDocument; readonly expectedVersion?: number }[];
  readonly remove: readonly { readonly kind: Kind; readonly id: string }[];
}

export interface ConfigurationStore {
  load(): Promise<Configuration>;
  /**
   * All or nothing, serialised with other edits. `check` sees what would hold and throws to refuse. Announces a change.
   * Throws `StoreConflict` where `expectedVersion` is not the stored one.
   */
  edit(edit: ConfigurationEdit, by: string, check: (next: Configuration) => void | Promise<void>): Promise<Configuration>;
}

export interface SignIn {
  readonly sid: string;
  readonly email: string;
  readonly name: string;
  readonly groups: readonly string[];
}

export interface SignInStore {
  create(person: Omit<SignIn, "sid">, validForMs: number): Promise<SignIn>;
  /** Null: unknown, expired or revoked. */
  find(sid: string): Promise<SignIn | null>;
  /** Announces a change. */
  revoke(sid: string): Promise<void>;
}

export type NewReview = Omit<Review, "openedAt" | "expiresAt" | "answers" | "state"> & { readonly validForMs: number };

export interface ReviewStore {
  open(review: NewReview): Promise<Review>;
  find(id: string): Promise<Review | null>;
  list(which: "open" | "all"): Promise<readonly Review[]>;
  /** One atomic step under the row's lock; `decide` gives the next state from the current one and the store's time, or a reason. */
  change(
    id: string,
    decide: (
      review: Review,
      now: number,
    ) => { readonly ok: true; readonly review: Review } | { readonly ok: false; readonly reason: string },
  ): Promise<ReviewChange>;
  /** Marks what is over as expired and returns it. */
  expire(): Promise<readonly Review[]>;
}
export type ReviewChange = { readonly ok: true; readonly review: Review } | { readonly ok: false; readonly reason: string };
export type { ReviewAnswer };

export interface RecordReader {
  page(query: RecordQuery): Promise<{
    readonly items: readonly { readonly entry: AuditEntry; readonly outcome: string | null; readonly statement: string | null }[];
    readonly next: string | null;
  }>;
  checkpoints(): Promise<readonly Checkpoint[]>;
  chains(): Promise<readonly string[]>;
  /** Entries of a chain in order, read in portions. */
  entries(chain: string): AsyncIterable<AuditEntry>;
}

export type Change =
  | { readonly topic: "configuration" }
  | { readonly topic: "review"; readonly id: string }
  | { readonly topic: "sign-in"; readonly sid: string };

/** Changes that any replica made, this one too. */
export interface ChangeFeed {
  /** Returns a function that ends the subscription. */
  subscribe(listener: (change: Change) => void): () => void;
  /** Whether the feed is connected: without it a revocation elsewhere would go unseen, so nothing new may start. */
  readonly alive: boolean;
}

/** The store cannot be reached or refused; nothing may happen that needs it. */
export class StoreError extends Error {
  readonly code = "unavailable";
}

export class StoreConflict extends Error {
  readonly code = "conflict";
}
