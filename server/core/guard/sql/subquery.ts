import { maskSql, nothingSql } from "../../mask/sql.ts";
import type { Analysis } from "./analysis.ts";
import type { CatalogColumn } from "./catalog.ts";
import type { Masking } from "./masking.ts";
import { quoteName } from "./names.ts";
import type { RelationUse } from "./scope.ts";

/** `schema.relation`, as it is always sent. */
export function qualifiedName(relation: { readonly schema: string; readonly name: string }): string {
  return `${quoteName(relation.schema)}.${quoteName(relation.name)}`;
}

/** What stands in FROM instead of the relation's name. */
export interface Base {
  readonly text: string;
  /** No condition of the statement may run below it. */
  readonly barrier: boolean;
}

/** What the principal may see of a relation. */
interface Shown {
  /** Of a view that is replaced by it. */
  readonly definition: Base | null;
  readonly masking: (column: CatalogColumn) => Masking;
  readonly filters: readonly { readonly where: string }[];
  /** `OFFSET 0` keeps the statement's own conditions from running on rows that are not seen. */
  readonly barrier: boolean;
}

/**
 * The relation as the principal may see it. Layers from the inside: rows, masks, generated columns computed again. Where
 * no condition of the statement could tell of hidden rows, rows and masks are one layer, which the server's planner takes
 * into the statement, so that indexes serve.
 */
export function subqueryFor(
  use: RelationUse,
  { definition, masking, filters, barrier }: Shown,
  { statement: { source }, byPlace }: Pick<Analysis, "statement" | "byPlace">,
): string {
  const { relation } = use;
  const sample = use.sample === null ? "" : ` ${source.slice(...use.sample)}`;
  const base = definition?.text ?? `${use.only ? "ONLY " : ""}${qualifiedName(relation)}${sample}`;
  const system = [...use.system.keys()].map(quoteName);
  const conditions = filters.map((filter) => `(${filter.where}\n)`).join(" AND ");
  const visible = `${base}${conditions === "" ? "" : ` WHERE ${conditions}`}`;
  const rows = barrier ? `(SELECT ${["*", ...system].join(", ")} FROM ${visible} OFFSET 0) AS "_rows"` : visible;
  const seen = (columns: readonly CatalogColumn[]) =>
    columns.map((column) => ({ column, name: quoteName(column.name), as: masking(column) }));
  const shown = seen(byPlace ? relation.columns : askedOf(use));
  const layered = shown.some(({ as }) => as.as === "computed");
  // What is computed again may need any of them.
  const below = layered ? seen(relation.columns) : shown;
  const inner = below.flatMap(({ column, name, as }) => {
    if (as.as === "mask") return [`${maskSql(as.mask, column.type, name)} AS ${name}`];
    if (as.as === "nothing") return [`${nothingSql(column.type)} AS ${name}`];
    return as.as === "raw" ? [name] : [];
  });
  const outer = shown.map(({ column, name, as }) =>
    as.as === "computed" ? `((${as.expression}))::${column.type.format} AS ${name}` : name,
  );
  const masked = `${selecting([...inner, ...system])} FROM ${rows}`;
  const whole = layered ? `${selecting([...outer, ...system])} FROM (${masked}) AS "_masked"` : masked;
  return `(${whole})${use.hasAlias ? "" : ` AS ${quoteName(use.visibleName)}`}`;
}

/**
 * The columns that the statement reads: planning costs by the column, and one that was not judged is not there at all. All of
 * them where their places count.
 */
function askedOf(use: RelationUse): readonly CatalogColumn[] {
  const { columns } = use.relation;
  if (use.row !== null || use.whole !== null || use.columnAliases.length > 0) return columns;
  return columns.filter(({ name }) => use.reads.has(name));
}

/** A query may have no columns, as where rows are only counted. */
function selecting(columns: readonly string[]): string {
  return columns.length === 0 ? "SELECT" : `SELECT ${columns.join(", ")}`;
}
