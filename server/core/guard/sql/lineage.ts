/** A column of the catalog: `oid.number`. */
export type ColumnKey = string;

export function columnKey(oid: number, number: number): ColumnKey {
  return `${oid}.${number}`;
}

/** Where a value comes from. */
export interface Lineage {
  /** Every column that has any part in the value. */
  readonly reads: ReadonlySet<ColumnKey>;
  /** The columns of which it is an unchanged copy (more than one: of one or the other). Null: it is computed. */
  readonly through: readonly ColumnKey[] | null;
}

export const CONSTANT: Lineage = { reads: new Set(), through: null };

export function copyOf(key: ColumnKey): Lineage {
  return { reads: new Set([key]), through: [key] };
}

export function computedFrom(parts: readonly Lineage[]): Lineage {
  if (parts.every((part) => part.reads.size === 0)) return CONSTANT;
  return { reads: new Set(parts.flatMap((part) => [...part.reads])), through: null };
}

/** One of several rows' values in the same place: UNION, VALUES, JOIN … USING. */
export function either(parts: readonly Lineage[]): Lineage {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const through = parts.every((part) => part.through !== null) ? parts.flatMap((part) => part.through ?? []) : null;
  return { reads: computedFrom(parts).reads, through };
}
