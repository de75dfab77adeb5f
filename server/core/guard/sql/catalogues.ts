import type { Mask } from "../../domain/mask.ts";

/**
 * The server's own catalogues. They are ordinary relations that need a policy, as long as they only say what exists.
 * Everything else in these schemas is refused: statistics and settings hold data, definitions hold constants.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  ...[
    "aggregate",
    "am",
    "amop",
    "amproc",
    "attribute",
    "cast",
    "class",
    "collation",
    "constraint",
    "conversion",
    "database",
    "depend",
    "enum",
    "event_trigger",
    "extension",
    "index",
    "indexes",
    "inherits",
    "language",
    "locks",
    "matviews",
    "namespace",
    "opclass",
    "operator",
    "opfamily",
    "policies",
    "prepared_xacts",
    "proc",
    "publication",
    "range",
    "roles",
    "sequence",
    "sequences",
    "stat_activity",
    "stat_all_indexes",
    "stat_all_tables",
    "stat_archiver",
    "stat_bgwriter",
    "stat_checkpointer",
    "stat_database",
    "stat_database_conflicts",
    "stat_io",
    "stat_progress_analyze",
    "stat_progress_cluster",
    "stat_progress_copy",
    "stat_progress_create_index",
    "stat_progress_vacuum",
    "stat_replication",
    "stat_slru",
    "stat_user_functions",
    "stat_user_indexes",
    "stat_user_tables",
    "stat_wal",
    "statio_all_indexes",
    "statio_all_tables",
    "statio_user_indexes",
    "statio_user_tables",
    "tables",
    "tablespace",
    "trigger",
    "ts_config",
    "ts_parser",
    "ts_template",
    "type",
    "views",
  ].map((name) => `pg_catalog.pg_${name}`),
  ...[
    "column_privileges",
    "columns",
    "constraint_column_usage",
    "key_column_usage",
    "referential_constraints",
    "role_table_grants",
    "routines",
    "schemata",
    "sequences",
    "table_constraints",
    "table_privileges",
    "tables",
    "triggers",
    "view_column_usage",
    "view_table_usage",
    "views",
  ].map((name) => `information_schema.${name}`),
]);

/** Columns of harmless catalogues that hold expressions, code or stored values all the same: shown as NULL. */
const HIDDEN: ReadonlySet<string> = new Set([
  "information_schema.columns.column_default",
  "information_schema.columns.generation_expression",
  "information_schema.routines.routine_definition",
  "information_schema.triggers.action_condition",
  "information_schema.triggers.action_statement",
  "pg_catalog.pg_aggregate.agginitval",
  "pg_catalog.pg_aggregate.aggminitval",
  "pg_catalog.pg_attribute.attfdwoptions",
  "pg_catalog.pg_attribute.attmissingval",
  "pg_catalog.pg_class.relpartbound",
  "pg_catalog.pg_constraint.conbin",
  "pg_catalog.pg_index.indexprs",
  "pg_catalog.pg_index.indpred",
  "pg_catalog.pg_prepared_xacts.gid",
  "pg_catalog.pg_proc.proargdefaults",
  "pg_catalog.pg_proc.probin",
  "pg_catalog.pg_proc.proconfig",
  "pg_catalog.pg_proc.prosqlbody",
  "pg_catalog.pg_proc.prosrc",
  "pg_catalog.pg_roles.rolconfig",
  "pg_catalog.pg_stat_activity.query",
  "pg_catalog.pg_trigger.tgargs",
  "pg_catalog.pg_trigger.tgqual",
  "pg_catalog.pg_type.typdefault",
  "pg_catalog.pg_type.typdefaultbin",
]);

/** Definitions as text: shown with their string constants left out. */
const DEFINITIONS: ReadonlySet<string> = new Set([
  "information_schema.views.view_definition",
  "pg_catalog.pg_indexes.indexdef",
  "pg_catalog.pg_matviews.definition",
  "pg_catalog.pg_policies.qual",
  "pg_catalog.pg_policies.with_check",
  "pg_catalog.pg_views.definition",
]);
/**
 * As the server writes definitions: a constant is quoted, quotes in it are doubled; a name in double quotes can have a
 * single one in it. An expression over `value`.
 */
export const WITHOUT_CONSTANTS = `pg_catalog.regexp_replace(value, '((?:[^''"]|"(?:[^"]|"")*")*)''(?:[^'']|'''')*''', '\\1''…''', 'g')`;

/** Hidden ones that other people wrote a moment ago: to ask for them by name is refused, `*` shows NULL. */
const CLOSED: ReadonlySet<string> = new Set(["pg_catalog.pg_stat_activity.query"]);

const SCHEMAS: ReadonlySet<string> = new Set(["pg_catalog", "information_schema", "pg_toast"]);

export function isCatalogueSchema(schema: string): boolean {
  return SCHEMAS.has(schema) || schema.startsWith("pg_toast") || schema.startsWith("pg_temp_");
}

export function isHarmlessCatalogue(schema: string, name: string): boolean {
  return HARMLESS.has(`${schema}.${name}`);
}

/** How a column of a catalogue is shown to everyone. Null: as it is. */
export function catalogueMask(schema: string, table: string, column: string): Mask | null {
  const name = `${schema}.${table}.${column}`;
  return DEFINITIONS.has(name) ? { type: "expression", sql: WITHOUT_CONSTANTS } : HIDDEN.has(name) ? { type: "null" } : null;
}

export function isClosedCatalogueColumn(schema: string, table: string, column: string): boolean {
  return CLOSED.has(`${schema}.${table}.${column}`);
}
