import { maskSql, nothingSql } from "../../mask/sql.ts";
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

/**
 * The relation as the principal may see it. Layers from the inside: rows (behind a barrier: `OFFSET 0` keeps the
 * statement's own conditions from running on rows that the filter hides), masks, generated columns computed again.
 */
export function subqueryFor(
  use: RelationUse,
  definition: Base | null,
  masking: (column: RelationUse["relation"]["columns"][number]) => Masking,
  filters: readonly { readonly where: string }[],
  source: string,
): string {
  const { relation } = use;
  const sample = use.sample === null ? "" : ` ${source.slice(...use.sample)}`;
  const base = definition?.text ?? `${use.only ? "ONLY " : ""}${qualifiedName(relation)}${sample}`;
  const system = [...use.system.keys()].map(quoteName);
  const conditions = filters.map((filter) => `(${filter.where}\n)`).join(" AND ");
  const where = conditions === "" ? "" : ` WHERE ${conditions}`;
  const rows =
    where === "" && definition?.barrier !== true
      ? base
      : `(SELECT ${["*", ...system].join(", ")} FROM ${base}${where} OFFSET 0) AS "_rows"`;
  const outer: string[] = [];
  const inner: string[] = [];
  let layered = false;
  for (const column of relation.columns) {
    const name = quoteName(column.name);
    const shown = masking(column);
    switch (shown.as) {
      case "raw":
        inner.push(name);
        outer.push(name);
        break;
      case "mask":
        inner.push(`${maskSql(shown.mask, column.type, name)} AS ${name}`);
        outer.push(name);
        break;
      case "nothing":
        inner.push(`${nothingSql(column.type)} AS ${name}`);
        outer.push(name);
        break;
      case "computed":
        layered = true;
        outer.push(`((${shown.expression}))::${column.type.format} AS ${name}`);
        break;
    }
  }
  const masked = `SELECT ${[...inner, ...system].join(", ")} FROM ${rows}`;
  const whole = layered ? `SELECT ${[...outer, ...system].join(", ")} FROM (${masked}) AS "_masked"` : masked;
  return `(${whole})${use.hasAlias ? "" : ` AS ${quoteName(use.visibleName)}`}`;
}
