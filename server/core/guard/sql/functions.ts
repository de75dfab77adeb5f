import type { Span } from "../../domain/span.ts";
import { type Analysis, note, noteCall, noteOpaque } from "./analysis.ts";
import type { CatalogType } from "./catalog.ts";
import { refuse } from "./refused.ts";
import { BUILTIN_TYPES, SAFE_FUNCTIONS, UNSAFE_UNARY } from "./safe-functions.generated.ts";
import { isReadableSetting } from "./settings.ts";
import { children, type TreeNode, tagged, words } from "./tree.ts";

/**
 * Which code a statement makes the server run: functions, and those behind operators, types and casts. Built-ins on the
 * reviewed list are known and produce nothing. Names outside of it are either a policy's affair (`sql:call`) or opaque.
 * An overload is judged by its name, not by resolving types; it is left out only when no value of its argument types
 * can be about.
 */

const SAFE: ReadonlyMap<string, readonly string[]> = new Map(SAFE_FUNCTIONS.map(([name, ...columns]) => [name, columns]));
const BUILTIN: ReadonlySet<string> = new Set(BUILTIN_TYPES);

const UNSAFE: ReadonlySet<string> = new Set(UNSAFE_UNARY);

/** They answer with the next number and keep it: a write to the sequence. */
const SEQUENCE_WRITES: ReadonlySet<string> = new Set(["nextval", "setval"]);
/** They tell how large something is, whoever may read it: a policy's affair. */
const SIZES: ReadonlySet<string> = new Set([
  "pg_database_size",
  "pg_indexes_size",
  "pg_relation_size",
  "pg_table_size",
  "pg_total_relation_size",
]);
const SEQUENCE_READS: ReadonlySet<string> = new Set(["currval", "lastval"]);
/** Their row type is that of an argument. */
const COMPOSITE: ReadonlySet<string> = new Set([
  "json_populate_record",
  "json_populate_recordset",
  "jsonb_populate_record",
  "jsonb_populate_recordset",
  "unnest",
]);

export function isSafeFunction(name: string): boolean {
  return SAFE.has(name);
}

/** Output columns of a function in FROM: names, or none when it is its own name; `open` when they cannot be known. */
export function functionColumns(names: readonly string[]): { readonly columns: readonly string[]; readonly open: boolean } {
  const [first = "", second] = names;
  const builtin = second === undefined || first === "pg_catalog";
  const columns = builtin ? SAFE.get(second ?? first) : undefined;
  return { columns: columns ?? [], open: columns === undefined || COMPOSITE.has(second ?? first) };
}

/** `(x).name` is a field of `x` or, when there is none, a function of it: only the server knows. */
export function judgeAttribute(analysis: Analysis, name: string, span: Span): void {
  if (UNSAFE.has(name)) refuse(`attribute notation would call function \`${name}\``, span);
  for (const item of analysis.catalog.functionsNamed(name)) noteCall(analysis, item.schema, item.name, span);
}

export function judgeFunction(analysis: Analysis, names: readonly string[], call: TreeNode, span: Span): void {
  const [first = "", second] = names;
  if (names.length > 2) refuse("cross-database references are not implemented", span);
  const name = second ?? first;
  const schema = second === undefined ? null : first;
  const { catalog, state } = analysis;

  if (schema === null || schema === "pg_catalog") {
    const builtin = judgeBuiltin(analysis, name, schema, call, span);
    if (builtin) return;
  }
  const known = catalog
    .functionsNamed(name)
    .filter((item) => (schema === null ? state.searchPath.includes(item.schema) : item.schema === schema));
  if (known.length === 0) {
    if (isBuiltinCast(analysis, names, call)) {
      analysis.casts = true;
      return;
    }
    if (schema !== null) refuse(`function ${schema}.${name} does not exist`, span);
    // Either there is none, or it is a built-in that is not on the list.
    noteOpaque(analysis, `function ${name}`, span);
  }
  for (const item of known) noteCall(analysis, item.schema, item.name, span);
}

