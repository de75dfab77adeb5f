import type { Mask } from "../../domain/mask.ts";

export interface ColumnName {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/**
 * What the configuration says about this target's data for this principal. Asked for base columns and tables; lineage
 * (views, partitions, children, generated columns) is the guard's affair. Pure and cheap: asked for every column of
 * every relation that a statement names.
 */
export interface Protection {
  /** Null: the column is open to the principal. `id` names the mask for people. */
  readonly mask: (column: ColumnName) => { readonly id: string; readonly mask: Mask } | null;
  /** Predicates over the table's columns, with `principal.*` already replaced by literals. All hold. */
  readonly rowFilters: (table: {
    readonly schema: string;
    readonly table: string;
  }) => readonly { readonly id: string; readonly where: string }[];
}

/** Nothing masked, nothing filtered. For tests of the rest. */
export const OPEN: Protection = { mask: () => null, rowFilters: () => [] };
