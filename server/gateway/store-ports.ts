import { z } from "zod";
import type { RecordingItem, RecordQuery } from "../contract/http.ts";
import type { WatchFrame } from "../contract/watch.ts";
import type { Checkpoint } from "../core/audit/verify.ts";
import type { AuditEntry } from "../core/domain/audit.ts";
import type { ConfigurationDocument, Kind } from "../core/domain/configuration.ts";
import type { Access, TimedGrant } from "../core/domain/grant.ts";
import type { Json } from "../core/domain/json.ts";
import type { Review, ReviewAnswer } from "../core/domain/review.ts";
import type { GrantedRun, RunState } from "../core/domain/run.ts";

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
  /** Of the identity provider's claims, those that the deployment names. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface SignInStore {
  create(person: Omit<SignIn, "sid">, validForMs: number): Promise<SignIn>;
  /** Null: unknown, expired or revoked. */
  find(sid: string): Promise<SignIn | null>;
  /** Announces a change. */
  revoke(sid: string): Promise<void>;
}

export type NewReview = Omit<
  Review,
  "openedAt" | "expiresAt" | "answers" | "comments" | "escalations" | "state" | "grant" | "runs"
> & {
  readonly validForMs: number;
};

export interface NewRun {
  readonly id: string;
  readonly session: string;
}

export interface ReviewStore {
  open(review: NewReview, notifications: readonly NewNotification[]): Promise<Review>;
  /**
   * The newest of that requester and fingerprint, with the same requirements, that waits or has a yes nobody used, and whose
   * session is gone (or which is `known` to have lost it): from now on this session's. One atomic step; null: there is none.
   */
  takeUp(
    review: Pick<NewReview, "requester" | "fingerprint" | "requirements" | "session">,
    known: string,
  ): Promise<Review | null>;
  find(id: string): Promise<Review | null>;
  /** The newest that waits, or has a yes nobody used, of that requester and session. */
  waitingIn(requester: string, session: string): Promise<Review | null>;
  /** `open` is also what has a run that is held, or of which nobody knows what became of it. */
  list(which: "open" | "all"): Promise<readonly Review[]>;
  /** Earlier ones of the same shape that are over, the newest first. */
  alike(review: Review): Promise<readonly Review[]>;
  /** How many wait for this requester. */
  openOf(requester: string): Promise<number>;
  /**
   * One atomic step under the row's lock; `decide` gives the next state from the current one and the store's time, or a
   * reason. What it tells of, and the timed grant or the run that it makes, are stored with it or not at all.
   */
  change(
    id: string,
    decide: (
      review: Review,
      now: number,
    ) =>
      | {
          readonly ok: true;
          readonly review: Review;
          readonly grant?: {
            readonly id: string;
            readonly minutes: number;
            readonly holdMs: number | null;
            readonly access: readonly Access[];
          };
          /** What now runs by its one yes. */
          readonly run?: NewRun;
          readonly notifications?: readonly NewNotification[];
        }
      | { readonly ok: false; readonly reason: string },
  ): Promise<ReviewChange>;
  /** Marks what is over as expired and returns it. */
  expire(): Promise<readonly Review[]>;
  /** Reviews of broken glass that were to be closed by now: each is given once, on one replica, and told in the same step. */
  overdue(tell: (review: Review) => readonly NewNotification[]): Promise<readonly Review[]>;
}
export type ReviewChange = { readonly ok: true; readonly review: Review } | { readonly ok: false; readonly reason: string };
export type { ReviewAnswer };

export interface GrantStore {
  /** What holds now, with how long it still does. */
  live(): Promise<readonly { readonly grant: TimedGrant; readonly remainingMs: number }[]>;
  find(id: string): Promise<TimedGrant | null>;
  /** Those of a shape that hold now. */
  ofShape(principal: string, target: string, shape: string): Promise<readonly TimedGrant[]>;
  /** One atomic step: counts a use, and writes the run down, if it still holds. */
  use(id: string, run: NewRun): Promise<boolean>;
  /** Announces a change. Null: it was over already. */
  end(id: string, by: string): Promise<TimedGrant | null>;
}

