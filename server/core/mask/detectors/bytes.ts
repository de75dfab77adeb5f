/** Classes of bytes, looked up by value. Bytes from 0x80 on belong to words: they are parts of letters in UTF-8. */
const table = (test: (c: string, code: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => (test(String.fromCharCode(code), code) ? 1 : 0));

export const DIGIT = table((c) => /[0-9]/.test(c));
export const LETTER = table((c) => /[A-Za-z]/.test(c));
export const WORD = table((c) => /[A-Za-z0-9_]/.test(c));
/** Base64 in both alphabets, and the dots between parts. */
export const TOKEN = table((c) => /[A-Za-z0-9_./+=-]/.test(c));
export const EMAIL_LOCAL = table((c, code) => code >= 0x80 || /[A-Za-z0-9._%+'-]/.test(c));
export const EMAIL_DOMAIN = table((c, code) => code >= 0x80 || /[A-Za-z0-9.-]/.test(c));
export const BLANK = table((_, code) => code <= 0x20);
/** What ends a value that stands without quotes. */
export const VALUE_END = table((c, code) => code <= 0x20 || /["'`,;&<>)}\]|]/.test(c));

export interface Ranges {
  /** `keep`: so many of its last letters and digits stay. `open`: reaches as far as the text goes and would go on. */
  add(from: number, to: number, keep: number, open: Uint8Array | null): void;
}

/** Whether `text` stands at `at`. */
export function stands(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (at < 0 || at + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The place after the run of bytes of a class that begins at `at`. */
export function runEnd(bytes: Uint8Array, at: number, end: number, of: Uint8Array): number {
  let i = at;
  while (i < end && of[bytes[i] as number] === 1) i++;
  return i;
}
