import { resourceName } from "../../domain/micro-action.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Span } from "../../domain/span.ts";
import type { Grouping, Natural } from "./analysis.ts";
import type { Catalog, CatalogRelation, SqlSessionState } from "./catalog.ts";
import { isCatalogueSchema } from "./catalogues.ts";
import type { DescribedSql } from "./describe.ts";
import { narrowed } from "./hidden-rows.ts";
import { columnKey } from "./lineage.ts";
import { type Maskings, maskingsFor, relatives } from "./masking.ts";
import { quoteName } from "./names.ts";
import { refuseOracles } from "./oracle.ts";
import type { PreparedSql } from "./prepared.ts";
import type { Protection } from "./protection.ts";
import { refusalOf, refuse } from "./refused.ts";
import type { RelationUse } from "./scope.ts";
import { type Splice, splice } from "./splice.ts";
import { qualifiedName, subqueryFor } from "./subquery.ts";
import { isView, viewContent } from "./view.ts";

export type Protected =
  | {
      readonly ok: true;
      readonly prepared: PreparedSql;
      /** Masked columns that the statement asks for. */
      readonly masked: readonly { readonly column: string; readonly mask: string }[];
      readonly filtered: readonly { readonly table: string; readonly filter: string }[];
    }
  | { readonly ok: false; readonly refusal: Refusal };

/** Writes the text that may be sent for a principal: masks at the source, row filters behind a barrier, full names. */
export function protectSql(
  described: DescribedSql,
  protection: Protection,
  catalog: Catalog,
  _state: SqlSessionState,
): Protected {
  const result = refusalOf<Protected>(() => protect(described, protection, catalog));
  return "ok" in result ? result : { ok: false, refusal: result.refusal };
}

type Allowed = Extract<Protected, { ok: true }>;

function protect(described: DescribedSql, protection: Protection, catalog: Catalog): Allowed {
  if (described.through !== null) return throughName(described, described.through, protection, catalog);
  const { analysis, statement } = described;
  if (described.opaque) return sentAsItIs(described);
  const maskings = maskingsFor(catalog, protection);
  const masked = new Map<string, string>();
  const filtered = new Map<string, string>();
  const sentinel = new Map<string, { column: string; mask: string }>();
  const replaced = new Set<RelationUse>();
  const splices: Splice[] = [];

  for (const use of analysis.uses) {
    const hidden = hiddenColumns(use, maskings, sentinel);
    const { filters, beyond } = maskings.filters(use.relation, use.only);
    if (beyond !== null) {
      refuse(
        `row filter \`${beyond}\` cannot be enforced through \`${resourceName(table(use.relation))}\``,
        use.nameSpan,
        filterHint(use),
      );
    }
    for (const name of use.reads.keys()) {
      const id = hidden.get(name);
      if (id !== undefined)
        masked.set(resourceName({ kind: "column", schema: use.relation.schema, table: use.relation.name, column: name }), id);
    }
    refuseViewCalls(use, catalog, maskings);
    if (use.role === "target") {
      refuseOnTarget(use, hidden, catalog, maskings);
      splices.push(...narrowed(use, filters, analysis.tokens, analysis.called.size > 0));
      for (const filter of filters) filtered.set(resourceName(table(use.relation)), filter.id);
      splices.push({ span: use.nameSpan, text: qualifiedName(use.relation), is: "target" });
    } else if (use.role === "named" || hidden.size + filters.length === 0) {
      if (use.role === "named") refuseDefinition(described, use, hidden.size + filters.length > 0);
      splices.push({
        span: use.nameSpan,
        text: qualifiedName(use.relation),
        ...(use.role === "named" ? { is: "target" as const } : {}),
      });
    } else {
      refuseStored(described, use, hidden);
      for (const filter of filters) filtered.set(resourceName(table(use.relation)), filter.id);
      replaced.add(use);
      splices.push(...replacement(use, maskings, filters, described));
    }
  }
  for (const edit of analysis.edits) splices.push(edit);
  refuseNatural(analysis.naturals, replaced);
  for (const grouping of analysis.groupings) splices.push(...widened(grouping, replaced));

  const spliced = splice(statement.source, statement.span, splices);
  const { inspect } = described;
  const inner =
    inspect === null
      ? null
      : splice(
          statement.source,
          inspect,
          splices.filter(({ span }) => within(span, inspect)),
        );
  if (spliced === null || (inspect !== null && inner === null)) refuse("the statement could not be rewritten", statement.span);
  const guarded = [...replaced].map(({ relation }) => ({ schema: relation.schema, name: relation.name }));
  const prepared: PreparedSql = {
    ...head(described),
    ...spliced,
    inspected: inner?.sent ?? null,
    verified: spliced.sent,
    sensitive: filtered.size > 0 || sentinel.size > 0 || analysis.called.size > 0,
    sentinel: [...sentinel].map(([key, value]) => ({ key, ...value })),
    origins: [...new Set(analysis.uses.map((use) => use.relation.oid))],
    judgedOn: judgedOn(analysis.uses, catalog),
    resultMasks: resultMasks(described, maskings),
    guarded,
  };
  return {
    ok: true,
    prepared,
    masked: [...masked].map(([column, mask]) => ({ column, mask })),
    filtered: [...filtered].map(([name, filter]) => ({ table: name, filter })),
  };
}

