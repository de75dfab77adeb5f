import type { CatalogContent } from "../../core/guard/sql/index.ts";

type CatalogType = CatalogContent["types"][number];
type ColumnType = CatalogContent["relations"][number]["columns"][number]["type"];

interface TypeRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly base: number;
  readonly modifier: number;
  readonly element: number;
  readonly notNull: boolean;
  readonly label: string | null;
  readonly input: { readonly schema: string; readonly name: string } | null;
}

const KINDS: Readonly<Record<string, CatalogType["kind"]>> = {
  b: "base",
  c: "composite",
  d: "domain",
  e: "enum",
  r: "range",
  m: "range",
};

export interface TypeReader {
  readonly all: readonly CatalogType[];
  readonly column: (oid: number, modifier: number, format: string) => ColumnType;
}

/** Follows domains and arrays down to what a value is made of. */
export function typeReader(
  rows: readonly (readonly (string | null)[])[],
  domainCalls: readonly (readonly (string | null)[])[],
): TypeReader {
  const types = new Map<number, TypeRow>();
  for (const [oid, schema, name, kind, base, modifier, element, notNull, label, inputSchema, input] of rows) {
    types.set(Number(oid), {
      oid: Number(oid),
      schema: schema ?? "",
      name: name ?? "",
      kind: kind ?? "",
      base: Number(base),
      modifier: Number(modifier),
      element: Number(element),
      notNull: notNull === "true",
      label: label ?? null,
      input: inputSchema === null || inputSchema === undefined ? null : { schema: inputSchema, name: input ?? "" },
    });
  }
  const checks = new Map<number, { schema: string; name: string }[]>();
  for (const [oid, schema, name] of domainCalls) {
    checks.set(Number(oid), [...(checks.get(Number(oid)) ?? []), { schema: schema ?? "", name: name ?? "" }]);
  }
  const runs = (row: TypeRow | undefined): { schema: string; name: string }[] => {
    if (row === undefined) return [];
    const below = row.kind === "d" ? runs(types.get(row.base)) : row.element !== 0 ? runs(types.get(row.element)) : [];
    return [...(row.input === null || row.element !== 0 ? [] : [row.input]), ...(checks.get(row.oid) ?? []), ...below];
  };
  const all = [...types.values()]
    .filter((row) => row.schema !== "pg_catalog")
    .map((row) => ({ oid: row.oid, schema: row.schema, name: row.name, kind: KINDS[row.kind] ?? "other", runs: runs(row) }));
  const column = (oid: number, modifier: number, format: string): ColumnType => {
    let row = types.get(oid);
    let limit = modifier;
    let domain = false;
    let domainNotNull = false;
    let array = false;
    let builtin = row?.schema === "pg_catalog";
    for (let depth = 0; row !== undefined && depth < 32; depth += 1) {
      if (row.kind === "d") {
        domain = true;
        domainNotNull ||= row.notNull;
        if (row.modifier >= 0) limit = row.modifier;
        row = types.get(row.base);
      } else if (row.element !== 0) {
        array = true;
        row = types.get(row.element);
      } else break;
      builtin &&= row?.schema === "pg_catalog";
    }
    const base = row?.name ?? "unknown";
    const counted = (base === "varchar" || base === "bpchar") && limit >= 4;
    return {
      oid,
      format,
      base: row?.schema === "pg_catalog" ? base : `${row?.schema ?? ""}.${base}`,
      array,
      length: counted ? limit - 4 : null,
      enumLabel: row?.label ?? null,
      domain,
      domainNotNull,
      builtin,
    };
  };
  return { all, column };
}
