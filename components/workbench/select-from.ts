import type { TreeTable } from "../../server/contract/http.ts";

/** A select on a table, of the columns that may be read: naming one that is denied would deny it all. */
export function selectFrom(table: TreeTable): string {
  const columns = table.columns.filter((column) => column.exposure !== "denied");
  const list =
    columns.length === table.columns.length || columns.length === 0
      ? "*"
      : columns.map((column) => quoted(column.name)).join(", ");
  const name = table.schema === "public" ? quoted(table.name) : `${quoted(table.schema)}.${quoted(table.name)}`;
  return `select ${list} from ${name} limit 100;`;
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
