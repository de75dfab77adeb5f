import type { MicroAction } from "../core/domain/micro-action.ts";
import { asksForFolders, pathsToAsk, patternsToAsk } from "../core/guard/shell/index.ts";
import { pathCovers } from "../core/policy/glob.ts";
import type { ShellConnection } from "./ports.ts";

/** Names that one line may make the gateway look at. Beyond them links behind a glob are not followed; say so in docs. */
const MOST_NAMES = 2_000;
/** More are not judged one by one: the glob means all that it could match, and the links among them. */
const MOST_JUDGED = 800;

export interface Places {
  /** Lexical path → physical. */
  readonly physical: ReadonlyMap<string, string>;
  /** Glob → every name that it matches; only globs of which all folders could be listed whole. */
  readonly matches: ReadonlyMap<string, readonly string[]>;
  /** Asked only where a program of the line reads what is in a folder. */
  readonly folders: ReadonlySet<string>;
}

/** A listing of so many names may have been cut; an empty one may be one that failed. */
const WHOLE = 2_000;

/**
 * Where a line's paths lead on the host, asked without running anything there. A glob is expanded as the shell will do,
 * so that a link behind it is judged as what it leads to.
 */
export async function placesOf(
  actions: readonly MicroAction[],
  connection: Pick<ShellConnection, "realpath" | "list" | "isDirectory">,
): Promise<Places> {
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
  const asked = patternsToAsk(actions);
  const found = await Promise.all(asked.map((pattern) => expand(pattern, connection, budget)));
  await Promise.all([...new Set([...pathsToAsk(actions), ...found.flatMap(({ names }) => names)])].map(ask));
  const folders = new Set<string>();
  if (asksForFolders(actions))
    await Promise.all(
      pathsToAsk(actions).map(async (path) => {
        if (await connection.isDirectory(path)) folders.add(path);
      }),
    );
  const few = found.reduce((sum, { names }) => sum + names.length, 0) <= MOST_JUDGED;
  const matches = new Map(
    asked.flatMap((pattern, i) =>
      few && found[i]?.whole === true ? [[pattern, found[i].names.filter((name) => isShown(pattern, name))] as const] : [],
    ),
  );
  return { physical, matches, folders };
}

/** More folders are not asked about while somebody types. */
const MOST_FOLDERS = 8;

/** The folders in which a line's paths and globs are looked for. Null: they are known only on the host, or are too many. */
export function foldersOf(actions: readonly MicroAction[]): readonly string[] | null {
  const folders = new Set<string>();
  for (const path of [...pathsToAsk(actions), ...patternsToAsk(actions)]) {
    const folder = path.slice(0, path.lastIndexOf("/")) || "/";
    if (/[*?[]/.test(folder)) return null;
    folders.add(folder);
  }
  return folders.size > MOST_FOLDERS ? null : [...folders];
}

async function expand(
  pattern: string,
  connection: Pick<ShellConnection, "list">,
  budget: { left: number },
): Promise<{ readonly names: readonly string[]; readonly whole: boolean }> {
  let found = [""];
  let whole = true;
  const parts = pattern.split("/").slice(1);
  for (const [i, part] of parts.entries()) {
    if (!/[*?[]/.test(part)) {
      found = found.map((folder) => `${folder}/${part}`);
      continue;
    }
    const next: string[] = [];
    for (const folder of found) {
      if (budget.left <= 0) {
        whole = false;
        break;
      }
      const names = await connection.list(folder === "" ? "/" : folder);
      whole &&= names.length > 0 && names.length < WHOLE;
      const inner = i < parts.length - 1 ? names.filter((entry) => entry.endsWith("/")) : names;
      for (const name of inner.map((entry) => entry.replace(/\/$/, ""))) {
        if (!pathCovers(part, name, false)) continue;
        if (budget.left-- > 0) next.push(`${folder}/${name}`);
        else whole = false;
      }
    }
    found = next;
  }
  return { names: found, whole };
}

/** A wild card at the start of a name matches no dot. */
function isShown(pattern: string, name: string): boolean {
  const names = name.split("/");
  return pattern.split("/").every((part, i) => !/^[*?[]/.test(part) || names[i]?.startsWith(".") === false);
}
