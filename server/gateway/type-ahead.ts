import { MOST_TEXT } from "../core/terminal/keys.ts";

/** Room for the longest paste and what was typed around it. */
const MOST_CHARACTERS = MOST_TEXT + 8_000;

/** Keys that came while nobody could take them. */
export class TypeAhead {
  #text = "";

  /** All of it or, where there is no room, nothing: half a paste would have no end, and half a line another meaning. */
  keep(text: string): void {
    if (this.#text.length + text.length <= MOST_CHARACTERS) this.#text += text;
  }

  /** All of it, once. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }
}
