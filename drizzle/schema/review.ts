import { index, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** A review and, once approved, its grant. `body` holds what never changes after opening. */
export const review = pgTable(
  "review",
  {
    id: text().primaryKey(),
    requester: text().notNull(),
    target: text().notNull(),
    fingerprint: text().notNull(),
    state: text().notNull().$type<"open" | "approved" | "rejected" | "withdrawn" | "expired">(),
    body: jsonb().notNull().$type<Record<string, unknown>>(),
    answers: jsonb().notNull().$type<readonly Record<string, unknown>[]>(),
    revision: integer().notNull().default(0),
    openedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    expiresAt: timestamp({ withTimezone: true }).notNull(),
    resolvedAt: timestamp({ withTimezone: true }),
    usedAt: timestamp({ withTimezone: true }),
  },
  (table) => [index("review_state").on(table.state, table.openedAt)],
);
