import type { Context } from "./ports-of-gateway.ts";
import type { LastStatement, NewLiveSession } from "./store-ports.ts";

const BEAT_MS = 2_000;
const SWEEP_EVERY = 1_800;
const SWEEP_SHOWN_EVERY = 15;

/**
 * Says in the store that this replica is here and which sessions it holds. What another replica, or nobody, holds any
 * more is told from that: runs that nobody can end (./runs.ts).
 */
export class Presence {
  readonly #context: Pick<Context, "presence" | "watches" | "log" | "identifier">;
  /** This replica's identifier. */
  readonly replica: string;
  /** By session: its last statement, asked for with each beat. */
  readonly #sessions = new Map<string, () => LastStatement | null>();
  readonly #timer: NodeJS.Timeout;
  #beats = 0;

  private constructor(context: Pick<Context, "presence" | "watches" | "log" | "identifier">) {
    this.#context = context;
    this.replica = context.identifier();
    this.#timer = setInterval(() => void this.#beat().catch(this.#log), BEAT_MS);
    this.#timer.unref();
  }

  static async start(context: Pick<Context, "presence" | "watches" | "log" | "identifier">): Promise<Presence> {
    const presence = new Presence(context);
    await presence.#beat();
    return presence;
  }

  /** Rejects when it cannot be listed: then it must not be used. */
  async opened(session: Omit<NewLiveSession, "replica">, last: () => LastStatement | null): Promise<void> {
    this.#sessions.set(session.id, last);
    await this.#context.presence.opened({ ...session, replica: this.replica });
  }

  /** What the store does not hear now it hears with the next beat. */
  async ended(id: string): Promise<void> {
    this.#sessions.delete(id);
    await this.#context.presence.ended(id).catch(this.#log);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#context.presence.leave(this.replica).catch(this.#log);
  }

  async #beat(): Promise<void> {
    const sessions = [...this.#sessions].map(([id, last]) => ({ id, last: last() }));
    await this.#context.presence.beat(this.replica, sessions);
    if (this.#beats % SWEEP_SHOWN_EVERY === 0) await this.#context.watches.sweep();
    if (this.#beats++ % SWEEP_EVERY === 0) await this.#context.presence.sweep();
  }

  readonly #log = (error: unknown): void =>
    this.#context.log(`presence: ${error instanceof Error ? error.message : String(error)}`);
}
