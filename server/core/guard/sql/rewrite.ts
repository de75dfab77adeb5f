import { resourceName } from "../../domain/micro-action.ts";
import type { Span } from "../../domain/span.ts";
import type { Analysis, Grouping, Natural } from "./analysis.ts";
import type { Catalog, CatalogColumn, CatalogRelation } from "./catalog.ts";
import { isCatalogueSchema } from "./catalogues.ts";
import { isHarmlessDefinition, type ProtectedUse } from "./definitions.ts";
import type { DescribedSql } from "./describe.ts";
import { narrowed } from "./hidden-rows.ts";
import { columnKey } from "./lineage.ts";
import type { Maskings } from "./masking.ts";
import { quoteName } from "./names.ts";
import { refuseOracles } from "./oracle.ts";
import { isQuietQuery, sortsOf } from "./quiet.ts";
import { refusalOf, refuse } from "./refused.ts";
import type { RelationUse } from "./scope.ts";
import { type Splice, splice } from "./splice.ts";
import { storedFilters } from "./stored-rows.ts";
import { type Base, qualifiedName, subqueryFor } from "./subquery.ts";
import { isView, viewContent } from "./view.ts";

/** One statement being written anew for a principal, and what comes out of it beside the text. */
export interface Rewriting {
  readonly described: DescribedSql;
  readonly catalog: Catalog;
  readonly maskings: Maskings;
  /** Columns that the statement asks for, with their mask's identifier. */
  readonly masked: Map<string, string>;
  /** Tables with the filter that hides rows of theirs. */
  readonly filtered: Map<string, string>;
  readonly sentinel: Map<string, { readonly column: string; readonly mask: string }>;
  /** Uses that became subqueries, those in views' definitions included. */
  readonly replaced: Set<RelationUse>;
  /** Relations that a result column may come from. */
  readonly origins: Set<number>;
  /** No condition of the statement could tell of a row that a filter hides. */
  readonly isQuiet: () => boolean;
}

export function newRewriting(described: DescribedSql, catalog: Catalog, maskings: Maskings): Rewriting {
  return {
    described,
    catalog,
    maskings,
    masked: new Map(),
    filtered: new Map(),
    sentinel: new Map(),
    replaced: new Set(),
    origins: new Set(),
    isQuiet: once(() => isQuietStatement(described, maskings)),
  };
}

function once(find: () => boolean): () => boolean {
  let known: boolean | null = null;
  return () => {
    known ??= find();
    return known;
  };
}

function isQuietStatement({ analysis, statement }: DescribedSql, maskings: Maskings): boolean {
  const { uses, called, overloads } = analysis;
  if (called.size + overloads.length > 0 || !uses.every(isPlainUse)) return false;
  const mayFail = uses.some(({ relation, only, reads }) =>
    relation.columns.some((column) => {
      const masking = reads.has(column.name) ? maskings.of(relation, column, only) : null;
      return masking?.as === "computed" || (masking?.as === "mask" && masking.mask.type === "expression");
    }),
  );
  return !mayFail && isQuietQuery(statement.tree, sortsOf(uses));
}

function isPlainUse({ relation, role, row, sample }: RelationUse): boolean {
  return role === "read" && row === null && sample === null && (relation.kind === "table" || relation.kind === "partitioned");
}

/** All that has to change in the text of `analysis`: the statement itself, or the definition of a view in it. */
export function rewritten(rewriting: Rewriting, analysis: Analysis): readonly Splice[] {
  const { described, catalog, maskings, masked, filtered, sentinel, replaced, origins } = rewriting;
  const splices: Splice[] = [];
  for (const use of analysis.uses) {
    const { relation } = use;
    origins.add(relation.oid);
    const hidden = hiddenColumns(use, maskings, sentinel);
    const { filters, beyond } = filtersOf(rewriting, use);
    const definition = use.role === "read" ? inlined(rewriting, use) : null;
    if (beyond !== null && definition === null && use.role !== "named") {
      refuse(
        `row filter \`${beyond}\` cannot be enforced through \`${resourceName(table(relation))}\``,
        use.nameSpan,
        filterHint(use),
      );
    }
    for (const name of use.reads.keys()) {
      const id = hidden.get(name);
      if (id === undefined || analysis !== described.analysis) continue;
      masked.set(resourceName({ kind: "column", schema: relation.schema, table: relation.name, column: name }), id);
    }
    const isFiltered = filters.length > 0 || beyond !== null;
    const isProtected = hidden.size > 0 || isFiltered || definition !== null;
    if (definition === null) refuseViewCalls(use, catalog, maskings);
    if (use.role === "target") {
      refuseOnTarget(use, hidden, catalog, maskings);
      splices.push(...narrowed(use, filters, analysis));
      for (const filter of filters) filtered.set(resourceName(table(relation)), filter.id);
      splices.push({ span: use.nameSpan, text: qualifiedName(relation), is: "target" });
    } else if (use.role === "named" || !isProtected) {
      if (use.role === "named" && isProtected) refuseDefinition(described, { use, hidden, filtered: isFiltered });
      splices.push({
        span: use.nameSpan,
        text: qualifiedName(relation),
        ...(use.role === "named" ? { is: "target" as const } : {}),
      });
    } else {
      if (analysis === described.analysis) refuseStored(described, use, hidden);
      for (const filter of filters) filtered.set(resourceName(table(relation)), filter.id);
      replaced.add(use);
      splices.push(...replacement(rewriting, analysis, use, definition, filters));
    }
  }
  for (const edit of analysis.edits) splices.push(edit);
  refuseNatural(analysis.naturals, replaced);
  for (const grouping of analysis.groupings) splices.push(...widened(grouping, replaced));
  return splices;
}

