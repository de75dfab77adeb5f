/**
 * Brace expansion, done on the text before anything else, as bash does it. Null: holds something that expands later
 * (`$`, a backtick), or makes more words than can be judged.
 */
const MOST = 200;
/** Braces of one word: for each the rest of the word is looked through. */
const MOST_OPEN = 64;

export function expandBraces(raw: string): readonly string[] | null {
  if (/[$`]/.test(raw) || opens(raw) > MOST_OPEN) return null;
  const budget = { left: MOST };
  const words = expand(raw, budget);
  return budget.left < 0 ? null : words;
}

function expand(raw: string, budget: { left: number }): readonly string[] {
  if (budget.left < 0) return [];
  for (let i = 0; i < raw.length; i = skip(raw, i)) {
    if (raw[i] !== "{") continue;
    const close = findClose(raw, i);
    if (close === -1) continue;
    const choices = choicesOf(raw.slice(i + 1, close), budget);
    if (choices === null) continue;
    const head = raw.slice(0, i);
    const tails = expand(raw.slice(close + 1), budget);
    const words: string[] = [];
    for (const choice of choices) {
      for (const middle of expand(choice, budget)) for (const tail of tails) words.push(head + middle + tail);
    }
    budget.left -= words.length;
    return budget.left < 0 ? [] : words;
  }
  return [raw];
}

/** `a,b` or `1..9`; null: these braces are text. */
function choicesOf(inside: string, budget: { left: number }): readonly string[] | null {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (let i = 0; i < inside.length; i = skip(inside, i)) {
    if (inside[i] === "{") depth++;
    else if (inside[i] === "}" && depth > 0) depth--;
    else if (inside[i] === "," && depth === 0) {
      parts.push(inside.slice(start, i));
      start = i + 1;
    }
  }
  if (parts.length > 0) return [...parts, inside.slice(start)];
  const numbers = /^(-?[0-9]{1,9})\.\.(-?[0-9]{1,9})(?:\.\.(-?[0-9]{1,9}))?$/.exec(inside);
  if (numbers !== null) {
    const [from, to] = [Number(numbers[1]), Number(numbers[2])];
    const step = Math.abs(Number(numbers[3] ?? 1)) || 1;
    const width = [numbers[1] ?? "", numbers[2] ?? ""].some((text) => /^-?0[0-9]/.test(text))
      ? Math.max((numbers[1] ?? "").length, (numbers[2] ?? "").length)
      : 0;
    if (Math.abs(to - from) / step > MOST) {
      budget.left = -1;
      return [];
    }
    const out: string[] = [];
    for (let n = from; from <= to ? n <= to : n >= to; n += from <= to ? step : -step) {
      out.push(n < 0 ? `-${String(-n).padStart(width - 1, "0")}` : String(n).padStart(width, "0"));
    }
    return out;
  }
  const letters = /^([A-Za-z])\.\.([A-Za-z])$/.exec(inside);
  if (letters === null) return null;
  const [from, to] = [(letters[1] ?? "").charCodeAt(0), (letters[2] ?? "").charCodeAt(0)];
  // From upper to lower case the range holds punctuation that is special to the shell.
  if (from < 97 !== to < 97) {
    budget.left = -1;
    return [];
  }
  const out: string[] = [];
  for (let n = from; from <= to ? n <= to : n >= to; n += from <= to ? 1 : -1) out.push(String.fromCharCode(n));
  return out;
}

/** As bash looks for it: the first `}` on the level of the `{` after a `,` or `..` there; one before is a character. */
function findClose(raw: string, open: number): number {
  let depth = 0;
  let parted = false;
  for (let i = open + 1; i < raw.length; i = skip(raw, i)) {
    if (raw[i] === "{") depth++;
    else if (raw[i] === "}" && depth > 0) depth--;
    else if (depth === 0 && raw[i] === "}" && parted) return i;
    else if (depth === 0 && (raw[i] === "," || (raw.startsWith("..", i) && raw[i + 2] !== "}"))) parted = true;
  }
  return -1;
}

/** Whether bash makes several words of it, or may: a parser that pairs braces in another way sees none. */
export function mayBeBraces(raw: string): boolean {
  if (opens(raw) > MOST_OPEN) return true;
  for (let i = 0; i < raw.length; i = skip(raw, i)) {
    if (raw[i] === "{" && raw[i - 1] !== "$" && findClose(raw, i) !== -1) return true;
  }
  return false;
}

function opens(raw: string): number {
  return raw.split("{").length - 1;
}

/** The place after the character, escape or quoted run at `i`. */
function skip(raw: string, i: number): number {
  if (raw[i] === "\\") return i + 2;
  if (raw[i] === "'") {
    const end = raw.indexOf("'", i + 1);
    return end === -1 ? raw.length : end + 1;
  }
  if (raw[i] === '"') {
    for (let j = i + 1; j < raw.length; j++) {
      if (raw[j] === "\\") j++;
      else if (raw[j] === '"') return j + 1;
    }
    return raw.length;
  }
  return i + 1;
}
