import type { Json } from "./json.ts";

/** What can stand in the record. */
export const AUDIT_TYPES = [
  "chain.started",
  "identity.signed-in",
  "identity.signed-out",
  "session.opened",
  "session.refused",
  "session.closed",
  "session.watched",
  "session.unwatched",
  "session.commented",
  "session.terminated",
  "statement.decided",
  "statement.executed",
  "review.opened",
  "review.taken-up",
  "review.answered",
  "review.answer-lost",
  "review.commented",
  "review.escalated",
  "review.closed",
  "grant.made",
  "grant.used",
  "grant.ended",
  "glass.broken",
  "glass.overdue",
  "run.held",
  "run.settled",
  "run.unknown",
  "run.found",
  "person.sign-ins-revoked",
  "person.disabled",
  "person.enabled",
  "notification.dead",
  "recording.closed",
  "recording.watched",
  "recording.forgotten",
  "configuration.changed",
  "sentinel.alarm",
] as const;
export type AuditType = (typeof AUDIT_TYPES)[number];

/** One line of the record, before it has its place in the chain. */
export interface AuditEvent {
  readonly type: AuditType;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Principal's identifier; `system` for the gateway's own. */
  readonly principal: string;
  /** Empty: no target. */
  readonly target: string;
  /** Empty: no session. */
  readonly session: string;
  readonly body: { readonly [key: string]: Json };
}

/** An event with its place: `hash = SHA-256(version ‖ previous ‖ chain ‖ seq ‖ payload)`. */
export interface AuditEntry {
  readonly chain: string;
  readonly seq: number;
  readonly previous: string;
  readonly hash: string;
  /** The canonical text that was hashed. */
  readonly payload: string;
}
