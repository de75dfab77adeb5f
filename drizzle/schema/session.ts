import { sql } from "drizzle-orm";
import { index, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** One start of a gateway. Whoever was not seen for a while is gone, with everything that ran on it. */
export const replica = pgTable("replica", {
  id: text().primaryKey(),
  seenAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
});

/** Sessions of every replica; each is kept by the replica that holds its socket. Those that ended are kept for a while. */
export const liveSession = pgTable(
  "live_session",
  {
    id: text().primaryKey(),
    replica: text().notNull(),
    principal: text().notNull(),
    name: text().notNull(),
    target: text().notNull(),
    kind: text().notNull().$type<"sql" | "terminal">(),
    /** Who the gateway is on the target. */
    identity: text().notNull(),
    openedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    endedAt: timestamp({ withTimezone: true }),
    /** The last statement, with what was decided on it; null: none yet. */
    last: jsonb().$type<Record<string, unknown>>(),
  },
  (table) => [index("live_session_open").on(table.openedAt).where(sql`ended_at IS NULL`)],
);
