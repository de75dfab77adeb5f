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
  "constraint_exclusion",
  "cpu_index_tuple_cost",
  "cpu_operator_cost",
  "cpu_tuple_cost",
  "cursor_tuple_fraction",
  "effective_cache_size",
  "enable_async_append",
  "enable_bitmapscan",
  "enable_distinct_reordering",
  "enable_gathermerge",
  "enable_group_by_reordering",
  "enable_hashagg",
  "enable_hashjoin",
  "enable_incremental_sort",
  "enable_indexonlyscan",
  "enable_indexscan",
  "enable_material",
  "enable_memoize",
  "enable_mergejoin",
  "enable_nestloop",
  "enable_parallel_append",
  "enable_parallel_hash",
  "enable_partition_pruning",
  "enable_partitionwise_aggregate",
  "enable_partitionwise_join",
  "enable_presorted_aggregate",
  "enable_self_join_elimination",
  "enable_seqscan",
  "enable_sort",
  "enable_tidscan",
  "from_collapse_limit",
  "geqo",
  "geqo_effort",
  "geqo_generations",
  "geqo_pool_size",
  "geqo_seed",
  "geqo_selection_bias",
  "geqo_threshold",
  "hash_mem_multiplier",
  "jit",
  "jit_above_cost",
  "jit_inline_above_cost",
  "jit_optimize_above_cost",
  "join_collapse_limit",
  "max_parallel_maintenance_workers",
  "max_parallel_workers",
  "max_parallel_workers_per_gather",
  "min_parallel_index_scan_size",
  "min_parallel_table_scan_size",
  "parallel_leader_participation",
  "parallel_setup_cost",
  "parallel_tuple_cost",
  "plan_cache_mode",
  "random_page_cost",
  "recursive_worktable_factor",
  "seq_page_cost",
  "stats_fetch_consistency",
  "timezone",
  "work_mem",
]);

/** What may be chosen, where not everything may. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  // Lower ones show what the server does inside.
  client_min_messages: ["notice", "warning", "error"],
};

export function settingChoices(name: string): readonly string[] | null {
  return CHOICES[name] ?? null;
}

export function isReadableSetting(name: string): boolean {
  return READABLE.has(name.toLowerCase()) || isChangeableSetting(name) || settingChoices(name.toLowerCase()) !== null;
}

export function isChangeableSetting(name: string): boolean {
  return CHANGEABLE.has(name.toLowerCase());
}
