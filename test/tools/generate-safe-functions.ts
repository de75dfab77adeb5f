import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { SAFE_FUNCTIONS } from "../../server/core/guard/sql/safe-functions.generated.ts";
import { startEmbeddedPostgres } from "../../server/demo/embedded-postgres.ts";
import { OLDER_SERVERS, serverPackage } from "../servers/packages.ts";

/**
 * Writes server/core/guard/sql/safe-functions.generated.ts from real servers of every version: `node --import tsx
 * test/tools/generate-safe-functions.ts`. A function is safe when each server that has it says that it does not change
 * anything (immutable or stable, or on VOLATILE below), when SQL can call it, and when no name below denies it. All
 * overloads of a name stand or fall together. The table is by name: one number names other functions in other versions.
 */

/** Volatile, but without effect beyond the answer. `nextval` and `setval` are writes and have a rule of their own. */
const VOLATILE = [
  "array_sample",
  "array_shuffle",
  "clock_timestamp",
  "gen_random_uuid",
  "pg_blocking_pids",
  "pg_is_in_recovery",
  "pg_partition_ancestors",
  "pg_partition_tree",
  "pg_sleep",
  "pg_sleep_for",
  "pg_sleep_until",
  "random",
  "random_normal",
  "timeofday",
  // Before PostgreSQL 15, for times with a zone.
  "timezone",
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

const UNARY = `
  SELECT DISTINCT p.proname AS name FROM pg_catalog.pg_proc AS p
  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.pronargs >= 1 AND p.pronargs - p.pronargdefaults <= 1
    AND NOT (p.proargtypes[0] = ANY (ARRAY['internal', 'cstring']::regtype[]))`;

const TYPES = "SELECT typname AS name FROM pg_catalog.pg_type WHERE typnamespace = 'pg_catalog'::regnamespace";

interface ServerFunctions {
  /** By name: its output columns. Null: not safe. */
  readonly functions: ReadonlyMap<string, readonly string[] | null>;
  readonly unary: readonly string[];
  readonly types: readonly string[];
}

/** Null: the installed server. */
async function functionsOf(major: number | null): Promise<ServerFunctions> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-functions-"));
  const older = major === null ? {} : { package: await serverPackage(major) };
  const server = await startEmbeddedPostgres({ folder: join(folder, "postgres"), ...older });
  try {
    const client = new pg.Client({ connectionString: server.connectionString("postgres") });
    await client.connect();
    const { rows } = await client.query<{ name: string; volatility: string[]; definer: boolean; columns: string[] }>(QUERY);
    const unary = await client.query<{ name: string }>(UNARY);
    const types = await client.query<{ name: string }>(TYPES);
    await client.end();
    const isSafe = ({ name, volatility, definer }: (typeof rows)[number]) =>
      !definer &&
      (VOLATILE.includes(name) || !volatility.includes("v")) &&
      (KEPT.includes(name) || !DENIED.some((pattern) => pattern.test(name)));
    return {
      functions: new Map(rows.map((row) => [row.name, isSafe(row) ? row.columns : null])),
      unary: unary.rows.map(({ name }) => name),
      types: types.rows.map(({ name }) => name),
    };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const servers: ServerFunctions[] = [await functionsOf(null)];
for (const major of [...OLDER_SERVERS.keys()].reverse()) servers.push(await functionsOf(major));

const byName = (a: string, b: string) => (a < b ? -1 : 1);
const safe = new Map<string, readonly string[]>();
for (const name of [...new Set(servers.flatMap(({ functions }) => [...functions.keys()]))].sort(byName)) {
  const having = servers.flatMap(({ functions }) => (functions.has(name) ? [functions.get(name) ?? null] : []));
  const [newest = null] = having;
  if (newest !== null && !having.includes(null)) safe.set(name, newest);
}
const denied = [...new Set(servers.flatMap(({ unary }) => unary))].filter((name) => !safe.has(name)).sort(byName);
const types = [...new Set(servers.flatMap((server) => server.types))].sort(byName);

const known = new Set(SAFE_FUNCTIONS.map(([name]) => name));
for (const name of safe.keys()) if (!known.has(name)) process.stdout.write(`+ ${name}\n`);
for (const name of known) if (!safe.has(name)) process.stdout.write(`- ${name}\n`);
const lines = [...safe].map(([name, columns]) => `  [${[name, ...columns].map((word) => JSON.stringify(word)).join(", ")}],`);
await writeFile(
  new URL("../../server/core/guard/sql/safe-functions.generated.ts", import.meta.url),
  `// Generated by test/tools/generate-safe-functions.ts from PostgreSQL 13 to 18. Do not edit.

/** Functions of \`pg_catalog\` that read nothing but their arguments and change nothing; after the name its output columns. */
export const SAFE_FUNCTIONS: readonly (readonly [name: string, ...columns: string[]])[] = [
${lines.join("\n")}
];

/** The others that take one argument: attribute notation, \`(x).pg_read_file\`, calls them. */
export const UNSAFE_UNARY: readonly string[] = [
${denied.map((name) => `  ${JSON.stringify(name)},`).join("\n")}
];

/** Every type of \`pg_catalog\`; an older server lacks some. */
export const BUILTIN_TYPES: readonly string[] = [
${types.map((name) => `  ${JSON.stringify(name)},`).join("\n")}
];
`,
);
