import type { PrincipalSelector, ResourceSelector, Target, TargetSelector } from "../domain/configuration.ts";
import type { Resource } from "../domain/micro-action.ts";
import type { Principal } from "../domain/principal.ts";
import { globMatches, pathCovers, pathsMeet } from "./glob.ts";
import { parseSqlPattern, type SqlPattern, sqlNameFits } from "./sql-name.ts";

export function targetFits(selector: TargetSelector | undefined, target: Target): boolean {
  if (selector === undefined) return true;
  if (Array.isArray(selector)) return selector.some((pattern) => globMatches(pattern, target.id));
  const by = selector as Exclude<TargetSelector, string[]>;
  if (by.ids !== undefined && !by.ids.some((pattern) => globMatches(pattern, target.id))) return false;
  if (by.environment !== undefined && !globMatches(by.environment, target.environment)) return false;
  if (by.type !== undefined && by.type !== target.type) return false;
  return Object.entries(by.labels ?? {}).every(
    ([key, value]) => target.labels[key] !== undefined && globMatches(value, target.labels[key]),
  );
}

export function principalFits(selector: PrincipalSelector, principal: Principal): boolean {
  for (const [key, pattern] of Object.entries(selector.attributes ?? {})) {
    const value = principal.attributes[key];
    if (value === undefined || !globMatches(pattern, value)) return false;
  }
  if (selector.everyone === true) return true;
  if (selector.groups === undefined && selector.users === undefined) return selector.attributes !== undefined;
  if (selector.users?.some((pattern) => globMatches(pattern.toLowerCase(), principal.id))) return true;
  return selector.groups?.some((pattern) => principal.groups.some((group) => globMatches(pattern, group))) ?? false;
}

/** The kind lists of a selector, parsed once. Null: the policy has none and speaks of every resource. */
export interface KindLists {
  readonly tables: readonly SqlPattern[] | null;
  readonly columns: readonly SqlPattern[] | null;
  readonly tags: readonly string[] | null;
  readonly functions: readonly SqlPattern[] | null;
  readonly settings: readonly string[] | null;
  readonly programs: readonly string[] | null;
  readonly paths: readonly string[] | null;
  readonly hosts: readonly string[] | null;
}

/** Tells the tags of a column on the target at hand. */
export type TagsOf = (schema: string, table: string, column: string) => readonly string[];

/** Throws a `SelectorError` that names the list and the entry. */
export class SelectorError extends Error {
  readonly path: readonly (string | number)[];
  constructor(path: readonly (string | number)[], message: string) {
    super(message);
    this.path = path;
  }
}

export function compileKinds(selector: Omit<ResourceSelector, "targets" | "except">): KindLists | null {
  const lists: KindLists = {
    tables: sqlPatterns("tables", selector.tables, 2),
    columns: sqlPatterns("columns", selector.columns, 3),
    tags: selector.tags ?? null,
    functions: sqlPatterns("functions", selector.functions, 2),
    settings: selector.settings ?? null,
    programs: selector.programs ?? null,
    paths: selector.paths ?? null,
    hosts: selector.hosts ?? null,
  };
  return Object.values(lists).every((list) => list === null) ? null : lists;
}

function sqlPatterns(name: string, patterns: readonly string[] | undefined, most: number): readonly SqlPattern[] | null {
  if (patterns === undefined) return null;
  return patterns.map((pattern, i) => {
    const parsed = parseSqlPattern(pattern, most);
    if (parsed === null) {
      throw new SelectorError(
        [name, i],
        `\`${pattern}\` is not a name of ${most === 3 ? "`schema.table.column`" : "`schema.name`"}`,
      );
    }
    return parsed;
  });
}

/** `wide`: forbid and review match what could be meant, permit only what is surely meant. */
export function kindsFit(lists: KindLists, resource: Resource, tagsOf: TagsOf, wide: boolean): boolean {
  switch (resource.kind) {
    case "target":
      // A permit on tables covers the transaction around them; a forbid on a table does not forbid the target.
      return !wide;
    case "table": {
      const name = [resource.schema, resource.table];
      if (lists.tables?.some((pattern) => sqlNameFits(pattern, name))) return true;
      // A permit on columns permits mentioning their table.
      return (
        !wide && (lists.columns?.some((pattern) => pattern.length === 1 || sqlNameFits(pattern.slice(0, -1), name)) ?? false)
      );
    }
    case "column": {
      const table = [resource.schema, resource.table];
      if (lists.tables?.some((pattern) => sqlNameFits(pattern, table))) return true;
      if (lists.columns?.some((pattern) => sqlNameFits(pattern, [...table, resource.column]))) return true;
      if (lists.tags === null) return false;
      const tags = tagsOf(resource.schema, resource.table, resource.column);
      return lists.tags.some((pattern) => tags.some((tag) => globMatches(pattern, tag)));
    }
    case "function":
      return lists.functions?.some((pattern) => sqlNameFits(pattern, [resource.schema, resource.name])) ?? false;
    case "setting":
      return lists.settings?.some((pattern) => globMatches(pattern, resource.name)) ?? false;
    case "program":
      return lists.programs?.some((pattern) => globMatches(pattern, resource.program)) ?? false;
    case "path":
      return (
        lists.paths?.some((pattern) =>
          wide
            ? pathsMeet(pattern, resource.path, resource.pattern === true, resource.visible === true)
            : pathCovers(pattern, resource.path, resource.pattern === true),
        ) ?? false
      );
    case "host":
      return lists.hosts?.some((pattern) => globMatches(pattern, resource.host)) ?? false;
    case "opaque":
    case "application":
      return false;
  }
}
