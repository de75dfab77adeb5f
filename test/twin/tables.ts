import type { Catalog } from "../../server/core/guard/sql/index.ts";
import { isReadable } from "./databases.ts";
import type { Table, Type } from "./scope.ts";

const FAMILIES: Readonly<Record<string, Type>> = {
  int4: "int",
  int8: "big",
  numeric: "num",
  text: "text",
  bool: "bool",
  date: "date",
  jsonb: "jsonb",
};

/** What the grammar may name, from the catalog of the database itself. */
export function tablesOf(catalog: Catalog): readonly Table[] {
  const tables: Table[] = [];
  for (const { schema, name, kind, columns, primaryKey } of catalog.relations) {
    if (!isReadable(schema, name)) continue;
    if (kind !== "table" && kind !== "partitioned" && kind !== "view" && kind !== "materialised") continue;
    const known = columns.map((column) => {
      const { array, base, enumLabel } = column.type;
      const type = array ? (base === "text" ? "texts" : undefined) : enumLabel !== null ? "mood" : FAMILIES[base];
      if (type === undefined) throw new Error(`no family for \`${column.type.format}\``);
      return { name: column.name, type };
    });
    tables.push({ schema, name, kind, columns: known, key: primaryKey });
  }
  return tables.sort((a, b) => (`${a.schema}.${a.name}` < `${b.schema}.${b.name}` ? -1 : 1));
}
