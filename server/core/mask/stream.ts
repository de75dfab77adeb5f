import { DIGIT, type Ranges } from "./detectors/bytes.ts";
import { type CompiledPattern, compilePattern, fromBytes, type PatternDetector, toBytes } from "./detectors/pattern.ts";
import { type ScanState, scan } from "./scan.ts";
import { seen } from "./visible.ts";

/**
 * Masks secrets and personal data in a terminal's output while it flows. Whole lines are decided at once and pass; a line
 * that is not complete is held until its end or until nothing came for a moment (`idle`), so that the outcome does not
 * depend on how the output is cut into chunks. INVARIANT (chunks): the same bytes give the same output, however cut, as
 * long as `idle` is not called in between.
 *
 * It prevents accidental display. It cannot see what is drawn by moving the cursor, wrapped, encoded, spaced out, or
 * dripped slower than the pauses; the control is policy on who may read the file.
 */
export interface StreamMasker {
  push(bytes: Uint8Array): Uint8Array;
  /** The echo of a person's own key: passes at once while nothing is held. */
  echo(bytes: Uint8Array): Uint8Array;
  /** Nothing came for so long: gives out what is held, with what could become a secret masked. */
  idle(elapsedMs: number): Uint8Array;
  /** Whether `idle` has something to give out. */
  readonly holds: boolean;
  end(): Uint8Array;
}

export interface MaskRules {
  readonly detectors: readonly PatternDetector[];
  /** Values that are known, such as a credential of the gateway. Shorter ones than six bytes are not looked for. */
  readonly secrets: readonly string[];
  /** What comes out is as long as what went in: each byte of a masked letter becomes a star. */
  readonly sameLength?: true;
  /** Absent: the built-in detectors look too. */
  readonly builtin?: false;
}

export type { PatternDetector as Detector };

/** After so long without more, what is held is given out. */
export const IDLE_MS = 20;
/** Digits that may be the beginning of a number are held so much longer. */
const DIGITS_MS = 250;
const MOST_HELD = 4_096;
const KEPT_BACK = 512;
const CONTEXT = 320;
const STAR = 0x2a;
const EMPTY = new Uint8Array(0);

class Found implements Ranges {
  /** Flat: from, to, keep. */
  readonly list: number[] = [];
  open: Uint8Array | null = null;
  openFrom = -1;

  add(from: number, to: number, keep: number, open: Uint8Array | null): void {
    this.list.push(from, to, keep);
    if (open === null) return;
    this.open = open;
    this.openFrom = this.openFrom === -1 ? from : Math.min(this.openFrom, from);
  }
}

