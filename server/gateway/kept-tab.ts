import type { Context } from "./ports-of-gateway.ts";
import type { SavedPlace, SavedTab, TerminalTab } from "./store-ports.ts";

/** As JSON. Variables that are larger than any line can make at once are not worth a place in the store. */
const MOST_CHARACTERS = 100_000;
/** Of the sessions that a tab was shown in, the last. */
const MOST_SESSIONS = 5;

/** Keeps where a terminal stands, one write after the other; what cannot be kept costs the tab its place, nothing else. */
export class KeptTab {
  readonly #context: Pick<Context, "terminalTabs" | "log">;
  readonly #tab: TerminalTab;
  readonly #session: string;
  readonly #sessions: readonly string[];
  #last: Promise<void> = Promise.resolve();
  #gone = false;

  /** `known`: what was kept of the tab's sessions before. */
  constructor(
    context: Pick<Context, "terminalTabs" | "log">,
    { tab, session, known }: { readonly tab: TerminalTab; readonly session: string; readonly known: SavedTab | null },
  ) {
    this.#context = context;
    this.#tab = tab;
    this.#session = session;
    this.#sessions = [...(known?.sessions ?? []), session].slice(-MOST_SESSIONS);
  }

  keep(place: SavedPlace): void {
    const tooLarge = JSON.stringify(place).length > MOST_CHARACTERS;
    this.#then(async () => {
      if (tooLarge) await this.#context.terminalTabs.forget(this.#tab, this.#session);
      else if (!this.#gone) await this.#context.terminalTabs.keep(this.#tab, { place, sessions: this.#sessions });
    });
  }

  forget(): void {
    this.#gone = true;
    this.#then(() => this.#context.terminalTabs.forget(this.#tab, this.#session));
  }

  #then(write: () => Promise<void>): void {
    this.#last = this.#last
      .then(write)
      .catch((error: unknown) => this.#context.log(`the place of a terminal tab: ${String(error)}`));
  }
}
