import { resourceName } from "../../domain/micro-action.ts";
import type { Span } from "../../domain/span.ts";
import type { Star } from "./analysis.ts";
import type { DescribedSql } from "./describe.ts";
import { readableName } from "./names.ts";
import { type Splice, splice } from "./splice.ts";
import { child, children, flag, NOTHING, place, type Tagged, type TreeNode, tagged, word, words } from "./tree.ts";

/**
 * A SELECT written anew without the columns that policy denies: stars become the permitted columns, plain references to
 * denied ones go. A proposal only: INVARIANT (judged again): whoever offers it has it described and judged like any other
 * text first, so what is overlooked here costs a proposal and shows nothing. Select lists whose order or number of columns
 * means something elsewhere are left alone.
 */
export interface PermittedColumns {
  /** The whole statement. */
  readonly text: string;
  /** What the changed select lists name now, each once, as written. */
  readonly columns: readonly string[];
}

/** `denied`: columns as `resourceName` writes them. Null: it cannot be said without them. */
export function permittedColumns(described: DescribedSql, denied: ReadonlySet<string>): PermittedColumns | null {
  const { statement, analysis } = described;
  const root = tagged(statement.tree);
  if (root?.tag !== "SelectStmt") return null;
  // A row as a value has all columns in it.
  if (analysis.uses.some((use) => use.row !== null)) return null;
  const places = new Set<number>();
  for (const { action, resource, span } of described.microActions) {
    if (action === "sql:select" && resource.kind === "column" && denied.has(resourceName(resource))) places.add(span[0]);
  }
  const rewrite: Rewrite = { described, denied, places, splices: [], named: new Set() };
  if (places.size === 0 || query(rewrite, root.node) === null || rewrite.splices.length === 0) return null;
  const spliced = splice(statement.source, statement.span, rewrite.splices);
  return spliced === null ? null : { text: spliced.sent, columns: [...rewrite.named] };
}

interface Rewrite {
  readonly described: DescribedSql;
  readonly denied: ReadonlySet<string>;
  /** Where denied columns are mentioned. */
  readonly places: ReadonlySet<number>;
  readonly splices: Splice[];
  readonly named: Set<string>;
}

/** What a query's select list is now: its names, where it holds only plain columns. Null: not possible. */
interface List {
  readonly changed: boolean;
  /** Null: something in it has no plain name. */
  readonly names: readonly string[] | null;
}

function query(rewrite: Rewrite, node: TreeNode): List | null {
  if (child(node, "intoClause") !== null) return null;
  const clause = child(node, "withClause");
  for (const item of children(clause ?? NOTHING, "ctes")) {
    const cte = tagged(item)?.node ?? NOTHING;
    const list = nested(rewrite, tagged(cte.ctequery));
    if (list === null) return null;
    if (list.changed && (flag(clause ?? NOTHING, "recursive") || children(cte, "aliascolnames").length > 0)) return null;
  }
  const operation = word(node, "op");
  const list = operation === "" || operation === "SETOP_NONE" ? plain(rewrite, node) : arms(rewrite, node);
  return list?.changed && countsColumns(node) ? null : list;
}

/** A change inside of WITH has no select list of which columns could be left out. */
function nested(rewrite: Rewrite, found: Tagged | null): List | null {
  return found?.tag === "SelectStmt" ? query(rewrite, found.node) : { changed: false, names: null };
}

/** Columns of the arms belong together by their number: once one goes they all have to have the same names. */
function arms(rewrite: Rewrite, node: TreeNode): List | null {
  const left = query(rewrite, child(node, "larg") ?? NOTHING);
  const right = query(rewrite, child(node, "rarg") ?? NOTHING);
  if (left === null || right === null) return null;
  if (!left.changed && !right.changed) return { changed: false, names: left.names };
  if (left.names === null || right.names === null || left.names.join("\0") !== right.names.join("\0")) return null;
  return { changed: true, names: left.names };
}

function plain(rewrite: Rewrite, node: TreeNode): List | null {
  for (const item of children(node, "fromClause")) if (!from(rewrite, tagged(item))) return null;
  return selectList(rewrite, children(node, "targetList"));
}

