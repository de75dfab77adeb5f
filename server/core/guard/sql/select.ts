import { type Analysis, type Cte, type CteFrame, type CteOutput, type Env, inScope } from "./analysis.ts";
import { dataChange, isDataChange } from "./data-change.ts";
import { expression } from "./expression.ts";
import { fromClause } from "./from.ts";
import { CONSTANT, computedFrom, either, type Lineage } from "./lineage.ts";
import { outputName } from "./output-name.ts";
import { starColumns } from "./references.ts";
import { refuse } from "./refused.ts";
import { newRelation } from "./relations.ts";
import { findColumns, findSource, type RelationUse, type Scope, type Source, type SourceColumn, sourceOf } from "./scope.ts";
import { child, children, count, flag, NOTHING, place, type Tagged, type TreeNode, tagged, word, words } from "./tree.ts";
import { refuseLongList } from "./work.ts";

export interface OutputColumn {
  readonly name: string;
  readonly lineage: Lineage;
}

export interface Output {
  readonly columns: readonly OutputColumn[];
  /** Has columns that cannot be known before it runs. */
  readonly open: boolean;
  /** All that is read anywhere in it. */
  readonly reads: Lineage;
}

export interface QueryOptions {
  /** `EXISTS (SELECT * …)` reads no column. */
  readonly starIsNothing?: boolean;
}

const NO_OUTPUT: Output = { columns: [], open: false, reads: CONSTANT };

/** Anything that stands for a table of rows: SELECT, VALUES, or a data change with RETURNING. */
export function query(analysis: Analysis, value: unknown, env: Env, options: QueryOptions): Output {
  const found = tagged(value);
  if (found === null) return NO_OUTPUT;
  if (found.tag === "SelectStmt") return select(analysis, found.node, env, options);
  if (isDataChange(found.tag)) return dataChange(analysis, found.tag, found.node, env);
  return refuse(`no rule for \`${found.tag}\` inside of a statement`, analysis.statement.span);
}

function select(analysis: Analysis, node: TreeNode, outer: Env, options: QueryOptions): Output {
  const env = withClause(analysis, child(node, "withClause"), outer);
  if (word(node, "op") !== "SETOP_NONE" && word(node, "op") !== "") return setOperation(analysis, node, env);
  if (children(node, "valuesLists").length > 0) return values(analysis, node, env);
  return plain(analysis, node, env, options);
}

function setOperation(analysis: Analysis, node: TreeNode, env: Env): Output {
  const left = select(analysis, child(node, "larg") ?? NOTHING, env, {});
  const right = select(analysis, child(node, "rarg") ?? NOTHING, env, {});
  const columns = left.columns.map((column, index) => {
    const other = right.columns[index];
    return { name: column.name, lineage: other === undefined ? column.lineage : either([column.lineage, other.lineage]) };
  });
  const output: Output = { columns, open: left.open || right.open, reads: computedFrom([left.reads, right.reads]) };
  orderAndLimit(analysis, node, env, output, inScope(env, [outputSource(output)]));
  if (children(node, "lockingClause").length > 0) {
    refuse("FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT", analysis.statement.span);
  }
  return output;
}

function outputSource(output: Output): Source {
  return sourceOf(
    null,
    output.columns.map(({ name, lineage }) => ({ name, lineage, touch: () => {} })),
    { open: output.open },
  );
}

function values(analysis: Analysis, node: TreeNode, env: Env): Output {
  const rows = children(node, "valuesLists").map((row) =>
    children(tagged(row)?.node ?? NOTHING, "items").map((item) => expression(analysis, item, env)),
  );
  const width = rows[0]?.length ?? 0;
  const columns = Array.from({ length: width }, (_, index) => ({
    name: `column${index + 1}`,
    lineage: either(rows.map((row) => row[index] ?? CONSTANT)),
  }));
  const output: Output = { columns, open: false, reads: computedFrom(columns.map((column) => column.lineage)) };
  orderAndLimit(analysis, node, env, output, inScope(env, [outputSource(output)]));
  return output;
}

