import type { ResultColumn } from "../../core/domain/column.ts";
import type { Formats } from "../../core/domain/row-batch.ts";
import { valueFormat } from "../../core/domain/value-format.ts";
import type { Catalog, PreparedSql, SqlSessionState } from "../../core/guard/sql/index.ts";
import type { Authorized } from "../../gateway/authorized.ts";
import type { Hold, SqlConnection, SqlEnd, SqlLimits, SqlParser, SqlSink } from "../../gateway/ports.ts";
import { FINGERPRINT, newest } from "./catalog-queries.ts";
import { type Client, type Connected, cancelOnServer, type Field, type Login, rows, type ServerMessage } from "./driver.ts";
import { type Estimate, estimated } from "./estimate.ts";
import { Preparing, type Ran, Running, type Step } from "./reading.ts";
import { scrub, scrubNotice } from "./scrub.ts";
import { SessionState } from "./session-state.ts";

/** A relation, or what could be called in it, is not what it was when the statement was judged. Nothing has run. */
export const DEFINITION_CHANGED = "GH001";

/** The catalog as the connection can see it; `refresh` after a change of definitions. */
interface CatalogSource {
  get(when?: "now"): Promise<Catalog>;
  /** What this connection alone sees, inside of its own transaction. */
  own(client: Client): Promise<Catalog>;
  refresh(): void;
}

interface ConnectionParts {
  readonly login: Login;
  readonly client: Connected;
  readonly catalog: CatalogSource;
  readonly parser: SqlParser;
  readonly searchPath: readonly string[];
  readonly now: () => number;
}

const CLOSE_LIMIT_MS = 2_000;

