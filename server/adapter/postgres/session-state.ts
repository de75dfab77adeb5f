import {
  type Catalog,
  makeCatalog,
  type ParsedStatement,
  type PreparedSql,
  type SqlSessionState,
} from "../../core/guard/sql/index.ts";
import type { SqlEnd, SqlLimits, SqlParser } from "../../gateway/ports.ts";
import { type Client, rows } from "./driver.ts";
import { loadTemporary } from "./load-catalog.ts";

type Effect = NonNullable<PreparedSql["effect"]>;
type Transaction = SqlSessionState["transaction"];
type Limit = { readonly value: number | null; readonly local: number | null };

const NO_LIMIT: Limit = { value: null, local: null };
const CURRENT_PATH = "SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))";

/** What statements of one connection have left behind: names, limits, the search path, temporary relations. */
export class SessionState {
  /** Prepared statements that the server holds. */
  readonly onServer = new Set<string>();
  readonly #client: Client;
  readonly #parser: SqlParser;
  readonly #defaultPath: readonly string[];
  #path: readonly string[];
  /** The path was changed once: what it is after a transaction, only the server knows. */
  #pathMoves = false;
  /** It may have been moved just now. */
  #pathStale = false;
  readonly #prepared = new Map<string, ParsedStatement>();
  readonly #cursors = new Map<string, { readonly statement: ParsedStatement; readonly hold: boolean }>();
  #statementLimit = NO_LIMIT;
  #lockLimit = NO_LIMIT;
  /** Temporary relations were made; `stale`: they may not be these any more. */
  #temporary: { readonly relations: Catalog["relations"]; readonly stale: boolean } | null = null;
  #merged: { readonly stored: Catalog; readonly relations: Catalog["relations"]; readonly catalog: Catalog } | null = null;

  constructor(client: Client, parser: SqlParser, searchPath: readonly string[]) {
    this.#client = client;
    this.#parser = parser;
    this.#defaultPath = searchPath;
    this.#path = searchPath;
  }

  get state(): Omit<SqlSessionState, "transaction"> {
    const cursors = new Map([...this.#cursors].map(([name, { statement }]) => [name, statement]));
    return { searchPath: this.#path, defaultSearchPath: this.#defaultPath, prepared: this.#prepared, cursors };
  }

  /** The person's own limits where they are narrower. */
  limited(limits: SqlLimits): SqlLimits {
    const narrower = (limit: number, own: Limit) => Math.min(limit, own.local ?? own.value ?? limit);
    return {
      ...limits,
      timeoutMs: narrower(limits.timeoutMs, this.#statementLimit),
      lockTimeoutMs: narrower(limits.lockTimeoutMs, this.#lockLimit),
    };
  }

  /** What to send so that the server knows no prepared statement of that name. */
  leftOver(name: string): readonly string[] {
    if (!this.onServer.delete(name)) return [];
    return [`DEALLOCATE "${name.replaceAll('"', '""')}"`];
  }

  /** Something else than SET may have moved the search path: functions can, and a server since PostgreSQL 18 says so. */
  pathMoved(): void {
    this.#pathMoves = true;
    this.#pathStale = true;
  }

  async follow(prepared: PreparedSql, end: SqlEnd, transaction: Transaction): Promise<void> {
    if (end.ended === "done") this.apply(prepared.effect, transaction);
    if (transaction === "idle") {
      for (const [name, { hold }] of this.#cursors) if (!hold) this.#cursors.delete(name);
      this.#statementLimit = { ...this.#statementLimit, local: null };
      this.#lockLimit = { ...this.#lockLimit, local: null };
    }
    // A roll-back, also to a savepoint, brings relations and the path back.
    if (prepared.opaque || prepared.calls) this.pathMoved();
    const moved =
      prepared.transaction !== null || prepared.definitions || prepared.temporary || prepared.opaque || end.ended !== "done";
    if (this.#temporary !== null && moved) this.#temporary = { ...this.#temporary, stale: true };
    const stale = this.#pathStale || (this.#pathMoves && (moved || prepared.kind === "set"));
    if (stale && transaction !== "failed") await this.#readPath();
  }

  apply(effect: Effect | null, transaction: Transaction): void {
    if (effect === null) return;
    if ("sets" in effect) this.#set(effect, transaction);
    else if ("keeps" in effect) this.#keep(effect);
    else if (effect.drops === "rows") this.#temporary = null;
    else {
      const names = effect.drops === "prepared" ? this.#prepared : this.#cursors;
      if (effect.name === null) names.clear();
      else names.delete(effect.name);
    }
  }

  #keep(effect: Extract<Effect, { keeps: string }>): void {
    if (effect.keeps === "prepared") this.#prepared.set(effect.name, effect.statement);
    else if (effect.keeps === "cursor") this.#cursors.set(effect.name, { statement: effect.statement, hold: effect.hold });
    else this.#temporary = { relations: this.#temporary?.relations ?? [], stale: true };
  }

  #set(effect: Extract<Effect, { sets: string }>, transaction: Transaction): void {
    if (effect.sets === "search_path") {
      this.#pathMoves = true;
      return;
    }
    const { milliseconds, local } = effect;
    // Outside of a transaction SET LOCAL ends with its own statement.
    if (local && transaction !== "open") return;
    const own = effect.sets === "statement_timeout" ? this.#statementLimit : this.#lockLimit;
    const changed = local ? { ...own, local: milliseconds } : { value: milliseconds, local: null };
    if (effect.sets === "statement_timeout") this.#statementLimit = changed;
    else this.#lockLimit = changed;
  }

  async #readPath(): Promise<void> {
    this.#pathStale = false;
    const schemas = (await rows(this.#client, CURRENT_PATH)).map((row) => row[0] ?? "");
    this.#path = schemas.filter((schema) => schema !== "pg_catalog" && !schema.startsWith("pg_temp"));
  }

  /** The catalog with the session's own temporary relations. */
  async withTemporary(stored: Catalog, transaction: Transaction): Promise<Catalog> {
    if (this.#temporary === null) return stored;
    if (this.#temporary.stale && transaction !== "failed") {
      const relations = await this.#loadTemporary(transaction);
      this.#temporary = { relations, stale: false };
    }
    const { relations } = this.#temporary;
    if (this.#merged?.stored !== stored || this.#merged.relations !== relations) {
      const catalog = makeCatalog({ ...stored, relations: [...stored.relations, ...relations] });
      this.#merged = { stored, relations, catalog };
    }
    return this.#merged.catalog;
  }

  async #loadTemporary(transaction: Transaction): Promise<Catalog["relations"]> {
    const [open, close] =
      transaction === "open"
        ? ["SAVEPOINT gatehouse_catalog", "ROLLBACK TO SAVEPOINT gatehouse_catalog; RELEASE SAVEPOINT gatehouse_catalog"]
        : ["BEGIN READ ONLY", "ROLLBACK"];
    await this.#client.query(`${open}; SET LOCAL search_path = pg_catalog`);
    try {
      return await loadTemporary((sql) => rows(this.#client, sql), this.#parser);
    } finally {
      await this.#client.query(close);
    }
  }

  forget(): void {
    this.#cursors.clear();
    this.#temporary = null;
  }
}
