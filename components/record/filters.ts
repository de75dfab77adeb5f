export interface Filters {
  readonly text: string;
  readonly principal: string;
  readonly target: string;
  readonly type: string | null;
  readonly outcome: "allow" | "review" | "deny" | null;
  /** As a `datetime-local` field writes it, in the person's zone; empty: no limit. */
  readonly from: string;
  readonly until: string;
}

export const NO_FILTERS: Filters = { text: "", principal: "", target: "", type: null, outcome: null, from: "", until: "" };

/** The query of `GET /api/record`; what is empty is left out. */
export function queryOf(filters: Filters, before: string | null): string {
  const query = new URLSearchParams();
  for (const key of ["text", "principal", "target", "type", "outcome"] as const) {
    const value = filters[key]?.trim();
    if (value) query.set(key, value);
  }
  for (const key of ["from", "until"] as const) {
    const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(filters[key]) ? Date.parse(filters[key]) : Number.NaN;
    if (!Number.isNaN(at)) query.set(key, String(at));
  }
  if (before !== null) query.set("before", before);
  return query.toString();
}
