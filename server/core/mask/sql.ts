import type { Mask } from "../domain/mask.ts";
import type { ColumnType } from "../guard/sql/catalog.ts";
import { quoteText } from "../guard/sql/names.ts";

/**
 * Masks as SQL expressions. What they promise: the result has exactly the column's type; the expression never raises an
 * error (an error would carry the value); a mask that does not fit the type becomes a redaction, never the raw value.
 * Everything is qualified with `pg_catalog`: a function of the same name elsewhere must not get to see the value.
 */
export function maskSql(mask: Mask, type: ColumnType, value: string): string {
  const expression = fitting(mask, type, value) ?? redaction(type);
  return expression === "NULL" && type.domainNotNull ? "'***'::pg_catalog.text" : typed(expression, type);
}

/** A value of the type that says nothing; `NULL` where the type has none. */
export function nothingSql(type: ColumnType): string {
  return type.domainNotNull ? "'***'::pg_catalog.text" : typed("NULL", type);
}

function typed(expression: string, type: ColumnType): string {
  return `(${expression})::${type.format}`;
}

const TEXT: ReadonlySet<string> = new Set(["text", "varchar", "bpchar", "name"]);
const WHOLE: Readonly<Record<string, bigint>> = { int2: 32_767n, int4: 2_147_483_647n, int8: 9_223_372_036_854_775_807n };
const FRACTION: ReadonlySet<string> = new Set(["numeric", "float4", "float8"]);

function isText(type: ColumnType): boolean {
  return !type.array && TEXT.has(type.base);
}

function fitting(mask: Mask, type: ColumnType, value: string): string | null {
  if (type.domain && mask.type !== "null" && mask.type !== "constant" && mask.type !== "expression") return null;
  const text = !type.array && type.base === "text" ? value : `(${value})::pg_catalog.text`;
  switch (mask.type) {
    case "redact":
      return redaction(type);
    case "null":
      return "NULL";
    case "constant":
      return fits(String(mask.value), type) ? quoteText(String(mask.value)) : null;
    case "partial-email":
      return isText(type) ? partialEmail(text) : null;
    case "partial-phone":
      return isText(type) ? keepLast(text, 2, 6) : null;
    case "partial-name":
      return isText(type) ? initials(text) : null;
    case "last4":
      return isText(type) ? keepLast(text, 4, 8) : null;
    case "pseudonym":
      return pseudonym(type, text);
    case "date-trunc":
      return dateTrunc(mask.unit, type, value);
    case "bucket":
      return bucket(mask.size, type, value);
    case "json-remove":
      return type.base === "jsonb" && !type.array ? jsonRemove(mask.paths, value) : null;
    case "expression":
      return isBalanced(mask.sql)
        ? `SELECT (${mask.sql}) FROM (SELECT ${isText(type) ? text : value} AS value) AS "_value"`
        : null;
  }
}

const REDACTED: Readonly<Record<string, string>> = {
  char: "'*'",
  int2: "0",
  int4: "0",
  int8: "0",
  float4: "0",
  float8: "0",
  numeric: "0",
  money: "'0'",
  bool: "false",
  date: "'1970-01-01'",
  timestamp: "'1970-01-01 00:00:00'",
  timestamptz: "'1970-01-01 00:00:00+00'",
  time: "'00:00:00'",
  timetz: "'00:00:00+00'",
  interval: "'0'",
  uuid: "'00000000-0000-0000-0000-000000000000'",
  json: "'{}'",
  jsonb: "'{}'",
  bytea: "''",
  inet: "'0.0.0.0'",
  cidr: "'0.0.0.0/0'",
  macaddr: "'00:00:00:00:00:00'",
  macaddr8: "'00:00:00:00:00:00:00:00'",
  tsvector: "''",
};

function redaction(type: ColumnType): string {
  // A domain's check could refuse any constant; it has to accept NULL.
  if (type.domain) return "NULL";
  if (type.array) return type.builtin ? "'{}'" : "NULL";
  if (isText(type)) return quoteText("***".slice(0, type.length ?? 3));
  if (type.enumLabel !== null) return quoteText(type.enumLabel);
  return (type.builtin ? REDACTED[type.base] : undefined) ?? "NULL";
}

