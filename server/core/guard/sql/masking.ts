import type { Mask } from "../../domain/mask.ts";
import { type Catalog, type CatalogColumn, type CatalogRelation, TEMPORARY_SCHEMA } from "./catalog.ts";
import { catalogueMask, isCatalogueSchema } from "./catalogues.ts";
import { type ColumnKey, columnKey, type Lineage } from "./lineage.ts";
import type { Protection } from "./protection.ts";
import { isView, viewContent } from "./view.ts";

/** How a column is shown. Configuration speaks of columns by name; this adds what follows from where their data comes from. */
export type Masking =
  | { readonly as: "raw" }
  | { readonly as: "mask"; readonly id: string; readonly mask: Mask }
  /** Derived from something masked in a way that no mask fits: NULL. */
  | { readonly as: "nothing"; readonly id: string }
  /** A generated column: computed again, from masked values. */
  | { readonly as: "computed"; readonly id: string; readonly expression: string };

const RAW: Masking = { as: "raw" };

export interface Maskings {
  readonly of: (relation: CatalogRelation, column: CatalogColumn, only: boolean) => Masking;
  /** What configuration says of the column itself, without where its data comes from. */
  readonly own: (relation: CatalogRelation, column: string) => Masking;
  /** All row filters that hold for a relation; an identifier instead of a text where they cannot be enforced. */
  readonly filters: (
    relation: CatalogRelation,
    only: boolean,
  ) => { readonly filters: readonly { readonly id: string; readonly where: string }[]; readonly beyond: string | null };
  readonly anyMasked: (reads: Iterable<ColumnKey>) => string | null;
}

export function maskingsFor(catalog: Catalog, protection: Protection): Maskings {
  const known = new Map<string, Masking>();
  const of = (relation: CatalogRelation, column: CatalogColumn, only: boolean): Masking => {
    const key = `${columnKey(relation.oid, column.number)}${only ? "!" : ""}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, { as: "nothing", id: "unresolved" });
    const masking = find(relation, column, only);
    known.set(key, masking);
    return masking;
  };

  const direct = (relation: CatalogRelation, column: string): Masking | null => {
    if (isOwnTable(relation)) return null;
    const found = protection.mask({ schema: relation.schema, table: relation.name, column });
    return found === null ? null : { as: "mask", ...found };
  };

  const find = (relation: CatalogRelation, column: CatalogColumn, only: boolean): Masking => {
    if (isCatalogueSchema(relation.schema)) {
      const mask = catalogueMask(relation.schema, relation.name, column.name);
      return direct(relation, column.name) ?? (mask === null ? RAW : { as: "mask", id: "catalogue", mask });
    }
    const own = direct(relation, column.name);
    if (own !== null) return own;
    if (isView(relation)) return byLineage(relation, column);
    const family = [...relatives(catalog, relation, "parents"), ...(only ? [] : relatives(catalog, relation, "children"))];
    for (const member of family) {
      const inherited = direct(member, column.name);
      if (inherited !== null) return inherited;
    }
    if (column.generated === null) return RAW;
    for (const name of column.generated.reads) {
      const source = relation.columns.find((candidate) => candidate.name === name);
      const masking = source === undefined || source === column ? RAW : of(relation, source, only);
      if (masking.as !== "raw") return { as: "computed", id: masking.id, expression: column.generated.expression };
    }
    return RAW;
  };

  const byLineage = (relation: CatalogRelation, column: CatalogColumn): Masking => {
    const content = viewContent(catalog, relation);
    if (!content.known) {
      // Not understood: only who may run opaque things gets here, and then sees nothing of it either.
      return { as: "nothing", id: "unknown-view" };
    }
    return shown(content.lineage(column));
  };

  const shown = (lineage: Lineage): Masking => {
    const masked = anyMasked(lineage.reads);
    if (masked === null) return RAW;
    if (lineage.through === null) return { as: "nothing", id: masked };
    const maskings = lineage.through.map(ofKey);
    const first = maskings[0];
    const same =
      first !== undefined && first.as === "mask" && maskings.every((other) => other.as === "mask" && other.id === first.id);
    return same ? first : { as: "nothing", id: masked };
  };

  const ofKey = (key: ColumnKey): Masking => {
    const [oid = "", number = ""] = key.split(".");
    const relation = catalog.relationByOid(Number(oid));
    const column = relation?.columns.find((candidate) => candidate.number === Number(number));
    return relation === null || column === undefined ? { as: "nothing", id: "unresolved" } : of(relation, column, false);
  };

  const anyMasked = (reads: Iterable<ColumnKey>): string | null => {
    for (const key of reads) {
      const masking = ofKey(key);
      if (masking.as !== "raw") return masking.id;
    }
    return null;
  };

  const ownFilters = (relation: CatalogRelation) =>
    isOwnTable(relation) ? [] : protection.rowFilters({ schema: relation.schema, table: relation.name });
  const filters: Maskings["filters"] = (relation, only) => {
    const found = [...ownFilters(relation)];
    for (const parent of relatives(catalog, relation, "parents")) found.push(...ownFilters(parent));
    const unique = [...new Map(found.map((filter) => [filter.id, filter])).values()];
    const below = isView(relation)
      ? isCatalogueSchema(relation.schema)
        ? []
        : viewContent(catalog, relation).relations
      : only
        ? []
        : relatives(catalog, relation, "children");
    const beyond = below
      .flatMap((member) => [member, ...(isView(relation) ? relatives(catalog, member, "parents") : [])])
      .flatMap((member) => ownFilters(member))
      .find((filter) => !unique.some((other) => other.id === filter.id));
    return { filters: unique, beyond: beyond?.id ?? null };
  };

  return { of, own: (relation, column) => direct(relation, column) ?? RAW, filters, anyMasked };
}

/** The session's own table holds what the person has typed, and rows as they were shown: nothing to mask again. */
function isOwnTable(relation: CatalogRelation): boolean {
  return relation.schema === TEMPORARY_SCHEMA && !isView(relation);
}

/** All relations above or below, by inheritance or partitioning. */
export function relatives(catalog: Catalog, relation: CatalogRelation, way: "parents" | "children"): readonly CatalogRelation[] {
  const found = new Map<number, CatalogRelation>();
  const open = [...relation[way]];
  while (open.length > 0) {
    const oid = open.pop();
    const member = oid === undefined ? null : catalog.relationByOid(oid);
    if (member === null || found.has(member.oid)) continue;
    found.set(member.oid, member);
    open.push(...member[way]);
  }
  return [...found.values()];
}
