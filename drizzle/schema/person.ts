import { pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** People who are shut out. Whoever is not here may sign in when the identity provider says so. */
export const disabledPerson = pgTable("disabled_person", {
  /** The principal's identifier: the address in lower case. */
  id: text().primaryKey(),
  at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  by: text().notNull(),
  reason: text().notNull(),
});