function head(described: DescribedSql) {
  return {
    original: described.text,
    span: described.statement.span,
    kind: described.sqlKind,
    // PREPARE runs nothing of what it holds.
    writes: described.analysis.writes && described.sqlKind !== "prepare",
    transaction: described.transaction,
    outsideTransaction: described.outsideTransaction,
    definitions: described.definitions,
    opaque: described.opaque,
    way: described.way,
    effect: described.effect,
    temporary: described.temporary,
    setup: null,
    preparedName:
      described.effect !== null && "keeps" in described.effect && described.effect.keeps === "prepared"
        ? described.effect.name
        : null,
    inspected: null,
    copies: described.copies,
    parameters: null,
    catalogVersion: described.analysis.catalog.version,
  };
}

function within([from, to]: Span, [start, end]: Span): boolean {
  return from >= start && to <= end;
}

/** What a name stands for is written anew with every use: definitions and protection may have changed since. */
function throughName(described: DescribedSql, through: DescribedSql, protection: Protection, catalog: Catalog): Allowed {
  const inner = protect(through, protection, catalog);
  const { statement, analysis } = described;
  const spliced = splice(statement.source, statement.span, analysis.edits);
  if (spliced === null) refuse("the statement could not be rewritten", statement.span);
  const executes = described.sqlKind === "execute";
  const prepared: PreparedSql = {
    ...inner.prepared,
    ...head(described),
    sent: spliced.sent,
    map: spliced.map,
    writes: through.analysis.writes,
    sensitive: inner.prepared.sensitive || analysis.called.size > 0,
    resultMasks: described.output === null ? null : inner.prepared.resultMasks,
    setup: executes ? inner.prepared.sent : null,
    preparedName: inner.prepared.preparedName,
    verified: executes ? inner.prepared.verified : null,
    // An open cursor holds its relations as they were.
    judgedOn: executes ? inner.prepared.judgedOn : [],
  };
  return { ...inner, prepared };
}

function sentAsItIs(described: DescribedSql): Allowed {
  const { text, span } = described.statement;
  const prepared: PreparedSql = {
    ...head(described),
    sent: text,
    verified: null,
    map: [{ from: 0, to: text.length, original: span, copied: true }],
    sensitive: true,
    sentinel: [],
    origins: [],
    judgedOn: [],
    resultMasks: null,
    guarded: [],
    generated: [],
    targets: [],
  };
  return { ok: true, prepared, masked: [], filtered: [] };
}

/** Name → mask's identifier of every column that is not shown raw; the sentinel learns of them. */
function hiddenColumns(
  use: RelationUse,
  maskings: Maskings,
  sentinel: Map<string, { column: string; mask: string }>,
): ReadonlyMap<string, string> {
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

function refuseDefinition(described: DescribedSql, use: RelationUse, isProtected: boolean): void {
  const root = Object.keys(described.statement.tree)[0] ?? "";
  if (isProtected && !HARMLESS_DEFINITIONS.has(root)) {
    refuse(`\`${use.relation.name}\` is masked or filtered for you: its definition cannot be changed`, use.nameSpan);
  }
}

/** They move no value out of its mask. */
const HARMLESS_DEFINITIONS: ReadonlySet<string> = new Set([
  "CommentStmt",
  "DropStmt",
  "LockStmt",
  "RefreshMatViewStmt",
  "VacuumStmt",
]);

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
  use: RelationUse,
  maskings: Maskings,
  filters: readonly { readonly where: string }[],
  { analysis, statement }: DescribedSql,
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
  const text = subqueryFor(use, (column) => maskings.of(use.relation, column, use.only), filters, statement.source);
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

function judgedOn(uses: readonly RelationUse[], catalog: Catalog): PreparedSql["judgedOn"] {
  const all = new Map<number, CatalogRelation>();
  for (const { relation } of uses) {
    if (isCatalogueSchema(relation.schema)) continue;
    all.set(relation.oid, relation);
    const below = isView(relation) ? viewContent(catalog, relation).relations : [];
    for (const member of [relation, ...below]) {
      all.set(member.oid, member);
      for (const way of ["parents", "children"] as const)
        for (const other of relatives(catalog, member, way)) all.set(other.oid, other);
    }
  }
  return [...all.values()]
    .filter((relation) => !isCatalogueSchema(relation.schema))
    .map(({ oid, fingerprint }) => ({ oid, fingerprint }));
}

function resultMasks(described: DescribedSql, maskings: Maskings): PreparedSql["resultMasks"] {
  const { output } = described;
  if (output === null || output.open) return null;
  return output.columns.map((column) => maskings.anyMasked(column.lineage.reads));
}