function plain(analysis: Analysis, node: TreeNode, env: Env, options: QueryOptions): Output {
  const before = analysis.uses.length;
  const from = fromClause(analysis, children(node, "fromClause"), env);
  const own = inScope(env, from.sources, from.star);
  const reads: Lineage[] = [from.reads];
  const walk = (value: unknown) => {
    const lineage = expression(analysis, value, own);
    reads.push(lineage);
    return lineage;
  };
  walk(node.whereClause);
  const output = targetList(analysis, children(node, "targetList"), own, options);
  reads.push(output.reads);
  walk(node.havingClause);
  walk(children(node, "windowClause"));
  const names = new Map(output.columns.map((column) => [column.name, column]));
  groupBy(analysis, node, own, output, analysis.uses.slice(before));
  for (const item of children(node, "distinctClause")) if (!isOutputName(item, names)) walk(item);
  const all: Output = { ...output, reads: computedFrom(reads) };
  const sorted = orderAndLimit(analysis, node, env, all, own, names);
  locking(analysis, children(node, "lockingClause"), own);
  const into = child(child(node, "intoClause") ?? NOTHING, "rel");
  if (into !== null) {
    analysis.writes = true;
    analysis.created = newRelation(analysis, into).temporary ? "temporary" : "stored";
  }
  return { ...all, reads: computedFrom([all.reads, sorted]) };
}

/** ORDER BY and DISTINCT ON look among the output's names first, GROUP BY last. */
function isOutputName(value: unknown, names: ReadonlyMap<string, OutputColumn>): boolean {
  const name = bareName(value);
  return name !== null && names.has(name);
}

function bareName(value: unknown): string | null {
  const found = tagged(value);
  if (found?.tag !== "ColumnRef") return null;
  const path = words(children(found.node, "fields"));
  return path.length === 1 && path[0] !== "" ? (path[0] ?? null) : null;
}

function orderAndLimit(
  analysis: Analysis,
  node: TreeNode,
  env: Env,
  output: Output,
  own: Env,
  names: ReadonlyMap<string, OutputColumn> = new Map(output.columns.map((column) => [column.name, column])),
): Lineage {
  const reads: Lineage[] = [];
  for (const item of children(node, "sortClause")) {
    const sort = tagged(item);
    if (sort?.tag === "SortBy" && isOutputName(sort.node.node, names) && children(sort.node, "useOp").length === 0) continue;
    reads.push(expression(analysis, item, own));
  }
  // Of FROM they see nothing, of a query around it all.
  reads.push(expression(analysis, node.limitCount, env), expression(analysis, node.limitOffset, env));
  return computedFrom(reads);
}

export function targetList(analysis: Analysis, list: readonly unknown[], own: Env, options: QueryOptions): Output {
  const columns: OutputColumn[] = [];
  const reads: Lineage[] = [];
  let open = false;
  for (const item of list) {
    const target = tagged(item);
    if (target?.tag !== "ResTarget") {
      reads.push(expression(analysis, item, own));
      continue;
    }
    const value = tagged(target.node.val);
    const star = value?.tag === "ColumnRef" ? starColumns(analysis, value.node, own, options.starIsNothing ?? false) : null;
    if (star !== null) {
      open ||= star.open;
      columns.push(...star.columns.map(({ name, lineage }) => ({ name, lineage })));
      refuseLongList(columns.length, analysis.statement.span);
      if (!options.starIsNothing) reads.push(computedFrom(star.columns.map((column) => column.lineage)));
      continue;
    }
    const lineage = expression(analysis, target.node.val, own);
    reads.push(lineage);
    if (value?.tag === "A_Indirection" && tagged(children(value.node, "indirection").at(-1))?.tag === "A_Star") {
      const row = rowStar(value.node, own.scope);
      if (row === null) open = true;
      else columns.push(...row.columns.map(({ name, lineage: from }) => ({ name, lineage: from })));
      continue;
    }
    const name = word(target.node, "name");
    columns.push({ name: name === "" ? outputName(target.node.val) : name, lineage });
  }
  refuseLongList(columns.length, analysis.statement.span);
  return { columns, open, reads: computedFrom(reads) };
}

/** `(t).*`: the row whose columns it stands for. Null: of some other value. */
function rowStar(node: TreeNode, scope: Scope | null): Source | null {
  const row = tagged(node.arg);
  const [name, ...more] = row?.tag === "ColumnRef" ? words(children(row.node, "fields")) : [];
  if (name === undefined || more.length > 0 || children(node, "indirection").length > 1) return null;
  const source = findColumns(scope, name).columns.length > 0 ? null : findSource(scope, null, name);
  return source === null || source.open ? null : source;
}

