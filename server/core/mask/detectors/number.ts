import { DIGIT, type Ranges, WORD } from "./bytes.ts";

const PLUS = 0x2b;
const DASH = 0x2d;
const SPACE = 0x20;
const DOT = 0x2e;

/**
 * A run of digits that begins at `at`, in groups joined by one blank, dash or dot: a payment card (13 to 19 digits that
 * pass the Luhn check), a US social security number, or a telephone number. Returns where the run ends.
 */
export function digits(bytes: Uint8Array, at: number, end: number, ranges: Ranges): number {
  let i = at;
  let count = 0;
  let separators = 0;
  let dots = 0;
  let first = 0;
  let group = 0;
  let lastDigit = at;
  const groups: number[] = [];
  while (i < end) {
    const c = bytes[i] as number;
    if (DIGIT[c] === 1) {
      count++;
      group++;
      lastDigit = i;
      i++;
      continue;
    }
    const separator = c === SPACE || c === DASH || c === DOT;
    if (!separator || DIGIT[bytes[i + 1] as number] !== 1 || i + 1 >= end) break;
    if (first === 0) first = c;
    if (c === DOT) dots++;
    separators++;
    groups.push(group);
    group = 0;
    i++;
    if (count > 64) break;
  }
  groups.push(group);
  const to = lastDigit + 1;
  const before = at > 0 ? (bytes[at - 1] as number) : 0;
  const after = to < end ? (bytes[to] as number) : 0;
  const alone = WORD[before] !== 1 && WORD[after] !== 1;
  if (count >= 13 && alone && dots === 0) card(bytes, at, to, ranges);
  if (count === 9 && separators === 2 && alone && first === DASH && groups[0] === 3 && groups[1] === 2)
    socialSecurity(bytes, at, to, ranges);
  if (count >= 7 && count <= 15 && alone) phone(bytes, at, to, count, groups, before, first, ranges);
  return Math.max(to, at + 1);
}

/** Every stretch of 13 to 19 digits at group borders that passes: a card next to another number is found too. */
function card(bytes: Uint8Array, from: number, to: number, ranges: Ranges): void {
  const starts: number[] = [];
  const ends: number[] = [];
  for (let i = from; i < to; i++) {
    if (DIGIT[bytes[i] as number] !== 1) continue;
    if (i === from || DIGIT[bytes[i - 1] as number] !== 1) starts.push(i);
    if (i + 1 === to || DIGIT[bytes[i + 1] as number] !== 1) ends.push(i + 1);
  }
  for (const start of starts.slice(0, 24))
    for (const end of ends) if (end > start && luhn(bytes, start, end)) ranges.add(start, end, 4, null);
}

function luhn(bytes: Uint8Array, from: number, to: number): boolean {
  let sum = 0;
  let count = 0;
  let different = false;
  let last = -1;
  for (let i = to - 1; i >= from; i--) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) continue;
    if (last !== -1 && digit !== last) different = true;
    last = digit;
    const value = count % 2 === 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += value;
    if (++count > 19) return false;
  }
  // Card numbers begin with 2 to 6 (or 1 for some); times in nanoseconds begin with 1.
  return count >= 13 && different && sum % 10 === 0 && last >= 2 && last <= 6;
}

function socialSecurity(bytes: Uint8Array, from: number, to: number, ranges: Ranges): void {
  const area = String.fromCharCode(...bytes.subarray(from, from + 3));
  if (area !== "000" && area !== "666" && area < "900") ranges.add(from, to, 0, null);
}

/** With a `+`, or of the North American form; anything looser would mask order numbers and times. */
function phone(
  bytes: Uint8Array,
  from: number,
  to: number,
  count: number,
  groups: readonly number[],
  before: number,
  first: number,
  ranges: Ranges,
): void {
  if (before === PLUS) {
    ranges.add(from - 1, to, 0, null);
    return;
  }
  if (count === 10 && groups.length === 3 && groups[0] === 3 && groups[1] === 3 && (bytes[from] as number) >= 0x32 && first !== 0)
    ranges.add(from, to, 0, null);
}
