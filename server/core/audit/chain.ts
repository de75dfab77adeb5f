import type { AuditEntry, AuditEvent } from "../domain/audit.ts";
import type { Json } from "../domain/json.ts";

/** Part of what is hashed, so that a later format cannot be passed off as this one. */
export const CHAIN_VERSION = "gatehouse-audit-1";
/** What the first entry of a chain has for its predecessor. */
export const GENESIS = "0".repeat(64);

export type Sha256 = (text: string) => string;

/** The event as canonical JSON: keys sorted, no blanks, so that the same event always has the same bytes. */
export function canonical(event: AuditEvent): string {
  return canonicalJson({
    type: event.type,
    at: event.at,
    principal: event.principal,
    target: event.target,
    session: event.session,
    body: event.body,
  });
}

export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value as { readonly [key: string]: Json }).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** INVARIANT (chain order): an entry's hash covers its predecessor's, its chain and its place, so none can be moved. */
export function link(previous: string, chain: string, seq: number, payload: string, sha256: Sha256): AuditEntry {
  return { chain, seq, previous, payload, hash: sha256(`${CHAIN_VERSION}\n${previous}\n${chain}\n${seq}\n${payload}`) };
}