function fits(constant: string, type: ColumnType): boolean {
  if (type.array || type.domain) return !type.domain && /^\{[^{}"\\]*\}$/.test(constant) && type.base === "text";
  if (isText(type)) return true;
  const limit = WHOLE[type.base];
  if (limit !== undefined) return /^-?[0-9]{1,18}$/.test(constant) && BigInt(constant) <= limit && BigInt(constant) >= -limit;
  if (FRACTION.has(type.base))
    return /^-?[0-9]{1,6}(\.[0-9]{1,6})?$/.test(constant) && (constant === "0" || !type.format.includes("("));
  if (type.base === "bool") return constant === "true" || constant === "false";
  if (type.base === "json" || type.base === "jsonb") return isJson(constant);
  if (type.base === "uuid") return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(constant);
  if (type.base === "date" || type.base === "timestamp" || type.base === "timestamptz") {
    return /^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$/.test(constant);
  }
  return type.enumLabel === constant;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return !text.includes("\\u0000");
  } catch {
    return false;
  }
}

/** A bullet, escaped: places in a text of ASCII alone need no counting. */
const DOT = "\\u2022";

/**
 * A regular expression costs the server by the number of its states, and bounded repeats in it twenty times as much. So
 * most addresses are told by one that looks for a single letter that is not of them, and lengths are looked at beside it.
 * Both a domain and plain numbers are ASCII: their bytes are their characters.
 */
function partialEmail(text: string): string {
  const domain = `pg_catalog.split_part(${text}, '@', 2)`;
  const plain = [
    `(${text} OPERATOR(pg_catalog.!~) '[^A-Za-z0-9.@-]')`,
    `(${text} OPERATOR(pg_catalog.!~~) '%@%@%')`,
    `(pg_catalog.octet_length(${text}) OPERATOR(pg_catalog.<=) 64)`,
  ].join(" AND ");
  const other = [
    `(pg_catalog.strpos(${text}, '@') OPERATOR(pg_catalog.<=) 65)`,
    `(pg_catalog.octet_length(${domain}) OPERATOR(pg_catalog.<=) 190)`,
    `(${text} OPERATOR(pg_catalog.~) '^[^@[:space:]]+@[A-Za-z0-9.-]+$')`,
  ].join(" AND ");
  const shape = `(${text} OPERATOR(pg_catalog.~~) '__%@___%') AND ((${plain}) OR (${other}))`;
  const shown = `(pg_catalog.left(${text}, 1) OPERATOR(pg_catalog.||) E'${DOT.repeat(3)}@') OPERATOR(pg_catalog.||) ${domain}`;
  return `CASE WHEN ${shape} THEN ${shown} WHEN ${text} IS NULL THEN NULL ELSE '***' END`;
}

/**
 * Dots, as many for every value, and the last `keep` characters, of values of `least` characters to 64 bytes; others show nothing.
 * Not a dot for each character: it would tell a length that identifies, and costs the server five times as much.
 */
function keepLast(text: string, keep: number, least: number): string {
  const short = `pg_catalog.octet_length(${text}) OPERATOR(pg_catalog.<=) 64`;
  const shape = `(${short}) AND (pg_catalog.length(${text}) OPERATOR(pg_catalog.>=) ${least})`;
  const shown = `E'${DOT.repeat(4)}' OPERATOR(pg_catalog.||) pg_catalog.right(${text}, ${keep})`;
  return `CASE WHEN ${shape} THEN ${shown} WHEN ${text} IS NULL THEN NULL ELSE '***' END`;
}

/** The first letter of each word, of what is letters, spaces, points, apostrophes and hyphens; others show nothing. */
function initials(text: string): string {
  const shape = `(pg_catalog.octet_length(${text}) OPERATOR(pg_catalog.<=) 128) AND ${text} OPERATOR(pg_catalog.~) E'^[[:alpha:]][[:alpha:]${DOT} .''-]+$'`;
  const shown = `pg_catalog.regexp_replace(${text}, E'([[:alpha:]])[[:alpha:]${DOT}]*', E'\\\\1${DOT.repeat(3)}', 'g')`;
  return `CASE WHEN ${shape} THEN ${shown} WHEN ${text} IS NULL THEN NULL ELSE '***' END`;
}

/** The key is set per transaction by a bind parameter: as a literal it would show in EXPLAIN and in the server's log. */
const KEY = "pg_catalog.current_setting('gatehouse.key', true)";

function pseudonym(type: ColumnType, text: string): string | null {
  if (type.array || !type.builtin) return null;
  // Without a key the result is NULL, not an unkeyed hash.
  const hex = `pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(((${KEY}) OPERATOR(pg_catalog.||) ':') OPERATOR(pg_catalog.||) ${text}, 'UTF8')), 'hex')`;
  const bits = (digits: number) =>
    `('x' OPERATOR(pg_catalog.||) pg_catalog.left(${hex}, ${digits}))::pg_catalog.bit(${digits * 4})`;
  if (isText(type)) return `pg_catalog.left(${hex}, ${Math.min(16, type.length ?? 16)})`;
  if (type.base === "int2") return `(${bits(3)})::pg_catalog.int4`;
  if (type.base === "int4") return `(${bits(7)})::pg_catalog.int4`;
  if (type.base === "int8") return `(${bits(15)})::pg_catalog.int8`;
  if (type.base === "numeric" && !type.format.includes("(")) return `(${bits(15)})::pg_catalog.int8`;
  if (type.base === "uuid") return `pg_catalog.left(${hex}, 32)`;
  return null;
}

function dateTrunc(unit: string, type: ColumnType, value: string): string | null {
  if (type.array || !["date", "timestamp", "timestamptz"].includes(type.base)) return null;
  if (type.base === "date" && unit === "hour") return null;
  const stamp = type.base === "date" ? `(${value})::pg_catalog.timestamp` : value;
  const bound = (text: string) => `'${text}'::pg_catalog.${type.base}`;
  const inside = `(${value} OPERATOR(pg_catalog.>=) ${bound("0100-01-01")}) AND (${value} OPERATOR(pg_catalog.<) ${bound("9999-01-01")})`;
  // In the session's own time zone, moving the zone would move the edges and so tell the time exactly.
  const zone = type.base === "timestamptz" ? ", 'UTC'" : "";
  return `CASE WHEN ${inside} THEN pg_catalog.date_trunc('${unit}', ${stamp}${zone}) ELSE NULL END`;
}

function bucket(size: number, type: ColumnType, value: string): string | null {
  if (type.array || type.domain) return null;
  if (WHOLE[type.base] !== undefined) {
    if (!Number.isSafeInteger(size)) return null;
    const divisor = `'${size}'::pg_catalog.int8`;
    return `(${value})::pg_catalog.int8 OPERATOR(pg_catalog.-) ((${value})::pg_catalog.int8 OPERATOR(pg_catalog.%) ${divisor})`;
  }
  if (type.base !== "numeric" || !/^[0-9.]+$/.test(String(size))) return null;
  // The remainder of what is no number or has no end is NaN; before PostgreSQL 14 a numeric cannot even be written as Infinity.
  const rest = `(${value} OPERATOR(pg_catalog.%) '${size}'::pg_catalog.numeric)`;
  return `CASE WHEN ${rest} OPERATOR(pg_catalog.=) 'NaN'::pg_catalog.numeric THEN NULL ELSE ${value} OPERATOR(pg_catalog.-) ${rest} END`;
}

/** `a.b` or `$.a.b`. Each step looks at the parent first: removing a key of an array would raise an error. */
function jsonRemove(paths: readonly string[], value: string): string {
  let result = `(${value})::pg_catalog.jsonb`;
  for (const path of paths) {
    const keys = path.replace(/^\$\./, "").split(".");
    const last = keys.at(-1) ?? "";
    const list = (items: readonly string[]) => `ARRAY[${items.map(quoteText).join(", ")}]::pg_catalog.text[]`;
    const parent = `pg_catalog.jsonb_typeof(v OPERATOR(pg_catalog.#>) ${list(keys.slice(0, -1))})`;
    const kinds = /^-?[0-9]{1,9}$/.test(last) ? ["object", "array"] : ["object"];
    const removable = kinds.map((kind) => `(${parent} OPERATOR(pg_catalog.=) '${kind}')`).join(" OR ");
    result = `(SELECT CASE WHEN ${removable} THEN v OPERATOR(pg_catalog.#-) ${list(keys)} ELSE v END FROM (SELECT ${result} AS v) AS "_json")`;
  }
  // A scalar at the top has no paths: it could be anything.
  const known = "pg_catalog.jsonb_typeof(v)";
  return `SELECT CASE WHEN v IS NULL THEN NULL WHEN (${known} OPERATOR(pg_catalog.=) 'object') OR (${known} OPERATOR(pg_catalog.=) 'array') THEN v ELSE 'null'::pg_catalog.jsonb END FROM (SELECT ${result} AS v) AS "_json"`;
}

/** Whether a text stays inside of brackets put round it. Its meaning is checked when the mask is saved. */
export function isBalanced(sql: string): boolean {
  const rest = sql.replace(/'(?:[^']|'')*'/g, "''").replace(/"(?:[^"]|"")*"/g, '""');
  if (/--|\/\*|;|\$|\\|\0/.test(rest) || /(^|[^'])'($|[^'])/.test(rest)) return false;
  let depth = 0;
  for (const character of rest) {
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0 && !/[eE]'|[uU]&/.test(rest);
}