export class PostgresConnection implements SqlConnection {
  #transaction: SqlSessionState["transaction"] = "idle";
  #running: PreparedSql | null = null;
  #sink: SqlSink | null = null;
  #cancelled = false;
  #closed: string | null = null;
  /** Set while definitions of the open transaction differ from what others see. */
  #ownCatalog: Promise<Catalog> | null = null;
  #seesOwn = false;
  readonly #session: SessionState;
  readonly #listeners: ((reason: string) => void)[] = [];
  readonly #parts: ConnectionParts;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { client } = parts;
    this.#session = new SessionState(client, parts.parser, parts.searchPath);
    client.on("error", (error) => this.#gone(error.message));
    client.on("end", () => this.#gone("the server closed the connection"));
    client.connection.on("readyForQuery", ({ status }) => {
      this.#transaction = status === "I" ? "idle" : status === "T" ? "open" : "failed";
    });
    client.connection.on("parameterStatus", ({ parameterName, parameterValue }) => {
      const changed =
        (parameterName === "standard_conforming_strings" && parameterValue !== "on") ||
        (parameterName === "client_encoding" && parameterValue !== "UTF8");
      if (parameterName === "search_path") this.#session.pathMoved();
      if (changed) this.#destroy(`setting \`${parameterName}\` was changed behind the gateway`);
    });
    client.connection.on("notice", (message) => {
      const notice = scrubNotice(message, this.#running);
      if (notice !== null) this.#sink?.notice(notice);
    });
  }

  get state(): SqlSessionState {
    return { ...this.#session.state, transaction: this.#transaction };
  }

  async catalog(when?: "now"): Promise<Catalog> {
    return await this.#session.withTemporary(await this.#stored(when), this.#transaction);
  }

  #stored(when?: "now"): Promise<Catalog> {
    if (!this.#seesOwn || this.#transaction !== "open") return this.#parts.catalog.get(when);
    this.#ownCatalog ??= this.#parts.catalog.own(this.#parts.client);
    return this.#ownCatalog;
  }

  async estimate(prepared: PreparedSql): Promise<Estimate | null> {
    const free = this.#closed === null && this.#running === null && this.#transaction !== "failed";
    return free ? estimated(this.#parts.client, this.#session, prepared, this.#transaction === "open") : null;
  }

  async forget(): Promise<void> {
    if (this.#closed !== null) return;
    if (this.#running !== null) throw new Error("a statement is running");
    if (this.#transaction !== "idle") await this.#parts.client.query("ROLLBACK");
    await this.#parts.client.query("CLOSE ALL; DISCARD TEMP");
    this.#session.forget();
  }

  async run(statement: Authorized<PreparedSql>, limits: SqlLimits, sink: SqlSink, hold?: Hold): Promise<SqlEnd> {
    const { now } = this.#parts;
    const started = now();
    if (this.#closed !== null) return failed({ code: "08006", message: this.#closed }, 0);
    if (this.#running !== null) return failed({ code: "55006", message: "another statement is running" }, 0);
    this.#running = statement;
    this.#sink = sink;
    this.#cancelled = false;
    try {
      if (statement.way === "nothing") return this.#within(statement, started);
      const end = await this.#inTransaction(statement, this.#session.limited(limits), sink, started, hold);
      if (this.#closed === null) await this.#session.follow(statement, end, this.#transaction);
      return end;
    } catch (error) {
      // What the session now is cannot be told: nothing more is judged on it.
      this.#destroy("the session's state was lost");
      throw error;
    } finally {
      this.#running = null;
      this.#sink = null;
    }
  }

  /** What the gateway does by itself. */
  #within(prepared: PreparedSql, started: number): SqlEnd {
    if (this.#transaction === "failed")
      return failed({ code: "25P02", message: "the transaction has failed: ROLLBACK first" }, this.#since(started));
    this.#session.apply(prepared.effect, this.#transaction);
    return {
      ended: "done",
      command: prepared.kind.toUpperCase(),
      rowCount: null,
      limited: false,
      durationMs: this.#since(started),
    };
  }

  async #inTransaction(
    prepared: PreparedSql,
    limits: SqlLimits,
    sink: SqlSink,
    started: number,
    hold: Hold | undefined,
  ): Promise<SqlEnd> {
    const readOnly = limits.readOnly || !prepared.writes;
    const idle = this.#transaction === "idle";
    const own = idle && prepared.transaction === null && !prepared.outsideTransaction;
    // In the person's own transaction a reading statement gets a read-only part of it, which ends with it.
    const part = this.#transaction === "open" && readOnly && prepared.transaction === null && !OUTLIVING.has(prepared.kind);
    const scope = own || this.#transaction === "open" ? "LOCAL" : "SESSION";
    const limit = `SET ${scope} statement_timeout = ${Math.max(0, Math.round(limits.timeoutMs))}; SET ${scope} lock_timeout = ${Math.max(0, Math.round(limits.lockTimeoutMs))}`;
    const before = [
      ...(own ? [readOnly ? "BEGIN READ ONLY" : "BEGIN"] : []),
      ...(part ? ["SAVEPOINT gatehouse", "SET LOCAL transaction_read_only = on"] : []),
      ...(hold !== undefined && this.#transaction === "open" ? [`SAVEPOINT ${HELD}`] : []),
      ...(this.#transaction === "failed" ? [] : [limit]),
    ];
    const opened = before.length === 0 ? null : await this.#plain(before.join("; "));
    if (opened !== null) return this.#end(opened, prepared, started, "parse");
    const end = await this.#execute(prepared, limits, sink, started, own || part);
    if (this.#closed !== null) return end;
    if (prepared.preparedName !== null)
      await this.#deallocate(prepared.preparedName, prepared.kind === "prepare" && end.ended === "done");
    const well = end.ended === "done" && !(end.limited && this.#transaction === "failed");
    if (well && hold !== undefined) return this.#held(prepared, end, own, started, hold);
    if (own) {
      const closing = await this.#plain(well ? "COMMIT" : "ROLLBACK");
      if (closing !== null && well) return this.#uncommitted(closing, prepared, started);
    } else if (part && (this.#transaction === "open" || (end.ended === "done" && end.limited))) {
      await this.#plain("ROLLBACK TO SAVEPOINT gatehouse; RELEASE SAVEPOINT gatehouse");
    }
    this.#followDefinitions(prepared, end);
    return end;
  }

  /** The change stays open until somebody has decided; the server itself ends what the gateway does not. */
  async #held(
    prepared: PreparedSql,
    ran: Extract<SqlEnd, { ended: "done" }>,
    own: boolean,
    started: number,
    hold: Hold,
  ): Promise<SqlEnd> {
    const { command, rowCount } = ran;
    const limit = `SET LOCAL idle_in_transaction_session_timeout = ${Math.round(hold.forMs) + HELD_MARGIN_MS}`;
    const limited = own ? await this.#plain(limit) : null;
    const verdict = limited === null ? await hold.decided({ rowCount, inOwnTransaction: !own }) : "roll-back";
    const keep = verdict === "commit" && !this.#cancelled;
    const yes = own ? "COMMIT" : `RELEASE SAVEPOINT ${HELD}`;
    const no = own ? "ROLLBACK" : `ROLLBACK TO SAVEPOINT ${HELD}; RELEASE SAVEPOINT ${HELD}`;
    const closing = await this.#plain(keep ? yes : no);
    this.#followDefinitions(prepared, ran);
    if (closing !== null && keep) return this.#uncommitted(closing, prepared, started);
    return keep ? ran : { ended: "rolled-back", command, rowCount, durationMs: this.#since(started) };
  }

  async #deallocate(name: string, made: boolean): Promise<void> {
    if (made) this.#session.onServer.add(name);
    if (this.#transaction === "failed") return;
    for (const text of this.#session.leftOver(name)) await this.#plain(text);
  }

  #followDefinitions(prepared: PreparedSql, end: SqlEnd): void {
    if (this.#transaction === "idle") {
      if (this.#seesOwn) this.#parts.catalog.refresh();
      this.#seesOwn = false;
      this.#ownCatalog = null;
    }
    if (!prepared.definitions || end.ended !== "done") return;
    this.#parts.catalog.refresh();
    this.#seesOwn = this.#transaction === "open";
    this.#ownCatalog = null;
  }

  async #execute(prepared: PreparedSql, limits: SqlLimits, sink: SqlSink, started: number, apart: boolean): Promise<SqlEnd> {
    const { client } = this.#parts;
    const { preparedName, setup, inspected } = prepared;
    const before = setup === null || preparedName === null ? [] : [...this.#session.leftOver(preparedName), setup];
    for (const text of before) {
      const failure = await this.#plain(text);
      if (failure !== null) return this.#end(placeless(failure), prepared, started, "parse");
    }
    if (setup !== null && preparedName !== null) this.#session.onServer.add(preparedName);
    const prepare = (text: string) => new Promise<Step<readonly Field[]>>((settle) => client.query(new Preparing(text, settle)));
    const described = await prepare(inspected ?? prepared.sent);
    if (!described.ok)
      return this.#end(inspected === null ? described.error : placeless(described.error), prepared, started, "parse");
    // First: where definitions have moved, the columns described are not those that were judged.
    const changed = await this.#definitionChanged(prepared);
    if (changed !== null) {
      this.#parts.catalog.refresh();
      this.#ownCatalog = null;
      return failed({ code: DEFINITION_CHANGED, message: changed }, this.#since(started));
    }
    const alarm = alarmOf(prepared, described.value);
    if (alarm !== null) {
      this.#destroy("a column that must be masked arrived raw");
      return { ended: "alarm", message: alarm, durationMs: this.#since(started) };
    }
    if (inspected !== null) {
      const own = await prepare(prepared.sent);
      if (!own.ok) return this.#end(own.error, prepared, started, "parse");
    }
    if (prepared.copies)
      sink.columns([{ name: "copy", type: "text", masked: prepared.resultMasks?.find((mask) => mask !== null) ?? null }]);
    const hasRows = !prepared.copies && inspected === null && described.value.length > 0;
    const formats = hasRows && sink.takesFormats === true ? this.#formats(described.value) : [];
    if (hasRows) sink.columns(await this.#columns(prepared, described.value, formats));
    const stop = () => this.#cancelNow();
    const atLimit = prepared.writes ? "drop" : apart && prepared.kind !== "fetch" ? "cancel" : "ask";
    const { copies } = prepared;
    const options = { values: prepared.parameters ?? [], formats, limit: limits.rows, atLimit, stop, copies, sink } as const;
    const ran = await new Promise<Step<Ran>>((settle) => client.query(new Running(options, settle)));
    // PREPARE reads its statement only now, and has seen no data.
    if (!ran.ok) return this.#end(ran.error, prepared, started, prepared.kind === "prepare" ? "parse" : "run");
    const [command = "", ...numbers] = ran.value.tag.split(" ");
    const last = numbers.at(-1);
    return {
      ended: "done",
      command:
        ran.value.tag === ""
          ? prepared.kind.toUpperCase()
          : numbers.length > 0 && /^\d+$/.test(last ?? "")
            ? command
            : ran.value.tag,
      rowCount: ran.value.limited ? ran.value.rows : last !== undefined && /^\d+$/.test(last) ? Number(last) : null,
      limited: ran.value.limited,
      durationMs: this.#since(started),
    };
  }

  /** INVARIANT (no stale judgement): relations are locked by the parse; now they are compared with what was judged. */
  async #definitionChanged(prepared: PreparedSql): Promise<string | null> {
    if (prepared.judgedOn.length === 0 && prepared.origins.length === 0) return null;
    const oids = prepared.judgedOn.map(({ oid }) => String(oid)).join(", ");
    const list = oids === "" ? "0" : oids;
    const answer = await rows(
      this.#parts.client,
      `SELECT c.oid::pg_catalog.int8, ${FINGERPRINT}, '' FROM pg_catalog.pg_class AS c WHERE c.oid IN (${list})
       UNION ALL SELECT 0, '', pg_catalog.concat_ws('.', ${newest()})`,
    ).catch(() => null);
    if (answer === null) return "definitions could not be compared";
    const now = new Map(answer.map(([oid, fingerprint]) => [Number(oid), fingerprint]));
    for (const { oid, fingerprint } of prepared.judgedOn) {
      if (now.get(oid) !== fingerprint) return "a table has changed since the statement was judged";
    }
    const newestNow = answer.find(([oid]) => oid === "0")?.[2] ?? "";
    if (!this.#seesOwn && newestNow !== newestOf(prepared.catalogVersion))
      return "functions have changed since the statement was judged";
    return null;
  }

  async #columns(prepared: PreparedSql, fields: readonly Field[], formats: Formats): Promise<readonly ResultColumn[]> {
    const masks = prepared.resultMasks;
    const types = await this.#typeNames(fields);
    return fields.map((field, index) => ({
      name: field.name,
      type: types[index] ?? "unknown",
      masked: masks === null || masks.length !== fields.length ? null : (masks[index] ?? null),
      ...(formats[index] == null ? {} : { format: formats[index] }),
    }));
  }

  #formats(fields: readonly Field[]): Formats {
    const { reported } = this.#parts.client;
    const settings = { DateStyle: reported.get("DateStyle"), TimeZone: reported.get("TimeZone") };
    return fields.map(({ dataTypeID }) => valueFormat(dataTypeID, settings));
  }

  async #typeNames(fields: readonly Field[]): Promise<readonly string[]> {
    const list = fields.map((field) => `pg_catalog.format_type(${Number(field.dataTypeID)}, ${Number(field.dataTypeModifier)})`);
    const [names] = await rows(this.#parts.client, `SELECT ${list.join(", ")}`).catch(() => []);
    return (names ?? []).map((name) => name ?? "unknown");
  }

  /** Null: it went well. */
  #plain(sql: string): Promise<ServerMessage | null> {
    return this.#parts.client.query(sql).then(
      () => null,
      (error: unknown): ServerMessage => (typeof error === "object" && error !== null ? error : { message: String(error) }),
    );
  }

  /** A commit that failed did not happen; one that got no answer may have. */
  #uncommitted(error: ServerMessage, prepared: PreparedSql, started: number): SqlEnd {
    if (error.code !== undefined) return this.#end(error, prepared, started, "run");
    const message = "the connection broke while the change was being committed: it is not known whether it was";
    return failed({ code: RESOLUTION_UNKNOWN, message }, this.#since(started));
  }

  #end(error: ServerMessage, prepared: PreparedSql, started: number, phase: "parse" | "run"): SqlEnd {
    const durationMs = this.#since(started);
    if (error.code === "57014" && this.#cancelled) return { ended: "cancelled", durationMs };
    if (error.code === undefined) return failed({ code: "08006", message: "the connection to the database broke" }, durationMs);
    return { ended: "failed", error: scrub(error, prepared, phase), durationMs };
  }

  #since(started: number): number {
    return Math.max(0, this.#parts.now() - started);
  }

  async cancel(): Promise<void> {
    if (this.#running === null) return;
    this.#cancelled = true;
    await this.#cancelNow();
  }

  #cancelNow(): Promise<void> {
    return cancelOnServer(this.#parts.login, this.#parts.client);
  }

  async close(): Promise<void> {
    if (this.#closed !== null) return;
    if (this.#running !== null) await this.cancel();
    const late = new Promise<void>((settle) => setTimeout(settle, CLOSE_LIMIT_MS).unref());
    await Promise.race([this.#parts.client.end().catch(() => {}), late]);
    this.#destroy("closed");
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#closed !== null) listener(this.#closed);
    else this.#listeners.push(listener);
  }

  #destroy(reason: string): void {
    this.#gone(reason);
    this.#parts.client.connection.stream.destroy();
  }

  #gone(reason: string): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    for (const listener of this.#listeners.splice(0)) listener(reason);
  }
}

/** SQLSTATE `transaction_resolution_unknown`. */
const RESOLUTION_UNKNOWN = "08007";
const HELD = "gatehouse_held";
const HELD_MARGIN_MS = 10_000;

/** They live on in the transaction, which a read-only part of it would take back. */
const OUTLIVING: ReadonlySet<string> = new Set(["set", "declare", "close"]);

/** A position in a text that is not the one that people see. */
function placeless(error: ServerMessage): ServerMessage {
  const { position: _position, ...rest } = error;
  return rest;
}

function failed(error: { readonly code: string; readonly message: string }, durationMs: number): SqlEnd {
  return { ended: "failed", error: { ...error, hint: null, span: null }, durationMs };
}

/** A catalog's version is its counters, then the newest object identifiers. */
function newestOf(version: string): string {
  return version.split(".").slice(1).join(".");
}

/** The sentinel: the server says which stored column each result column is. A masked one must not be among them. */
function alarmOf(prepared: PreparedSql, fields: readonly Field[]): string | null {
  if (prepared.opaque) return null;
  for (const field of fields) {
    if (field.tableID === 0) continue;
    const found = prepared.sentinel.find(({ key }) => key === `${field.tableID}.${field.columnID}`);
    if (found !== undefined) return `column \`${found.column}\` must be masked (\`${found.mask}\`) and arrived raw`;
    if (!prepared.origins.includes(field.tableID))
      return `result column \`${field.name}\` comes from a table that was not judged`;
  }
  return null;
}