function filtersOf({ catalog, maskings }: Rewriting, use: RelationUse): ReturnType<Maskings["filters"]> {
  const { relation, only, role } = use;
  const own = maskings.filters(relation, only);
  if (own.beyond === null || relation.kind !== "materialised" || role !== "read") return own;
  const stored = storedFilters(catalog, maskings, relation);
  return stored === null ? own : { filters: [...own.filters, ...stored], beyond: null };
}

/**
 * A view's definition over what the principal may see of its tables, so that its conditions and what it computes have
 * masked values and visible rows to go by. Null: it reads nothing that is masked or filtered, or the gateway's own role
 * may not read what its owner may; then it is masked by where its columns come from.
 */
function inlined(rewriting: Rewriting, use: RelationUse): Base | null {
  const { catalog, maskings } = rewriting;
  const { relation } = use;
  if (relation.kind !== "view" || isCatalogueSchema(relation.schema)) return null;
  const { analysis, uses, relations } = viewContent(catalog, relation);
  if (analysis === null || !uses.some((below) => isReachedByProtection(below, maskings))) return null;
  if (![relation, ...relations].every(({ readable }) => readable)) return null;
  const { statement } = analysis;
  const text = refusalOf(() => splice(statement.source, statement.span, rewritten(rewriting, analysis))?.sent ?? null);
  if (text === null) refuse(`view \`${relation.name}\` could not be rewritten`, use.nameSpan);
  if (typeof text !== "string") {
    refuse(`in view \`${relation.name}\`: ${text.refusal.message}`, use.nameSpan, "ask for the tables themselves");
  }
  const names = relation.columns.map(({ name }) => quoteName(name)).join(", ");
  // Conditions of the statement must not run on rows that such a view leaves out.
  return { text: `(${text}\n) AS "_view" (${names})`, barrier: relation.barrier };
}

function isReachedByProtection(use: RelationUse, maskings: Maskings): boolean {
  const { filters, beyond } = maskings.filters(use.relation, use.only);
  if (filters.length > 0 || beyond !== null) return true;
  return use.relation.columns.some(
    (column) => use.reads.has(column.name) && maskings.of(use.relation, column, use.only).as !== "raw",
  );
}

/** Name → mask's identifier of every column that is not shown raw; the sentinel learns of them. */
function hiddenColumns(use: RelationUse, maskings: Maskings, sentinel: Rewriting["sentinel"]): ReadonlyMap<string, string> {
  const hidden = new Map<string, string>();
  const { relation } = use;
  for (const column of relation.columns) {
    const masking = maskings.of(relation, column, use.only);
    if (masking.as === "raw") continue;
    hidden.set(column.name, masking.id);
    const name = resourceName({ kind: "column", schema: relation.schema, table: relation.name, column: column.name });
    sentinel.set(columnKey(relation.oid, column.number), { column: name, mask: masking.id });
  }
  return hidden;
}

function table(relation: CatalogRelation) {
  return { kind: "table", schema: relation.schema, table: relation.name } as const;
}

function filterHint(use: RelationUse): string {
  if (use.relation.kind === "materialised")
    return "ask for the table itself, or for a view with the columns that the filter reads";
  return isView(use.relation) ? "ask for the table itself" : "ask for the partition itself";
}

function refuseViewCalls(use: RelationUse, catalog: Catalog, maskings: Maskings): void {
  if (use.relation.kind !== "view" || isCatalogueSchema(use.relation.schema)) return;
  const content = viewContent(catalog, use.relation);
  if (content.called.length === 0) return;
  const reached = content.relations.some((relation) =>
    relation.columns.some((column) => maskings.of(relation, column, false).as !== "raw"),
  );
  if (reached) refuse(`view \`${use.relation.name}\` calls \`${content.called[0]}\` on masked data`, use.nameSpan);
}

