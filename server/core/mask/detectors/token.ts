import { type Ranges, runEnd, stands, TOKEN, WORD } from "./bytes.ts";

/** Tokens that announce themselves: a prefix, and at least so many bytes of a class after it. */
const PREFIXES: readonly { readonly text: string; readonly least: number; readonly of: Uint8Array }[] = [
  { text: "ghp_", least: 20, of: WORD },
  { text: "gho_", least: 20, of: WORD },
  { text: "ghu_", least: 20, of: WORD },
  { text: "ghs_", least: 20, of: WORD },
  { text: "ghr_", least: 20, of: WORD },
  { text: "github_pat_", least: 20, of: WORD },
  { text: "sk_live_", least: 10, of: WORD },
  { text: "sk_test_", least: 10, of: WORD },
  { text: "rk_live_", least: 10, of: WORD },
  { text: "whsec_", least: 16, of: WORD },
  { text: "npm_", least: 30, of: WORD },
  { text: "pypi-", least: 16, of: TOKEN },
  { text: "glpat-", least: 16, of: TOKEN },
  { text: "xoxb-", least: 10, of: TOKEN },
  { text: "xoxp-", least: 10, of: TOKEN },
  { text: "xoxa-", least: 10, of: TOKEN },
  { text: "xoxr-", least: 10, of: TOKEN },
  { text: "xoxs-", least: 10, of: TOKEN },
  { text: "xapp-", least: 10, of: TOKEN },
  { text: "sk-ant-", least: 16, of: TOKEN },
  { text: "sk-proj-", least: 16, of: TOKEN },
  { text: "hvs.", least: 20, of: TOKEN },
  { text: "AKIA", least: 16, of: WORD },
  { text: "ASIA", least: 16, of: WORD },
  { text: "AIza", least: 30, of: TOKEN },
  { text: "eyJ", least: 12, of: TOKEN },
];

/** By the second byte, which is rarer in text than the first. */
const BY_SECOND: readonly (typeof PREFIXES)[] = Array.from({ length: 256 }, (_, code) =>
  PREFIXES.filter((prefix) => prefix.text.charCodeAt(1) === code),
);
export const SECOND = Uint8Array.from({ length: 256 }, (_, code) => ((BY_SECOND[code]?.length ?? 0) > 0 ? 1 : 0));

/**
 * A token whose second byte is at `at`. `last`: the text ends here for now, so that a prefix alone is taken for a token
 * that is still coming.
 */
export function token(bytes: Uint8Array, at: number, end: number, last: boolean, ranges: Ranges): void {
  const start = at - 1;
  if (start < 0 || (start > 0 && WORD[bytes[start - 1] as number] === 1)) return;
  for (const prefix of BY_SECOND[bytes[at] as number] ?? []) {
    if (bytes[start] !== prefix.text.charCodeAt(0) || !stands(bytes, start, end, prefix.text)) continue;
    const to = runEnd(bytes, start + prefix.text.length, end, prefix.of);
    const reaches = to === end;
    if (to - start - prefix.text.length >= prefix.least || (last && reaches))
      ranges.add(start, to, 0, reaches ? prefix.of : null);
  }
}
