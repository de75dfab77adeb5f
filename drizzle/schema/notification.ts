import { sql } from "drizzle-orm";
import { bigint, index, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/**
 * What is to be told to the world outside, written in the transaction of what it tells of. Sent ones are kept for some
 * days; `dead`: given up, until an admin tries again.
 */
export const notification = pgTable(
  "notification",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    /** The `notification` document that says where to. */
    channel: text().notNull(),
    body: jsonb().notNull().$type<Record<string, unknown>>(),
    state: text().notNull().$type<"waiting" | "sent" | "dead">().default("waiting"),
    attempts: integer().notNull().default(0),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    nextAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    endedAt: timestamp({ withTimezone: true }),
    lastError: text(),
  },
  (table) => [
    index("notification_waiting").on(table.nextAt).where(sql`state = 'waiting'`),
    index("notification_state").on(table.state, table.createdAt),
  ],
);
