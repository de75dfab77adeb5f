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
  const some = parts.filter((part) => part.reads.size > 0);
  const [first] = some;
  if (first === undefined) return CONSTANT;
  if (some.length === 1) return first.through === null ? first : { reads: first.reads, through: null };
  const reads = new Set(first.reads);
  for (const part of some) for (const key of part.reads) reads.add(key);
  return { reads, through: null };
}

/** One of several rows' values in the same place: UNION, VALUES, JOIN … USING. */
export function either(parts: readonly Lineage[]): Lineage {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const copies = parts.every((part) => part.through !== null);
  const through = copies ? [...new Set(parts.flatMap((part) => part.through ?? []))] : null;
  return { reads: computedFrom(parts).reads, through };
}
