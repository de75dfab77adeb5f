import { DIGIT, EMAIL_DOMAIN, EMAIL_LOCAL, LETTER, type Ranges } from "./bytes.ts";

const DOT = 0x2e;

/** An address around the `@` at `at`. `last`: the text ends here for now; what could still become one is taken for one. */
export function email(bytes: Uint8Array, at: number, start: number, end: number, last: boolean, ranges: Ranges): void {
  let from = at;
  while (from > start && at - from < 128 && EMAIL_LOCAL[bytes[from - 1] as number] === 1) from--;
  while (from < at && (bytes[from] === DOT || bytes[from] === 0x27)) from++;
  if (from === at) return;
  let to = at + 1;
  while (to < end && to - at < 256 && EMAIL_DOMAIN[bytes[to] as number] === 1) to++;
  const reaches = to === end;
  while (to > at + 1 && (bytes[to - 1] === DOT || bytes[to - 1] === 0x2d)) to--;
  let dot = -1;
  for (let i = to - 1; i > at + 1; i--) {
    if (bytes[i] !== DOT) continue;
    dot = i;
    break;
  }
  const domain =
    dot !== -1 &&
    to - dot > 2 &&
    (LETTER[bytes[dot + 1] as number] === 1 || (bytes[dot + 1] as number) >= 0x80) &&
    DIGIT[bytes[to - 1] as number] !== 1;
  if (domain || (last && reaches)) ranges.add(from, reaches && last ? end : to, 0, reaches ? EMAIL_DOMAIN : null);
}
