import type { Catalog } from "./catalog.ts";
import { isCatalogueSchema } from "./catalogues.ts";
import { maskingsFor } from "./masking.ts";
import type { Protection } from "./protection.ts";

const KINDS = {
  table: "table",
  partitioned: "partitioned table",
  view: "view",
  materialised: "materialised view",
  foreign: "foreign table",
} as const;

export interface TreeRelation {
  readonly schema: string;
  readonly name: string;
  readonly kind: (typeof KINDS)[keyof typeof KINDS];
  /** `mask` is the mask's identifier, null: raw. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly mask: string | null }[];
}

/** A target's tables and views for people to look at, by schema and name; masks by lineage as in a statement. */
export function treeOf(catalog: Catalog, protection: Protection): readonly TreeRelation[] {
  const maskings = maskingsFor(catalog, protection);
  const relations: TreeRelation[] = [];
  for (const relation of catalog.relations) {
    const { schema, name, kind } = relation;
    if (isCatalogueSchema(schema) || kind === "sequence" || kind === "other") continue;
    const columns = relation.columns.map((column) => {
      const masking = maskings.of(relation, column, false);
      return { name: column.name, type: column.type.format, mask: masking.as === "raw" ? null : masking.id };
    });
    relations.push({ schema, name, kind: KINDS[kind], columns });
  }
  return relations.sort((a, b) => compare(a.schema, b.schema) || compare(a.name, b.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