/** `inet(x)`: a type's name where no function has it. */
function isBuiltinCast(analysis: Analysis, names: readonly string[], call: TreeNode): boolean {
  const [name = "", ...more] = names;
  return (
    more.length === 0 &&
    children(call, "args").length === 1 &&
    BUILTIN.has(name) &&
    !UNSAFE.has(name) &&
    analysis.catalog.typesNamed(name).length === 0
  );
}

/** True: the name is a built-in's and has been dealt with. */
function judgeBuiltin(analysis: Analysis, name: string, schema: string | null, call: TreeNode, span: Span): boolean {
  if (name === "set_config") refuse("settings of the session belong to the gateway: `set_config` is not available", span);
  // Its own syntax since PostgreSQL 16, which names the schema by itself.
  if (name === "json_object" && schema !== null) noteFound(analysis, name, span);
  if (name === "current_setting") judgeCurrentSetting(call, span);
  else if (SIZES.has(name)) note(analysis, "sql:call", { kind: "function", schema: "pg_catalog", name }, span);
  else if (SEQUENCE_WRITES.has(name) || SEQUENCE_READS.has(name)) judgeSequence(analysis, name, call, span);
  else if (!SAFE.has(name) && schema === "pg_catalog") noteOpaque(analysis, `function pg_catalog.${name}`, span);
  else if (!SAFE.has(name)) return false;
  else if (schema === null) noteOverloads(analysis, name, span);
  return true;
}

function noteOverloads(analysis: Analysis, name: string, span: Span): void {
  for (const item of analysis.catalog.functionsNamed(name)) {
    if (!analysis.state.searchPath.includes(item.schema)) continue;
    analysis.overloads.push({ schema: item.schema, name: item.name, operands: item.arguments, span });
  }
}

function judgeCurrentSetting(call: TreeNode, span: Span): void {
  const argument = literalArgument(call);
  if (argument === null || !isReadableSetting(argument)) {
    refuse("`current_setting` is available for a literal name of a harmless setting only", span);
  }
}

function judgeSequence(analysis: Analysis, name: string, call: TreeNode, span: Span): void {
  const write = SEQUENCE_WRITES.has(name);
  if (write) analysis.writes = true;
  const [first = "", second] = (literalArgument(call) ?? "").split(".");
  const path = second === undefined ? analysis.state.searchPath : [first];
  const found = path.map((schema) => analysis.catalog.relation(schema, second ?? first)).find((relation) => relation !== null);
  if (found === undefined || found === null || found.kind !== "sequence") {
    note(analysis, "sql:call", { kind: "function", schema: "pg_catalog", name }, span);
    return;
  }
  note(analysis, write ? "sql:update" : "sql:select", { kind: "table", schema: found.schema, table: found.name }, span);
}

/**
 * Syntax that came after PostgreSQL 13, by node. An older server calls a function of that name, so people gave functions
 * such names. They are judged whatever the server is: where the word is syntax, they are merely judged in vain.
 */
const ONCE_FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  JsonArrayAgg: ["json_arrayagg"],
  JsonArrayConstructor: ["json_array"],
  JsonFuncExpr: ["json_exists", "json_query", "json_value"],
  JsonObjectAgg: ["json_objectagg"],
  JsonObjectConstructor: ["json_object"],
  JsonParseExpr: ["json"],
  JsonScalarExpr: ["json_scalar"],
  JsonSerializeExpr: ["json_serialize"],
};

export function judgeSyntax(analysis: Analysis, tag: string, span: Span): void {
  for (const name of ONCE_FUNCTIONS[tag] ?? []) noteFound(analysis, name, span);
}

function noteFound(analysis: Analysis, name: string, span: Span): void {
  for (const item of analysis.catalog.functionsNamed(name)) {
    if (analysis.state.searchPath.includes(item.schema)) noteCall(analysis, item.schema, item.name, span);
  }
}

