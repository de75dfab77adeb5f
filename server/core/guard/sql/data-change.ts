import type { Action } from "../../domain/micro-action.ts";
import type { Span } from "../../domain/span.ts";
import { type Analysis, type Env, inScope, note } from "./analysis.ts";
import type { CatalogColumn } from "./catalog.ts";
import { expression } from "./expression.ts";
import { fromClause, fromItem } from "./from.ts";
import { CONSTANT, computedFrom } from "./lineage.ts";
import { nearest } from "./names.ts";
import { refuse } from "./refused.ts";
import { noteRelation, noteRules, sourceOfUse } from "./relations.ts";
import { type RelationUse, type Source, sourceOf } from "./scope.ts";
import { type Output, query, targetList, withClause } from "./select.ts";
import { child, children, NOTHING, place, type TreeNode, tagged, word } from "./tree.ts";

/** INSERT, UPDATE, DELETE and MERGE: what they write, and what they read to know it. */

export function isDataChange(tag: string): boolean {
  return tag === "InsertStmt" || tag === "UpdateStmt" || tag === "DeleteStmt" || tag === "MergeStmt";
}

export function dataChange(analysis: Analysis, tag: string, node: TreeNode, outer: Env): Output {
  analysis.writes = true;
  const env = withClause(analysis, child(node, "withClause"), outer);
  switch (tag) {
    case "InsertStmt":
      return insert(analysis, node, env);
    case "UpdateStmt":
      return update(analysis, node, env);
    case "DeleteStmt":
      return remove(analysis, node, env);
    default:
      return merge(analysis, node, env);
  }
}

function target(analysis: Analysis, node: TreeNode, action: Action): { readonly use: RelationUse; readonly source: Source } {
  const relation = child(node, "relation") ?? NOTHING;
  const use = noteRelation(analysis, relation, { role: "target", action });
  noteRules(analysis, use);
  return { use, source: sourceOfUse(analysis, use) };
}

function insert(analysis: Analysis, node: TreeNode, env: Env): Output {
  const { use, source } = target(analysis, node, "sql:insert");
  const columns = children(node, "cols");
  if (columns.length > 0) written(analysis, use, columns, "sql:insert");
  else everyColumn(analysis, use, "sql:insert");
  if (node.selectStmt !== undefined) query(analysis, node.selectStmt, env, {});
  const conflict = child(node, "onConflictClause");
  if (conflict === null || children(conflict, "targetList").length === 0) use.rows = { by: "added" };
  if (conflict !== null) {
    const excluded: Source = {
      ...sourceOf(
        "excluded",
        use.relation.columns.map((column) => ({ name: column.name, lineage: CONSTANT, touch: () => {} })),
      ),
      byNameOnly: true,
    };
    const own = inScope(env, [source, excluded]);
    const infer = child(conflict, "infer");
    if (infer !== null) {
      for (const element of children(infer, "indexElems")) {
        const index = tagged(element)?.node ?? NOTHING;
        const name = word(index, "name");
        if (name !== "") columnOf(use, name, analysis.tokens.token(place(infer)));
        expression(analysis, index.expr, own);
      }
      expression(analysis, infer.whereClause, own);
    }
    if (children(conflict, "targetList").length > 0) {
      note(analysis, "sql:update", { kind: "table", schema: use.relation.schema, table: use.relation.name }, use.nameSpan);
      assignments(analysis, use, children(conflict, "targetList"), own, "sql:update");
    }
    expression(analysis, conflict.whereClause, own);
  }
  return returning(analysis, node, env, [source], use);
}

function update(analysis: Analysis, node: TreeNode, env: Env): Output {
  const { use, source } = target(analysis, node, "sql:update");
  const from = fromClause(analysis, children(node, "fromClause"), env);
  const sources = [source, ...from.sources];
  const own = inScope(env, sources, [...source.columns, ...from.star]);
  assignments(analysis, use, children(node, "targetList"), own, "sql:update");
  expression(analysis, node.whereClause, own);
  use.rows = { by: "where", condition: node.whereClause ?? null };
  return returning(analysis, node, env, sources, use);
}

function remove(analysis: Analysis, node: TreeNode, env: Env): Output {
  const { use, source } = target(analysis, node, "sql:delete");
  const from = fromClause(analysis, children(node, "usingClause"), env);
  const sources = [source, ...from.sources];
  expression(analysis, node.whereClause, inScope(env, sources));
  use.rows = { by: "where", condition: node.whereClause ?? null };
  return returning(analysis, node, env, sources, use);
}

