import { BLANK, type Ranges, runEnd, stands, VALUE_END } from "./bytes.ts";

/** Names after which a secret stands, in lower case. A name may have more before it: `DB_PASSWORD`, `stripe.api_key`. */
const NAMES = [
  "password",
  "passwd",
  "pwd",
  "passphrase",
  "secret",
  "token",
  "apikey",
  "api_key",
  "api-key",
  "access_key",
  "access-key",
  "private_key",
  "client_secret",
  "credential",
  "credentials",
  "auth_token",
];
const BY_LAST: readonly (readonly string[])[] = Array.from({ length: 256 }, (_, code) =>
  NAMES.filter((name) => name.charCodeAt(name.length - 1) === code),
);
const NOT_VALUE = NEGATED(VALUE_END);
const NOT_BLANK = NEGATED(BLANK);

function NEGATED(table: Uint8Array): Uint8Array {
  return table.map((value) => 1 - value);
}

const QUOTES = new Set([0x22, 0x27, 0x60]);

/** `password=…`, `"token": "…"`, `Authorization: Bearer …`, around the `=` or `:` at `at`. */
export function assignment(bytes: Uint8Array, at: number, start: number, end: number, last: boolean, ranges: Ranges): void {
  let name = at;
  while (name > start && (bytes[name - 1] === 0x20 || QUOTES.has(bytes[name - 1] as number))) name--;
  if (at - name > 3 || name === start) return;
  if (bytes[at] === 0x3a && header(bytes, name, at, start, end, last, ranges)) return;
  if (!BY_LAST[(bytes[name - 1] as number) | 0x20]?.some((text) => endsIn(bytes, name, start, text))) return;
  let from = at + 1;
  if (bytes[at] === 0x3a && bytes[from] === 0x3d) from++;
  if (bytes[at] === 0x3d && bytes[from] === 0x3d) return;
  while (from < end && bytes[from] === 0x20 && from - at < 4) from++;
  value(bytes, from, end, last, ranges);
}

function value(bytes: Uint8Array, from: number, end: number, last: boolean, ranges: Ranges): void {
  const quote = bytes[from] as number;
  if (from < end && QUOTES.has(quote)) {
    let to = from + 1;
    while (to < end && bytes[to] !== quote && bytes[to] !== 0x0a) to += bytes[to] === 0x5c ? 2 : 1;
    to = Math.min(to, end);
    const open = to === end;
    if (to > from + 1 || (last && open)) ranges.add(from + 1, to, 0, open ? NOT_VALUE : null);
    return;
  }
  const to = runEnd(bytes, from, end, NOT_VALUE);
  const open = to === end;
  // `password=` with nothing yet: what comes next is the value.
  if (to > from || (last && open)) ranges.add(from, to, 0, open ? NOT_VALUE : null);
}

const HEADERS = ["authorization", "proxy-authorization", "x-api-key", "x-auth-token", "cookie", "set-cookie"];

function header(bytes: Uint8Array, name: number, at: number, start: number, end: number, last: boolean, ranges: Ranges): boolean {
  const found = HEADERS.find((text) => endsIn(bytes, name, start, text));
  if (found === undefined) return false;
  let from = at + 1;
  while (from < end && (bytes[from] === 0x20 || QUOTES.has(bytes[from] as number))) from++;
  for (const scheme of ["Bearer ", "Basic ", "Digest ", "Token ", "bearer ", "basic ", "token "])
    if (stands(bytes, from, end, scheme)) from += scheme.length;
  if (/cookie/.test(found)) {
    let to = from;
    while (to < end && bytes[to] !== 0x0a && bytes[to] !== 0x0d && !QUOTES.has(bytes[to] as number)) to++;
    if (to > from) ranges.add(from, to, 0, to === end ? NOT_VALUE : null);
    return true;
  }
  const to = runEnd(bytes, from, end, NOT_VALUE);
  if (to > from || (last && to === end)) ranges.add(from, to, 0, to === end ? NOT_VALUE : null);
  return true;
}

/** Whether the bytes before `to` are `text`, in any case. */
function endsIn(bytes: Uint8Array, to: number, start: number, text: string): boolean {
  const from = to - text.length;
  if (from < start) return false;
  for (let i = 0; i < text.length; i++) {
    const c = bytes[from + i] as number;
    const lower = c >= 0x41 && c <= 0x5a ? c | 0x20 : c;
    if (lower !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** The password in `scheme://user:password@host`; `at` is the colon of `://`. */
export function credentials(bytes: Uint8Array, at: number, end: number, last: boolean, ranges: Ranges): void {
  const from = at + 3;
  let colon = -1;
  let i = from;
  let mark = -1;
  for (; i < end && NOT_BLANK[bytes[i] as number] === 1; i++) {
    const c = bytes[i] as number;
    if (c === 0x2f || c === 0x3f || c === 0x23 || c === 0x22 || c === 0x27) break;
    if (c === 0x3a && colon === -1) colon = i;
    if (c === 0x40) mark = i;
  }
  if (colon === -1) return;
  if (mark > colon) ranges.add(colon + 1, mark, 0, null);
  // The `@` may still come; a port is short and all digits.
  else if (last && i === end && !/^[0-9]{0,5}$/.test(String.fromCharCode(...bytes.subarray(colon + 1, Math.min(end, colon + 8)))))
    ranges.add(colon + 1, end, 0, NOT_VALUE);
}