function literalArgument(call: TreeNode): string | null {
  let value = tagged(children(call, "args")[0]);
  if (value?.tag === "TypeCast") value = tagged(value.node.arg);
  if (value?.tag !== "A_Const") return null;
  const text = value.node.sval;
  return typeof text === "object" && text !== null && "sval" in text && typeof text.sval === "string" ? text.sval : null;
}

/** BETWEEN and row comparison choose among these. */
const IMPLIED: Readonly<Record<string, readonly string[]>> = {
  BETWEEN: ["<=", ">="],
  "NOT BETWEEN": ["<", ">"],
  "BETWEEN SYMMETRIC": ["<=", ">="],
  "NOT BETWEEN SYMMETRIC": ["<", ">"],
};

export function judgeOperator(analysis: Analysis, names: readonly string[], span: Span): void {
  const [first = "", second] = names;
  const schema = second === undefined ? null : first;
  for (const name of IMPLIED[second ?? first] ?? [second ?? first]) {
    for (const item of analysis.catalog.operatorsNamed(name)) {
      if (schema === null ? !analysis.state.searchPath.includes(item.schema) : item.schema !== schema) continue;
      if (item.function.schema === "pg_catalog" && SAFE.has(item.function.name)) continue;
      analysis.overloads.push({ ...item.function, operands: item.operands, span });
    }
  }
}

/** Judges a type's own code. Returns the type when it is not a built-in. */
export function judgeType(analysis: Analysis, names: readonly string[], span: Span): CatalogType | null {
  const [first = "", second] = names;
  if (names.length > 2) refuse("cross-database references are not implemented", span);
  const name = second ?? first;
  if (second !== undefined && first === "pg_catalog") return null;
  const path = second === undefined ? analysis.state.searchPath : [first];
  const found = path
    .map((schema) => analysis.catalog.typesNamed(name).find((type) => type.schema === schema))
    .find((type) => type !== undefined);
  // An older server may lack the built-in type of that name: then it is the one that was found.
  const builtin = second === undefined && BUILTIN.has(name);
  if (builtin && found === undefined) return null;
  if (found === undefined) refuse(`type "${names.join(".")}" does not exist`, span);
  analysis.types.add(found.oid);
  for (const run of found.runs) noteCall(analysis, run.schema, run.name, span);
  for (const cast of analysis.catalog.casts) {
    if (cast.target === found.oid) noteCall(analysis, cast.function.schema, cast.function.name, span);
  }
  return builtin ? null : found;
}

/** First object identifier that `initdb` does not give away. */
const FIRST_USER_OID = 16_384;

/** Once all types of the statement are known: which overloads and casts the server could choose. */
export function judgeOverloads(analysis: Analysis): void {
  const { catalog, types } = analysis;
  const kinds = new Map(catalog.types.map((type) => [type.oid, type.kind]));
  const castTo = new Set(catalog.casts.filter((cast) => cast.implicit).map((cast) => cast.target));
  const possible = (oid: number): boolean => {
    if (oid < FIRST_USER_OID || types.has(oid) || castTo.has(oid)) return true;
    const kind = kinds.get(oid);
    // Values of base, enum and range types come from columns, casts and functions that were seen.
    return kind !== "base" && kind !== "enum" && kind !== "range";
  };
  for (const overload of analysis.overloads) {
    if (overload.operands.every(possible)) noteCall(analysis, overload.schema, overload.name, overload.span);
  }
  for (const cast of catalog.casts) {
    if (types.has(cast.source) && (cast.implicit || analysis.casts)) {
      noteCall(analysis, cast.function.schema, cast.function.name, analysis.statement.span);
    }
  }
}

/** `{ names }` of a `TypeName`, without empty parts. */
export function typeNames(type: TreeNode): readonly string[] {
  return words(children(type, "names"));
}

export function functionNames(call: TreeNode): readonly string[] {
  return words(children(call, "funcname"));
}

export function operatorNames(node: TreeNode, field: string): readonly string[] {
  return words(children(node, field));
}
