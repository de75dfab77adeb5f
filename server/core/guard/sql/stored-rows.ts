import type { Catalog, CatalogRelation } from "./catalog.ts";
import { columnKey } from "./lineage.ts";
import type { Maskings } from "./masking.ts";
import { quoteName } from "./names.ts";
import { type RelationUse, SYSTEM_COLUMNS } from "./scope.ts";
import { children, everyNode, flag, type TreeNode, tagged, word } from "./tree.ts";
import { viewContent } from "./view.ts";

/**
 * A materialised view holds rows that were made before anybody asked, so its tables' row filters are tried on its own
 * columns. That says the same only where each of its rows is made of one row of the filtered table, and unchanged copies
 * of all columns that the filter reads are in it: an inner join, no grouping, windows, sets, limits or subqueries. What
 * it does not promise: the filter goes by values as they were when the view was refreshed.
 */

interface RowFilter {
  readonly id: string;
  readonly where: string;
}

/** The filters of everything below, over the view's columns. Null: it cannot be told. */
export function storedFilters(catalog: Catalog, maskings: Maskings, view: CatalogRelation): readonly RowFilter[] | null {
  const { analysis } = viewContent(catalog, view);
  const root = analysis === null ? null : tagged(analysis.statement.tree);
  if (analysis === null || root?.tag !== "SelectStmt" || !isRowByRow(root.node)) return null;
  const copies = copiedColumns(catalog, view, root.node);
  const found: RowFilter[] = [];
  for (const use of analysis.uses) {
    const { filters, beyond } = maskings.filters(use.relation, use.only);
    if (beyond !== null) return null;
    const isTwice = analysis.uses.filter(({ relation }) => relation === use.relation).length > 1;
    for (const filter of filters) {
      const where = isTwice ? null : moved(filter, use, copies);
      if (where === null) return null;
      found.push({ id: filter.id, where });
    }
  }
  return found;
}

const FORBIDDEN = ["groupClause", "havingClause", "windowClause", "distinctClause", "withClause", "valuesLists", "limitCount"];

function isRowByRow(node: TreeNode): boolean {
  if (FORBIDDEN.some((field) => node[field] !== undefined) || node.limitOffset !== undefined) return false;
  const op = word(node, "op");
  if ((op !== "" && op !== "SETOP_NONE") || !children(node, "fromClause").every(isPlainItem)) return false;
  return everyNode(node).every((part) => part.SubLink === undefined && part.over === undefined && part.agg_filter === undefined);
}

function isPlainItem(item: unknown): boolean {
  const found = tagged(item);
  if (found?.tag === "RangeVar") return true;
  return found?.tag === "JoinExpr" && word(found.node, "jointype") === "JOIN_INNER" && !flag(found.node, "isNatural")
    ? isPlainItem(found.node.larg) && isPlainItem(found.node.rarg)
    : false;
}

/** By base column: the view's column that is it, and nothing but it. Aggregates beside one need GROUP BY. */
function copiedColumns(catalog: Catalog, view: CatalogRelation, node: TreeNode): ReadonlyMap<string, string> {
  const { lineage } = viewContent(catalog, view);
  const copies = new Map<string, string>();
  const targets = children(node, "targetList");
  view.columns.forEach((column, index) => {
    const value = tagged(tagged(targets[index])?.node.val);
    const through = lineage(column).through ?? [];
    const [key] = through;
    if (value?.tag === "ColumnRef" && key !== undefined && through.length === 1) copies.set(key, column.name);
  });
  return copies;
}

/** A word of the filter that could be one of the table's columns is taken for it. Null: it is not in the view. */
function moved(filter: RowFilter, { relation }: RelationUse, copies: ReadonlyMap<string, string>): string | null {
  const words = wordsIn(filter.where);
  if (words === null || [...SYSTEM_COLUMNS, relation.name].some((name) => words.has(name))) return null;
  const columns: string[] = [];
  for (const column of relation.columns) {
    if (!words.has(column.name)) continue;
    const copy = copies.get(columnKey(relation.oid, column.number));
    if (copy === undefined) return null;
    columns.push(`${quoteName(copy)} AS ${quoteName(column.name)}`);
  }
  // Of no column: it says the same of every row.
  if (columns.length === 0) return filter.where;
  return `(SELECT (${filter.where}\n) FROM (SELECT ${columns.join(", ")}) AS "_row")`;
}

/**
 * Everything that could be a name, in quotes or not, words in texts and comments among them: too many do no harm. Null:
 * names are written in escapes, or with quotes in them.
 */
function wordsIn(text: string): ReadonlySet<string> | null {
  if (/u&|""/i.test(text)) return null;
  const between = text.split('"');
  const bare = [...text.matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu)].flatMap(([word]) => [word, word.toLowerCase()]);
  return new Set([...between, ...bare]);
}
