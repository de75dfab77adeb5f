import pg from "pg";
import type { Client, Field } from "../../server/adapter/postgres/driver.ts";
import { createPostgresConnector, createSqlParser } from "../../server/adapter/postgres/index.ts";
import { Preparing, type Step } from "../../server/adapter/postgres/reading.ts";
import { type Formats, formatsOf } from "../../server/core/domain/row-batch.ts";
import { type Catalog, describeSql, type PreparedSql, protectSql, verifyRewrite } from "../../server/core/guard/sql/index.ts";
import { decide } from "../../server/core/policy/index.ts";
import type { EmbeddedPostgres } from "../../server/demo/embedded-postgres.ts";
import type { Authorized } from "../../server/gateway/authorized.ts";
import type { SqlConnection, SqlConnector, SqlParser } from "../../server/gateway/ports.ts";
import { rowsAsText } from "../../server/gateway/row-text.ts";
import {
  type Configuration,
  configurationFor,
  createShop,
  createTwin,
  MASK_KEY,
  PRINCIPAL,
  READER,
  SHOP,
  TWIN,
  withClient,
} from "./databases.ts";
import type { Table } from "./scope.ts";
import { tablesOf } from "./tables.ts";

/** One statement's answer. `code` is the SQLSTATE; the guard's own refusals have none. */
export type Answer =
  | { readonly is: "rows"; readonly columns: readonly string[]; readonly rows: readonly string[] }
  | { readonly is: "error"; readonly code: string; readonly message: string }
  | { readonly is: "refused"; readonly by: "guard" | "policy" | "second net" | "sentinel"; readonly message: string };

interface Described {
  /** Columns per relation that the guard says are read, `schema.table` quoted. */
  readonly reads: ReadonlyMap<string, ReadonlySet<string>>;
  /** Asks for system columns, which no column privilege covers, or for what the server wants more for: `(t).c`, `EXISTS (SELECT *`. */
  readonly beyond: boolean;
}

export interface Guarded {
  readonly answer: Answer;
  readonly described: Described | null;
}

export interface Twins {
  readonly tables: readonly Table[];
  readonly catalog: Catalog;
  guarded(text: string): Promise<Guarded>;
  raw(text: string): Promise<Answer>;
  /** The text itself under column privileges on what was described alone. Null: it ran, or failed for another reason. */
  privileges(text: string, described: Described): Promise<string | null>;
  /** What stands in the database itself, without a guard. */
  stored(text: string): Promise<string>;
  close(): Promise<void>;
}

const TIME_LIMIT_MS = 20_000;

export async function openTwins(server: EmbeddedPostgres, parserUrl?: URL): Promise<Twins> {
  const parser = createSqlParser(parserUrl === undefined ? {} : { workerUrl: parserUrl });
  const connect = () => createPostgresConnector({ parser, now: () => performance.now() });
  await createShop(server);
  const configuration = configurationFor(server);
  const credential = { password: "gw" };
  // A database that someone is connected to cannot be a template.
  const early = connect();
  const catalog = await early.catalog(configuration.target, credential);
  await early.close();
  await createTwin(server, catalog, configuration.protection);
  const connector = connect();
  const connection = await connector.connect(configuration.target, credential, { id: PRINCIPAL.id, maskKey: MASK_KEY });
  const tables = tablesOf(catalog);
  const twin = new pg.Client({ connectionString: server.connectionString(TWIN) });
  twin.on("error", () => {});
  await twin.connect();
  await twin.query(`SET search_path = public; SET statement_timeout = ${TIME_LIMIT_MS}; SET extra_float_digits = 1`);
  const types = new Map<string, string>();
  return {
    tables,
    catalog,
    guarded: (text) => guarded(text, { parser, connection, configuration }),
    raw: (text) => raw(twin, types, text),
    privileges: (text, described) => privileges(twin, text, described),
    stored: (text) => withClient(server, SHOP, async (client) => JSON.stringify((await client.query(text)).rows)),
    close: async () => {
      await twin.end();
      await closeAll(connector, parser);
    },
  };
}

async function closeAll(connector: SqlConnector, parser: SqlParser): Promise<void> {
  await connector.close();
  await parser.close();
}

interface Door {
  readonly parser: SqlParser;
  readonly connection: SqlConnection;
  readonly configuration: Configuration;
}

