import type { Span } from "../../domain/span.ts";
import type { CatalogRelation } from "./catalog.ts";
import { computedFrom, type Lineage } from "./lineage.ts";

/** A relation where the statement names it. */
export interface RelationUse {
  readonly relation: CatalogRelation;
  /** `read` may be replaced by a subquery; `target` is written to; `named` is only made unambiguous. */
  readonly role: "read" | "target" | "named";
  /** The name's tokens. */
  readonly nameSpan: Span;
  /** With `ONLY`, its brackets and a `*`. */
  readonly outerSpan: Span;
  readonly only: boolean;
  /** The name under which the rest of the statement knows it. */
  readonly visibleName: string;
  readonly hasAlias: boolean;
  /** Column names of an alias list, in order; empty: none. */
  readonly columnAliases: readonly string[];
  /** `TABLESAMPLE …`, null: none. */
  sample: Span | null;
  /** Columns whose value is read, with the first place. */
  readonly reads: Map<string, Span>;
  /** Columns that are written, with the first place. */
  readonly written: Map<string, Span>;
  /** System columns that are asked for by name. */
  readonly system: Map<string, Span>;
  /** First `*` or whole-row reference. */
  whole: Span | null;
  /** First whole row as a value: `t`, `(t).*`, `row_to_json(t)`. */
  row: Span | null;
  /**
   * A target's rows when some are hidden: `where`: UPDATE and DELETE take only what their condition (null: none) and the
   * row filter let through; `added`: INSERT touches no stored row; null: what would be touched cannot be narrowed.
   */
  rows: { readonly by: "where"; readonly condition: unknown } | { readonly by: "added" } | null;
  /** Schema parts of `schema.table.column`, which have no meaning once the table is a subquery. */
  readonly schemaTokens: Span[];
}

export interface SourceColumn {
  readonly name: string;
  readonly lineage: Lineage;
  /** Notes a reference at `span`. */
  readonly touch: (span: Span) => void;
  /** Of a column that USING or NATURAL merged: the side's column that it is; null: of a FULL JOIN, one or the other. */
  readonly merges?: SourceColumn | null;
}

/** Something in FROM that can be named. */
export interface Source {
  /** Null: no name (a join's merged columns, `RETURNING`'s hidden parts). */
  readonly name: string | null;
  readonly use: RelationUse | null;
  readonly columns: readonly SourceColumn[];
  /** Has columns that are not known: a function's composite result. */
  readonly open: boolean;
  /** Only reached by name, not by a bare column name: `excluded`, `old`, `new`, a USING alias. */
  readonly byNameOnly: boolean;
  readonly touchWhole: (span: Span) => void;
  /** A system column, null when the source has none of that name. */
  readonly system: (name: string) => SourceColumn | null;
}

export interface Scope {
  readonly sources: readonly Source[];
  /** What a bare `*` stands for, in order. */
  readonly star: readonly SourceColumn[];
  readonly parent: Scope | null;
}

export const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"]);

export function sourceOf(
  name: string | null,
  columns: readonly SourceColumn[],
  options: { readonly open?: boolean } = {},
): Source {
  return {
    name,
    use: null,
    columns,
    open: options.open ?? false,
    byNameOnly: false,
    touchWhole: (span) => {
      for (const column of columns) column.touch(span);
    },
    system: () => null,
  };
}

/** The same source under an alias's names: the first columns are renamed, the rest keep theirs. */
export function renamed(source: Source, name: string | null, names: readonly string[]): Source {
  if (names.length === 0 && name === source.name) return source;
  const columns = source.columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
  return { ...source, name: name ?? source.name, columns };
}

export function wholeLineage(source: Source): Lineage {
  return computedFrom(source.columns.map((column) => column.lineage));
}

/** The nearest source of that name. `schema` null: not given. */
export function findSource(scope: Scope | null, schema: string | null, name: string): Source | null {
  for (let level = scope; level !== null; level = level.parent) {
    for (const source of level.sources) {
      if (source.name !== name) continue;
      if (schema === null) return source;
      if (source.use !== null && !source.use.hasAlias && source.use.relation.schema === schema) return source;
    }
  }
  return null;
}

/** All columns of that name at the nearest level that has one; of an open level too, those further out are possible. */
export function findColumns(
  scope: Scope | null,
  name: string,
): { readonly columns: readonly SourceColumn[]; readonly open: boolean } {
  const columns: SourceColumn[] = [];
  let open = false;
  for (let level = scope; level !== null; level = level.parent) {
    for (const source of level.sources) {
      if (source.byNameOnly) continue;
      for (const column of source.columns) if (column.name === name) columns.push(column);
      const system = SYSTEM_COLUMNS.has(name) ? source.system(name) : null;
      if (system !== null) columns.push(system);
      if (source.open) open = true;
    }
    if (columns.length > 0 && !open) break;
  }
  return { columns, open };
}
