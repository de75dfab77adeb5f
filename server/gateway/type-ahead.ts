const MOST_CHARACTERS = 16_000;

/** Keys that came while nobody could take them. */
export class TypeAhead {
  #text = "";

  keep(text: string): void {
    this.#text = (this.#text + text).slice(0, MOST_CHARACTERS);
  }

  /** All of it, once. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }
}
