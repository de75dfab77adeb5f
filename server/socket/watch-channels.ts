import type { Gateway } from "../gateway/create-gateway.ts";
import type { Person } from "../gateway/sessions.ts";
import type { OpenWatch } from "../gateway/watches.ts";
import type { Say } from "./say.ts";

const MOST_WATCHES = 10;

/** The sessions that one browser watches. They end with its socket, so that nobody is said to watch who has gone. */
export class WatchChannels {
  readonly #gateway: Gateway;
  readonly #person: Person;
  readonly #say: Say;
  /** By session; null: it is being opened. */
  readonly #open = new Map<string, OpenWatch | null>();
  #gone = false;

  constructor(gateway: Gateway, person: Person, say: Say) {
    this.#gateway = gateway;
    this.#person = person;
    this.#say = say;
  }

  start(session: string): void {
    if (this.#open.has(session)) return;
    if (this.#open.size >= MOST_WATCHES) {
      this.#say.send({ type: "watch.ended", session, reason: `${MOST_WATCHES} sessions are watched in this window already` });
      return;
    }
    this.#open.set(session, null);
    this.#start(session).catch((error: unknown) => {
      this.#open.delete(session);
      const expected = error instanceof Error && "code" in error && typeof error.code === "string";
      this.#say.send({ type: "watch.ended", session, reason: expected ? error.message : "it could not be watched" });
      if (!expected) this.#say.fail(error);
    });
  }

  stop(session: string): void {
    const watch = this.#open.get(session);
    this.#open.delete(session);
    watch?.stop().catch((error: unknown) => this.#say.fail(error));
  }

  async close(): Promise<void> {
    this.#gone = true;
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map((watch) => watch?.stop()));
  }

  async #start(session: string): Promise<void> {
    const watch = await this.#gateway.watches.start(this.#person, session, {
      frames: (frames) => this.#say.send({ type: "watch.frames", session, frames: [...frames] }),
      ended: (reason) => {
        this.#open.delete(session);
        this.#say.send({ type: "watch.ended", session, reason });
      },
    });
    // Stopped, or gone, while it opened.
    if (this.#gone || !this.#open.has(session)) return watch.stop();
    this.#open.set(session, watch);
    this.#say.send({ type: "watch.started", session, item: watch.item });
  }
}
