import { type Key, KeyReader, MOST_TEXT } from "./keys.ts";
import { type Layout, layout } from "./layout.ts";
import { graphemes, textWidth } from "./width.ts";
import { blanksLeft, blanksRight, blankWordLeft, lastWordOf, wordLeft, wordRight } from "./words.ts";

/** What the editor wants done. */
export type EditorEffect =
  | { readonly effect: "output"; readonly text: string }
  | { readonly effect: "accept"; readonly line: string }
  | { readonly effect: "interrupt" }
  | { readonly effect: "end-of-file" }
  | { readonly effect: "complete"; readonly before: string }
  | { readonly effect: "changed"; readonly line: string };

export interface EditorOptions {
  /** Whether more text is needed (an open quote, a here-document, a trailing backslash): then Enter begins a new line. */
  readonly incomplete: (text: string) => boolean;
  /** Oldest first. */
  readonly history: readonly string[];
}

/** What is drawn again must not be able to speak to the terminal. */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
const UNDO_DEPTH = 200;
const KILL_DEPTH = 30;

/**
 * A line editor with the keys of readline's emacs mode. Pure: text of keys in, effects out; what it draws is in `output`.
 * It redraws from the prompt on, counting rows itself, so it needs nothing from the terminal.
 */
export class LineEditor {
  readonly #keys = new KeyReader();
  readonly #options: EditorOptions;
  #history: string[];
  #buffer: readonly string[] = [];
  #cursor = 0;
  #prompt = "";
  #promptWidth = 0;
  #columns: number;
  /** Row of the cursor below the prompt's first row, as last drawn. */
  #row = 0;
  #at: number | null = null;
  #draft = "";
  #kills: string[] = [];
  #killing = false;
  #yanked: { readonly from: number; readonly length: number; readonly ring: number } | null = null;
  /** The word of a line before that was just put in, and which line's: the next press takes an older one's. */
  #lastWord: { readonly from: number; readonly length: number; readonly at: number } | null = null;
  #undo: { readonly buffer: readonly string[]; readonly cursor: number }[] = [];
  #search: { query: string; at: number; readonly saved: string } | null = null;
  #effects: EditorEffect[] = [];

  constructor(columns: number, options: EditorOptions) {
    this.#columns = Math.max(2, columns);
    this.#options = options;
    this.#history = options.history.filter((line) => !CONTROLS.test(line));
  }

  get line(): string {
    return this.#buffer.join("");
  }

  /** The text before the cursor. */
  get before(): string {
    return this.#buffer.slice(0, this.#cursor).join("");
  }

  /** Shows the prompt and an empty line. `prompt` may hold colours; `width` is of its visible text. */
  prompt(prompt: string, width: number): string {
    this.#prompt = prompt;
    this.#promptWidth = width;
    this.#row = 0;
    return this.#draw();
  }

  /**
   * The terminal wraps anew what stands above the cursor's line; that line itself it leaves to us as it was, with all
   * rows that it is wrapped into.
   */
  resize(columns: number): string {
    const old = this.#layout();
    const start = this.#lineStart();
    this.#columns = Math.max(2, columns);
    const above = start === 0 ? 0 : this.#layout().at(start).row - old.at(start).row;
    this.#row = old.at(this.#cursor).row + above;
    return this.#draw();
  }

  /** Draws the line again, for instance after something was written over it. */
  redraw(): string {
    this.#row = 0;
    return this.#draw();
  }

  remember(line: string): void {
    if (line.trim() === "" || CONTROLS.test(line)) return;
    this.#history = [...this.#history.filter((old) => old !== line), line].slice(-2_000);
  }

  get history(): readonly string[] {
    return this.#history;
  }

  /** Puts text where the cursor is, as a completion does. */
  insert(text: string): string {
    this.#save();
    this.#put(text);
    return this.#draw();
  }

  /** How much of the text to feed at once: at least one character, and no more than one Enter, pastes aside. */
  upToEnter(text: string): number {
    return this.#keys.upToEnter(text);
  }

