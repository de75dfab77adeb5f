import { cover, type Span } from "../../domain/span.ts";
import type { Analysis, Env } from "./analysis.ts";
import { judgeAttribute, judgeFunction } from "./functions.ts";
import { CONSTANT, either, type Lineage } from "./lineage.ts";
import { nearest, quoteName } from "./names.ts";
import { refuse } from "./refused.ts";
import { findColumns, findSource, type Scope, type Source, type SourceColumn, wholeLineage } from "./scope.ts";
import { children, place, type TreeNode, tagged, word } from "./tree.ts";
import { refuseLongList, sizeOf, spend } from "./work.ts";

/** What a name in an expression stands for: a column, a system column, a whole row, or a function of a row. */

interface Path {
  readonly parts: readonly string[];
  readonly star: boolean;
  readonly span: Span;
  readonly spans: readonly Span[];
}

function pathOf(analysis: Analysis, node: TreeNode): Path {
  const parts: string[] = [];
  let star = false;
  for (const field of children(node, "fields")) {
    const found = tagged(field);
    if (found?.tag === "A_Star") star = true;
    else parts.push(found === null ? "" : word(found.node, "sval"));
  }
  // The star that stands in the tree for `TABLE t` has no place.
  const spans = place(node) < 0 ? [analysis.statement.span] : analysis.tokens.dotted(place(node));
  const first = spans[0] ?? analysis.statement.span;
  return { parts, star, spans, span: cover(first, spans.at(-1) ?? first) };
}

export function columnReference(analysis: Analysis, node: TreeNode, env: Env): Lineage {
  const path = pathOf(analysis, node);
  spend(analysis, "passed", sizeOf(env.scope));
  if (path.star) return wholeRow(starSource(analysis, path, env.scope), path.span);
  const { parts, span } = path;
  const [a = "", b = "", c = "", d] = parts;
  if (parts.length === 1) return bareName(env.scope, a, span);
  if (d !== undefined || parts.length > 4) {
    if (a !== analysis.catalog.database) refuse(`cross-database references are not implemented: ${parts.join(".")}`, span);
    return qualified(analysis, env.scope, b, c, d ?? "", path);
  }
  return parts.length === 2 ? qualified(analysis, env.scope, null, a, b, path) : qualified(analysis, env.scope, a, b, c, path);
}

function bareName(scope: Scope | null, name: string, span: Span): Lineage {
  const { columns, open } = findColumns(scope, name);
  if (columns.length > 0) return touchAll(columns, span);
  const source = findSource(scope, null, name);
  if (source !== null) return wholeRow(source, span);
  if (open) return CONSTANT;
  const near = nearest(name, visibleColumns(scope));
  refuse(`column "${name}" does not exist`, span, near === null ? undefined : `did you mean \`${near}\`?`);
}

function qualified(
  analysis: Analysis,
  scope: Scope | null,
  schema: string | null,
  table: string,
  name: string,
  path: Path,
): Lineage {
  const source = findSource(scope, schema, table);
  if (source === null) refuse(`missing FROM-clause entry for table "${table}"`, path.span);
  noteSchema(source, path, schema);
  const columns = source.columns.filter((column) => column.name === name);
  const system = source.system(name);
  if (columns.length > 0) return touchAll(columns, path.span);
  if (system !== null) return touchAll([system], path.span);
  if (source.open) {
    // The row of a function in FROM can be a plain value, and the name a function of it.
    judgeAttribute(analysis, name, path.span);
    return wholeRow(source, path.span);
  }
  // No such column: attribute notation calls a function of the row.
  const known = analysis.catalog.functionsNamed(name).length > 0;
  const lineage = wholeRow(source, path.span);
  judgeFunction(analysis, [name], {}, path.span);
  if (known || ROW_READERS.has(name)) return { reads: lineage.reads, through: null };
  const near = nearest(
    name,
    source.columns.map((column) => column.name),
  );
  refuse(`column ${table}.${name} does not exist`, path.span, near === null ? undefined : `did you mean \`${near}\`?`);
}

/** Safe built-ins that take a row of any type. */
const ROW_READERS: ReadonlySet<string> = new Set([
  "to_json",
  "to_jsonb",
  "row_to_json",
  "pg_typeof",
  "pg_column_size",
  "num_nulls",
  "num_nonnulls",
  "count",
  "json_agg",
  "jsonb_agg",
  "array_agg",
  "concat",
  "format",
  "hash_record",
  "quote_literal",
  "quote_nullable",
  "text",
]);

function touchAll(columns: readonly SourceColumn[], span: Span): Lineage {
  for (const column of columns) column.touch(span);
  return either(columns.map((column) => column.lineage));
}

export function wholeRow(source: Source, span: Span): Lineage {
  if (source.use !== null) source.use.row ??= span;
  source.touchWhole(span);
  return { reads: wholeLineage(source).reads, through: null };
}

function noteSchema(source: Source, path: Path, schema: string | null): void {
  if (schema === null || source.use === null) return;
  const table = path.spans.at(-2);
  const first = path.spans[0];
  if (table !== undefined && first !== undefined) source.use.schemaTokens.push([first[0], table[0]]);
}

