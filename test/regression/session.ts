import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { Protocol } from "../../server/adapter/postgres/driver.ts";
import { type Ask, loadCatalog, loadTemporary } from "../../server/adapter/postgres/load-catalog.ts";
import { type Catalog, makeCatalog, type ParsedStatement, type SqlSessionState } from "../../server/core/guard/sql/index.ts";
import type { SqlParser } from "../../server/gateway/ports.ts";
import type { ScriptStatement } from "./script.ts";

/** A script's session without a guard, and what a guard of it would know. */

/** `columns`: names and types. `code` is the SQLSTATE. */
export type RawAnswer =
  | { readonly ok: true; readonly columns: string; readonly rows: readonly string[] }
  | { readonly ok: false; readonly code: string; readonly message: string };

const TIME_LIMIT_MS = 5_000;
/** What the product pins, and what would end the session or make it wait. */
const LEFT_OUT =
  /^\s*(set|reset)\s+(session\s+|local\s+)?(standard_conforming_strings|client_encoding|names|statement_timeout|escape_string_warning|backslash_quote)\b|^\s*reset\s+all\b|^\s*discard\s+all\b|pg_terminate_backend|^\s*listen\b/i;
/** Statements after which definitions are what they were. */
const KEEPS_DEFINITIONS =
  /^\s*(table|values|insert|update|delete|explain|show|copy|fetch|move|close|declare|prepare|analyze|vacuum|set\s+(?!role|session)|savepoint|release)\b/i;
const MOVES_PATH = /search_path|^\s*(set|reset)\s+(role|session)|^\s*(rollback|abort|commit|end|create|drop|alter|discard)\b/i;

export class ScriptSession {
  readonly #client: pg.Client;
  readonly #parser: SqlParser;
  readonly #folder: string;
  #status = "I";
  #catalog: Catalog | null = null;
  #stale = true;
  #path: readonly string[] | null = null;
  #files = 0;
  #sent = 0;
  #ready = 0;
  readonly prepared = new Map<string, ParsedStatement>();
  readonly cursors = new Map<string, ParsedStatement>();

