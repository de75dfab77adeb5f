/** Words of jq and of both programs named yq. */
const OUTSIDE = /^(import|include|modulemeta|env|ENV|get_search_list|strenv|envsubst|load|load_\w+|eval|system|exec)$/;

/**
 * Whether a filter may read more than its input: modules, data beside it, the environment. A field (`.env`) does not.
 * Texts and comments are not told from the rest: a filter that only says so is opaque too.
 */
export function looksOutside(filter: string): boolean {
  return [...filter.matchAll(/\.?[A-Za-z_][A-Za-z0-9_]*/g)].some(([name]) => OUTSIDE.test(name));
}
