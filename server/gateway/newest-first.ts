/**
 * Work that each asker may have under way once. Who asks again meanwhile waits; of those who wait only the newest gets a
 * turn, since whoever asks anew looks at something else by now.
 */
export class NewestFirst {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #newest = new Map<string, symbol>();

  /** Null: somebody of the same name asked later, and nothing was done. */
  async run<Result>(asker: string, work: () => Promise<Result>): Promise<Result | null> {
    const me = Symbol(asker);
    this.#newest.set(asker, me);
    for (let before = this.#running.get(asker); before !== undefined; before = this.#running.get(asker)) {
      await before.catch(() => undefined);
      if (this.#newest.get(asker) !== me) return null;
    }
    const running = work();
    this.#running.set(asker, running);
    try {
      return await running;
    } finally {
      this.#running.delete(asker);
      if (this.#newest.get(asker) === me) this.#newest.delete(asker);
    }
  }
}