function refuseOnTarget(use: RelationUse, hidden: ReadonlyMap<string, string>, catalog: Catalog, maskings: Maskings): void {
  for (const [name, span] of use.reads) {
    if (hidden.has(name)) refuse(`a change cannot read \`${name}\`: it is masked for you`, span, "name rows by another column");
  }
  refuseOracles(catalog, maskings, use);
}

function refuseDefinition(described: DescribedSql, own: ProtectedUse): void {
  if (isHarmlessDefinition(described.statement.tree, own)) return;
  const { relation, nameSpan } = own.use;
  refuse(`\`${relation.name}\` is masked or filtered for you: its definition cannot be changed like this`, nameSpan);
}

/** Masked values that are stored destroy data, raw ones would be laundered. */
function refuseStored(described: DescribedSql, use: RelationUse, hidden: ReadonlyMap<string, string>): void {
  if (!described.stores) return;
  for (const [name, span] of use.reads) {
    if (hidden.has(name)) refuse(`a change cannot read \`${name}\`: it is masked for you`, span);
  }
  if (described.definitions)
    refuse(`\`${use.relation.name}\` is masked or filtered for you and cannot become part of a definition`, use.nameSpan);
}

function replacement(
  { maskings, described, isQuiet }: Rewriting,
  analysis: Analysis,
  use: RelationUse,
  definition: Base | null,
  filters: readonly { readonly where: string }[],
): readonly Splice[] {
  const [system] = use.system;
  if (system !== undefined && use.row !== null) {
    refuse(`\`${system[0]}\` beside a whole row of a masked or filtered table is not supported`, system[1], "name the columns");
  }
  if (use.row !== null && use.columnAliases.length > 0) {
    const hint = "leave out the alias's column names, or name the columns";
    refuse(`the row of a masked or filtered table cannot keep its own column names under others`, use.row, hint);
  }
  const stars = analysis.stars.filter((star) => system !== undefined && star.uses.includes(use));
  const { relation, only } = use;
  // A definition's columns are masked in it; what policy says of the view's own comes on top.
  const masking = (column: CatalogColumn) =>
    definition === null ? maskings.of(relation, column, only) : maskings.own(relation, column.name);
  const barrier = definition?.barrier === true || (filters.length > 0 && (analysis !== described.analysis || !isQuiet()));
  const text = subqueryFor(use, { definition, masking, filters, barrier }, analysis);
  const splices: Splice[] = [{ span: use.outerSpan, text, is: "generated" }];
  const word = analysis.tokens.before(use.outerSpan[0]);
  // `TABLE t` takes no subquery.
  if (word !== null && word.text === "table") splices.push({ span: word.span, text: "SELECT * FROM" });
  if (use.sample !== null) splices.push({ span: use.sample, text: "" });
  for (const { span, text } of stars) {
    if (text === null)
      refuse(`\`*\` beside \`${system?.[0]}\` of a masked or filtered table is not clear here`, span, "name the columns");
    splices.push({ span, text });
  }
  for (const span of use.schemaTokens) {
    if (!stars.some((star) => star.span[0] <= span[0] && span[1] <= star.span[1])) splices.push({ span, text: "" });
  }
  return splices;
}

/** Two subqueries that both show a system column would be joined by it. */
function refuseNatural(naturals: readonly Natural[], replaced: ReadonlySet<RelationUse>): void {
  for (const { left, right } of naturals) {
    const shown = (uses: readonly RelationUse[]) => uses.filter((use) => replaced.has(use)).flatMap((use) => [...use.system]);
    const found = shown(left).find(([name]) => shown(right).some(([other]) => other === name));
    if (found === undefined) continue;
    refuse(
      `\`${found[0]}\` of both sides of a NATURAL JOIN of masked or filtered tables is not supported`,
      found[1],
      "write the join with USING",
    );
  }
}

/** A subquery has no primary key: the columns that depended on it are grouped by name. The groups stay the same. */
function widened(grouping: Grouping, replaced: ReadonlySet<RelationUse>): readonly Splice[] {
  const added: string[] = [];
  for (const use of grouping.uses) {
    const keys = grouping.keys.get(use);
    const key = use.relation.primaryKey;
    if (!replaced.has(use) || keys === undefined || key.length === 0 || !key.every((name) => keys.has(name))) continue;
    use.relation.columns.forEach(({ name }, index) => {
      if (!use.reads.has(name) || keys.has(name) || grouping.partial.get(use)?.has(name)) return;
      added.push(`${quoteName(use.visibleName)}.${quoteName(use.columnAliases[index] ?? name)}`);
    });
  }
  if (added.length === 0) return [];
  const at: Span = [grouping.end, grouping.end];
  return [{ span: at, text: `, ${added.join(", ")}` }];
}