export function createStreamMasker(rules: MaskRules): StreamMasker {
  const patterns = rules.detectors.map(compilePattern);
  const secrets = rules.secrets.map(toBytes).filter((secret) => secret.length >= 6);
  const state: ScanState = { key: false };
  let held: Uint8Array = EMPTY;
  let context: Uint8Array = EMPTY;
  /** While set, what is seen is masked as long as it is of this class. */
  let tail: Uint8Array | null = null;

  const process = (raw: Uint8Array, last: boolean) => {
    const visible = seen(context, raw);
    const { bytes, length } = visible;
    const found = new Found();
    const shift = context.length;
    let from = shift;
    if (tail !== null) {
      while (from < length && tail[bytes[from] as number] === 1) from++;
      if (from > shift) found.list.push(shift, from, 0);
    }
    const tailOpen = tail !== null && from === length;
    const before = state.key;
    if (rules.builtin !== false) scan(bytes, length, last, state, found);
    if (secrets.length > 0 || patterns.length > 0) search(latin1(bytes, length), secrets, patterns, found);
    return { visible, found, tailOpen, before };
  };

  /** Gives out `raw` up to `cut` with what was found masked. */
  const give = (raw: Uint8Array, cut: number, work: ReturnType<typeof process>): Uint8Array => {
    const { list } = work.found;
    if (list.length === 0) return cut === raw.length ? raw : raw.slice(0, cut);
    const { bytes, map } = work.visible;
    const shift = context.length;
    const out = raw.slice(0, cut);
    let multibyte = false;
    for (let r = 0; r < list.length; r += 3) {
      const from = Math.max(list[r] as number, shift);
      let keep = list[r + 2] as number;
      for (let i = (list[r + 1] as number) - 1; i >= from; i--) {
        const c = bytes[i] as number;
        if (c === 0x0a || c === 0x0d || c === 0x20) continue;
        const at = (map === null ? i : (map[i] as number)) - shift;
        if (keep > 0) {
          if (DIGIT[c] === 1) keep--;
          continue;
        }
        if (at >= cut) continue;
        if (c >= 0x80) multibyte = true;
        out[at] = c >= 0x80 && c < 0xc0 && rules.sameLength !== true ? 0 : STAR;
      }
    }
    // A letter of several bytes becomes one star.
    return multibyte && rules.sameLength !== true ? out.filter((c, i) => c !== 0 || raw[i] === 0) : out;
  };

  const flushLines = (): Uint8Array => {
    const end = held.lastIndexOf(0x0a) + 1;
    if (end === 0) return EMPTY;
    const lines = held.subarray(0, end);
    const out = give(lines, end, process(lines, false));
    held = held.slice(end);
    context = EMPTY;
    tail = null;
    return out;
  };

  /** A line too long to be held whole: all but its end is decided. */
  const flushLong = (): Uint8Array => {
    if (held.length <= MOST_HELD) return EMPTY;
    const key = state.key;
    const work = process(held, false);
    const shift = context.length;
    const rawOf = (i: number) =>
      (work.visible.map === null ? i : i < work.visible.length ? (work.visible.map[i] as number) : shift + held.length) - shift;
    let cut = Math.min(held.length - KEPT_BACK, work.visible.complete);
    let open: Uint8Array | null = null;
    if (state.key || work.tailOpen || (work.found.openFrom !== -1 && rawOf(work.found.openFrom) < cut - KEPT_BACK)) {
      cut = Math.min(held.length, work.visible.complete);
      open = work.tailOpen ? tail : work.found.open;
    } else {
      for (let moved = true; moved; ) {
        moved = false;
        for (let r = 0; r < work.found.list.length; r += 3) {
          const from = rawOf(work.found.list[r] as number);
          const to = rawOf(work.found.list[r + 1] as number);
          if (from < cut && to > cut) {
            // What ends before the text does is decided; what reaches its end may still grow.
            cut = to < held.length ? to : from;
            moved = true;
          }
        }
      }
      if (cut <= 0) cut = held.length - KEPT_BACK;
      state.key = key;
    }
    return release(held, cut, work, open);
  };

  const release = (raw: Uint8Array, cut: number, work: ReturnType<typeof process>, open: Uint8Array | null): Uint8Array => {
    const out = give(raw, cut, work);
    const all: number[] = [];
    const shift = context.length;
    for (let i = 0; i < work.visible.length; i++) {
      const at = work.visible.map === null ? i : (work.visible.map[i] as number);
      if (at - shift < cut) all.push(work.visible.bytes[i] as number);
    }
    context = Uint8Array.from(all.slice(-CONTEXT));
    held = raw.slice(cut);
    tail = open;
    return out;
  };

  const idle = (elapsedMs: number): Uint8Array => {
    if (held.length === 0 || elapsedMs < IDLE_MS) return EMPTY;
    const work = process(held, true);
    const patient = elapsedMs < DIGITS_MS;
    let cut = patient ? work.visible.complete : held.length;
    const start = trailingDigits(work.visible.bytes, work.visible.length);
    let open = work.tailOpen ? tail : work.found.open;
    if (start !== -1 && open === null) {
      if (patient) {
        const at = (work.visible.map === null ? start : (work.visible.map[start] as number)) - context.length;
        cut = Math.min(cut, Math.max(at, 0));
      } else {
        work.found.add(start, work.visible.length, 0, DIGIT);
        open = DIGIT;
      }
    }
    return release(held, cut, work, open);
  };

  return {
    push(bytes) {
      held = held.length === 0 ? bytes : concat(held, bytes);
      const lines = flushLines();
      const long = flushLong();
      return long.length === 0 ? lines : concat(lines, long);
    },
    echo(bytes) {
      if (held.length > 0 || bytes.length > 8 || tail !== null || state.key) return this.push(bytes);
      const plain = bytes.every((c) => c >= 0x20);
      if (!plain) return this.push(bytes);
      context = concat(context, bytes).slice(-CONTEXT);
      return bytes;
    },
    idle,
    get holds() {
      return held.length > 0;
    },
    end() {
      const out = held.length === 0 ? EMPTY : give(held, held.length, process(held, false));
      held = EMPTY;
      context = EMPTY;
      tail = null;
      return out;
    },
  };
}

/** A whole text, masked. */
export function maskText(text: string, rules: MaskRules): string {
  const masker = createStreamMasker(rules);
  const raw = toBytes(text);
  const bytes = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  const first = masker.push(bytes);
  return fromBytes(latin1(concat(first, masker.end()), -1)).text;
}

function search(text: string, secrets: readonly string[], patterns: readonly CompiledPattern[], found: Found): void {
  for (const secret of secrets) {
    for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + 1)) found.add(at, at + secret.length, 0, null);
  }
  for (const pattern of patterns) {
    for (let at = text.indexOf(pattern.literal); at !== -1; ) {
      const from = text.lastIndexOf("\n", at) + 1;
      const newline = text.indexOf("\n", at);
      const to = newline === -1 ? text.length : newline;
      for (const [a, b] of pattern.find(text.slice(from, to))) found.add(from + a, from + b, pattern.keep, null);
      at = newline === -1 ? -1 : text.indexOf(pattern.literal, newline);
    }
  }
}

/** Where, in a number at the very end, the digits stand that are held: from the seventh, at most 18; -1: none. */
function trailingDigits(bytes: Uint8Array, length: number): number {
  let from = length;
  let count = 0;
  for (let i = length - 1; i >= 0; i--) {
    const c = bytes[i] as number;
    if (DIGIT[c] === 1) {
      count++;
      from = i;
    } else if (!((c === 0x20 || c === 0x2d) && i > 0 && DIGIT[bytes[i - 1] as number] === 1 && from === i + 1)) break;
  }
  if (count <= 6) return -1;
  const first = Math.max(7, count - 17);
  for (let i = from, n = 0; i < length; i++) {
    if (DIGIT[bytes[i] as number] === 1 && ++n === first) return i;
  }
  return -1;
}

function latin1(bytes: Uint8Array, length: number): string {
  const end = length === -1 ? bytes.length : length;
  let out = "";
  for (let i = 0; i < end; i += 8_192) out += String.fromCharCode(...bytes.subarray(i, Math.min(i + 8_192, end)));
  return out;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
