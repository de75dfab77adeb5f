/**
 * The servers that the guard knows: their grammar, their catalogues and their functions are what it was tested on. An
 * older one has catalogues that the guard's questions do not fit; a newer one, or another product that speaks the
 * protocol, could read a text otherwise than the guard does. Both are refused: no judgement is better than a wrong one.
 */
export const OLDEST_SERVER = 13;
export const NEWEST_SERVER = 18;

/** `15.4`, `16.2 (Debian 16.2-1)`, `18beta1`. Others that speak the protocol say `13.0.0` or `15.2-YB-2.25`. */
const VERSION = /^(\d+)(?:\.\d+|beta\d+|rc\d+|devel)(?: \(.*\))?$/;

/** What stands against a server, by the `server_version` that it reports when it is connected to. Null: nothing. */
export function whyNotServer(reported: string | null): string | null {
  const known = `PostgreSQL ${OLDEST_SERVER} to ${NEWEST_SERVER}`;
  const major = Number(VERSION.exec(reported ?? "")?.[1] ?? Number.NaN);
  if (Number.isNaN(major)) return `says that it is \`${reported ?? "nothing"}\`: what is guarded is ${known}`;
  if (major < OLDEST_SERVER) return `is PostgreSQL ${major}: what is guarded is ${known}`;
  if (major > NEWEST_SERVER) return `is PostgreSQL ${major}, which this version does not know: what is guarded is ${known}`;
  return null;
}
