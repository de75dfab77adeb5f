import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** A review and, once approved, its one-run grant. `body` holds what never changes after opening. */
export const review = pgTable(
  "review",
  {
    id: text().primaryKey(),
    requester: text().notNull(),
    target: text().notNull(),
    fingerprint: text().notNull(),
    /** Hash of what a yes for some time would cover; empty: nothing. */
    shape: text().notNull().default(""),
    state: text().notNull().$type<"open" | "approved" | "rejected" | "withdrawn" | "expired">(),
    body: jsonb().notNull().$type<Record<string, unknown>>(),
    answers: jsonb().notNull().$type<readonly Record<string, unknown>[]>(),
    comments: jsonb().notNull().$type<readonly Record<string, unknown>[]>().default([]),
    escalations: jsonb().notNull().$type<readonly Record<string, unknown>[]>().default([]),
    revision: integer().notNull().default(0),
    openedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    expiresAt: timestamp({ withTimezone: true }).notNull(),
    resolvedAt: timestamp({ withTimezone: true }),
    usedAt: timestamp({ withTimezone: true }),
    /** Of broken glass that nobody closed in time: when the second alarm went out. */
    overdueAt: timestamp({ withTimezone: true }),
  },
  (table) => [
    index("review_state").on(table.state, table.openedAt),
    index("review_requester").on(table.requester, table.state),
    index("review_shape").on(table.shape, table.openedAt).where(sql`shape <> ''`),
  ],
);

/** A yes for some time. `shape` empty: it grants the access that `body` lists. Ended early: `endedAt`. */
export const timedGrant = pgTable(
  "timed_grant",
  {
    id: text().primaryKey(),
    review: text()
      .notNull()
      .references(() => review.id),
    principal: text().notNull(),
    target: text().notNull(),
    shape: text().notNull(),
    body: jsonb().notNull().$type<Record<string, unknown>>(),
    startsAt: timestamp({ withTimezone: true }).notNull(),
    endsAt: timestamp({ withTimezone: true }).notNull(),
    endedAt: timestamp({ withTimezone: true }),
    endedBy: text(),
    uses: integer().notNull().default(0),
  },
  (table) => [
    index("timed_grant_review").on(table.review),
    index("timed_grant_shape").on(table.principal, table.target, table.shape),
    index("timed_grant_ends").on(table.endsAt).where(sql`ended_at IS NULL`),
  ],
);

/** A run that a grant let start, and what is known of its end. `body` holds what belongs to its state. */
export const grantedRun = pgTable(
  "granted_run",
  {
    id: text().primaryKey(),
    review: text()
      .notNull()
      .references(() => review.id),
    /** The timed grant that it used; null: the yes for one run. */
    timedGrant: text(),
    session: text().notNull(),
    startedAt: timestamp({ withTimezone: true }).notNull(),
    state: text().notNull().$type<"started" | "held" | "closing" | "ended" | "unknown">(),
    body: jsonb().notNull().$type<Record<string, unknown>>(),
  },
  (table) => [
    index("granted_run_review").on(table.review, table.startedAt),
    index("granted_run_open").on(table.session).where(sql`state IN ('started', 'held', 'closing')`),
  ],
);
