/**
 * The questions that make up a catalog. They run in one snapshot with `search_path = pg_catalog`, so that the server
 * writes every other name with its schema. `pg_toast` and other sessions' temporary tables are left out.
 */

const SCHEMAS = "n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'";
const KINDS = "c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')";
const OWN = "n.nspname NOT IN ('pg_catalog', 'information_schema')";

/** Changes with every change of a relation's definition: of columns, rules, constraints, indexes and inheritance too. */
export const FINGERPRINT = `pg_catalog.md5(CASE WHEN c.relkind IN ('i', 'I') THEN pg_catalog.concat_ws('|', c.xmin, c.relnamespace, c.relname)
  ELSE pg_catalog.concat_ws('|', c.xmin, c.relnamespace, c.relname, c.relkind,
  (SELECT pg_catalog.string_agg(a.attnum || ':' || a.xmin, ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid),
  (SELECT pg_catalog.string_agg(r.oid || ':' || r.xmin, ',' ORDER BY r.oid) FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = c.oid),
  (SELECT pg_catalog.string_agg(k.oid || ':' || k.xmin, ',' ORDER BY k.oid) FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = c.oid),
  (SELECT pg_catalog.string_agg(x.indexrelid || ':' || x.indisunique, ',' ORDER BY x.indexrelid) FROM pg_catalog.pg_index AS x WHERE x.indrelid = c.oid),
  (SELECT pg_catalog.string_agg(i.inhparent || ':' || i.inhrelid, ',' ORDER BY i.inhparent, i.inhrelid) FROM pg_catalog.pg_inherits AS i
   WHERE i.inhrelid = c.oid OR i.inhparent = c.oid)) END)`;

export const DATABASE = "SELECT pg_catalog.current_database(), pg_catalog.current_setting('server_version_num')";

export const SCHEMATA = `SELECT n.nspname FROM pg_catalog.pg_namespace AS n WHERE ${SCHEMAS} ORDER BY 1`;

/** The session's own temporary schema. */
const TEMPORARY = "n.oid = pg_catalog.pg_my_temp_schema()";

export type Where = "stored" | "temporary";

function schemas(where: Where): string {
  return where === "stored" ? SCHEMAS : TEMPORARY;
}

export const relations = (where: Where) => `SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text,
    EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = c.oid AND r.ev_type <> '1')::text,
    CASE WHEN ${OWN} THEN ${FINGERPRINT} ELSE '' END,
    CASE WHEN c.relkind IN ('v', 'm') AND ${OWN} THEN pg_catalog.pg_get_viewdef(c.oid) END,
    (SELECT pg_catalog.array_to_string(p.partattrs::int2[], ',') FROM pg_catalog.pg_partitioned_table AS p WHERE p.partrelid = c.oid),
    EXISTS (SELECT 1 FROM pg_catalog.pg_options_to_table(c.reloptions) AS o
      WHERE c.relkind = 'v' AND o.option_name = 'security_barrier' AND o.option_value::bool)::text,
    (NOT c.relrowsecurity AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite AS r
        JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
          AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> c.oid
        WHERE c.relkind = 'v' AND ${OWN} AND r.ev_class = c.oid
          AND NOT pg_catalog.has_table_privilege(c.relowner, d.refobjid, 'SELECT')))::text
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE ${KINDS} AND ${schemas(where)}`;

export const columns = (
  where: Where,
) => `SELECT a.attrelid::int8, a.attnum, a.attname, a.attnotnull::text, a.atttypid::int8, a.atttypmod,
    pg_catalog.format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END
  FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped AND ${KINDS} AND ${schemas(where)}
  ORDER BY a.attrelid, a.attnum`;

export const TYPES = `SELECT t.oid::int8, n.nspname, t.typname, t.typtype::text, t.typbasetype::int8, t.typtypmod,
    CASE WHEN t.typcategory = 'A' THEN t.typelem::int8 ELSE 0 END, t.typnotnull::text,
    (SELECT e.enumlabel FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder LIMIT 1),
    CASE WHEN t.typtype = 'b' AND f.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace THEN fn.nspname END, f.proname
  FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_proc AS f ON f.oid = t.typinput LEFT JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.pronamespace`;