const MERGE_ACTIONS: Readonly<Record<string, Action>> = {
  CMD_INSERT: "sql:insert",
  CMD_UPDATE: "sql:update",
  CMD_DELETE: "sql:delete",
};

function merge(analysis: Analysis, node: TreeNode, env: Env): Output {
  const { use, source } = target(analysis, node, "sql:merge");
  const from = fromItem(analysis, node.sourceRelation, env, []);
  const sources = [source, ...from.sources];
  const own = inScope(env, sources);
  expression(analysis, node.joinCondition, own);
  for (const item of children(node, "mergeWhenClauses")) {
    const when = tagged(item)?.node ?? NOTHING;
    expression(analysis, when.condition, own);
    const command = word(when, "commandType");
    const action = MERGE_ACTIONS[command];
    if (action === undefined) continue;
    note(analysis, action, { kind: "table", schema: use.relation.schema, table: use.relation.name }, use.nameSpan);
    if (action === "sql:update") assignments(analysis, use, children(when, "targetList"), own, action);
    if (action === "sql:insert") {
      const columns = children(when, "targetList");
      if (columns.length > 0) written(analysis, use, columns, action);
      else everyColumn(analysis, use, action);
      expression(analysis, children(when, "values"), own);
    }
  }
  return returning(analysis, node, env, sources, use);
}

function assignments(analysis: Analysis, use: RelationUse, list: readonly unknown[], own: Env, action: Action): void {
  written(analysis, use, list, action);
  const seen = new Set<unknown>();
  for (const item of list) {
    const node = tagged(item)?.node ?? NOTHING;
    const multiple = tagged(node.val);
    if (multiple?.tag === "MultiAssignRef") {
      // `(a, b) = (SELECT …)`: every column repeats the same source.
      const text = JSON.stringify(multiple.node.source);
      if (seen.has(text)) continue;
      seen.add(text);
    }
    expression(analysis, node.val, own);
    expression(analysis, children(node, "indirection"), own);
  }
}

function written(analysis: Analysis, use: RelationUse, list: readonly unknown[], action: Action): void {
  for (const item of list) {
    const node = tagged(item)?.node ?? NOTHING;
    const span = analysis.tokens.token(place(node));
    const column = columnOf(use, word(node, "name"), span);
    writes(analysis, use, column, span, action);
    // `SET a[1] = …` and `SET a.part = …` keep the rest of the value: no reading that shows.
  }
}

function everyColumn(analysis: Analysis, use: RelationUse, action: Action): void {
  for (const column of use.relation.columns) {
    if (column.generated === null) writes(analysis, use, column, use.nameSpan, action);
  }
}

function writes(analysis: Analysis, use: RelationUse, column: CatalogColumn, span: Span, action: Action): void {
  if (!use.written.has(column.name)) use.written.set(column.name, span);
  const { schema, name } = use.relation;
  note(analysis, action, { kind: "column", schema, table: name, column: column.name }, span);
}

function columnOf(use: RelationUse, name: string, span: Span): CatalogColumn {
  const found = use.relation.columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    use.relation.columns.map((column) => column.name),
  );
  const hint = near === null ? undefined : `did you mean \`${near}\`?`;
  return refuse(`column "${name}" of relation "${use.relation.name}" does not exist`, span, hint);
}

function returning(analysis: Analysis, node: TreeNode, env: Env, sources: readonly Source[], use: RelationUse): Output {
  const clause = child(node, "returningClause");
  if (clause === null) return { columns: [], open: false, reads: CONSTANT };
  const [own] = sources;
  const names = new Map([
    ["old", "old"],
    ["new", "new"],
  ]);
  for (const option of children(clause, "options")) {
    const given = tagged(option)?.node ?? NOTHING;
    names.set(word(given, "option") === "RETURNING_OPTION_OLD" ? "old" : "new", word(given, "value"));
  }
  const taken = new Set(sources.map((source) => source.name));
  const versions: Source[] = [];
  for (const name of names.values()) {
    if (own !== undefined && !taken.has(name)) versions.push({ ...own, name, byNameOnly: true, use });
  }
  const star = [...(own?.columns ?? []), ...sources.slice(1).flatMap((source) => source.columns)];
  const output = targetList(analysis, children(clause, "exprs"), inScope(env, [...sources, ...versions], star), {});
  return { ...output, reads: computedFrom([output.reads]) };
}
