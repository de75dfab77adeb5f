/** A small generator of numbers (mulberry32): the same seed gives the same statements everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Both ends are possible. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.between(0, items.length - 1)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  /** One of several ways, by weight. */
  choose<T>(ways: readonly (readonly [weight: number, way: () => T])[]): T {
    let left = this.next() * ways.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, way] of ways) {
      left -= weight;
      if (left < 0) return way();
    }
    const last = ways.at(-1);
    if (last === undefined) throw new Error("nothing to choose from");
    return last[1]();
  }

  some<T>(items: readonly T[], least: number, most: number): T[] {
    const left = [...items];
    const taken: T[] = [];
    const wanted = Math.min(left.length, this.between(least, most));
    while (taken.length < wanted) taken.push(...left.splice(this.between(0, left.length - 1), 1));
    return taken;
  }
}
