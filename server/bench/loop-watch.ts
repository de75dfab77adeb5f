import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const TICK_MS = 1;

/** Milliseconds that this thread has had of a processor. Null: this system does not say. */
function threadMs(): number | null {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;
  } catch {
    return null;
  }
}

/**
 * How long the event loop of this thread was held up at most. `wall` counts what other programs took the processor away
 * for; `busy` only what this thread did between two ticks.
 */
export class LoopWatch {
  readonly #delay = monitorEventLoopDelay({ resolution: TICK_MS });
  #busy = 0;
  #last: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  start(): void {
    this.#delay.enable();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.reset();
  }

  reset(): void {
    this.#delay.reset();
    this.#last = threadMs();
    this.#busy = 0;
  }

  get longest(): { readonly wallMs: number; readonly busyMs: number | null } {
    this.#tick();
    return { wallMs: this.#delay.max / 1e6, busyMs: this.#last === null ? null : this.#busy };
  }

  stop(): void {
    this.#delay.disable();
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #tick(): void {
    const now = threadMs();
    if (now !== null && this.#last !== null) this.#busy = Math.max(this.#busy, now - this.#last);
    this.#last = now;
  }
}