export interface RunStore {
  find(id: string): Promise<GrantedRun | null>;
  /** One atomic step under the row's lock, with the store's time. Announces a change of its review. */
  change(
    id: string,
    decide: (
      run: GrantedRun,
      now: number,
    ) => { readonly ok: true; readonly state: RunState } | { readonly ok: false; readonly reason: string },
  ): Promise<RunChange>;
  /** Those that nobody can end any more: their session is over, or its replica was not seen for a while. */
  orphans(): Promise<readonly string[]>;
}
/** `now`: the store's time of the change. */
export type RunChange =
  | { readonly ok: true; readonly run: GrantedRun; readonly now: number }
  | { readonly ok: false; readonly reason: string };

export interface NewLiveSession {
  readonly id: string;
  readonly replica: string;
  readonly principal: string;
  readonly name: string;
  readonly target: string;
  readonly kind: "sql" | "terminal";
  /** Who the gateway is on the target. */
  readonly identity: string;
}

/** The last statement of a session. */
export interface LastStatement {
  readonly text: string;
  readonly outcome: string;
  readonly at: number;
}

export interface LiveSession extends Omit<NewLiveSession, "replica"> {
  readonly openedAt: number;
  readonly last: LastStatement | null;
  /** Somebody has ended it from outside. */
  readonly terminated: { readonly by: string; readonly reason: string } | null;
}

export interface PresenceStore {
  /** This replica is here and holds these sessions; what else is listed as its own has ended. */
  beat(replica: string, sessions: readonly { readonly id: string; readonly last: LastStatement | null }[]): Promise<void>;
  /** Open on a replica that is here. */
  list(): Promise<readonly LiveSession[]>;
  find(id: string): Promise<LiveSession | null>;
  /** Announces a change. False: it is over already. */
  terminate(id: string, by: string, reason: string): Promise<boolean>;
  leave(replica: string): Promise<void>;
  opened(session: NewLiveSession): Promise<void>;
  ended(id: string): Promise<void>;
  /** Forgets what ended long ago. */
  sweep(): Promise<void>;
}

/** A person of the identity provider who watches a session. */
export interface Watch {
  readonly id: string;
  readonly session: string;
  readonly person: {
    readonly email: string;
    readonly name: string;
    readonly groups: readonly string[];
    readonly attributes: Readonly<Record<string, string>>;
  };
  readonly since: number;
}

/** `only`: the watches that may see it; null: all. */
export interface ShownFrame {
  readonly frame: WatchFrame;
  readonly only: readonly string[] | null;
}
export interface SentFrame extends ShownFrame {
  readonly seq: string;
}

export interface WatchStore {
  /** Announces a change. `after`: the number of the last frame there was. */
  watch(watch: Omit<Watch, "since"> & { readonly replica: string }): Promise<{ readonly since: number; readonly after: string }>;
  leave(id: string): Promise<void>;
  /** Those whose replica is here. */
  of(sessions: readonly string[]): Promise<readonly Watch[]>;
  /** Announces a change. */
  say(session: string, frames: readonly ShownFrame[]): Promise<void>;
  /** In order. */
  frames(session: string, after: string): Promise<readonly SentFrame[]>;
  sweep(): Promise<void>;
}

export interface PersonItem {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  /** That hold now. */
  readonly signIns: number;
  readonly lastSignIn: number | null;
  readonly disabled: { readonly at: number; readonly by: string; readonly reason: string } | null;
}

export interface PeopleStore {
  /** Identifiers of those who are shut out. */
  disabled(): Promise<readonly string[]>;
  list(): Promise<readonly PersonItem[]>;
  /** How many were revoked. Announces each. */
  revokeSignIns(id: string): Promise<number>;
  /** Also revokes sign-ins and ends timed grants. Announces all. */
  disable(id: string, by: string, reason: string): Promise<{ readonly changed: boolean; readonly signIns: number }>;
  enable(id: string): Promise<boolean>;
}