function starSource(analysis: Analysis, path: Path, scope: Scope | null): Source {
  const [a = "", b = "", c = ""] = path.parts;
  const [schema, table] = path.parts.length === 1 ? [null, a] : path.parts.length === 2 ? [a, b] : [b, c];
  if (path.parts.length > 2 && a !== analysis.catalog.database)
    refuse("cross-database references are not implemented", path.span);
  const source = findSource(scope, schema, table);
  if (source === null) refuse(`missing FROM-clause entry for table "${table}"`, path.span);
  noteSchema(source, path, schema);
  return source;
}

/** `*` and `t.*` in a select list: the columns they stand for. Null: the node is something else. */
export function starColumns(
  analysis: Analysis,
  node: TreeNode,
  env: Env,
  starIsNothing: boolean,
): { readonly columns: readonly SourceColumn[]; readonly open: boolean } | null {
  const path = pathOf(analysis, node);
  if (!path.star) return null;
  if (starIsNothing) analysis.byPlace = true;
  if (path.parts.length > 0) {
    const source = starSource(analysis, path, env.scope);
    refuseLongList(source.columns.length, path.span);
    spend(analysis, "made", source.columns.length);
    if (!starIsNothing) source.touchWhole(path.span);
    if (source.use !== null) noteStar(analysis, path, env.scope, source.columns, [source]);
    return { columns: source.columns, open: source.open };
  }
  const sources = env.scope?.sources ?? [];
  refuseLongList(env.scope?.star.length ?? 0, path.span);
  spend(analysis, "made", env.scope?.star.length ?? 0);
  const placed = place(node) >= 0;
  for (const source of starIsNothing ? [] : sources) {
    if (!source.byNameOnly) source.touchWhole(placed ? path.span : (source.use?.nameSpan ?? path.span));
  }
  noteStar(analysis, path, env.scope, env.scope?.star ?? [], sources);
  return { columns: env.scope?.star ?? [], open: sources.some((source) => source.open) };
}

/** A subquery shows the system columns that it is asked for, and then its `*` has to be written out. */
function noteStar(
  analysis: Analysis,
  { span }: Path,
  scope: Scope | null,
  columns: readonly SourceColumn[],
  /** What it stands for columns of. */
  of: readonly Source[],
): void {
  const sources = scope?.sources ?? [];
  const owners = ownersOf(sources);
  const twice = { columns: repeated(columns), sources: repeated(sources) };
  const within = new Map<Source, ReadonlySet<string | null>>();
  const isTwiceIn = (source: Source, name: string): boolean => {
    const known = within.get(source) ?? repeated(source.columns);
    within.set(source, known);
    return known.has(name);
  };
  const written = (column: SourceColumn): string | null => {
    const source = owners.get(column);
    if (source === undefined || source.name === null) {
      if (!twice.columns.has(column.name)) return quoteName(column.name);
      // Its name alone may be another's; that of the side which it is, is not.
      return column.merges == null ? null : written(column.merges);
    }
    if (twice.sources.has(source.name)) return null;
    // Not all of its columns are known: its own star stands for them, once.
    if (source.open) return source.columns[0] === column ? `${quoteName(source.name)}.*` : "";
    return isTwiceIn(source, column.name) ? null : `${quoteName(source.name)}.${quoteName(column.name)}`;
  };
  const names = columns.map(written);
  const placed = span !== analysis.statement.span;
  const all = new Set(columns);
  const whole = of.every((source) => !source.open || (source.columns[0] !== undefined && all.has(source.columns[0])));
  const known = names.every((name) => name !== null) && placed && whole;
  analysis.stars.push({
    span,
    uses: of.flatMap((source) => source.use ?? []),
    text: known ? names.filter((name) => name !== "").join(", ") : null,
    columns: known && !sources.some((source) => source.open) ? columns.map((column) => starColumn(owners, column)) : null,
    sources: sources.length,
  });
}

/** Names that are there more than once. */
function repeated(list: readonly { readonly name: string | null }[]): ReadonlySet<string | null> {
  const once = new Set<string | null>();
  const more = new Set<string | null>();
  for (const { name } of list) (once.has(name) ? more : once).add(name);
  return more;
}

function ownersOf(sources: readonly Source[]): ReadonlyMap<SourceColumn, Source> {
  const owners = new Map<SourceColumn, Source>();
  for (const source of sources) {
    for (const column of source.columns) if (!owners.has(column)) owners.set(column, source);
  }
  return owners;
}

function starColumn(owners: ReadonlyMap<SourceColumn, Source>, column: SourceColumn) {
  const source = owners.get(column);
  const relation = source?.use?.relation;
  const own = source === undefined ? undefined : relation?.columns[source.columns.indexOf(column)];
  const of =
    relation === undefined || own === undefined
      ? null
      : ({ kind: "column", schema: relation.schema, table: relation.name, column: own.name } as const);
  return { source: source?.name ?? null, name: column.name, of };
}

function visibleColumns(scope: Scope | null): string[] {
  const names: string[] = [];
  for (let level = scope; level !== null; level = level.parent) {
    for (const source of level.sources) names.push(...source.columns.map((column) => column.name));
  }
  return names;
}
