import type { Catalog } from "./catalog.ts";
import type { Maskings } from "./masking.ts";
import { refuse } from "./refused.ts";
import type { RelationUse } from "./scope.ts";
import { isView } from "./view.ts";

/**
 * A write that the server compares with stored values tells by failing whether the value is there. So masked columns
 * cannot be written where something unique, a foreign key or a check looks at them.
 */
export function refuseOracles(catalog: Catalog, maskings: Maskings, use: RelationUse): void {
  const { relation } = use;
  const masked = (name: string): boolean => {
    const column = relation.columns.find((candidate) => candidate.name === name);
    return column !== undefined && maskings.of(relation, column, use.only).as !== "raw";
  };
  const touched = (names: readonly string[]) => names.find((name) => use.written.has(name));
  const say = (column: string, why: string) =>
    refuse(`writing \`${column}\` would tell about masked values: ${why}`, use.written.get(column) ?? use.nameSpan);
  if (isView(relation)) {
    const found = [...use.written.keys()].find(masked);
    if (found !== undefined) say(found, "it is a view's column over a masked one");
  }
  for (const names of relation.unique) {
    const found = touched(names);
    if (found !== undefined && names.some(masked)) say(found, "a unique index compares it with what is stored");
  }
  for (const names of relation.checks) {
    const found = touched(names);
    if (found !== undefined && names.some((name) => masked(name) && !use.written.has(name))) say(found, "a check compares them");
  }
  const key = touched(relation.partitionKey);
  if (key !== undefined && masked(key)) say(key, "it decides the partition");
  for (const foreign of relation.foreignKeys) {
    const found = touched(foreign.columns);
    const other = catalog.relationByOid(foreign.references);
    if (found === undefined || other === null) continue;
    const compared = foreign.referenced.some((name) => {
      const column = other.columns.find((candidate) => candidate.name === name);
      return column !== undefined && maskings.of(other, column, false).as !== "raw";
    });
    if (compared || foreign.columns.some(masked)) say(found, "a foreign key compares it with what is stored");
  }
}
