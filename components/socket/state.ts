import type { z } from "zod";
import type {
  ServerMessage,
  Transaction,
  WireBlock,
  WireBroadcast,
  WireColumn,
  WireDecision,
  WireInstead,
  WireReview,
  WireRun,
} from "../../server/contract/socket.ts";
import type { WatchView } from "../sessions/watch-view.ts";
import type { RowLog } from "./row-log.ts";

type Span = readonly [from: number, to: number];
type Message<Type extends ServerMessage["type"]> = Extract<ServerMessage, { type: Type }>;

/** All that the browser knows from the socket. Times are milliseconds since the epoch, from the browser's clock. */
export interface SocketState {
  readonly link: Link;
  /** Of the last question that the gateway answered at once. Null: none yet. */
  readonly roundTripMs: number | null;
  /** Questions that wait for an answer: when they were sent. */
  readonly asked: Readonly<Record<string, number>>;
  /** By the `request` that opened them: it is known before the session is. */
  readonly sessions: Readonly<Record<string, Session>>;
  /** By the session that is watched. */
  readonly watches: Readonly<Record<string, WatchView>>;
  readonly reviews: { readonly state: "unknown" | "known"; readonly items: Readonly<Record<string, WireReview>> };
  /** Null: not told since the page was made. */
  readonly policyVersion: number | null;
  /** The last line that ran on several hosts, by target. */
  readonly broadcast: { readonly request: string; readonly targets: Readonly<Record<string, WireBroadcast>> } | null;
  /** What the gateway complained about, the newest last. */
  readonly complaints: readonly Complaint[];
}

export type Link =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  | { readonly state: "lost"; readonly retryAt: number; readonly attempt: number }
  /** Signed out or revoked; a new sign-in is needed. */
  | { readonly state: "signed-out" };

export interface Complaint {
  readonly number: number;
  readonly code: string;
  readonly message: string;
}

export type Session =
  | { readonly state: "opening"; readonly target: string; readonly kind: SessionKind }
  | {
      readonly state: "refused";
      readonly target: string;
      readonly kind: SessionKind;
      readonly message: string;
      readonly hint?: string;
      /** The target is out of reach for now. */
      readonly again: boolean;
    }
  | OpenSession
  /** `lost`: the connection between the gateway and the target broke. */
  | (Omit<OpenSession, "state"> & { readonly state: "closed"; readonly reason: string; readonly lost: boolean });

export type SessionKind = "sql" | "terminal";

export interface OpenSession {
  readonly state: "open";
  readonly session: string;
  readonly kind: SessionKind;
  readonly target: string;
  readonly environment: string;
  readonly identity: string;
  readonly channel: number;
  /** Its last output comes again: what was lost with its connection is there. */
  readonly resumed: boolean;
  readonly transaction: Transaction;
  /** The last run; null: nothing was run. */
  readonly run: Run | null;
  readonly judged: Judged | null;
  readonly terminal: TerminalState;
  readonly watched: Watched;
  readonly glass: Glass;
}

/** What waits for a reason to break glass, and what was broken. */
export type Glass = Omit<Message<"session.glass">, "type" | "session">;

export const WHOLE: Glass = { asked: null, broken: [] };

/** Who watches the session, and what they said. `paused`: somebody has to, and nobody does. */
export type Watched = Omit<Message<"session.watched">, "type" | "session">;

export const UNWATCHED: Watched = { watchers: [], paused: false, comments: [] };

export interface TerminalState {
  readonly cwd: string;
  readonly running: boolean;
  readonly exitCode: number | null;
  readonly review: WireReview | null;
  readonly verdict: {
    readonly text: string;
    readonly decision: WireDecision | null;
    readonly instead: WireInstead | null;
  } | null;
  /** A file that is to be opened beside it, and the how manieth that is; null: none was. */
  readonly edit: { readonly path: string; readonly number: number } | null;
  /** The newest last; only the last few hundred. */
  readonly blocks: readonly WireBlock[];
}

export interface Judged {
  readonly request: string;
  readonly decisions: Message<"judged">["decisions"];
}

export interface Run {
  readonly run: string;
  readonly text: string;
  readonly startedAt: number;
  readonly state: "running" | "ended";
  readonly cancelling: boolean;
  /** Rows of all its statements that have come. */
  readonly rows: number;
  /** More are not taken until the person asks for them. */
  readonly rowsWanted: number;
  readonly statements: readonly RunStatement[];
}

export interface RunStatement {
  readonly span: Span;
  readonly decision: WireDecision;
  /** The review that it waits for, or waited for. */
  readonly review: WireReview | null;
  /** It ran, and waits for a commit. */
  readonly held: WireRun | null;
  readonly columns: readonly z.infer<typeof WireColumn>[] | null;
  readonly rows: RowLog;
  readonly notices: readonly { readonly severity: string; readonly message: string }[];
  readonly ended: Message<"sql.statement-ended"> | null;
}

/** A browser holds about this many rows of one run well; then it stops to take more and asks. */
export const ROWS_HELD = 100_000;

export const INITIAL: SocketState = {
  link: { state: "connecting" },
  roundTripMs: null,
  asked: {},
  sessions: {},
  watches: {},
  reviews: { state: "unknown", items: {} },
  policyVersion: null,
  broadcast: null,
  complaints: [],
};
