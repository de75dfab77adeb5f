import type { MicroAction } from "../../domain/micro-action.ts";
import { pathCovers } from "../../policy/glob.ts";
import { CATALOGUE } from "./catalogue.generated.ts";

/**
 * Where paths really lead. A guard sees text; the host alone knows its links, and is asked just before a command runs.
 * What it cannot close: a link that is swapped between the question and the use.
 */

/** The paths to ask the host about: files as they are, patterns by the folder before their first glob character. */
export function pathsToAsk(actions: readonly MicroAction[]): readonly string[] {
  const paths = new Set<string>();
  for (const { resource } of actions) {
    if (resource.kind === "path") paths.add(resource.pattern === true ? fixedFolder(resource.path) : resource.path);
    else if (resource.kind === "program" && resource.program.startsWith("/")) paths.add(resource.program);
  }
  paths.delete("/");
  return [...paths];
}

/** The globs that the host's shell will expand; what lies below a whole tree is not asked for. */
export function patternsToAsk(actions: readonly MicroAction[]): readonly string[] {
  const patterns = new Set<string>();
  for (const { resource } of actions) {
    if (resource.kind === "path" && resource.pattern === true && !resource.path.includes("**")) patterns.add(resource.path);
  }
  return [...patterns];
}

/** Whether a program of the line does something else with a folder than with a file. */
export function asksForFolders(actions: readonly MicroAction[]): boolean {
  return actions.some(
    ({ action, resource }) =>
      action === "shell:exec" &&
      resource.kind === "program" &&
      Object.hasOwn(CATALOGUE, resource.program) &&
      CATALOGUE[resource.program]?.folders === true,
  );
}

/** Where links behind a glob lead. */
export function placesBehind(pattern: string, physical: ReadonlyMap<string, string> | undefined): readonly string[] {
  return [...(physical ?? [])].flatMap(([name, place]) => (place !== name && pathCovers(pattern, name, false) ? [place] : []));
}

/** The path with its place for its name, as far as the host was asked. */
export function placeOf(path: string, pattern: boolean, physical: ReadonlyMap<string, string> | undefined): string {
  if (physical === undefined) return path;
  if (!pattern) return physical.get(path) ?? path;
  const folder = fixedFolder(path);
  const place = physical.get(folder);
  if (place === undefined || place === folder) return path;
  return `${place === "/" ? "" : place}${path.slice(folder === "/" ? 0 : folder.length)}`;
}

function fixedFolder(pattern: string): string {
  const glob = pattern.search(/[*?[]/);
  const cut = pattern.lastIndexOf("/", glob === -1 ? pattern.length : glob);
  return cut <= 0 ? "/" : pattern.slice(0, cut);
}
