/**
 * Globs over names and paths, matched in time linear in pattern × text and without the host's regular expressions,
 * which backtrack. Two questions: does a text fit (`globMatches`), and, for paths that are themselves patterns because
 * a shell will expand them, do two patterns share a text (`pathsMeet`) or does one hold all of the other (`pathCovers`).
 */

type Token =
  | { readonly t: "char"; readonly c: string }
  /** One character but `/`. */
  | { readonly t: "any" }
  /** A run of characters but `/`. */
  | { readonly t: "star" }
  /** A run of any characters. */
  | { readonly t: "deep" }
  /** Nothing itself: the two tokens that follow, a run and `/`, may be left out together. */
  | { readonly t: "maybe" };

/** A name pattern: `*` is any run of characters, all else is itself. */
export function globMatches(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  let reached = new Set<number>([0]);
  const advance = (set: Set<number>): Set<number> => {
    const all = new Set(set);
    for (const at of set) {
      let i = at;
      while (pattern[i] === "*") all.add(++i);
    }
    return all;
  };
  reached = advance(reached);
  for (const c of text) {
    const next = new Set<number>();
    for (const at of reached) {
      const p = pattern[at];
      if (p === "*") next.add(at);
      else if (p === c) next.add(at + 1);
    }
    if (next.size === 0) return false;
    reached = advance(next);
  }
  return reached.has(pattern.length);
}

// `exact`: for the policy. Of an asked path a run of folders before a name is taken as any run, which is wider.
function tokens(pattern: string, wild: boolean, exact = false): readonly Token[] {
  const out: Token[] = [];
  const chars = Array.from(pattern);
  for (let i = 0; i < chars.length; i++) {
    const c = chars[i] as string;
    if (wild && c === "*" && chars[i + 1] === "*") {
      // `/**/` also stands for one `/`: `a/**/b` fits `a/b`.
      if (chars[i + 2] === "/" && (i === 0 || chars[i - 1] === "/")) {
        if (exact) out.push({ t: "maybe" }, { t: "deep" }, { t: "char", c: "/" });
        else out.push({ t: "deep" });
        i += 2;
        continue;
      }
      out.push({ t: "deep" });
      i++;
    } else if (wild && c === "*") out.push({ t: "star" });
    else if (wild && c === "?") out.push({ t: "any" });
    else if (wild && c === "[") {
      const end = chars.indexOf("]", i + 2);
      if (end === -1) out.push({ t: "char", c });
      else {
        // A bracket expression is taken as any one character: wider, so only ever stricter for the one who asks.
        out.push({ t: "any" });
        i = end;
      }
    } else out.push({ t: "char", c });
  }
  return out;
}

/** Whether token `p` of a policy may stand for all that token `r` of the asked path stands for. */
function covers(p: Token, r: Token): boolean {
  if (p.t === "deep") return true;
  if (p.t === "maybe") return false;
  if (p.t === "star") return r.t === "any" || r.t === "star" || (r.t === "char" && r.c !== "/");
  if (p.t === "any") return r.t === "any" || (r.t === "char" && r.c !== "/");
  return r.t === "char" && r.c === p.c;
}

const repeats = (token: Token | undefined): boolean => token?.t === "star" || token?.t === "deep";

/** A pattern read once, with what every text that fits it begins and ends with. */
interface Read {
  readonly tokens: readonly Token[];
  readonly head: string;
  readonly tail: string;
  /** What is in it in between, in whatever place. */
  readonly inside: readonly string[];
}

function readPattern(pattern: string, wild: boolean, exact: boolean): Read {
  const all = tokens(pattern, wild, exact);
  const first = all.findIndex((token) => token.t !== "char");
  const last = all.findLastIndex((token) => token.t !== "char");
  // The `/` after an optional run of folders is optional with it.
  const from = all[last - 1]?.t === "maybe" ? last + 2 : last + 1;
  const text = (part: readonly Token[]): string => part.map((token) => (token.t === "char" ? token.c : "")).join("");
  return {
    tokens: all,
    head: text(first === -1 ? all : all.slice(0, first)),
    tail: text(all.slice(from)),
    inside: runs(all),
  };
}

/** Characters that stand together between what is open. */
function runs(all: readonly Token[]): readonly string[] {
  const found: string[] = [];
  let run = "";
  for (const [i, token] of all.entries()) {
    if (token.t === "char" && all[i - 2]?.t !== "maybe") run += token.c;
    else {
      if (run.length > 1) found.push(run);
      run = "";
    }
  }
  return found;
}

/** Patterns of policies are asked for again and again. */
const known = new Map<string, Read>();
const MOST_KNOWN = 20_000;

