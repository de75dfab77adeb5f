import { RE2JS } from "re2js";

/** A detector that an admin wrote: RE2 syntax, linear in the text, tried only on lines that hold the literal. */
export interface PatternDetector {
  readonly id: string;
  readonly pattern: string;
  readonly literal: string;
  readonly mask: { readonly keep: number };
}

export interface CompiledPattern {
  readonly literal: string;
  /** Places in a line, as its bytes' numbers. */
  find(line: string): readonly (readonly [from: number, to: number])[];
  readonly keep: number;
}

/** Throws with the reason when the pattern is not RE2. `line` and `literal` are UTF-8 bytes as characters 0 to 255. */
export function compilePattern(detector: PatternDetector): CompiledPattern {
  const compiled = RE2JS.compile(detector.pattern);
  return {
    literal: toBytes(detector.literal),
    keep: detector.mask.keep,
    find(line) {
      const { text, offsets } = fromBytes(line);
      const matcher = compiled.matcher(text);
      const found: [number, number][] = [];
      for (let at = 0; at <= text.length && matcher.find(at); ) {
        const [from, to] = [matcher.start(), matcher.end()];
        if (to > from)
          found.push([offsets === null ? from : (offsets[from] as number), offsets === null ? to : (offsets[to] as number)]);
        at = Math.max(to, from + 1);
      }
      return found;
    },
  };
}

/** The UTF-8 bytes of a text, as characters 0 to 255. */
export function toBytes(text: string): string {
  let out = "";
  for (const c of text) {
    const code = c.codePointAt(0) as number;
    if (code < 0x80) out += c;
    else if (code < 0x800) out += String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) out += String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else
      out += String.fromCharCode(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return out;
}

/** The text of bytes, with the byte of each of its code units; null: they are the same. What is not UTF-8 stays as it is. */
export function fromBytes(bytes: string): { readonly text: string; readonly offsets: readonly number[] | null } {
  let ascii = true;
  for (let i = 0; i < bytes.length && ascii; i++) ascii = bytes.charCodeAt(i) < 0x80;
  if (ascii) return { text: bytes, offsets: null };
  let text = "";
  const offsets: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes.charCodeAt(i);
    const length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    let code = lead;
    if (length > 1) {
      code = lead & (0xff >> (length + 1));
      for (let j = 1; j < length; j++) code = (code << 6) | (bytes.charCodeAt(i + j) & 63);
    }
    const c = code > 0x10ffff || Number.isNaN(code) ? "\ufffd" : String.fromCodePoint(code);
    for (let j = 0; j < c.length; j++) offsets.push(i);
    text += c;
    i += length;
  }
  offsets.push(bytes.length);
  return { text, offsets };
}