/** Subqueries in FROM have select lists too. False: one of them cannot do without. */
function from(rewrite: Rewrite, found: Tagged | null): boolean {
  if (found?.tag === "JoinExpr") return from(rewrite, tagged(found.node.larg)) && from(rewrite, tagged(found.node.rarg));
  if (found?.tag !== "RangeSubselect") return true;
  const list = nested(rewrite, tagged(found.node.subquery));
  if (list === null) return false;
  return !list.changed || children(child(found.node, "alias") ?? NOTHING, "colnames").length === 0;
}

interface Item {
  readonly span: Span;
  /** Null: stays as it is; empty: goes. */
  readonly text: string | null;
  /** Null: not known. */
  readonly names: readonly string[] | null;
}

function selectList(rewrite: Rewrite, list: readonly unknown[]): List | null {
  const items: Item[] = [];
  for (const target of list) {
    const item = itemOf(rewrite, tagged(target)?.node ?? NOTHING);
    if (item === null) return null;
    items.push(item);
  }
  const names = items.some((item) => item.names === null) ? null : items.flatMap((item) => item.names ?? []);
  if (items.every((item) => item.text === null)) return { changed: false, names };
  if (items.every((item) => item.text === "")) return null;
  const { tokens } = rewrite.described.analysis;
  let kept = false;
  for (const [index, { span, text }] of items.entries()) {
    if (text === "") {
      const next = items[index + 1]?.span[0] ?? span[1];
      const comma = tokens.before(span[0])?.span[0] ?? span[0];
      rewrite.splices.push({ span: kept ? [comma, span[1]] : [span[0], next], text: "" });
      continue;
    }
    kept = true;
    if (text !== null) rewrite.splices.push({ span, text });
  }
  for (const item of items) for (const name of item.names ?? []) rewrite.named.add(name);
  return { changed: true, names };
}

/** Null: denied, and not to be left out. */
function itemOf(rewrite: Rewrite, target: TreeNode): Item | null {
  const { analysis } = rewrite.described;
  const { tokens } = analysis;
  const value = tagged(target.val);
  const from = place(target);
  if (value?.tag !== "ColumnRef" || from < 0 || place(value.node) !== from) {
    return { span: [from, from], text: null, names: null };
  }
  const path = tokens.dotted(from);
  const last = path.at(-1);
  const first = tokens.at(from);
  if (last === undefined || first === null) return null;
  const label = word(target, "name");
  const star = analysis.stars.find(({ span }) => span[0] === from);
  if (star !== undefined) return starItem(rewrite, star, path);
  let end = first + (path.length - 1) * 2;
  if (label !== "") end += tokens.text(end + 1) === "as" ? 2 : 1;
  const span: Span = [from, tokens.span(end)[1]];
  if (rewrite.places.has(from)) return { span, text: "", names: [] };
  return { span, text: null, names: [readableName(label === "" ? (words(children(value.node, "fields")).at(-1) ?? "") : label)] };
}

function starItem(rewrite: Rewrite, star: Star, path: readonly Span[]): Item | null {
  const { source } = rewrite.described.statement;
  const denied = rewrite.places.has(star.span[0]);
  const { columns } = star;
  if (columns === null) return denied ? null : { span: star.span, text: null, names: null };
  const kept = columns.filter(({ of }) => of === null || !rewrite.denied.has(resourceName(of)));
  const names = kept.map(({ name }) => readableName(name));
  if (!denied) return { span: star.span, text: null, names };
  const written = path.length > 1 ? source.slice(star.span[0], path.at(-1)?.[0]) : null;
  const texts = kept.map(({ source: of, name }) => {
    const prefix = written ?? (of === null || star.sources < 2 ? "" : `${readableName(of)}.`);
    return `${prefix}${readableName(name)}`;
  });
  return { span: star.span, text: texts.join(", "), names };
}

/** ORDER BY 2, GROUP BY 1: a number is a place in the select list. */
function countsColumns(node: TreeNode): boolean {
  const number = (value: unknown): boolean => {
    const found = tagged(value);
    if (found === null) return false;
    if (found.tag === "A_Const") return true;
    if (found.tag === "SortBy") return number(found.node.node);
    return found.tag === "GroupingSet" && children(found.node, "content").some(number);
  };
  return ["sortClause", "groupClause", "distinctClause"].some((field) => children(node, field).some(number));
}
