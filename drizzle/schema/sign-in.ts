import { jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** A person's sign-in: the truth about a session cookie, read at each request. */
export const signIn = pgTable("sign_in", {
  sid: text().primaryKey(),
  email: text().notNull(),
  name: text().notNull(),
  groups: jsonb().notNull().$type<readonly string[]>(),
  attributes: jsonb().notNull().default({}).$type<Readonly<Record<string, string>>>(),
  createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  expiresAt: timestamp({ withTimezone: true }).notNull(),
  revokedAt: timestamp({ withTimezone: true }),
});
