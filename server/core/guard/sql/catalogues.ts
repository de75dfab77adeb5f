/**
 * The server's own catalogues. They are ordinary relations that need a policy, as long as they only say what exists.
 * Everything else in these schemas is refused: statistics and settings hold data, definitions hold constants.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  "pg_catalog.pg_class",
  "pg_catalog.pg_namespace",
  "pg_catalog.pg_attribute",
  "pg_catalog.pg_type",
  "pg_catalog.pg_index",
  "pg_catalog.pg_indexes",
  "pg_catalog.pg_tables",
  "pg_catalog.pg_enum",
  "pg_catalog.pg_inherits",
  "pg_catalog.pg_extension",
  "pg_catalog.pg_locks",
  "pg_catalog.pg_constraint",
  "pg_catalog.pg_stat_database",
  "pg_catalog.pg_stat_all_indexes",
  "pg_catalog.pg_stat_all_tables",
  "pg_catalog.pg_stat_user_indexes",
  "pg_catalog.pg_stat_user_tables",
  "pg_catalog.pg_statio_user_indexes",
  "pg_catalog.pg_statio_user_tables",
  "information_schema.tables",
  "information_schema.columns",
  "information_schema.schemata",
  "information_schema.key_column_usage",
  "information_schema.table_constraints",
  "information_schema.referential_constraints",
  "information_schema.constraint_column_usage",
]);

/** Columns of harmless catalogues that hold expressions or stored values all the same. */
const HIDDEN: ReadonlySet<string> = new Set([
  "pg_catalog.pg_attribute.attmissingval",
  "pg_catalog.pg_class.relpartbound",
  "pg_catalog.pg_constraint.conbin",
  "pg_catalog.pg_index.indexprs",
  "pg_catalog.pg_index.indpred",
  "pg_catalog.pg_type.typdefault",
  "pg_catalog.pg_type.typdefaultbin",
  "information_schema.columns.column_default",
  "information_schema.columns.generation_expression",
]);

const SCHEMAS: ReadonlySet<string> = new Set(["pg_catalog", "information_schema", "pg_toast"]);

export function isCatalogueSchema(schema: string): boolean {
  return SCHEMAS.has(schema) || schema.startsWith("pg_toast") || schema.startsWith("pg_temp_");
}

export function isHarmlessCatalogue(schema: string, name: string): boolean {
  return HARMLESS.has(`${schema}.${name}`);
}

export function isHiddenCatalogueColumn(schema: string, table: string, column: string): boolean {
  return HIDDEN.has(`${schema}.${table}.${column}`);
}
