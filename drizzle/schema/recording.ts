import { bigint, customType, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });

/** What a terminal session showed. `digest` over all chunks is also in the record when the session ends. */
export const recording = pgTable(
  "recording",
  {
    session: text().primaryKey(),
    principal: text().notNull(),
    target: text().notNull(),
    environment: text().notNull(),
    startedAt: timestamp({ withTimezone: true }).notNull(),
    /** Null: it goes on, or its replica was lost. */
    endedAt: timestamp({ withTimezone: true }),
    /** Of the recording as text. */
    bytes: bigint({ mode: "number" }).notNull().default(0),
    chunks: integer().notNull().default(0),
    commands: integer().notNull().default(0),
    digest: text().notNull().default(""),
  },
  (table) => [index("recording_started").on(table.startedAt)],
);

/** Lines of asciicast, compressed. */
export const recordingChunk = pgTable(
  "recording_chunk",
  {
    session: text().notNull(),
    seq: integer().notNull(),
    data: bytea().notNull(),
  },
  (table) => [primaryKey({ columns: [table.session, table.seq] })],
);

/** Where a terminal tab of a browser stood, so that its next session begins there; forgotten after a week. */
export const terminalTab = pgTable(
  "terminal_tab",
  {
    principal: text().notNull(),
    target: text().notNull(),
    /** Chosen by the browser. */
    tab: text().notNull(),
    place: jsonb().notNull().$type<Record<string, unknown>>(),
    /** In which it was shown, the oldest first; the last few. */
    sessions: text().array().notNull().default([]),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.principal, table.target, table.tab] }), index("terminal_tab_at").on(table.at)],
);

/** Lines that a person has typed on a target, each once, for their history. */
export const commandLine = pgTable(
  "command_line",
  {
    principal: text().notNull(),
    target: text().notNull(),
    /** SHA-256 of the line. */
    hash: text().notNull(),
    line: text().notNull(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.principal, table.target, table.hash] }),
    index("command_line_newest").on(table.principal, table.target, table.at),
  ],
);
