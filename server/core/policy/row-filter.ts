import type { Principal } from "../domain/principal.ts";

/**
 * Puts a person's literals in a row filter's `principal.*` places. The text is scanned as PostgreSQL's lexer would read
 * it with `standard_conforming_strings` on, so that `principal` inside a string or a quoted name stays what it is.
 * Comments, dollar quotes, escape strings and semicolons are refused: a filter needs none, and each is a place to hide in.
 */
export type FilterPart = { readonly sql: string } | { readonly reads: readonly string[] };

export function parseFilter(
  where: string,
):
  | { readonly ok: true; readonly parts: readonly FilterPart[] }
  | { readonly ok: false; readonly message: string; readonly at: number } {
  const parts: FilterPart[] = [];
  let text = "";
  let i = 0;
  while (i < where.length) {
    const c = where[i] as string;
    const two = where.slice(i, i + 2);
    if (c === "\0") return { ok: false, message: "a NUL character", at: i };
    if (c === ";" || two === "--" || two === "/*" || c === "$")
      return { ok: false, message: `\`${c === ";" || c === "$" ? c : two}\` is not allowed in a row filter`, at: i };
    if (c === "'" || c === '"') {
      const end = closing(where, i, c);
      if (end === -1) return { ok: false, message: `unterminated ${c}`, at: i };
      text += where.slice(i, end);
      i = end;
      continue;
    }
    const word = /^[\p{L}_][\p{L}\p{N}_$]*/u.exec(where.slice(i))?.[0];
    if (word === undefined) {
      text += c;
      i++;
      continue;
    }
    const next = where[i + word.length];
    if (next === "'" && /^(e|u&|b|x|n)$/i.test(word))
      return { ok: false, message: `\`${word}'…'\` is not allowed in a row filter`, at: i };
    if (word.toLowerCase() === "u" && where.slice(i + 1, i + 3).match(/^&['"]/))
      return { ok: false, message: "`U&` is not allowed in a row filter", at: i };
    if (word !== "principal") {
      text += word;
      i += word.length;
      continue;
    }
    const path = /^principal((?:\.[a-z_][a-zA-Z0-9_]*)+)/.exec(where.slice(i));
    const reads = path?.[1]?.slice(1).split(".") ?? [];
    const known =
      (reads.length === 1 && ["id", "name", "groups"].includes(reads[0] as string)) ||
      (reads.length === 2 && reads[0] === "attributes");
    if (path === null || !known)
      return { ok: false, message: "`principal` has `id`, `name`, `groups` and `attributes.NAME`", at: i };
    parts.push({ sql: text }, { reads });
    text = "";
    i += path[0].length;
  }
  parts.push({ sql: text });
  return { ok: true, parts };
}

function closing(text: string, from: number, quote: string): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] !== quote) continue;
    if (text[i + 1] === quote) i++;
    else return i + 1;
  }
  return -1;
}

export function fillFilter(parts: readonly FilterPart[], principal: Principal): string {
  return parts
    .map((part) => {
      if ("sql" in part) return part.sql;
      switch (part.reads[0]) {
        case "id":
          return literal(principal.id);
        case "name":
          return literal(principal.name);
        case "groups":
          return `ARRAY[${principal.groups.map(literal).join(", ")}]::pg_catalog.text[]`;
        default: {
          const value = principal.attributes[part.reads[1] as string];
          return value === undefined ? "NULL" : literal(value);
        }
      }
    })
    .join("");
}

/** With `standard_conforming_strings` on, a quote is the only special character. */
function literal(value: string): string {
  return `'${value.replaceAll("\0", "").replaceAll("'", "''")}'`;
}