function ofPolicy(pattern: string): Read {
  const found = known.get(pattern);
  if (found !== undefined) return found;
  if (known.size >= MOST_KNOWN) known.clear();
  const read = readPattern(pattern, true, true);
  known.set(pattern, read);
  return read;
}

/** The path at hand is compared with one pattern after the other. */
let last: { readonly path: string; readonly wild: boolean; readonly read: Read } | null = null;

function ofAsked(path: string, wild: boolean): Read {
  if (last === null || last.path !== path || last.wild !== wild) last = { path, wild, read: readPattern(path, wild, false) };
  return last.read;
}

/** False: no text can fit both, as their beginnings or ends show. */
function mayMeet(a: Read, b: Read): boolean {
  const starts = a.head.length < b.head.length ? b.head.startsWith(a.head) : a.head.startsWith(b.head);
  return starts && (a.tail.length < b.tail.length ? b.tail.endsWith(a.tail) : a.tail.endsWith(b.tail));
}

/** Whether every path that fits `path` fits `policy`. Sound, not complete: a `false` may be a pattern that only looks wider. */
export function pathCovers(policy: string, path: string, askedIsPattern: boolean): boolean {
  const own = ofPolicy(policy);
  const other = ofAsked(path, askedIsPattern);
  if (!mayMeet(own, other)) return false;
  if (!askedIsPattern && own.inside.some((run) => !path.includes(run))) return false;
  const p = own.tokens;
  let reached = close(new Set([0]), p);
  for (const token of other.tokens) {
    const next = new Set<number>();
    for (const at of reached) {
      const one = p[at];
      if (one === undefined || !covers(one, token)) continue;
      next.add(repeats(one) ? at : at + 1);
    }
    if (next.size === 0) return false;
    reached = close(next, p);
  }
  return reached.has(p.length);
}

function close(set: Set<number>, p: readonly Token[]): Set<number> {
  const all = new Set(set);
  for (const at of set) {
    let i = at;
    while (repeats(p[i])) all.add(++i);
    if (p[i]?.t === "maybe") for (const next of close(new Set([i + 1, i + 3]), p)) all.add(next);
  }
  return all;
}

/**
 * Whether some path fits both patterns. `visible`: `*`, `?` and `[…]` of `b` at the start of a name match no dot, as a
 * shell has it.
 */
export function pathsMeet(a: string, b: string, bIsPattern: boolean, visible = false): boolean {
  if (!bIsPattern) return pathCovers(a, b, false);
  const own = ofPolicy(a);
  const other = ofAsked(b, true);
  if (!mayMeet(own, other)) return false;
  const left = own.tokens;
  const right = other.tokens;
  const seen = new Set<number>();
  const width = right.length + 1;
  const queue: number[] = [];
  const visit = (i: number, j: number, phase: Phase): void => {
    const key = (i * width + j) * 3 + phase;
    if (i <= left.length && j <= right.length && !seen.has(key)) {
      seen.add(key);
      queue.push(key);
    }
  };
  visit(0, 0, 0);
  while (queue.length > 0) {
    const key = queue.pop() as number;
    const phase = (key % 3) as Phase;
    const at = Math.floor(key / 3);
    const i = Math.floor(at / width);
    const j = at % width;
    if (i === left.length && j === right.length) return true;
    const l = left[i];
    const r = right[j];
    const before = right[j - 1];
    const starts = visible && phase !== INSIDE && before?.t === "char" && before.c === "/" && (r?.t === "star" || r?.t === "any");
    const bare = phase === DOTLESS || starts;
    if (l?.t === "maybe") {
      visit(i + 1, j, phase);
      visit(i + 3, j, phase);
      continue;
    }
    if (repeats(l)) visit(i + 1, j, phase);
    if (repeats(r)) visit(i, j + 1, bare ? DOTLESS : 0);
    if (l === undefined || r === undefined || !shareCharacter(l, r)) continue;
    if (bare && (isDot(l) || isDot(r))) continue;
    visit(repeats(l) ? i : i + 1, repeats(r) ? j : j + 1, repeats(r) ? INSIDE : 0);
  }
  return false;
}

/** Between two steps: nothing special; the next character of the path is no dot; in the middle of a `*` or `**`. */
type Phase = 0 | 1 | 2;
const DOTLESS = 1;
const INSIDE = 2;

function isDot(token: Token): boolean {
  return token.t === "char" && token.c === ".";
}

function shareCharacter(a: Token, b: Token): boolean {
  if (a.t === "char" && b.t === "char") return a.c === b.c;
  if (a.t === "char") return b.t === "deep" || a.c !== "/";
  if (b.t === "char") return a.t === "deep" || b.c !== "/";
  return true;
}