async function guarded(text: string, { parser, connection, configuration }: Door): Promise<Guarded> {
  const refused = (
    by: Extract<Answer, { is: "refused" }>["by"],
    message: string,
    described: Described | null = null,
  ): Guarded => ({
    answer: { is: "refused", by, message },
    described,
  });
  const parsed = await parser.parse(text);
  if (!parsed.ok) return { answer: { is: "error", code: "42601", message: parsed.refusal.message }, described: null };
  const [statement] = parsed.statements;
  if (statement === undefined || parsed.statements.length !== 1) return refused("guard", "not one statement");
  const catalog = await connection.catalog();
  const described = describeSql(statement, catalog, connection.state);
  if ("refusal" in described) return refused("guard", described.refusal.message);
  const reads = new Map<string, Set<string>>();
  for (const { resource } of described.microActions) {
    if (resource.kind !== "table" && resource.kind !== "column") continue;
    const name = `${pg.escapeIdentifier(resource.schema)}.${pg.escapeIdentifier(resource.table)}`;
    const columns = reads.get(name) ?? new Set<string>();
    reads.set(name, columns);
    if (resource.kind === "column") columns.add(resource.column);
  }
  const system = described.analysis.uses.some((use) => use.system.size > 0);
  const own: Described = { reads, beyond: system || /\((?:\w+|"[^"]*")\)\.|EXISTS \(.*(?:\*|TABLE )/.test(text) };
  const { microActions, facts } = described;
  const decision = decide(configuration.set, { principal: PRINCIPAL, target: configuration.target, microActions, facts }, 0);
  if (decision.outcome !== "allow") return refused("policy", decision.reasons.map((reason) => reason.message).join("; "), own);
  const result = protectSql(described, configuration.protection, catalog, connection.state);
  if (!result.ok) return refused("guard", result.refusal.message, own);
  const net = verifyRewrite(result.prepared, await parser.parse(result.prepared.sent));
  if (net !== null) return refused("second net", net.message, own);
  let columns: string[] = [];
  let formats: Formats = [];
  const rows: string[] = [];
  const end = await connection.run(
    result.prepared as Authorized<PreparedSql>,
    { readOnly: true, rows: 1_000_000, timeoutMs: TIME_LIMIT_MS, lockTimeoutMs: 2_000 },
    {
      takesFormats: true,
      columns: (list) => {
        formats = formatsOf(list);
        columns = list.map((column) => `${column.name}: ${sameType(column.type)}`);
      },
      rows: (batch) => {
        rows.push(...rowsAsText(batch, formats).map(rowText));
      },
      notice: () => {},
    },
  );
  if (end.ended === "done") return { answer: { is: "rows", columns, rows: rows.sort() }, described: own };
  if (end.ended === "alarm") return refused("sentinel", end.message, own);
  const error = end.ended === "failed" ? end.error : { code: "57014", message: "cancelled" };
  return { answer: { is: "error", code: error.code, message: error.message }, described: own };
}

async function raw(client: pg.Client, types: Map<string, string>, text: string): Promise<Answer> {
  const driver = client as unknown as Client;
  // As the product asks: a plan can know more of a column's type than the statement does.
  const described = await new Promise<Step<readonly Field[]>>((settle) => driver.query(new Preparing(text, settle)));
  if (!described.ok) return { is: "error", code: described.error.code ?? "", message: described.error.message ?? "" };
  try {
    const asText = { getTypeParser: () => (value: unknown) => value };
    const result = await client.query<(string | null)[]>({ text, rowMode: "array", types: asText });
    const columns: string[] = [];
    for (const field of described.value) columns.push(`${field.name}: ${sameType(await typeName(client, types, field))}`);
    return { is: "rows", columns, rows: result.rows.map(rowText).sort() };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    return { is: "error", code: error.code ?? "", message: error.message };
  }
}

async function typeName(client: pg.Client, types: Map<string, string>, field: Field): Promise<string> {
  const key = `${field.dataTypeID}.${field.dataTypeModifier}`;
  const known = types.get(key);
  if (known !== undefined) return known;
  const found = await client.query<{ name: string }>("SELECT format_type($1, $2) AS name", [
    field.dataTypeID,
    field.dataTypeModifier,
  ]);
  const name = found.rows[0]?.name ?? "unknown";
  types.set(key, name);
  return name;
}

const ROW_TYPES =
  /^(?:hr\.)?(?:customers|payments|orders|events(?:_2024)?|people|vip_people|"Odd Names"|lines|\w+_contacts|v_checked|mv_customers|moods|spread|spending|here|here_twice|wages|staff|paylog|record)$/;

/** A masked table's row is a record: it has the same text, but no longer the table's type. */
function sameType(name: string): string {
  return ROW_TYPES.test(name) ? "record" : name;
}

/** Rows as text. 1.50 and 1.5 are one number: which of them survives a UNION is the server's choice. */
function rowText(row: readonly (string | null)[]): string {
  return JSON.stringify(row.map((value) => (value !== null && /^-?\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, "") : value)));
}

async function privileges(client: pg.Client, text: string, { reads }: Described): Promise<string | null> {
  const grants = [...reads].map(([table, columns]) => {
    const list = [...columns].map((column) => pg.escapeIdentifier(column)).join(", ");
    // A table of which no value is read still needs the right to one of its columns.
    return list === "" ? anyColumn(table) : `GRANT SELECT (${list}) ON ${table} TO ${READER}`;
  });
  try {
    await client.query(`BEGIN; ${grants.join("; ")}; SET LOCAL ROLE ${READER}`);
    await client.query(text);
    return null;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    return error.code === "42501" ? error.message : null;
  } finally {
    await client.query("ROLLBACK");
  }
}

function anyColumn(table: string): string {
  return `DO $$ DECLARE c text; BEGIN SELECT attname INTO c FROM pg_attribute WHERE attrelid = '${table.replaceAll("'", "''")}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum LIMIT 1;
    EXECUTE format('GRANT SELECT (%I) ON ${table.replaceAll("'", "''")} TO ${READER}', c); END $$`;
}
