const OUTSIDE: ReadonlySet<string> = new Set(["import", "include", "modulemeta", "env", "ENV", "get_search_list"]);

/**
 * Whether a filter may read more than its input: modules, data beside it, the environment. A field (`.env`) does not.
 * Texts and comments are not told from the rest: a filter that only says so is opaque too.
 */
export function looksOutside(filter: string): boolean {
  return [...filter.matchAll(/\.?[A-Za-z_][A-Za-z0-9_]*/g)].some(([name]) => OUTSIDE.has(name));
}
