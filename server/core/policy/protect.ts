import type { Target } from "../domain/configuration.ts";
import type { AccessGrant } from "../domain/grant.ts";
import type { Principal } from "../domain/principal.ts";
import type { ColumnName, Protection } from "../guard/sql/protection.ts";
import { permits } from "./decide.ts";
import { globMatches } from "./glob.ts";
import type { CompiledMask, PolicySet } from "./policy-set.ts";
import { fillFilter } from "./row-filter.ts";
import { principalFits } from "./selector.ts";
import { sqlNameFits } from "./sql-name.ts";
import { tagsOn } from "./tags.ts";

/**
 * What masks and row filters say about a target's data for a principal. Answers are kept: asked again for every column
 * of every statement, and the set never changes.
 */
export function protectionFor(
  set: PolicySet,
  principal: Principal,
  target: Target,
  now: number,
  grants: readonly AccessGrant[] = [],
): Protection {
  const masks = new Map<string, ReturnType<Protection["mask"]>>();
  const own = set.masks.filter((mask) => mask.document.target === undefined || globMatches(mask.document.target, target.id));
  return {
    mask: (column) => {
      const key = `${column.schema}\0${column.table}\0${column.column}`;
      const known = masks.get(key);
      if (known !== undefined) return known;
      const found = maskOf(set, own, principal, target, column, now, grants);
      masks.set(key, found);
      return found;
    },
    rowFilters: ({ schema, table }) =>
      set.filters
        .filter(
          (filter) =>
            globMatches(filter.target, target.id) &&
            sqlNameFits(filter.table, [schema, table]) &&
            principalFits(filter.principals, principal),
        )
        .map((filter) => ({ id: filter.id, where: fillFilter(filter.parts, principal) })),
  };
}

function maskOf(
  set: PolicySet,
  masks: readonly CompiledMask[],
  principal: Principal,
  target: Target,
  column: ColumnName,
  now: number,
  grants: readonly AccessGrant[],
): ReturnType<Protection["mask"]> {
  const name = [column.schema, column.table, column.column];
  const tags = tagsOn(set, target.id, column.schema, column.table, column.column);
  const found = masks.find((mask) =>
    mask.columns === null
      ? (mask.document.tags?.some((pattern) => tags.some((tag) => globMatches(pattern, tag))) ?? false)
      : mask.columns.some((pattern) => sqlNameFits(pattern, name)),
  );
  if (found === undefined) return null;
  const unmask = { action: "sql:unmask", resource: { kind: "column", ...column }, span: [0, 0] } as const;
  return permits(set, principal, target, unmask, now, grants) ? null : { id: found.document.id, mask: found.document.mask };
}