  feed(text: string): readonly EditorEffect[] {
    this.#effects = [];
    const before = this.line;
    let drawn = true;
    for (const key of this.#keys.read(text)) {
      // The usual key, a character at the end of the line, needs no redraw.
      if (key.key === "text" && this.#search === null && this.#cursor === this.#buffer.length && this.#fits(key.text)) {
        this.#save();
        this.#put(key.text);
        this.#out(key.text);
        this.#settle();
        continue;
      }
      drawn = this.#handle(key) && drawn;
      // An accepted line has been drawn whole, and what follows is not this editor's.
      if (this.#effects.at(-1)?.effect === "accept") drawn = true;
    }
    if (!drawn) this.#out(this.#draw());
    if (this.line !== before) this.#effects.push({ effect: "changed", line: this.line });
    return this.#effects;
  }

  #fits(text: string): boolean {
    return (
      this.#holds(text) &&
      /^[\x20-\x7e]*$/.test(text) &&
      !this.#buffer.includes("\n") &&
      this.#promptWidth + textWidth(this.line) + text.length < this.#columns
    );
  }

  #settle(): void {
    this.#killing = false;
    this.#yanked = null;
    this.#lastWord = null;
  }

  /** Returns whether the screen is right as it is. */
  #handle(key: Key): boolean {
    if (this.#search !== null && this.#searching(key)) return false;
    const killing = this.#killing;
    const yanked = this.#yanked;
    const lastWord = this.#lastWord;
    this.#settle();
    switch (key.key) {
      case "text":
      case "paste":
        if (!this.#holds(key.text)) return this.#tooLong();
        this.#save();
        this.#put(key.text);
        return false;
      case "too-long":
        return this.#tooLong();
      case "enter":
        return this.#enter();
      case "interrupt":
        this.#out(`${this.#toEnd()}^C\r\n`);
        this.#clear();
        this.#effects.push({ effect: "interrupt" });
        return true;
      case "end-of-file":
        if (this.#buffer.length === 0) {
          this.#effects.push({ effect: "end-of-file" });
          return true;
        }
        return this.#remove(this.#cursor, this.#cursor + 1);
      case "left":
        return this.#move(this.#cursor - 1);
      case "right":
        return this.#move(this.#cursor + 1);
      case "home":
        return this.#move(this.#lineStart());
      case "end":
        return this.#move(this.#lineEnd());
      case "word-left":
        return this.#move(wordLeft(this.#buffer, this.#cursor));
      case "word-right":
        return this.#move(wordRight(this.#buffer, this.#cursor));
      case "up":
        return this.#older();
      case "down":
        return this.#newer();
      case "first":
        return this.#goTo(0);
      case "last":
        return this.#goTo(null);
      case "backspace":
        return this.#remove(this.#cursor - 1, this.#cursor);
      case "delete":
        return this.#remove(this.#cursor, this.#cursor + 1);
      case "kill-to-end":
        return this.#kill(this.#cursor, this.#lineEnd() === this.#cursor ? this.#cursor + 1 : this.#lineEnd(), killing, false);
      case "kill-to-start":
        return this.#kill(this.#lineStart(), this.#cursor, killing, true);
      case "kill-word-left":
        return this.#kill(wordLeft(this.#buffer, this.#cursor), this.#cursor, killing, true);
      case "kill-blank-word-left":
        return this.#kill(blankWordLeft(this.#buffer, this.#cursor), this.#cursor, killing, true);
      case "kill-word-right":
        return this.#kill(this.#cursor, wordRight(this.#buffer, this.#cursor), killing, false);
      case "yank":
        return this.#yank(0);
      case "yank-older": {
        if (yanked === null) return true;
        this.#splice(yanked.from, yanked.from + yanked.length, "");
        return this.#yank(yanked.ring + 1);
      }
      case "yank-last-word":
        return this.#yankLastWord(lastWord);
      case "kill-blanks":
        return this.#remove(blanksLeft(this.#buffer, this.#cursor), blanksRight(this.#buffer, this.#cursor));
      case "revert": {
        const first = this.#undo[0];
        if (first === undefined) return true;
        this.#buffer = first.buffer;
        this.#cursor = first.cursor;
        this.#undo = [];
        return false;
      }
      case "undo": {
        const last = this.#undo.pop();
        if (last === undefined) return true;
        this.#buffer = last.buffer;
        this.#cursor = last.cursor;
        return false;
      }
      case "transpose":
        return this.#transpose();
      case "transpose-words":
        return this.#transposeWords();
      case "upcase-word":
        return this.#recase((word) => word.toUpperCase());
      case "downcase-word":
        return this.#recase((word) => word.toLowerCase());
      case "capitalise-word":
        return this.#recase((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase());
      case "search-back":
        this.#search = { query: "", at: this.#history.length, saved: this.line };
        return false;
      case "clear-screen":
        this.#row = 0;
        this.#out("\x1b[H\x1b[2J");
        return false;
      case "complete":
        this.#effects.push({ effect: "complete", before: this.before });
        return true;
      case "cancel":
      case "unknown":
      case "suspend":
      case "quit":
        return true;
    }
  }

  #enter(): boolean {
    const { line } = this;
    if (line.trim() !== "" && this.#options.incomplete(line)) {
      this.#cursor = this.#buffer.length;
      this.#save();
      this.#put("\n");
      return false;
    }
    this.#out(`${this.#toEnd()}\r\n`);
    this.#clear();
    this.remember(line);
    this.#effects.push({ effect: "accept", line });
    return true;
  }

  /** Every key goes through all of the line: what no guard reads is not taken. */
  #holds(text: string): boolean {
    return this.#buffer.length + text.length <= MOST_TEXT;
  }

  /** What was typed stays; nothing of what came is taken. */
  #tooLong(): boolean {
    this.#out(`\r\n\x1b[31m✕ a line has at most ${MOST_TEXT} characters; this was left out\x1b[0m\r\n`);
    this.#row = 0;
    return false;
  }

  #clear(): void {
    this.#buffer = [];
    this.#cursor = 0;
    this.#row = 0;
    this.#at = null;
    this.#undo = [];
  }

  #searching(key: Key): boolean {
    const search = this.#search;
    if (search === null) return false;
    const find = (from: number): void => {
      for (let i = Math.min(from, this.#history.length - 1); i >= 0; i--) {
        const entry = this.#history[i] as string;
        if (entry.includes(search.query)) {
          search.at = i;
          this.#set(entry);
          return;
        }
      }
    };
    switch (key.key) {
      case "text":
        search.query += key.text;
        find(search.at);
        return true;
      case "backspace":
        search.query = graphemes(search.query).slice(0, -1).join("");
        find(this.#history.length - 1);
        return true;
      case "search-back":
        find(search.at - 1);
        return true;
      case "cancel":
      case "interrupt":
        this.#search = null;
        this.#set(search.saved);
        return true;
      default:
        // Any other key takes what was found and then does what it always does.
        this.#search = null;
        return false;
    }
  }

  #older(): boolean {
    if (this.#buffer.slice(0, this.#cursor).includes("\n")) return this.#vertical(-1);
    const prefix = this.#at === null ? this.line : this.#draft;
    for (let i = (this.#at ?? this.#history.length) - 1; i >= 0; i--) {
      if ((this.#history[i] as string).startsWith(prefix)) return this.#goTo(i);
    }
    return true;
  }

  #newer(): boolean {
    if (this.#buffer.slice(this.#cursor).includes("\n")) return this.#vertical(1);
    if (this.#at === null) return true;
    for (let i = this.#at + 1; i < this.#history.length; i++) {
      if ((this.#history[i] as string).startsWith(this.#draft)) return this.#goTo(i);
    }
    return this.#goTo(null);
  }

  #goTo(index: number | null): boolean {
    if (this.#at === null) this.#draft = this.line;
    this.#at = index;
    this.#set(index === null ? this.#draft : (this.#history[index] ?? ""));
    return false;
  }

  #vertical(by: -1 | 1): boolean {
    const start = this.#lineStart();
    const column = this.#cursor - start;
    const other = by === -1 ? start - 1 : this.#lineEnd() + 1;
    this.#cursor = other;
    const otherStart = this.#lineStart();
    this.#cursor = otherStart;
    this.#cursor = Math.min(otherStart + column, this.#lineEnd());
    return false;
  }

  #set(text: string): void {
    this.#buffer = graphemes(text);
    this.#cursor = this.#buffer.length;
  }

  #save(): void {
    this.#undo.push({ buffer: this.#buffer, cursor: this.#cursor });
    if (this.#undo.length > UNDO_DEPTH) this.#undo.shift();
  }

  #put(text: string): void {
    this.#splice(this.#cursor, this.#cursor, text);
  }

  /** Graphemes are counted anew around the change: a combining mark joins what stands before it. */
  #splice(from: number, to: number, text: string): void {
    const head = this.#buffer.slice(0, from).join("") + text;
    const tail = this.#buffer.slice(to).join("");
    this.#cursor = graphemes(head).length;
    this.#buffer = graphemes(head + tail);
    this.#at = null;
  }

  #move(to: number): boolean {
    const next = Math.max(0, Math.min(this.#buffer.length, to));
    if (next === this.#cursor) return true;
    this.#cursor = next;
    return false;
  }

  #remove(from: number, to: number): boolean {
    if (from < 0 || to > this.#buffer.length || from === to) return true;
    this.#save();
    this.#splice(from, to, "");
    return false;
  }

  #kill(from: number, to: number, append: boolean, before: boolean): boolean {
    const end = Math.min(to, this.#buffer.length);
    if (from >= end) return true;
    const text = this.#buffer.slice(from, end).join("");
    const last = this.#kills[0];
    if (append && last !== undefined) this.#kills[0] = before ? text + last : last + text;
    else this.#kills = [text, ...this.#kills].slice(0, KILL_DEPTH);
    this.#remove(from, end);
    this.#killing = true;
    return false;
  }

  #yank(ring: number): boolean {
    const text = this.#kills[ring % Math.max(1, this.#kills.length)];
    if (text === undefined) return true;
    this.#save();
    const from = this.#cursor;
    if (!this.#holds(text)) return this.#tooLong();
    this.#put(text);
    this.#yanked = { from, length: this.#cursor - from, ring };
    return false;
  }

  /** As Alt-. does: the last word of the line before, and of older ones when pressed again. */
  #yankLastWord(before: { readonly from: number; readonly length: number; readonly at: number } | null): boolean {
    const at = (before?.at ?? this.#history.length) - 1;
    const word = lastWordOf(this.#history[at] ?? "");
    if (word === "" || !this.#holds(word)) {
      this.#lastWord = before;
      return true;
    }
    this.#save();
    if (before !== null) this.#splice(before.from, before.from + before.length, "");
    const from = this.#cursor;
    this.#put(word);
    this.#lastWord = { from, length: this.#cursor - from, at };
    return false;
  }

  #transpose(): boolean {
    if (this.#cursor === 0 || this.#buffer.length < 2) return true;
    const at = Math.min(this.#cursor, this.#buffer.length - 1);
    this.#save();
    this.#splice(at - 1, at + 1, `${this.#buffer[at]}${this.#buffer[at - 1]}`);
    return false;
  }

  #transposeWords(): boolean {
    const end = wordRight(this.#buffer, this.#cursor);
    const cursor = this.#cursor;
    this.#cursor = end;
    const second = wordLeft(this.#buffer, this.#cursor);
    this.#cursor = second;
    const first = wordLeft(this.#buffer, this.#cursor);
    this.#cursor = first;
    const firstEnd = wordRight(this.#buffer, this.#cursor);
    if (first === second || firstEnd > second) {
      this.#cursor = cursor;
      return true;
    }
    const part = (from: number, to: number): string => this.#buffer.slice(from, to).join("");
    const text = part(second, end) + part(firstEnd, second) + part(first, firstEnd);
    this.#save();
    this.#splice(first, end, text);
    return false;
  }

  #recase(change: (word: string) => string): boolean {
    const end = wordRight(this.#buffer, this.#cursor);
    if (end === this.#cursor) return true;
    const text = this.#buffer.slice(this.#cursor, end).join("");
    this.#save();
    this.#splice(this.#cursor, end, text.replace(/[\p{L}\p{N}_]+/u, change));
    return false;
  }

  #lineStart(): number {
    return this.#buffer.lastIndexOf("\n", this.#cursor - 1) + (this.#cursor === 0 ? 0 : 1);
  }

  #lineEnd(): number {
    const end = this.#buffer.indexOf("\n", this.#cursor);
    return end === -1 ? this.#buffer.length : end;
  }

  #out(text: string): void {
    if (text !== "") this.#effects.push({ effect: "output", text });
  }

  #toEnd(): string {
    this.#cursor = this.#buffer.length;
    return this.#draw();
  }

  #layout(): Layout {
    if (this.#search === null) return layout(this.#prompt, this.#promptWidth, this.#buffer, this.#columns);
    const prompt = `(search) \`${this.#search.query}\`: `;
    return layout(prompt, textWidth(prompt), this.#buffer, this.#columns);
  }

  /** From the prompt's first cell: clears below, writes prompt and text, puts the cursor. The terminal wraps. */
  #draw(): string {
    const { at, text } = this.#layout();
    const end = at(this.#buffer.length);
    const place = at(this.#cursor);
    const up = this.#row > 0 ? `\x1b[${this.#row}A` : "";
    const back = end.row > place.row ? `\x1b[${end.row - place.row}A` : "";
    this.#row = place.row;
    return `${up}\r\x1b[J${text}${back}\r${place.column > 0 ? `\x1b[${place.column}C` : ""}`;
  }
}
