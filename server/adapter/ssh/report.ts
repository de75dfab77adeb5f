/** What the wrapper says about itself in the output, as `ESC ] 7788 ; KIND ; NONCE ; … BEL`. */
export interface Report {
  /** `begin`: with who or which process, and where. `end`: and where. */
  readonly kind: "begin" | "end";
  readonly subject: string;
  readonly directory: string;
}

const MARK = Buffer.from("\u001b]7788;");
const BEL = 7;
const MOST = 8_192;
const EMPTY = Buffer.alloc(0);

/** Takes the reports out of a stream of output. What carries another nonce is taken out too, and believed in nothing. */
export class ReportFilter {
  readonly #nonce: string;
  readonly #onReport: (report: Report) => void;
  #held: Buffer = EMPTY;

  constructor(nonce: string, onReport: (report: Report) => void) {
    this.#nonce = nonce;
    this.#onReport = onReport;
  }

  push(chunk: Buffer): Buffer {
    if (this.#held.length === 0 && !chunk.includes(0x1b)) return chunk;
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = EMPTY;
    const out: Buffer[] = [];
    for (;;) {
      const at = rest.indexOf(MARK);
      if (at === -1) {
        const keep = partialMark(rest);
        out.push(rest.subarray(0, rest.length - keep));
        this.#held = Buffer.from(rest.subarray(rest.length - keep));
        break;
      }
      out.push(rest.subarray(0, at));
      const end = rest.indexOf(BEL, at);
      if (end === -1) {
        // Longer than any path can be: not ours, and not for a terminal either.
        this.#held = rest.length - at > MOST ? EMPTY : Buffer.from(rest.subarray(at));
        break;
      }
      this.#read(rest.subarray(at + MARK.length, end).toString("utf8"));
      rest = rest.subarray(end + 1);
    }
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  end(): Buffer {
    const rest = this.#held;
    this.#held = EMPTY;
    return rest.indexOf(MARK) === 0 ? EMPTY : rest;
  }

  #read(text: string): void {
    const [kind, nonce, ...fields] = text.split(";");
    if (nonce !== this.#nonce) return;
    // In lower case from a shell that quotes nothing.
    const path = (words: readonly string[]): string => (/[BE]/.test(kind ?? "") ? unquote(words.join(";")) : words.join(";"));
    if (/^[Bb]$/.test(kind ?? "")) this.#onReport({ kind: "begin", subject: fields[0] ?? "", directory: path(fields.slice(1)) });
    else if (/^[Ee]$/.test(kind ?? "")) this.#onReport({ kind: "end", subject: "", directory: path(fields) });
  }
}

/** How many bytes at the end could be the beginning of the mark. */
function partialMark(bytes: Buffer): number {
  for (let n = Math.min(MARK.length - 1, bytes.length); n > 0; n--) {
    if (bytes.subarray(bytes.length - n).equals(MARK.subarray(0, n))) return n;
  }
  return 0;
}

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, e: 27, E: 27, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** Undoes bash's `%q`. */
export function unquote(text: string): string {
  const bytes: number[] = [];
  const put = (c: string) => bytes.push(...Buffer.from(c, "utf8"));
  if (text === "''") return "";
  for (let i = 0; i < text.length; i++) {
    if (text.startsWith("$'", i)) {
      for (i += 2; i < text.length && text[i] !== "'"; i++) {
        if (text[i] !== "\\") {
          put(text[i] as string);
          continue;
        }
        i++;
        const octal = /^[0-7]{1,3}/.exec(text.slice(i, i + 3))?.[0];
        if (octal !== undefined) {
          bytes.push(Number.parseInt(octal, 8));
          i += octal.length - 1;
        } else if (Object.hasOwn(ESCAPES, text[i] as string)) bytes.push(ESCAPES[text[i] as string] as number);
        else put(text[i] ?? "");
      }
    } else if (text[i] === "\\") {
      i++;
      put(text[i] ?? "");
    } else {
      const c = String.fromCodePoint(text.codePointAt(i) as number);
      put(c);
      i += c.length - 1;
    }
  }
  return Buffer.from(bytes).toString("utf8");
}
