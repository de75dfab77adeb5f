/**
 * From what a terminal sends to keys. A text of plain characters is one key; an escape sequence that is not known is a
 * key of its own that does nothing, so that none of it is ever taken for text. A paste in brackets is one key, whole:
 * line ends in it are text, not Enter.
 */
export type Key =
  | { readonly key: "text"; readonly text: string }
  | { readonly key: "paste"; readonly text: string }
  | { readonly key: KeyName };

export type KeyName =
  | "enter"
  | "interrupt"
  | "end-of-file"
  | "left"
  | "right"
  | "up"
  | "down"
  | "home"
  | "end"
  | "word-left"
  | "word-right"
  | "backspace"
  | "delete"
  | "kill-to-end"
  | "kill-to-start"
  | "kill-word-left"
  | "kill-word-right"
  | "kill-blank-word-left"
  | "kill-blanks"
  | "yank"
  | "yank-older"
  | "yank-last-word"
  | "undo"
  | "revert"
  | "transpose"
  | "transpose-words"
  | "upcase-word"
  | "downcase-word"
  | "capitalise-word"
  | "search-back"
  | "cancel"
  | "clear-screen"
  | "complete"
  | "first"
  | "last"
  | "unknown"
  /** A paste that is left out. */
  | "too-long"
  | "suspend"
  | "quit";

const CONTROL: Readonly<Record<string, KeyName>> = {
  "\x01": "home",
  "\x02": "left",
  "\x03": "interrupt",
  "\x04": "end-of-file",
  "\x05": "end",
  "\x06": "right",
  "\x07": "cancel",
  "\x08": "backspace",
  "\x09": "complete",
  "\x0a": "enter",
  "\x0b": "kill-to-end",
  "\x0c": "clear-screen",
  "\x0d": "enter",
  "\x0e": "down",
  "\x10": "up",
  "\x12": "search-back",
  "\x14": "transpose",
  "\x15": "kill-to-start",
  "\x17": "kill-blank-word-left",
  "\x19": "yank",
  "\x1a": "suspend",
  "\x1c": "quit",
  "\x1f": "undo",
  "\x7f": "backspace",
};

/** After Ctrl-X. */
const AFTER_CONTROL_X: Readonly<Record<string, KeyName>> = { "\x15": "undo", "\x7f": "kill-to-start" };

const SEQUENCE: Readonly<Record<string, KeyName>> = {
  "[A": "up",
  "[B": "down",
  "[C": "right",
  "[D": "left",
  "[H": "home",
  "[F": "end",
  OA: "up",
  OB: "down",
  OC: "right",
  OD: "left",
  OH: "home",
  OF: "end",
  "[1~": "home",
  "[3~": "delete",
  "[4~": "end",
  "[7~": "home",
  "[8~": "end",
  "[1;5C": "word-right",
  "[1;5D": "word-left",
  "[1;3C": "word-right",
  "[1;3D": "word-left",
  b: "word-left",
  f: "word-right",
  d: "kill-word-right",
  "\x7f": "kill-word-left",
  "\x08": "kill-word-left",
  y: "yank-older",
  ".": "yank-last-word",
  _: "yank-last-word",
  r: "revert",
  "\\": "kill-blanks",
  t: "transpose-words",
  u: "upcase-word",
  l: "downcase-word",
  c: "capitalise-word",
  "<": "first",
  ">": "last",
  "[3;5~": "kill-word-right",
};

const PASTE_START = "\x1b[200~";
const PASTE_END = "\x1b[201~";
/** In UTF-16 units; twice what the guard reads. A longer paste is left out whole: none of it may be taken for typed. */
export const MOST_TEXT = 32_768;

export class KeyReader {
  #rest = "";
  /** In the middle of a paste that is left out. */
  #skipping = false;

