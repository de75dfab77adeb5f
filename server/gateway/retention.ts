import type { Context } from "./ports-of-gateway.ts";

const LOOK_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Takes recordings away that are older than they are to be. Which ones is on the record before they are gone; their digests
 * stay there, so that a recording that is missing is known from one that was taken. One replica does it at a time.
 */
export class Retention {
  readonly #context: Pick<Context, "recordings" | "audit" | "clock" | "log">;
  readonly #days: number;
  readonly #timer: NodeJS.Timeout;
  readonly #first: Promise<void>;

  constructor(context: Pick<Context, "recordings" | "audit" | "clock" | "log">, days: number) {
    this.#context = context;
    this.#days = days;
    this.#timer = setInterval(() => void this.sweep(), LOOK_MS);
    this.#timer.unref();
    this.#first = this.sweep();
  }

  /** What cannot be forgotten now is with the next look. */
  async sweep(): Promise<void> {
    const until = this.#context.clock.now() - this.#days * DAY_MS;
    try {
      while ((await this.#context.recordings.forget(until, (sessions) => this.#record(sessions))) > 0);
    } catch (error) {
      this.#context.log(`old recordings: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#first;
  }

  async #record(sessions: readonly string[]): Promise<void> {
    await this.#context.audit.append({
      type: "recording.forgotten",
      at: this.#context.clock.now(),
      principal: "system",
      target: "",
      session: "",
      body: { days: this.#days, sessions: [...sessions] },
    });
  }
}
