import type { Decision } from "../core/domain/decision.ts";

interface Limit {
  readonly most: number;
  readonly policy: string;
}

/** A timer of more would end at once. Some 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What obligations leave a command of time and output. `stop` is called at most once, with what to say. */
export class ProgramLimits {
  readonly #time: Limit | null;
  readonly #output: Limit | null;
  readonly #stop: (reason: string) => void;
  #timer: NodeJS.Timeout | null = null;
  #bytes = 0;
  #over = false;

  constructor({ obligations }: Decision, stop: (reason: string) => void) {
    this.#stop = stop;
    this.#time = tightest(obligations.flatMap((each) => (each.type === "time-limit" ? [limit(each.milliseconds, each)] : [])));
    this.#output = tightest(obligations.flatMap((each) => (each.type === "limit-output" ? [limit(each.bytes, each)] : [])));
  }

  /** The command has begun. */
  begin(): void {
    const time = this.#time;
    if (time === null || this.#over) return;
    this.#timer = setTimeout(() => this.#meet(`${time.most / 1_000} s are over`, time), Math.min(time.most, LONGEST_TIMER_MS));
    this.#timer.unref();
  }

  /** As much of what it wrote as may be shown. */
  within(chunk: Uint8Array): Uint8Array {
    const output = this.#output;
    if (output === null) return chunk;
    const rest = Math.max(0, output.most - this.#bytes);
    this.#bytes += chunk.length;
    if (chunk.length <= rest) return chunk;
    // What stands before the limit is shown before it is said.
    setImmediate(() => this.#meet(`${output.most.toLocaleString("en")} bytes are shown`, output));
    return chunk.subarray(0, rest);
  }

  /** The command has ended. */
  end(): void {
    this.#over = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #meet(what: string, { policy }: Limit): void {
    if (this.#over) return;
    this.#over = true;
    this.#stop(`ended: ${what}, which is all that policy \`${policy}\` allows`);
  }
}

function limit(most: number, { policy }: { readonly policy: string }): Limit {
  return { most, policy };
}

function tightest(limits: readonly Limit[]): Limit | null {
  return limits.toSorted((a, b) => a.most - b.most)[0] ?? null;
}
