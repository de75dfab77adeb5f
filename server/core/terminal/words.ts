/** Where words begin and end in a line of graphemes, as readline moves by them. */

/** The beginning of the word at or before the cursor. */
export function wordLeft(line: readonly string[], cursor: number): number {
  let i = cursor;
  while (i > 0 && !isWord(line[i - 1])) i--;
  while (i > 0 && isWord(line[i - 1])) i--;
  return i;
}

/** The end of the word at or behind the cursor. */
export function wordRight(line: readonly string[], cursor: number): number {
  let i = cursor;
  while (i < line.length && !isWord(line[i])) i++;
  while (i < line.length && isWord(line[i])) i++;
  return i;
}

/** As {@link wordLeft}, where only blanks part words. */
export function blankWordLeft(line: readonly string[], cursor: number): number {
  let i = cursor;
  while (i > 0 && isBlank(line[i - 1])) i--;
  while (i > 0 && !isBlank(line[i - 1])) i--;
  return i;
}

export function blanksLeft(line: readonly string[], cursor: number): number {
  let i = cursor;
  while (i > 0 && line[i - 1] === " ") i--;
  return i;
}

export function blanksRight(line: readonly string[], cursor: number): number {
  let i = cursor;
  while (line[i] === " ") i++;
  return i;
}

/** As the shell would cut it: what is quoted or escaped stays together. */
export function lastWordOf(line: string): string {
  let word = "";
  let quote = "";
  let ended = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string;
    if (quote === "" && /\s/.test(c)) {
      ended = true;
      continue;
    }
    if (ended) word = "";
    ended = false;
    word += c;
    if (c === "\\" && quote !== "'") word += line[++i] ?? "";
    else if (c === quote) quote = "";
    else if (quote === "" && (c === "'" || c === '"')) quote = c;
  }
  return word;
}

function isWord(grapheme: string | undefined): boolean {
  return grapheme !== undefined && /[\p{L}\p{N}_]/u.test(grapheme);
}

function isBlank(grapheme: string | undefined): boolean {
  return grapheme !== undefined && /\s/.test(grapheme);
}