  /** What is incomplete is kept for the next call. */
  read(text: string): readonly Key[] {
    const input = this.#rest + text;
    this.#rest = "";
    const keys: Key[] = [];
    let at = 0;
    if (this.#skipping) {
      const end = input.indexOf(PASTE_END);
      if (end === -1) {
        this.#rest = input.slice(-PASTE_END.length);
        return keys;
      }
      this.#skipping = false;
      at = end + PASTE_END.length;
    }
    while (at < input.length) {
      const c = input[at] as string;
      if (c === "\x1b") {
        const found = this.#escape(input, at);
        if (found === null) {
          this.#rest = input.slice(at);
          break;
        }
        keys.push(found.key);
        at = found.end;
        continue;
      }
      if (c === "\x18") {
        const next = input[at + 1];
        if (next === undefined) {
          this.#rest = c;
          break;
        }
        // What follows and has no meaning is left out with it, but no sequence is cut.
        keys.push({ key: AFTER_CONTROL_X[next] ?? "unknown" });
        at += next === "\x1b" ? 1 : 2;
        continue;
      }
      if (c < " " || c === "\x7f") {
        // A terminal sends CR for Enter; CR and LF together are one.
        if (c === "\r" && input[at + 1] === "\n") at++;
        keys.push({ key: CONTROL[c] ?? "unknown" });
        at++;
        continue;
      }
      let end = at + 1;
      while (end < input.length && (input[end] as string) >= " " && input[end] !== "\x7f" && input[end] !== "\x1b") end++;
      // The upper controls begin sequences as Escape does, and no key types one.
      const text = input.slice(at, end).replace(/[\x80-\x9f]/g, "");
      if (text !== "") keys.push({ key: "text", text });
      at = end;
    }
    return keys;
  }

  /** How far the first Enter goes that is not part of a paste; all of the text where there is none. */
  upToEnter(text: string): number {
    const input = this.#rest + text;
    let at = 0;
    let pasting = this.#skipping || this.#rest.startsWith(PASTE_START);
    for (;;) {
      if (pasting) {
        const end = input.indexOf(PASTE_END, at);
        if (end === -1) return text.length;
        at = end + PASTE_END.length;
        pasting = false;
      }
      const enter = /[\r\n]/g;
      enter.lastIndex = at;
      const found = enter.exec(input)?.index ?? -1;
      const start = input.indexOf(PASTE_START, at);
      if (start !== -1 && (found === -1 || start < found)) {
        at = start + PASTE_START.length;
        pasting = true;
      } else if (found === -1) return text.length;
      else return Math.max(1, found + (input.startsWith("\r\n", found) ? 2 : 1) - this.#rest.length);
    }
  }

  /** An Escape that nothing followed was the key itself. */
  flush(): void {
    if (!this.#rest.startsWith(PASTE_START)) this.#rest = "";
  }

  #escape(input: string, at: number): { readonly key: Key; readonly end: number } | null {
    const rest = input.slice(at);
    if (rest.startsWith(PASTE_START)) {
      const end = input.indexOf(PASTE_END, at + PASTE_START.length);
      if (end === -1 && input.length - at <= MOST_TEXT) return null;
      if (end === -1) {
        this.#skipping = true;
        this.#rest = input.slice(-PASTE_END.length);
        return { key: { key: "too-long" }, end: input.length };
      }
      return { key: { key: "paste", text: pasted(input.slice(at + PASTE_START.length, end)) }, end: end + PASTE_END.length };
    }
    if (rest.length < 2) return null;
    const second = rest[1] as string;
    if (second === "[" || second === "O") {
      const sequence = /^\x1b(\[[0-?]*[ -/]*[@-~]|O[A-Za-z])/.exec(rest);
      if (sequence === null) return rest.length > 32 ? { key: { key: "unknown" }, end: at + 2 } : null;
      return { key: { key: SEQUENCE[sequence[1] as string] ?? "unknown" }, end: at + sequence[0].length };
    }
    // OSC and DCS are answers of the terminal, which come whole: to their end and away. Alone it was Alt and a key.
    if ((second === "]" || second === "P") && rest.length > 2) {
      const end = /\x07|\x1b\\/.exec(rest.slice(2));
      if (end === null) return rest.length > 4_096 ? { key: { key: "unknown" }, end: input.length } : null;
      return { key: { key: "unknown" }, end: at + 2 + end.index + end[0].length };
    }
    return { key: { key: SEQUENCE[second] ?? "unknown" }, end: at + 2 };
  }
}

/** Line ends as the shell reads them; a last one is dropped, so that nothing of a paste runs before Enter. */
function pasted(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/\n+$/, "")
    .replaceAll("\t", "    ")
    .replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "");
}