function groupBy(analysis: Analysis, node: TreeNode, own: Env, output: Output, uses: readonly RelationUse[]): void {
  const items = children(node, "groupClause");
  if (items.length === 0) return;
  const keys = new Map<RelationUse, Set<string>>();
  const partial = new Map<RelationUse, Set<string>>();
  let anchor: number | null = null;
  for (const item of items) {
    const found = tagged(item);
    if (found === null) continue;
    for (const single of singles(found)) {
      if (groupTarget(single, own.scope, node, output) === null) expression(analysis, { [single.tag]: single.node }, own);
    }
    const value = groupTarget(found, own.scope, node, output) ?? found;
    if (value.tag === "ColumnRef") expression(analysis, { [value.tag]: value.node }, own);
    const at = place(found.node) || place(tagged(found.node.arg)?.node ?? NOTHING);
    if (at > 0) anchor ??= at;
    noteKeys(keys, inEverySet(value), own);
    if (value.tag === "GroupingSet") noteKeys(partial, inSomeSet(value), own);
  }
  const end = anchor === null ? null : analysis.tokens.endOfGroupBy(anchor);
  if (end !== null && keys.size > 0) analysis.groupings.push({ end, uses, keys, partial });
}

/** What an item of GROUP BY is made of: of sets and rows each part can be a number or an output's name too. */
function singles(item: Tagged): readonly Tagged[] {
  const row = item.tag === "RowExpr" && word(item.node, "row_format") === "COERCE_IMPLICIT_CAST";
  if (item.tag !== "GroupingSet" && !row) return [item];
  return children(item.node, row ? "args" : "content").flatMap((part) => {
    const found = tagged(part);
    return found === null ? [] : singles(found);
  });
}

function noteKeys(into: Map<RelationUse, Set<string>>, paths: readonly (readonly string[])[], own: Env): void {
  for (const path of paths) {
    const name = path.at(-1) ?? "";
    const alias = path.at(-2) ?? null;
    const bare = alias === null ? ownColumns(own.scope, name) : null;
    for (const source of own.scope?.sources ?? []) {
      if (source.use === null || (alias !== null && source.name !== alias)) continue;
      const index = source.columns.findIndex((column) => (bare === null ? column.name === name : bare.includes(column)));
      const column = source.use.relation.columns[index];
      if (column !== undefined) into.set(source.use, (into.get(source.use) ?? new Set<string>()).add(column.name));
    }
  }
}

/** What a bare name stands for, through the columns that joins have merged. */
function ownColumns(scope: Scope | null, name: string): readonly SourceColumn[] {
  return (scope?.star ?? []).flatMap((column) => {
    let found: SourceColumn | null = column.name === name ? column : null;
    while (found?.merges !== undefined) found = found.merges;
    return found ?? [];
  });
}

function inSomeSet(item: Tagged): readonly (readonly string[])[] {
  const parts = [...children(item.node, "content"), ...children(item.node, "args")].flatMap((value) => tagged(value) ?? []);
  return item.tag === "GroupingSet" || item.tag === "RowExpr" ? parts.flatMap(inSomeSet) : inEverySet(item);
}

/** The columns that an item of GROUP BY has in each of its sets: only on these can another column depend. */
function inEverySet(item: Tagged): readonly (readonly string[])[] {
  const inner = (field: string) => children(item.node, field).flatMap((value) => tagged(value) ?? []);
  switch (item.tag) {
    case "ColumnRef":
      return [words(children(item.node, "fields"))];
    case "A_Indirection": {
      // `(t).c`
      const row = tagged(item.node.arg);
      const path = [
        ...(row?.tag === "ColumnRef" ? words(children(row.node, "fields")) : []),
        ...words(children(item.node, "indirection")),
      ];
      return path.length === 2 && !path.includes("") ? [path] : [];
    }
    case "RowExpr":
      return inner("args").flatMap(inEverySet);
    case "GroupingSet": {
      // ROLLUP and CUBE have the empty set among theirs.
      if (word(item.node, "kind") !== "GROUPING_SET_SETS") return [];
      const [first = [], ...rest] = inner("content").map(inEverySet);
      return first.filter((path) => rest.every((other) => other.some((candidate) => candidate.join("\0") === path.join("\0"))));
    }
    default:
      return [];
  }
}

/** `GROUP BY 1` and `GROUP BY output_name` stand for a target; null: the item stands for itself. */
function groupTarget(found: Tagged, scope: Scope | null, node: TreeNode, output: Output): Tagged | null {
  const targets = children(node, "targetList");
  if (found.tag === "A_Const" && child(found.node, "ival") !== null) {
    const number = count(child(found.node, "ival") ?? NOTHING, "ival");
    // After a star the numbers are those of what it stands for: its columns were read where it stands.
    if (targets.slice(0, number).some(isStar)) return found;
    const target = tagged(targets[number - 1]);
    return target === null ? null : tagged(target.node.val);
  }
  const item = { [found.tag]: found.node };
  const name = bareName(item);
  if (name === null || findColumns(scope === null ? null : { ...scope, parent: null }, name).columns.length > 0) return null;
  if (!output.columns.some((column) => column.name === name)) return null;
  const target = targets.map(tagged).find((candidate) => {
    if (candidate === null) return false;
    const given = word(candidate.node, "name");
    return (given === "" ? outputName(candidate.node.val) : given) === name;
  });
  return target === undefined || target === null ? null : tagged(target.node.val);
}

