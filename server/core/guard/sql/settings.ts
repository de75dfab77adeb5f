/**
 * Settings that people may read, and those they may change for their session. Everything that changes how text is read,
 * where names are found, who one is, what is logged, or how long something may run stays the gateway's.
 */
const READABLE: ReadonlySet<string> = new Set([
  "application_name",
  "autovacuum",
  "bytea_output",
  "client_encoding",
  "datestyle",
  "default_statistics_target",
  "default_transaction_isolation",
  "default_transaction_read_only",
  "effective_cache_size",
  "intervalstyle",
  "is_superuser",
  "lc_collate",
  "lc_ctype",
  "lc_messages",
  "lc_monetary",
  "lc_numeric",
  "lc_time",
  "lock_timeout",
  "maintenance_work_mem",
  "max_connections",
  "max_wal_size",
  "random_page_cost",
  "search_path",
  "seq_page_cost",
  "server_encoding",
  "server_version",
  "server_version_num",
  "shared_buffers",
  "standard_conforming_strings",
  "statement_timeout",
  "timezone",
  "transaction_isolation",
  "transaction_read_only",
  "wal_level",
  "work_mem",
]);

const CHANGEABLE: ReadonlySet<string> = new Set([
  "effective_cache_size",
  "enable_bitmapscan",
  "enable_hashagg",
  "enable_hashjoin",
  "enable_indexonlyscan",
  "enable_indexscan",
  "enable_material",
  "enable_mergejoin",
  "enable_nestloop",
  "enable_seqscan",
  "enable_sort",
  "jit",
  "max_parallel_workers_per_gather",
  "random_page_cost",
  "seq_page_cost",
  "timezone",
  "work_mem",
]);

export function isReadableSetting(name: string): boolean {
  return READABLE.has(name.toLowerCase());
}

export function isChangeableSetting(name: string): boolean {
  return CHANGEABLE.has(name.toLowerCase());
}
