import { sql } from "drizzle-orm";
import { bigint, index, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

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
    /** Who ended it from outside, and why; the replica that holds it carries that out. */
    terminated: jsonb().$type<{ readonly by: string; readonly reason: string }>(),
  },
  (table) => [index("live_session_open").on(table.openedAt).where(sql`ended_at IS NULL`)],
);

/** Somebody who watches a session, over the replica that holds their socket. `person`: as the identity provider says. */
export const sessionWatch = pgTable(
  "session_watch",
  {
    id: text().primaryKey(),
    session: text().notNull(),
    replica: text().notNull(),
    person: jsonb().notNull().$type<Record<string, unknown>>(),
    since: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index("session_watch_session").on(table.session)],
);

/** What a watched session shows, on its way to those who watch; forgotten after a minute. `shownTo`: these watches; null: all. */
export const sessionFrame = pgTable(
  "session_frame",
  {
    seq: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    session: text().notNull(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
    shownTo: jsonb().$type<readonly string[]>(),
    body: jsonb().notNull().$type<Record<string, unknown>>(),
  },
  (table) => [index("session_frame_session").on(table.session, table.seq)],
);
