import { z } from "zod";
import { RUN_ENDS } from "../core/domain/run.ts";
import { EFFECTS } from "../core/review/effects.ts";
import { SessionItem, WatchFrame, WireWatcher } from "./watch.ts";
import { WireColumn } from "./wire-column.ts";

export { WireColumn };

/**
 * The wire of `/socket`. Text frames are one JSON message each. Binary frames begin with four bytes channel (big-endian),
 * the number of a session. A terminal's go on with UTF-8: keys from the browser, output to it. An SQL session's are rows
 * (see `rows.ts`), to the browser only. A frame that is not a message closes the socket with 4400. Close codes: 4400 not a message, 4401 signed out or revoked, 4429 too much, 1001 gateway stops.
 */

const Identifier = z.string().min(1).max(64);
/** A statement of 1 MB is taken, judged and refused with a text; more closes the socket. */
export const MAX_TEXT = 1_100_000;
const Dimension = z.number().int().min(1).max(2_000);
const SpanSchema = z.tuple([z.number().int().min(0), z.number().int().min(0)]).readonly();

export const ClientMessage = z.discriminatedUnion("type", [
  /** `request` is answered by `session.opened` or `session.refused` with the same `request`. */
  z.strictObject({
    type: z.literal("session.open"),
    request: Identifier,
    target: Identifier,
    kind: z.enum(["sql", "terminal"]),
    columns: Dimension.optional(),
    rows: Dimension.optional(),
    /** Of a terminal: the browser's name for the tab. Its next session begins where this one stood when it was lost. */
    tab: Identifier.optional(),
    /** Nothing is in sight there: what the tab's session before had shown last comes first, as it may be shown now. */
    empty: z.boolean().optional(),
  }),
  /** A terminal whose socket was lost goes on here, for half a minute after. Answered like `session.open`. */
  z.strictObject({
    type: z.literal("session.resume"),
    request: Identifier,
    session: Identifier,
    target: Identifier,
    columns: Dimension,
    rows: Dimension,
  }),
  /** One line on several hosts, judged on each. One at a time; `broadcast.target` tells how far each has come. */
  z.strictObject({
    type: z.literal("broadcast.run"),
    request: Identifier,
    targets: z.array(Identifier).min(1).max(20),
    line: z.string().min(1).max(20_000),
  }),
  z.strictObject({ type: z.literal("broadcast.stop"), request: Identifier }),
  z.strictObject({ type: z.literal("session.close"), session: Identifier }),
  /** Runs every statement in `text`, one after the other; stops at the first that does not end well. */
  z.strictObject({
    type: z.literal("sql.run"),
    session: Identifier,
    run: Identifier,
    text: z.string().max(MAX_TEXT),
    reason: z.string().max(2_000).optional(),
    /** False: what a yes lets run need not wait in an open transaction. Absent: true. */
    safeRun: z.boolean().optional(),
    /** The review that the statement was waiting for in a session that was lost. */
    goesOnWith: Identifier.optional(),
  }),
  z.strictObject({ type: z.literal("sql.cancel"), session: Identifier, run: Identifier }),
  /** More rows are wanted: the browser has taken all up to `rows` of the run. The server pauses 5,000 rows ahead. */
  z.strictObject({ type: z.literal("sql.ack"), session: Identifier, run: Identifier, rows: z.number().int().min(0) }),
  /** What would happen; nothing runs and nothing is recorded. Answered by `judged`. */
  z.strictObject({ type: z.literal("judge"), session: Identifier, request: Identifier, text: z.string().max(MAX_TEXT) }),
  z.strictObject({ type: z.literal("terminal.resize"), session: Identifier, columns: Dimension, rows: Dimension }),
  /** Bytes of output that xterm has parsed since the last acknowledgement. */
  z.strictObject({ type: z.literal("terminal.ack"), session: Identifier, bytes: z.number().int().min(0) }),
  z.strictObject({ type: z.literal("review.withdraw"), review: Identifier }),
  /** Answered by `watch.started` or `watch.ended`; what the session shows comes as `watch.frames`. */
  z.strictObject({ type: z.literal("watch.start"), session: Identifier }),
  z.strictObject({ type: z.literal("watch.stop"), session: Identifier }),
  /** Says why the glass is broken that the waiting statement needs; it goes on then. */
  z.strictObject({ type: z.literal("glass.break"), session: Identifier, reason: z.string().max(2_000) }),
  /** From now on `reviews` and `review.changed` come. */
  z.strictObject({ type: z.literal("reviews.watch") }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

export const WireReason = z.object({
  outcome: z.enum(["allow", "review", "deny"]),
  policy: z.string().nullable(),
  policyDescription: z.string().optional(),
  action: z.string(),
  resource: z.string(),
  span: SpanSchema,
  message: z.string(),
  hint: z.string().optional(),
});
export type WireReason = z.infer<typeof WireReason>;

export const WireMicroAction = z.object({ action: z.string(), resource: z.string(), span: SpanSchema });
export type WireMicroAction = z.infer<typeof WireMicroAction>;

export const WireDecision = z.object({
  outcome: z.enum(["allow", "review", "deny"]),
  reasons: z.array(WireReason),
  microActions: z.array(WireMicroAction),
  /** Columns that are masked in it: `public.customers.email` → mask's identifier. */
  masked: z.array(z.object({ column: z.string(), mask: z.string() })),
  policyVersion: z.number().int(),
  /** Policies of which the glass has to be broken first. */
  glass: z.array(z.string()).optional(),
  /** Policies that let it run only while somebody watches. */
  watched: z.array(z.string()).optional(),
  /** For a denial: what could stand at `span` instead, and would not be denied. */
  suggestion: z.object({ span: SpanSchema, text: z.string() }).optional(),
});
export type WireSuggestion = NonNullable<z.infer<typeof WireDecision>["suggestion"]>;
export type WireDecision = z.infer<typeof WireDecision>;

/** One run that the review's yes let start, and what is known of its end. */
export const WireRun = z.object({
  id: z.string(),
  byTimedGrant: z.boolean(),
  startedAt: z.number(),
  /** `held`: it ran, and waits in an open transaction. `unknown`: nobody knows whether it ran. */
  state: z.enum(["started", "held", "closing", "ended", "unknown"]),
  rows: z.number().nullable(),
  /** Of a held one: rolled back then. */
  until: z.number().nullable(),
  verdict: z
    .object({ verdict: z.enum(["commit", "roll-back"]), by: z.string(), because: z.string(), decidedAt: z.number() })
    .nullable(),
  ended: z.enum(RUN_ENDS).nullable(),
  /** When its end was known, or it was known that it is not. */
  at: z.number().nullable(),
  /** What somebody found out of one that was unknown. */
  found: z.object({ ran: z.boolean(), by: z.string(), note: z.string(), at: z.number() }).nullable(),
});
export type WireRun = z.infer<typeof WireRun>;

export const WireReview = z.object({
  id: z.string(),
  state: z.enum(["open", "approved", "rejected", "withdrawn", "expired"]),
  requester: z.string(),
  requesterGroups: z.array(z.string()),
  target: z.string(),
  environment: z.string(),
  /** `access`: nothing waits to run; the person asks for what `asks` lists. `glass`: it was done at once, and is looked at afterwards. */
  kind: z.enum(["sql", "shell", "access", "glass"]),
  statement: z.string(),
  /** Spans are in `statement`. */
  decision: WireDecision,
  reason: z.string(),
  openedAt: z.number(),
  expiresAt: z.number(),
  approvalsNeeded: z.number().int(),
  answers: z.array(
    z.object({
      by: z.string(),
      verdict: z.enum(["approve", "reject"]),
      /** A yes for so long; null: once, or for as long as was asked. */
      minutes: z.number().int().nullable(),
      comment: z.string(),
      at: z.number(),
    }),
  ),
  comments: z.array(z.object({ by: z.string(), text: z.string(), at: z.number() })),
  escalations: z.array(z.object({ group: z.string(), by: z.string(), at: z.number() })),
  /** Groups to which the person who looks may hand it on. */
  escalateTo: z.array(z.string()),
  asks: z
    .object({
      /** `left`: no yes so far has left it out. */
      access: z.array(z.object({ action: z.string(), resource: z.string(), left: z.boolean() })),
      minutes: z.number().int(),
    })
    .nullable(),
  /** A yes for some time would let literals differ; else it is for this exact text. */
  shapeIsOpen: z.boolean(),
  /** The longest that a yes may last; 0: only once. */
  mostMinutes: z.number().int(),
  grant: z
    .object({
      id: z.string(),
      from: z.number(),
      until: z.number(),
      /** Before its time. */
      ended: z.object({ at: z.number(), by: z.string() }).nullable(),
      uses: z.number().int(),
      /** By the person who looks. */
      mayEnd: z.boolean(),
    })
    .nullable(),
  /** Whether the person who asks may answer, and if not why: `your own`, `not a reviewer`, `already answered`. */
  mayAnswer: z.boolean(),
  mayNotAnswerBecause: z.string().nullable(),
  usedAt: z.number().nullable(),
  /** Empty: it came from no session. */
  session: z.string(),
  /** Whether what runs waits in an open transaction: by policy `always` or `never`, else as the requester wants it. */
  safeRun: z.enum(["not-possible", "always", "never", "wanted", "not-wanted"]),
  /** Of a command line: what it would do to its host, the most consequential first. */
  effects: z.array(z.object({ kind: z.enum(EFFECTS), what: z.array(z.string()) })),
  /** By the planner, in rows; null: not known. */
  estimatedRows: z.number().nullable(),
  /** The newest first; the last few. */
  runs: z.array(WireRun),
  /** The person who looks may commit or roll back what is held, and say what became of what is not known. */
  maySettle: z.boolean(),
});
export type WireReview = z.infer<typeof WireReview>;

/** What could be done in place of a line. `edit`: that line opens the file. `line`: that line shows the same. `sql`: the statement, in a SQL tab of the target. */
export const WireInstead = z.discriminatedUnion("do", [
  z.object({ do: z.literal("edit"), line: z.string() }),
  z.object({ do: z.literal("line"), line: z.string() }),
  z.object({ do: z.literal("sql"), target: z.string(), statement: z.string() }),
]);
export type WireInstead = z.infer<typeof WireInstead>;

/** One accepted line of a terminal and what it came to. */
export const WireBlock = z.object({
  number: z.number().int(),
  line: z.string(),
  outcome: z.enum(["allow", "review", "deny", "builtin"]),
  /** Milliseconds since the session's start. */
  startedAt: z.number(),
  ended: z.object({ exitCode: z.number().nullable(), durationMs: z.number() }).nullable(),
});
export type WireBlock = z.infer<typeof WireBlock>;

/** One host of a line that runs on several. */
export const WireBroadcast = z.object({
  type: z.literal("broadcast.target"),
  request: z.string(),
  target: z.string(),
  state: z.enum(["connecting", "waiting", "running", "ended"]),
  /** Null: not judged yet, or the host could not be reached. */
  outcome: z.enum(["allow", "review", "deny"]).nullable(),
  message: z.string(),
  exitCode: z.number().nullable(),
  durationMs: z.number().nullable(),
  /** The last of it, masked. */
  output: z.string(),
  review: z.string().nullable(),
  /** For its recording. */
  session: z.string().nullable(),
});
export type WireBroadcast = z.infer<typeof WireBroadcast>;

const Transaction = z.enum(["idle", "open", "failed"]);

export const ServerMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("session.opened"),
    request: z.string(),
    session: z.string(),
    kind: z.enum(["sql", "terminal"]),
    /** Number of this session's binary frames. */
    channel: z.number().int(),
    target: z.string(),
    environment: z.string(),
    /** Who the gateway is on the target: `deploy@web-1`. */
    identity: z.string(),
    /** It is one that was lost before; its last output comes again. */
    resumed: z.boolean(),
  }),
  z.object({
    type: z.literal("session.refused"),
    request: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    /** The target is out of reach for now: asking again may help. */
    again: z.boolean().optional(),
  }),
  /** `lost`: the connection to the target broke, and may come back. */
  z.object({ type: z.literal("session.closed"), session: z.string(), reason: z.string(), lost: z.boolean() }),
  /** One for each statement of a run, before it is executed or when it is not. `span` is in the run's text. */
  z.object({
    type: z.literal("sql.decided"),
    session: z.string(),
    run: z.string(),
    statement: z.number().int(),
    span: SpanSchema,
    decision: WireDecision,
  }),
  /** The statement waits for a yes; the run goes on by itself. */
  z.object({
    type: z.literal("sql.waiting"),
    session: z.string(),
    run: z.string(),
    statement: z.number().int(),
    review: WireReview,
  }),
  /** It ran, and waits in an open transaction for a commit by the requester or a reviewer. */
  z.object({
    type: z.literal("sql.held"),
    session: z.string(),
    run: z.string(),
    statement: z.number().int(),
    review: WireReview,
    held: WireRun,
  }),
  z.object({
    type: z.literal("sql.columns"),
    session: z.string(),
    run: z.string(),
    statement: z.number().int(),
    columns: z.array(WireColumn),
  }),
  z.object({
    type: z.literal("sql.notice"),
    session: z.string(),
    run: z.string(),
    statement: z.number().int(),
    severity: z.string(),
    message: z.string(),
  }),
  z.object({
    type: z.literal("sql.statement-ended"),
    session: z.string(),
    run: z.string(),
    statement: z.number().int(),
    ended: z.enum(["done", "failed", "cancelled", "denied", "rejected", "expired", "withdrawn", "rolled-back", "alarm"]),
    command: z.string().nullable(),
    rowCount: z.number().nullable(),
    limited: z.boolean(),
    durationMs: z.number(),
    error: z
      .object({ code: z.string(), message: z.string(), hint: z.string().nullable(), span: SpanSchema.nullable() })
      .nullable(),
  }),
  z.object({ type: z.literal("sql.run-ended"), session: z.string(), run: z.string(), transaction: Transaction }),
  z.object({
    type: z.literal("judged"),
    session: z.string(),
    request: z.string(),
    decisions: z.array(z.object({ span: SpanSchema, decision: WireDecision })),
  }),
  /** What the line under the terminal shows: the verdict on the line being typed, or on the last one. Null: nothing to say. */
  z.object({
    type: z.literal("terminal.verdict"),
    session: z.string(),
    text: z.string(),
    decision: WireDecision.nullable(),
    instead: WireInstead.nullable(),
  }),
  /** A file that is to be opened beside the terminal; its absolute path. */
  z.object({ type: z.literal("terminal.edit"), session: z.string(), path: z.string() }),
  z.object({
    type: z.literal("terminal.state"),
    session: z.string(),
    cwd: z.string(),
    running: z.boolean(),
    /** Null: nothing has run yet. */
    exitCode: z.number().nullable(),
    review: WireReview.nullable(),
  }),
  /** Who watches the person's own session. `paused`: a watcher must be present, and none is. */
  z.object({
    type: z.literal("session.watched"),
    session: z.string(),
    watchers: z.array(WireWatcher),
    paused: z.boolean(),
    comments: z.array(z.object({ by: z.string(), text: z.string(), at: z.number() })),
  }),
  /** What waits for a reason to break glass, and what was broken in the session. */
  z.object({
    type: z.literal("session.glass"),
    session: z.string(),
    asked: z.object({ statement: z.string(), policies: z.array(z.string()) }).nullable(),
    broken: z.array(z.object({ review: z.string(), policies: z.array(z.string()), reason: z.string(), at: z.number() })),
  }),
  z.object({ type: z.literal("watch.started"), session: z.string(), item: SessionItem }),
  z.object({ type: z.literal("watch.frames"), session: z.string(), frames: z.array(WatchFrame) }),
  z.object({ type: z.literal("watch.ended"), session: z.string(), reason: z.string() }),
  /** A line was accepted, decided or has ended; it began where the prompt before it was shown. */
  z.object({ type: z.literal("terminal.block"), session: z.string(), block: WireBlock }),
  WireBroadcast,
  z.object({ type: z.literal("reviews"), reviews: z.array(WireReview) }),
  z.object({ type: z.literal("review.changed"), review: WireReview }),
  /** The configuration changed: open trees and verdicts are to be asked again. */
  z.object({ type: z.literal("configuration.changed"), policyVersion: z.number().int() }),
  z.object({
    type: z.literal("error"),
    code: z.string(),
    message: z.string(),
    session: z.string().optional(),
    run: z.string().optional(),
  }),
]);
export type ServerMessage = z.infer<typeof ServerMessage>;
export type Transaction = z.infer<typeof Transaction>;