  constructor(connectionString: string, parser: SqlParser, folder: string) {
    this.#client = new pg.Client({ connectionString, options: `-c statement_timeout=${TIME_LIMIT_MS} -c lock_timeout=1000` });
    this.#client.on("error", () => {});
    this.#parser = parser;
    this.#folder = folder;
    this.#protocol.on("readyForQuery", ({ status }) => {
      this.#status = status;
      this.#ready += 1;
    });
  }

  get #protocol(): Protocol {
    return (this.#client as unknown as { readonly connection: Protocol }).connection;
  }

  async open(): Promise<void> {
    await this.#client.connect();
    this.#ready = 0;
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  get transaction(): SqlSessionState["transaction"] {
    return this.#status === "I" ? "idle" : this.#status === "T" ? "open" : "failed";
  }

  /** As the script would: what it does stays done. `reads`: it was judged to do nothing else. */
  async run({ text, data }: ScriptStatement, reads: boolean): Promise<RawAnswer> {
    if (LEFT_OUT.test(text)) return { ok: false, code: "left out", message: "left out" };
    const answer = await this.#ask(await this.#withData(text, data));
    if (!reads && !KEEPS_DEFINITIONS.test(text)) this.#stale = true;
    if (MOVES_PATH.test(text)) this.#path = null;
    return answer;
  }

  /** Runs nothing that stays: in a read-only transaction of its own, or a read-only part of the open one. */
  async read(texts: readonly string[]): Promise<readonly RawAnswer[]> {
    const part = this.transaction === "open";
    const answers: RawAnswer[] = [];
    for (const text of texts) {
      await this.#ask(part ? "SAVEPOINT replay; SET LOCAL transaction_read_only = on" : "BEGIN READ ONLY");
      answers.push(await this.#ask(text));
      await this.#ask(part ? "ROLLBACK TO SAVEPOINT replay; RELEASE SAVEPOINT replay" : "ROLLBACK");
    }
    return answers;
  }

  /** Definitions may have changed since the catalog was read: reading it takes longer than most statements. */
  get stale(): boolean {
    return this.#stale || this.#catalog === null;
  }

  /** `fresh`: definitions as they are now. Null: nothing can be looked up in a transaction that has failed. */
  async known(fresh: boolean): Promise<{ readonly catalog: Catalog; readonly state: SqlSessionState } | null> {
    if (this.transaction === "failed") return null;
    if (this.#catalog === null || (fresh && this.#stale)) this.#catalog = await this.#load();
    if (fresh) this.#stale = false;
    this.#path ??= await this.#pinnedPath();
    const searchPath = this.#path.filter((schema) => schema !== "pg_catalog" && !schema.startsWith("pg_temp"));
    const { transaction, prepared, cursors } = this;
    return { catalog: this.#catalog, state: { searchPath, transaction, prepared, cursors } };
  }

  /** As in the product, a session's own temporary tables come last; unnamed they would come first. */
  async #pinnedPath(): Promise<readonly string[]> {
    const local = this.transaction === "open";
    const others = "pg_catalog.btrim(pg_catalog.regexp_replace(path, '\"?\\mpg_temp\\M\"?', '', 'g'), ', ')";
    await this.#rows(`SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', NULLIF(${others}, ''), 'pg_temp'), ${local})
      FROM pg_catalog.current_setting('search_path') AS path`);
    return (await this.#rows("SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))")).map((row) => row[0] ?? "");
  }

  async #load(): Promise<Catalog> {
    const part = this.transaction === "open";
    await this.#ask(part ? "SAVEPOINT replay" : "BEGIN");
    try {
      await this.#ask("SET LOCAL search_path = pg_catalog; SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on");
      const ask: Ask = (sql) => this.#rows(sql);
      const stored = await loadCatalog(ask, this.#parser);
      const [[hasTemporary] = []] = await ask("SELECT (pg_catalog.pg_my_temp_schema() <> 0)::text");
      const temporary = hasTemporary === "true" ? await loadTemporary(ask, this.#parser) : [];
      return temporary.length === 0 ? stored : makeCatalog({ ...stored, relations: [...stored.relations, ...temporary] });
    } finally {
      await this.#ask(part ? "ROLLBACK TO SAVEPOINT replay; RELEASE SAVEPOINT replay" : "ROLLBACK");
    }
  }

  async #rows(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    return (await this.#query(sql)).rows;
  }

  /** The driver tells of an error before the server says what has become of the transaction. */
  async #query(text: string) {
    const types = { getTypeParser: () => (value: unknown) => value };
    this.#sent += 1;
    try {
      return await this.#client.query<(string | null)[]>({ text, rowMode: "array", types });
    } finally {
      while (this.#ready < this.#sent) await new Promise<void>((settle) => this.#protocol.once("readyForQuery", () => settle()));
    }
  }

  async #ask(text: string): Promise<RawAnswer> {
    try {
      const result = await this.#query(text);
      const last = Array.isArray(result) ? result.at(-1) : result;
      const columns = (last?.fields ?? []).map(
        (field: pg.FieldDef) => `${field.name} ${field.dataTypeID} ${field.dataTypeModifier}`,
      );
      const rows = (last?.rows ?? []).map((row: unknown) => JSON.stringify(row)).sort();
      return { ok: true, columns: columns.join(", "), rows };
    } catch (error) {
      if (error instanceof pg.DatabaseError) return { ok: false, code: error.code ?? "", message: error.message };
      throw error;
    }
  }

  /** COPY … FROM stdin reads a file instead. */
  async #withData(text: string, data: string | null): Promise<string> {
    if (data === null) return text;
    this.#files += 1;
    const file = join(this.#folder, `copied-${this.#files}`);
    await writeFile(file, data);
    return text.replace(/\bfrom\s+stdin\b/i, `FROM '${file}'`);
  }
}
