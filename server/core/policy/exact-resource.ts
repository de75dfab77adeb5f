import type { Resource } from "../domain/micro-action.ts";
import { exactName, parseSqlPattern } from "./sql-name.ts";

/** The one resource of a kind that a name, as `resourceName` writes it, stands for. Null: it names none, or many. */
export function exactResource(kind: Resource["kind"], name: string): Resource | null {
  switch (kind) {
    case "target":
      return name === "target" ? { kind } : null;
    case "table": {
      const [schema, table] = exact(name, 2) ?? [];
      return schema === undefined || table === undefined ? null : { kind, schema, table };
    }
    case "column": {
      const [schema, table, column] = exact(name, 3) ?? [];
      return schema === undefined || table === undefined || column === undefined ? null : { kind, schema, table, column };
    }
    case "program":
      return /^[^\s*?[\]]+$/.test(name) ? { kind, program: name } : null;
    default:
      return null;
  }
}

function exact(name: string, parts: number): readonly string[] | null {
  const pattern = parseSqlPattern(name, parts);
  return pattern === null ? null : exactName(pattern, parts);
}
