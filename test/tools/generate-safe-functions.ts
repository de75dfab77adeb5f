import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../server/demo/embedded-postgres.ts";

/**
 * Writes server/core/guard/sql/safe-functions.generated.ts from a real server: `node --import tsx
 * test/tools/generate-safe-functions.ts`. A function is safe when the server itself says that it does not change
 * anything (immutable or stable, or on VOLATILE below), when SQL can call it, and when no name below denies it. All
 * overloads of a name stand or fall together.
 */

/** Volatile, but without effect beyond the answer. `nextval` and `setval` are writes and have a rule of their own. */
const VOLATILE = [
  "array_sample",
  "array_shuffle",
  "clock_timestamp",
  "gen_random_uuid",
  "pg_blocking_pids",
  "pg_is_in_recovery",
  "pg_sleep",
  "pg_sleep_for",
  "pg_sleep_until",
  "random",
  "random_normal",
  "timeofday",
  "uuidv4",
  "uuidv7",
];

/** Reviewed: they run SQL text, read files, settings, statistics, other sessions or definitions, or have effects. */
const DENIED: readonly RegExp[] = [
  /_to_xml(schema)?$|_to_xml_and_xmlschema$/,
  /^ts_(stat|rewrite|typanalyze)$/,
  /^(lo_|lo[a-z]*read$|lowrite$)/,
  /^pg_(stat|show|get|read|ls|cursor|prepared|logical|replication|create|drop|event|mcv|ndistinct|dependencies|node_tree)/,
  /^pg_(config|options_to_table|listening_channels|tablespace|relation_file|filenode|identify|describe|hba|ident)/,
  /^pg_(current_xact_id|available|extension|postmaster|conf_load|timezone|sequence|input_error_info|trigger_depth|control)/,
  /^pg_(advisory|try_advisory|notify|terminate|cancel|reload|rotate|switch|promote|log|backup|wal|walfile|split_walfile)/,
  /^(current_setting|set_config|setseed|txid_current|txid_status|row_security_active|version)$/,
  /^(obj_description|col_description|shobj_description|aclexplode|inet_(client|server)_(addr|port))$/,
  /^(binary_upgrade|brin_|gin_|RI_|fmgr_|plpgsql_|dsnowball_)/,
  /(sel|_typanalyze|handler|_transfn|_finalfn|_accum|_combine|_serialize|_deserialize)$/,
];
const KEPT = [
  "bool_accum",
  "pg_current_xact_id",
  "pg_get_keywords",
  "pg_get_serial_sequence",
  "pg_get_userbyid",
  "pg_postmaster_start_time",
  "txid_current",
  "version",
];

const QUERY = `
  SELECT p.proname AS name, array_agg(DISTINCT p.provolatile::text) AS volatility,
         bool_or(p.prosecdef) AS definer,
         (array_agg(CASE WHEN p.proargmodes IS NULL THEN '{}'::text[]
           ELSE ARRAY(SELECT a.name FROM unnest(p.proargnames, p.proargmodes::text[]) AS a(name, mode)
                      WHERE a.mode IN ('o', 't', 'b')) END::text ORDER BY p.oid))[1]::text[] AS columns
  FROM pg_catalog.pg_proc AS p
  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind IN ('f', 'a', 'w')
    AND NOT (p.prorettype = ANY (ARRAY['internal', 'trigger', 'event_trigger', 'language_handler', 'fdw_handler', 'index_am_handler',
             'table_am_handler', 'tsm_handler', 'cstring', 'pg_ddl_command']::regtype[]))
    AND NOT EXISTS (SELECT 1 FROM unnest(p.proargtypes) AS t WHERE t = ANY (ARRAY['internal', 'cstring']::regtype[]))
  GROUP BY p.proname ORDER BY p.proname COLLATE "C"`;

const folder = await mkdtemp(join(tmpdir(), "gatehouse-functions-"));
const server = await startEmbeddedPostgres({ folder: join(folder, "postgres") });
try {
  const client = new pg.Client({ connectionString: server.connectionString("postgres") });
  await client.connect();
  const { rows } = await client.query<{ name: string; volatility: string[]; definer: boolean; columns: string[] }>(QUERY);
  const types = await client.query<{ name: string }>(
    "SELECT typname AS name FROM pg_catalog.pg_type WHERE typnamespace = 'pg_catalog'::regnamespace ORDER BY typname COLLATE \"C\"",
  );
  const unary = await client.query<{ name: string }>(
    `SELECT DISTINCT p.proname AS name FROM pg_catalog.pg_proc AS p
     WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.pronargs >= 1 AND p.pronargs - p.pronargdefaults <= 1
       AND NOT (p.proargtypes[0] = ANY (ARRAY['internal', 'cstring']::regtype[])) ORDER BY p.proname`,
  );
  await client.end();
  const safe = rows.filter(
    ({ name, volatility, definer }) =>
      !definer &&
      (VOLATILE.includes(name) || !volatility.includes("v")) &&
      (KEPT.includes(name) || !DENIED.some((pattern) => pattern.test(name))),
  );
  const names = new Set(safe.map(({ name }) => name));
  const denied = unary.rows.filter(({ name }) => !names.has(name));
  const { SAFE_FUNCTIONS: before } = await import("../../server/core/guard/sql/safe-functions.generated.ts");
  const known = new Set(before.map(([name]) => name));
  for (const name of names) if (!known.has(name)) process.stdout.write(`+ ${name}\n`);
  for (const name of known) if (!names.has(name)) process.stdout.write(`- ${name}\n`);
  const lines = safe.map(({ name, columns }) => `  [${[name, ...columns].map((word) => JSON.stringify(word)).join(", ")}],`);
  await writeFile(
    new URL("../../server/core/guard/sql/safe-functions.generated.ts", import.meta.url),
    `// Generated by test/tools/generate-safe-functions.ts from PostgreSQL 18. Do not edit.

/** Functions of \`pg_catalog\` that read nothing but their arguments and change nothing; after the name its output columns. */
export const SAFE_FUNCTIONS: readonly (readonly [name: string, ...columns: string[]])[] = [
${lines.join("\n")}
];

/** The others that take one argument: attribute notation, \`(x).pg_read_file\`, calls them. */
export const UNSAFE_UNARY: readonly string[] = [
${denied.map(({ name }) => `  ${JSON.stringify(name)},`).join("\n")}
];

/** Every type of \`pg_catalog\`. */
export const BUILTIN_TYPES: readonly string[] = [
${types.rows.map(({ name }) => `  ${JSON.stringify(name)},`).join("\n")}
];
`,
  );
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
