import type { ClientMessage } from "../contract/socket.ts";
import { runOnOne } from "../gateway/broadcast.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import type { Person } from "../gateway/sessions.ts";
import type { Say } from "./say.ts";

/** Lines that one browser runs on several hosts. They end with it. */
export class Broadcasts {
  readonly #gateway: Gateway;
  readonly #person: Person;
  readonly #say: Say;
  readonly #running = new Map<string, AbortController>();

  constructor(gateway: Gateway, person: Person, say: Say) {
    this.#gateway = gateway;
    this.#person = person;
    this.#say = say;
  }

  run({ request, targets, line }: Extract<ClientMessage, { type: "broadcast.run" }>): void {
    if (this.#running.size > 0) {
      this.#say.send({ type: "error", code: "conflict", message: "another line is under way on several hosts; stop it first" });
      return;
    }
    const abort = new AbortController();
    this.#running.set(request, abort);
    const { context, sessions } = this.#gateway;
    const each = [...new Set(targets)].map((target) =>
      runOnOne(context, sessions, this.#person, target, line, abort.signal, (state) =>
        this.#say.send({ type: "broadcast.target", request, target, ...state }),
      ),
    );
    void Promise.all(each).then(() => this.#running.delete(request));
  }

  stop(request: string): void {
    this.#running.get(request)?.abort(new Error("stopped"));
  }

  close(): void {
    for (const abort of this.#running.values()) abort.abort(new Error("the browser went away"));
  }
}
