import type { MicroAction } from "../core/domain/micro-action.ts";
import { pathsToAsk, patternsToAsk } from "../core/guard/shell/index.ts";
import { pathCovers } from "../core/policy/glob.ts";
import type { ShellConnection } from "./ports.ts";

/** Names that one line may make the gateway look at. Beyond them links behind a glob are not followed; say so in docs. */
const MOST_NAMES = 2_000;

/**
 * Where a line's paths lead on the host, asked without running anything there: lexical path → physical. A glob is
 * expanded as the shell will do, so that a link behind it is judged as what it leads to.
 */
export async function placesOf(
  actions: readonly MicroAction[],
  connection: Pick<ShellConnection, "realpath" | "list">,
): Promise<ReadonlyMap<string, string>> {
  const physical = new Map<string, string>();
  const ask = async (path: string): Promise<void> => {
    const cut = path.lastIndexOf("/");
    const place = await connection.realpath(path);
    // What does not exist yet is made in a folder that does.
    const folder = place === null && cut > 0 ? await connection.realpath(path.slice(0, cut)) : null;
    if (place !== null) physical.set(path, place);
    else if (folder !== null) physical.set(path, `${folder === "/" ? "" : folder}${path.slice(cut)}`);
  };
  const budget = { left: MOST_NAMES };
  const matches = await Promise.all(patternsToAsk(actions).map((pattern) => expand(pattern, connection, budget)));
  await Promise.all([...new Set([...pathsToAsk(actions), ...matches.flat()])].map(ask));
  return physical;
}

async function expand(pattern: string, connection: Pick<ShellConnection, "list">, budget: { left: number }): Promise<string[]> {
  let found = [""];
  for (const part of pattern.split("/").slice(1)) {
    if (!/[*?[]/.test(part)) {
      found = found.map((folder) => `${folder}/${part}`);
      continue;
    }
    const next: string[] = [];
    for (const folder of found) {
      if (budget.left <= 0) break;
      const names = await connection.list(folder === "" ? "/" : folder);
      for (const name of names.map((entry) => entry.replace(/\/$/, ""))) {
        if (pathCovers(part, name, false) && budget.left-- > 0) next.push(`${folder}/${name}`);
      }
    }
    found = next;
  }
  return found;
}
