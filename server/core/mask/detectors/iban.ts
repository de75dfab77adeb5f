import { DIGIT, type Ranges, WORD } from "./bytes.ts";

const SPACE = 0x20;

/** An IBAN whose first check digit is at `at`: two capitals, two digits, up to 30 more in groups of four, modulo 97. */
export function iban(bytes: Uint8Array, at: number, end: number, ranges: Ranges): void {
  const start = at - 2;
  if (start < 0 || !capital(bytes[start]) || !capital(bytes[start + 1]) || DIGIT[bytes[at + 1] as number] !== 1 || at + 1 >= end)
    return;
  if (start > 0 && WORD[bytes[start - 1] as number] === 1) return;
  const text: number[] = [];
  const ends: number[] = [];
  let i = start;
  while (i < end && text.length < 35) {
    const c = bytes[i] as number;
    if (DIGIT[c] === 1 || capital(c)) {
      text.push(c);
      i++;
      if (text.length >= 15) ends.push(i);
    } else if (c === SPACE && text.length % 4 === 0 && (DIGIT[bytes[i + 1] as number] === 1 || capital(bytes[i + 1]))) i++;
    else break;
  }
  for (let n = ends.length - 1; n >= 0; n--) {
    const to = ends[n] as number;
    if (to < end && WORD[bytes[to] as number] === 1) continue;
    const length = 15 + n;
    const rest = [...text.slice(4, length), ...text.slice(0, 4)];
    let remainder = 0;
    for (const c of rest) {
      const value = DIGIT[c] === 1 ? c - 0x30 : c - 0x41 + 10;
      remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
    }
    if (remainder === 1) {
      ranges.add(start, to, 0, null);
      return;
    }
  }
}

function capital(c: number | undefined): boolean {
  return c !== undefined && c >= 0x41 && c <= 0x5a;
}
