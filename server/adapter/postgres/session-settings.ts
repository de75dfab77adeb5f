import { type Client, rows } from "./driver.ts";

/**
 * Settings that decide how a text is read and what an answer looks like. Roles and databases bring defaults of their
 * own at login, so each is set, and then read back.
 */
const PINNED: Readonly<Record<string, string>> = {
  standard_conforming_strings: "on",
  backslash_quote: "safe_encoding",
  client_encoding: "UTF8",
  row_security: "on",
  transform_null_equals: "off",
  array_nulls: "on",
  xmloption: "content",
  xmlbinary: "base64",
  datestyle: "ISO, MDY",
  intervalstyle: "postgres",
  bytea_output: "hex",
  extra_float_digits: "1",
  client_min_messages: "notice",
  idle_in_transaction_session_timeout: "30min",
};

export interface Pinned {
  readonly searchPath: readonly string[];
}

export async function pinSettings(client: Client, maskKey: string): Promise<Pinned> {
  const schemas = (await rows(client, "SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))")).map((row) => row[0] ?? "");
  const searchPath = schemas.filter((schema) => schema !== "pg_catalog" && !schema.startsWith("pg_temp"));
  // `pg_temp` is named and comes last: unnamed it would come first.
  const path = [...searchPath, "pg_temp"].map((schema) => `"${schema.replaceAll('"', '""')}"`).join(", ");
  const statements = Object.entries(PINNED).map(([name, value]) => `SET SESSION ${name} = '${value}'`);
  await client.query([...statements, `SET SESSION search_path = ${path}`].join("; "));
  await rows(client, "SELECT pg_catalog.set_config('gatehouse.key', $1, false)", [maskKey]);
  const [[strings, role, encoding] = []] = await rows(
    client,
    `SELECT pg_catalog.current_setting('standard_conforming_strings'), pg_catalog.current_setting('session_replication_role'),
       pg_catalog.current_setting('client_encoding')`,
  );
  if (strings !== "on" || role !== "origin" || encoding !== "UTF8") throw new Error("the session's settings could not be pinned");
  return { searchPath };
}
