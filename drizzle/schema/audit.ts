import { sql } from "drizzle-orm";
import { bigint, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";

/** The record. `payload` is the text that was hashed; the other columns are drawn from it to search by. Append-only: a trigger refuses the rest. */
export const auditEvent = pgTable(
  "audit_event",
  {
    chain: text().notNull(),
    seq: bigint({ mode: "number" }).notNull(),
    previous: text().notNull(),
    hash: text().notNull(),
    payload: text().notNull(),
    at: bigint({ mode: "number" }).notNull(),
    type: text().notNull(),
    principal: text().notNull(),
    target: text().notNull(),
    session: text().notNull(),
    outcome: text(),
    statement: text(),
  },
  (table) => [
    primaryKey({ columns: [table.chain, table.seq] }),
    index("audit_event_at").on(sql`${table.at} desc`, table.chain, table.seq),
    index("audit_event_principal").on(table.principal, table.at),
    index("audit_event_target").on(table.target, table.at),
  ],
);

export const auditCheckpoint = pgTable("audit_checkpoint", {
  n: integer().primaryKey(),
  previous: text().notNull(),
  at: bigint({ mode: "number" }).notNull(),
  heads: jsonb().notNull().$type<readonly { readonly chain: string; readonly seq: number; readonly hash: string }[]>(),
  publicKey: text().notNull(),
  signature: text().notNull(),
});
