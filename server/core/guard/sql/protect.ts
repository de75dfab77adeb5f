import type { Refusal } from "../../domain/refusal.ts";
import type { Span } from "../../domain/span.ts";
import type { Catalog, CatalogRelation, SqlSessionState } from "./catalog.ts";
import { isCatalogueSchema } from "./catalogues.ts";
import type { DescribedSql } from "./describe.ts";
import { type Maskings, maskingsFor, relatives } from "./masking.ts";
import type { PreparedSql } from "./prepared.ts";
import type { Protection } from "./protection.ts";
import { refusalOf, refuse } from "./refused.ts";
import { newRewriting, rewritten } from "./rewrite.ts";
import type { RelationUse } from "./scope.ts";
import { splice } from "./splice.ts";
import { count, NOTHING, tagged, word } from "./tree.ts";
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
  const rewriting = newRewriting(described, catalog, maskingsFor(catalog, protection));
  const { maskings, masked, filtered, sentinel, replaced } = rewriting;
  const splices = rewritten(rewriting, analysis);

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
    sensitive: filtered.size > 0 || sentinel.size > 0 || analysis.called.size + analysis.indexes.length > 0,
    sentinel: [...sentinel].map(([key, value]) => ({ key, ...value })),
    origins: [...rewriting.origins],
    judgedOn: [...judgedOn(analysis.uses, catalog), ...judgedIndexes(analysis)],
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
    calls: described.analysis.called.size + (described.through?.analysis.called.size ?? 0) > 0,
    temporary: described.temporary,
    setup: null,
    preparedName:
      described.effect !== null && "keeps" in described.effect && described.effect.keeps === "prepared"
        ? described.effect.name
        : null,
    inspected: null,
    fetched: null,
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
  const executes = described.sqlKind !== "fetch";
  const prepared: PreparedSql = {
    ...inner.prepared,
    ...head(described),
    sent: spliced.sent,
    map: spliced.map,
    writes: through.analysis.writes,
    sensitive: inner.prepared.sensitive || analysis.called.size > 0,
    resultMasks: described.output === null ? null : inner.prepared.resultMasks,
    setup: executes ? inner.prepared.sent : null,
    fetched:
      executes || inner.prepared.inspected === null ? null : { query: inner.prepared.inspected, most: mostFetched(statement) },
    preparedName: inner.prepared.preparedName,
    verified: executes ? inner.prepared.verified : null,
    // An open cursor holds its relations as they were.
    judgedOn: executes ? inner.prepared.judgedOn : [],
  };
  return { ...inner, prepared };
}

/** `ALL` is the largest number that the grammar knows. ABSOLUTE and RELATIVE are one row. */
function mostFetched({ tree }: DescribedSql["statement"]): number {
  const node = tagged(tree)?.node ?? NOTHING;
  const counts = ["FETCH_FORWARD", "FETCH_BACKWARD"].includes(word(node, "direction"));
  return counts ? Math.abs(count(node, "howMany")) : 1;
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

function judgedIndexes({ indexes }: DescribedSql["analysis"]): PreparedSql["judgedOn"] {
  return indexes.flatMap((named) => [named.index, named.relation].map(({ oid, fingerprint }) => ({ oid, fingerprint })));
}

function resultMasks(described: DescribedSql, maskings: Maskings): PreparedSql["resultMasks"] {
  const { output } = described;
  if (output === null || output.open) return null;
  return output.columns.map((column) => maskings.anyMasked(column.lineage.reads));
}
