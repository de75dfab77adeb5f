import type { Span } from "../../domain/span.ts";

/** SQL that a client named in the line would send, as far as the line holds it. It is opaque to this guard. */
export interface EmbeddedSql {
  readonly program: "psql" | "mysql";
  readonly text: string;
  /** The word or input that holds it. */
  readonly span: Span;
  /** Null: not known, or not read here. */
  readonly connection: EmbeddedConnection | null;
}

export interface EmbeddedConnection {
  /** Empty: the host on which the line runs. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string | null;
}
