import { bigint, integer, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/** The documents that hold now. */
export const configurationDocument = pgTable(
  "configuration_document",
  {
    kind: text().notNull(),
    id: text().notNull(),
    body: jsonb().notNull().$type<Record<string, unknown>>(),
    version: integer().notNull(),
    updatedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    updatedBy: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id] })],
);

/** Every version that ever held; `body` null: deleted. */
export const configurationHistory = pgTable(
  "configuration_history",
  {
    kind: text().notNull(),
    id: text().notNull(),
    version: integer().notNull(),
    body: jsonb().$type<Record<string, unknown>>(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
    by: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id, table.version] })],
);

/** One row: the version of the whole, which decisions record. */
export const configurationVersion = pgTable("configuration_version", {
  one: integer().primaryKey().default(1),
  version: bigint({ mode: "number" }).notNull(),
});