/** Functions that a domain's checks call. */
export const DOMAIN_CALLS = `SELECT k.contypid::int8, n.nspname, p.proname
  FROM pg_catalog.pg_constraint AS k
    JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid
      AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    JOIN pg_catalog.pg_proc AS p ON p.oid = d.refobjid JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  WHERE k.contypid <> 0 AND n.nspname <> 'pg_catalog'`;

export const CONSTRAINTS = `SELECT k.conrelid::int8, k.contype::text, pg_catalog.array_to_string(k.conkey, ','), k.confrelid::int8,
    pg_catalog.array_to_string(k.confkey, ',')
  FROM pg_catalog.pg_constraint AS k WHERE k.conrelid <> 0 AND k.contype IN ('p', 'f', 'c')`;

/** Unique and exclusion indexes with every column that their keys, expressions and predicates read. */
export const UNIQUE_INDEXES = `SELECT x.indrelid::int8, pg_catalog.array_to_string(x.indkey::int2[], ','),
    (SELECT pg_catalog.string_agg(d.refobjsubid::text, ',') FROM pg_catalog.pg_depend AS d
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = x.indexrelid AND d.refobjid = x.indrelid AND d.refobjsubid > 0)
  FROM pg_catalog.pg_index AS x WHERE x.indisunique OR x.indisexclusion`;

/** Indexes by name, of which DROP, ALTER, REINDEX and COMMENT speak. */
export const indexes = (where: Where) => `SELECT x.indrelid::int8, c.oid::int8, c.relname, ${FINGERPRINT}
  FROM pg_catalog.pg_index AS x JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE ${OWN} AND ${schemas(where)}`;

export const INHERITANCE = "SELECT i.inhrelid::int8, i.inhparent::int8 FROM pg_catalog.pg_inherits AS i";

export const FUNCTIONS = `SELECT n.nspname, p.proname, pg_catalog.array_to_string(p.proargtypes::oid[], ',')
  FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname <> 'pg_catalog'`;

export const OPERATORS = `SELECT n.nspname, o.oprname, o.oprleft::int8, o.oprright::int8, fn.nspname, f.proname
  FROM pg_catalog.pg_operator AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
    JOIN pg_catalog.pg_proc AS f ON f.oid = o.oprcode JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.pronamespace
  WHERE n.nspname <> 'pg_catalog' OR fn.nspname <> 'pg_catalog'`;

export const CASTS = `SELECT c.castsource::int8, c.casttarget::int8, n.nspname, f.proname, (c.castcontext = 'i')::text
  FROM pg_catalog.pg_cast AS c JOIN pg_catalog.pg_proc AS f ON f.oid = c.castfunc
    JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace WHERE n.nspname <> 'pg_catalog'`;

/**
 * A cheap sign that some definition has changed: the versions of all relations, how many rows of the catalogues were
 * ever written (up to ten seconds late), and the newest objects. Never the last word: what a statement touches is
 * compared again before it runs. Temporary tables of others do not count: they come and go.
 */
export const HINT = `SELECT pg_catalog.concat_ws('.', pg_catalog.concat_ws(':',
    (SELECT pg_catalog.concat_ws(':', pg_catalog.count(*), pg_catalog.sum(c.xmin::pg_catalog.text::pg_catalog.int8)) FROM pg_catalog.pg_class AS c
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'),
    (SELECT pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_tuples_deleted(c.oid))
     FROM pg_catalog.pg_class AS c WHERE c.oid = ANY (ARRAY['pg_rewrite', 'pg_index', 'pg_inherits', 'pg_proc',
       'pg_constraint', 'pg_operator', 'pg_cast', 'pg_namespace', 'pg_enum']::pg_catalog.regclass[]))), ${newest()})`;

/** New functions, operators and casts could be chosen instead of those that were judged. */
export function newest(): string {
  return ["pg_proc", "pg_operator", "pg_cast"]
    .map((name) => `(SELECT pg_catalog.max(oid)::pg_catalog.int8 FROM pg_catalog.${name})`)
    .join(", ");
}
