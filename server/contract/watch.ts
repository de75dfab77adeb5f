import { z } from "zod";
import { WireColumn } from "./wire-column.ts";

/** What a session that is watched shows, in pieces. Statements are numbered from 1 in the order of the session. */
export const WatchFrame = z.discriminatedUnion("type", [
  /** Bytes of a terminal as its person saw them, masked; base64. */
  z.object({ type: z.literal("output"), bytes: z.string() }),
  z.object({ type: z.literal("size"), columns: z.number().int(), rows: z.number().int() }),
  z.object({
    type: z.literal("decided"),
    statement: z.number().int(),
    text: z.string(),
    outcome: z.enum(["allow", "review", "deny"]),
    message: z.string(),
    masked: z.array(z.string()),
    at: z.number(),
  }),
  z.object({ type: z.literal("columns"), statement: z.number().int(), columns: z.array(WireColumn) }),
  z.object({ type: z.literal("rows"), statement: z.number().int(), rows: z.array(z.array(z.string().nullable())) }),
  /** The rows are not for the one who watches, or are too many. */
  z.object({ type: z.literal("omitted"), statement: z.number().int(), because: z.string() }),
  z.object({
    type: z.literal("ended"),
    statement: z.number().int(),
    ended: z.string(),
    rowCount: z.number().nullable(),
    error: z.string().nullable(),
  }),
  z.object({ type: z.literal("comment"), by: z.string(), text: z.string(), at: z.number() }),
]);
export type WatchFrame = z.infer<typeof WatchFrame>;

/** Somebody who watches, as their session's person is told. */
export const WireWatcher = z.object({ id: z.string(), name: z.string(), since: z.number() });
export type WireWatcher = z.infer<typeof WireWatcher>;

/** One session that is open now, on any replica. */
export const SessionItem = z.object({
  id: z.string(),
  principal: z.string(),
  name: z.string(),
  target: z.string(),
  environment: z.string(),
  kind: z.enum(["sql", "terminal"]),
  identity: z.string(),
  openedAt: z.number(),
  /** Two seconds old at most; null: none yet. */
  last: z.object({ text: z.string(), outcome: z.string(), at: z.number() }).nullable(),
  watchers: z.array(WireWatcher),
  /** It is the person's own, who looks. */
  own: z.boolean(),
  mayTerminate: z.boolean(),
});
export type SessionItem = z.infer<typeof SessionItem>;

/** `GET /api/sessions`: those that the person may watch, and their own. */
export interface SessionList {
  readonly sessions: readonly SessionItem[];
}
/** `POST /api/sessions/:id/terminate` */
export const TerminateBody = z.strictObject({ reason: z.string().trim().min(1).max(1_000) });
export type TerminateBody = z.infer<typeof TerminateBody>;
/** `POST /api/sessions/:id/comment`: by its person, or by who watches it. */
export const SessionCommentBody = z.strictObject({ text: z.string().trim().min(1).max(4_000) });
export type SessionCommentBody = z.infer<typeof SessionCommentBody>;
