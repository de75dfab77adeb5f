import { globMatches } from "./glob.ts";

/**
 * A pattern over a SQL name: parts between dots, each a glob (`public.*`), or exact when in double quotes. Written as
 * the server folds names, so `Public.X` names nothing that an unquoted statement could mean.
 */
export type SqlPattern = readonly SqlPart[];
type SqlPart = { readonly exact: string } | { readonly glob: string };

/** Null when it is not a name of 1 to `most` parts. */
export function parseSqlPattern(text: string, most: number): SqlPattern | null {
  const parts: SqlPart[] = [];
  let i = 0;
  while (i <= text.length) {
    if (text[i] === '"') {
      let value = "";
      i++;
      for (;;) {
        if (i >= text.length) return null;
        if (text[i] === '"') {
          if (text[i + 1] !== '"') break;
          i++;
        }
        value += text[i++];
      }
      i++;
      if (value === "") return null;
      parts.push({ exact: value });
    } else {
      const end = text.slice(i).search(/[."]/);
      const part = end === -1 ? text.slice(i) : text.slice(i, i + end);
      if (part === "" || /\s/.test(part)) return null;
      parts.push(part.includes("*") ? { glob: part } : { exact: part });
      i += part.length;
    }
    if (i === text.length) return parts.length <= most ? parts : null;
    if (text[i] !== ".") return null;
    i++;
  }
  return null;
}

/** A pattern with fewer parts than the name speaks of the last ones: `customers` is `*.customers`; `*` alone is everything. */
export function sqlNameFits(pattern: SqlPattern, name: readonly string[]): boolean {
  if (pattern.length > name.length) return false;
  const offset = name.length - pattern.length;
  return pattern.every((part, i) => {
    const actual = name[offset + i] as string;
    return "exact" in part ? part.exact === actual : globMatches(part.glob, actual);
  });
}

/** The exact name, when the pattern has no glob and all `length` parts. */
export function exactName(pattern: SqlPattern, length: number): readonly string[] | null {
  if (pattern.length !== length) return null;
  const names: string[] = [];
  for (const part of pattern) {
    if (!("exact" in part)) return null;
    names.push(part.exact);
  }
  return names;
}
