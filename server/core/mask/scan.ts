import { assignment, credentials } from "./detectors/assignment.ts";
import { DIGIT, type Ranges, stands } from "./detectors/bytes.ts";
import { email } from "./detectors/email.ts";
import { iban } from "./detectors/iban.ts";
import { digits } from "./detectors/number.ts";
import { SECOND, token } from "./detectors/token.ts";

const NOTHING = 0;
const MAIL = 1;
const EQUALS = 2;
const COLON = 3;
const FIGURE = 4;
const LETTER = 5;
const DASH = 6;

/** What may begin or be in the middle of something at a byte; most bytes are nothing and cost one look. */
const KIND = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code === 0x40) return MAIL;
  if (code === 0x3d) return EQUALS;
  if (code === 0x3a) return COLON;
  if (DIGIT[code] === 1) return FIGURE;
  if (code === 0x2d) return DASH;
  return SECOND[code] === 1 ? LETTER : NOTHING;
});

export interface ScanState {
  /** Inside a private key: everything is masked until its end is seen. */
  key: boolean;
}

/**
 * One pass over what is seen. `last`: the text ends here for now without being complete, so that what could still become
 * a secret counts as one.
 */
export function scan(bytes: Uint8Array, end: number, last: boolean, state: ScanState, ranges: Ranges): void {
  let i = state.key ? endOfKey(bytes, 0, end, state, ranges) : 0;
  while (i < end) {
    const kind = KIND[bytes[i] as number];
    if (kind === NOTHING) {
      i++;
      continue;
    }
    switch (kind) {
      case LETTER:
        token(bytes, i, end, last, ranges);
        i++;
        break;
      case FIGURE: {
        iban(bytes, i, end, ranges);
        const to = digits(bytes, i, end, ranges);
        i = to;
        break;
      }
      case MAIL:
        email(bytes, i, 0, end, last, ranges);
        i++;
        break;
      case COLON:
        if (bytes[i + 1] === 0x2f && bytes[i + 2] === 0x2f && i + 2 < end) credentials(bytes, i, end, last, ranges);
        else assignment(bytes, i, 0, end, last, ranges);
        i++;
        break;
      case EQUALS:
        assignment(bytes, i, 0, end, last, ranges);
        i++;
        break;
      default:
        i = bytes[i + 1] === 0x2d && stands(bytes, i, end, "-----BEGIN ") ? beginningOfKey(bytes, i, end, state, ranges) : i + 1;
    }
  }
}

function beginningOfKey(bytes: Uint8Array, at: number, end: number, state: ScanState, ranges: Ranges): number {
  for (let i = at + 11; i < end && i < at + 60 && bytes[i] !== 0x0a; i++) {
    if (bytes[i] !== 0x50 || !stands(bytes, i, end, "PRIVATE KEY")) continue;
    for (let j = i + 11; j < end && j < i + 20; j++) {
      if (!stands(bytes, j, end, "-----")) continue;
      state.key = true;
      return endOfKey(bytes, j + 5, end, state, ranges);
    }
  }
  return at + 1;
}

function endOfKey(bytes: Uint8Array, from: number, end: number, state: ScanState, ranges: Ranges): number {
  for (let i = from; i < end; i++) {
    if (bytes[i] !== 0x2d || !stands(bytes, i, end, "-----END")) continue;
    state.key = false;
    ranges.add(from, i, 0, null);
    return i + 8;
  }
  ranges.add(from, end, 0, null);
  return end;
}
