import { globMatches } from "./glob.ts";
import type { PolicySet } from "./policy-set.ts";
import { sqlNameFits } from "./sql-name.ts";

/** The tags that classifications give a column of a target. */
export function tagsOn(set: PolicySet, target: string, schema: string, table: string, column: string): readonly string[] {
  const name = [schema, table, column];
  return set.tags
    .filter((tag) => globMatches(tag.target, target) && tag.columns.some((pattern) => sqlNameFits(pattern, name)))
    .map((tag) => tag.tag);
}