function isStar(target: unknown): boolean {
  const value = tagged(tagged(target)?.node.val);
  const last = value === null ? null : (children(value.node, "fields").at(-1) ?? children(value.node, "indirection").at(-1));
  return tagged(last)?.tag === "A_Star";
}

function locking(analysis: Analysis, clauses: readonly unknown[], own: Env): void {
  for (const clause of clauses) {
    const found = tagged(clause);
    if (found === null) continue;
    analysis.writes = true;
    const named = children(found.node, "lockedRels").map((item) => tagged(item)?.node ?? NOTHING);
    const names = named.map((item) => word(item, "relname"));
    for (const item of named) analysis.visited.add(item);
    for (const source of own.scope?.sources ?? []) {
      if (source.use === null || (names.length > 0 && !names.includes(source.name ?? ""))) continue;
      const { schema, name } = source.use.relation;
      const resource = { kind: "table", schema, table: name } as const;
      analysis.actions.set(`lock\0${schema}.${name}`, { action: "sql:update", resource, span: source.use.nameSpan });
    }
  }
}

/** The names that WITH adds. Every one is analysed, also those that nothing asks for. */
export function withClause(analysis: Analysis, clause: TreeNode | null, env: Env): Env {
  if (clause === null) return env;
  const recursive = flag(clause, "recursive");
  let frame = env.ctes;
  const ctes: Cte[] = [];
  if (recursive) frame = { ctes, parent: env.ctes };
  const pending: Cte[] = [];
  for (const item of children(clause, "ctes")) {
    const found = tagged(item);
    if (found === null) continue;
    const visible: CteFrame | null = frame;
    const cte = commonTable(analysis, found.node, { scope: env.scope, ctes: visible }, recursive);
    pending.push(cte);
    if (recursive) ctes.push(cte);
    else frame = { ctes: [cte], parent: frame };
  }
  for (const cte of pending) cte.output();
  return { ...env, ctes: frame };
}

function commonTable(analysis: Analysis, node: TreeNode, env: Env, recursive: boolean): Cte {
  const name = word(node, "ctename");
  const names = words(children(node, "aliascolnames"));
  let known: CteOutput | null = null;
  let busy: CteOutput | null = null;
  const rename = (output: Output): CteOutput => ({
    open: output.open,
    columns: output.columns.map((column, index) => ({ ...column, name: names[index] ?? column.name })),
  });
  const output = (): CteOutput => {
    if (known !== null) return known;
    if (busy !== null) return busy;
    const body = tagged(node.ctequery);
    const first = recursive && body?.tag === "SelectStmt" ? child(body.node, "larg") : null;
    if (first !== null && body !== null) {
      // What the recursion sees of itself: names from the first part, with every origin that the first pass finds.
      busy = { columns: [], open: true };
      const scratch: Analysis = {
        ...analysis,
        actions: new Map(),
        uses: [],
        visited: new Set(),
        edits: [],
        groupings: [],
        stars: [],
        naturals: [],
        overloads: [],
      };
      const start = rename(select(scratch, first, withClause(scratch, child(body.node, "withClause"), env), {}));
      busy = extended(start, node);
      const again: Analysis = { ...scratch, actions: new Map(), uses: [], edits: [], groupings: [], stars: [], naturals: [] };
      busy = extended(rename(query(again, node.ctequery, env, {})), node);
      busy = { ...busy, columns: [...busy.columns] };
    } else busy = { columns: [], open: true };
    known = extended(rename(query(analysis, node.ctequery, env, {})), node);
    return known;
  };
  return { name, output };
}

/** SEARCH and CYCLE add columns that are made of others. */
function extended(output: CteOutput, node: TreeNode): CteOutput {
  const columns = [...output.columns];
  const made = (list: readonly string[]): Lineage =>
    computedFrom(columns.filter((column) => list.includes(column.name)).map((column) => column.lineage));
  const search = child(node, "search_clause");
  if (search !== null) {
    columns.push({ name: word(search, "search_seq_column"), lineage: made(words(children(search, "search_col_list"))) });
  }
  const cycle = child(node, "cycle_clause");
  if (cycle !== null) {
    const lineage = made(words(children(cycle, "cycle_col_list")));
    columns.push({ name: word(cycle, "cycle_mark_column"), lineage }, { name: word(cycle, "cycle_path_column"), lineage });
  }
  return { ...output, columns };
}