export interface NewNotification {
  readonly channel: string;
  readonly body: { readonly [key: string]: Json };
}

export interface QueuedNotification extends NewNotification {
  readonly id: string;
  /** This one counted. */
  readonly attempts: number;
}

export interface NotificationStore {
  /** What is due, for this replica alone until the lease is over. */
  take(leaseMs: number): Promise<readonly QueuedNotification[]>;
  sent(id: string): Promise<void>;
  /** Not tried now: as if it had not been taken, for so long. */
  postponed(id: string, forMs: number): Promise<void>;
  /** `retryMs` null: given up. */
  failed(id: string, error: string, retryMs: number | null): Promise<void>;
  dead(): Promise<readonly (QueuedNotification & { readonly error: string; readonly at: number })[]>;
  retry(id: string): Promise<boolean>;
  /** Forgets what was sent longer ago. */
  sweep(keepMs: number): Promise<void>;
}

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
  | { readonly topic: "grant"; readonly id: string }
  | { readonly topic: "person"; readonly id: string }
  | { readonly topic: "outbox" }
  /** Who watches a session, what it shows, or whether somebody ended it. */
  | { readonly topic: "session"; readonly id: string }
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

/** Someone who is shut out may not sign in; `message` is for them. */
export class PersonDisabled extends Error {
  readonly code = "invalid";
}

/** `digest`: SHA-256 of (the digest before, then the chunk's text), over all chunks in order. */
export interface RecordingStore {
  open(recording: Pick<RecordingItem, "session" | "principal" | "target" | "environment" | "startedAt">): Promise<void>;
  append(session: string, seq: number, text: string): Promise<void>;
  close(
    session: string,
    end: Pick<RecordingItem, "bytes" | "chunks" | "commands" | "digest"> & { readonly endedAt: number },
  ): Promise<void>;
  find(session: string): Promise<RecordingItem | null>;
  /** The newest first. */
  list(query: {
    readonly principal: string | null;
    readonly target: string | null;
    readonly before: number | null;
    readonly limit: number;
  }): Promise<readonly RecordingItem[]>;
  /**
   * Gives some that ended, or began and were lost, before that moment to `before`, and takes them away when it is done; all
   * others that would do the same meanwhile get none. Answers how many there were.
   */
  forget(until: number, before: (sessions: readonly string[]) => Promise<void>): Promise<number>;
  /** Null: there is none of that number (yet). */
  chunk(session: string, seq: number): Promise<string | null>;
  /** The last ones before that number (null: of all), the newest first. */
  chunksBefore(
    session: string,
    before: number | null,
    limit: number,
  ): Promise<readonly { readonly seq: number; readonly text: string }[]>;
}

/** Where a terminal stood: what `cd`, `pushd` and `export` have set. */
export const SavedPlace = z.strictObject({
  cwd: z.string(),
  previous: z.string(),
  /** Of `pushd`, the newest first. */
  stack: z.array(z.string()).readonly(),
  environment: z.record(z.string(), z.string()).readonly(),
});
export type SavedPlace = z.infer<typeof SavedPlace>;

/** One tab of a browser. `tab` is chosen there, and means nothing for another person or target. */
export interface TerminalTab {
  readonly principal: string;
  readonly target: string;
  readonly tab: string;
}

/** Where a tab stood, and in which sessions it was shown, the oldest first. */
export interface SavedTab {
  readonly place: SavedPlace;
  readonly sessions: readonly string[];
}

export interface TerminalTabStore {
  /** Null: nothing is known of it, or it was a week ago. */
  find(tab: TerminalTab): Promise<SavedTab | null>;
  /** Unless the tab is shown in another session by now, which is not among those. */
  keep(tab: TerminalTab, saved: SavedTab): Promise<void>;
  /** Unless it is shown in another session by now. */
  forget(tab: TerminalTab, session: string): Promise<void>;
}

/** Lines that people have typed on a target. */
export interface HistoryStore {
  /** The oldest first. */
  recent(principal: string, target: string, limit: number): Promise<readonly string[]>;
  add(principal: string, target: string, line: string): Promise<void>;
}
