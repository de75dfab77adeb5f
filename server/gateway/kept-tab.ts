import type { Context } from "./ports-of-gateway.ts";
import type { SavedPlace, TerminalTab } from "./store-ports.ts";

/** Keeps where a terminal stands, one write after the other; what cannot be kept costs the tab its place, nothing else. */
export class KeptTab {
  readonly #context: Pick<Context, "terminalTabs" | "log">;
  readonly #tab: TerminalTab;
  #last: Promise<void> = Promise.resolve();
  #gone = false;

  constructor(context: Pick<Context, "terminalTabs" | "log">, tab: TerminalTab) {
    this.#context = context;
    this.#tab = tab;
  }

  keep(place: SavedPlace): void {
    this.#then(() => (this.#gone ? Promise.resolve() : this.#context.terminalTabs.keep(this.#tab, place)));
  }

  forget(): void {
    this.#gone = true;
    this.#then(() => this.#context.terminalTabs.forget(this.#tab));
  }

  #then(write: () => Promise<void>): void {
    this.#last = this.#last
      .then(write)
      .catch((error: unknown) => this.#context.log(`the place of a terminal tab: ${String(error)}`));
  }
}
