/**
 * What of a terminal's bytes is seen: escape sequences that only colour or move are left out, with a map back to where
 * each seen byte stands. A sequence that moves the cursor counts as a blank: what is on its two sides is not one word.
 */
export interface Visible {
  readonly bytes: Uint8Array;
  readonly length: number;
  /** Place in the raw bytes; null: the same. Places below `shift` are context that was sent already. */
  readonly map: Int32Array | null;
  /** Raw place where an unfinished escape sequence begins; the raw length where none does. */
  readonly complete: number;
}

const ESC = 0x1b;

export function seen(context: Uint8Array, raw: Uint8Array): Visible {
  const shift = context.length;
  if (!raw.some(isControl)) {
    if (shift === 0) return { bytes: raw, length: raw.length, map: null, complete: raw.length };
    const bytes = new Uint8Array(shift + raw.length);
    bytes.set(context);
    bytes.set(raw, shift);
    return { bytes, length: bytes.length, map: null, complete: raw.length };
  }
  const bytes = new Uint8Array(shift + raw.length);
  const map = new Int32Array(shift + raw.length);
  bytes.set(context);
  for (let i = 0; i < shift; i++) map[i] = i;
  let n = shift;
  let complete = raw.length;
  for (let i = 0; i < raw.length; ) {
    const c = raw[i] as number;
    if (c !== ESC) {
      if (c !== 0 && c !== 7) {
        // A backspace takes back what was written before it.
        if (c === 8) n = Math.max(n - 1, shift);
        else {
          bytes[n] = c;
          map[n++] = i + shift;
        }
      }
      i++;
      continue;
    }
    const end = sequenceEnd(raw, i);
    if (end === -1) {
      complete = i;
      break;
    }
    const final = raw[end - 1] as number;
    if (raw[i + 1] === 0x5b && final !== 0x6d && final !== 0x68 && final !== 0x6c && n > 0 && final !== 0x4b) {
      bytes[n] = 0x20;
      map[n++] = i + shift;
    }
    i = end;
  }
  return { bytes, length: n, map, complete };
}

function isControl(c: number): boolean {
  return c === ESC || c === 0 || c === 7 || c === 8;
}

/** The place after the sequence that begins at `at`; -1: it is not complete. */
function sequenceEnd(raw: Uint8Array, at: number): number {
  const kind = raw[at + 1];
  if (kind === undefined) return -1;
  if (kind === 0x5b) {
    for (let i = at + 2; i < raw.length; i++) {
      const c = raw[i] as number;
      if (c >= 0x40 && c <= 0x7e) return i + 1;
      if (c < 0x20) return i;
    }
    return -1;
  }
  if (kind === 0x5d || kind === 0x50 || kind === 0x5e || kind === 0x5f || kind === 0x58) {
    for (let i = at + 2; i < raw.length && i < at + 4_096; i++) {
      if (raw[i] === 7) return i + 1;
      if (raw[i] === ESC && raw[i + 1] === 0x5c) return i + 2;
    }
    return raw.length - at > 4_096 ? at + 2 : -1;
  }
  if (kind >= 0x20 && kind <= 0x2f) return raw[at + 2] === undefined ? -1 : at + 3;
  return at + 2;
}
