import { type Analysis, newAnalysis } from "./analysis.ts";
import type { Catalog, CatalogColumn, CatalogRelation } from "./catalog.ts";
import { isCatalogueSchema } from "./catalogues.ts";
import { CONSTANT, type Lineage } from "./lineage.ts";
import { refusalOf } from "./refused.ts";
import type { RelationUse } from "./scope.ts";
import { query } from "./select.ts";

/** What a view is made of. */
export interface ViewContent {
  /** False: its definition was not understood. */
  readonly known: boolean;
  readonly lineage: (column: CatalogColumn) => Lineage;
  /** Its definition, walked. Null where `known` is false. */
  readonly analysis: Analysis | null;
  /** Every use of a relation below it, those in views below included. */
  readonly uses: readonly RelationUse[];
  /** The relations of `uses`. */
  readonly relations: readonly CatalogRelation[];
  /** Functions outside of `pg_catalog` that it runs, `schema.name`, those of views below it included. */
  readonly called: readonly string[];
  /** Built-ins that are not on the safe list. */
  readonly opaque: readonly string[];
}

const UNKNOWN: ViewContent = {
  known: false,
  lineage: () => CONSTANT,
  analysis: null,
  uses: [],
  relations: [],
  called: [],
  opaque: [],
};
const contents = new WeakMap<Catalog, Map<number, ViewContent>>();

export function isView(relation: CatalogRelation): boolean {
  return relation.kind === "view" || relation.kind === "materialised";
}

export function viewContent(catalog: Catalog, relation: CatalogRelation): ViewContent {
  const known = contents.get(catalog) ?? new Map<number, ViewContent>();
  contents.set(catalog, known);
  const found = known.get(relation.oid);
  if (found !== undefined) return found;
  known.set(relation.oid, UNKNOWN);
  const content = analyse(catalog, relation);
  known.set(relation.oid, content);
  return content;
}

function analyse(catalog: Catalog, relation: CatalogRelation): ViewContent {
  if (relation.definition === null) return UNKNOWN;
  const definition = relation.definition;
  const analysis: Analysis = newAnalysis(definition, catalog, { searchPath: [], transaction: "idle" });
  const output = refusalOf(() => query(analysis, definition.tree, { scope: null, ctes: null }, {}));
  if ("refusal" in output || output.open || output.columns.length !== relation.columns.length) return UNKNOWN;
  const uses: RelationUse[] = [];
  const called = new Set(analysis.called);
  const opaque: string[] = [];
  for (const action of analysis.actions.values()) if (action.resource.kind === "opaque") opaque.push(action.resource.what);
  // Where a view's definition is left as it is, so are its calls.
  for (const name of analysis.shown) opaque.push(`function ${name}`);
  let complete = true;
  for (const use of analysis.uses) {
    const below = use.relation;
    uses.push(use);
    if (!isView(below) || isCatalogueSchema(below.schema)) continue;
    const inner = viewContent(catalog, below);
    complete &&= inner.known;
    uses.push(...inner.uses);
    opaque.push(...inner.opaque);
    for (const name of inner.called) called.add(name);
  }
  if (!complete) return UNKNOWN;
  const columns = new Map(relation.columns.map((column, index) => [column.number, output.columns[index]?.lineage ?? CONSTANT]));
  return {
    known: true,
    lineage: (column) => columns.get(column.number) ?? CONSTANT,
    analysis,
    uses,
    relations: [...new Set(uses.map((use) => use.relation))],
    called: [...called],
    opaque,
  };
}
