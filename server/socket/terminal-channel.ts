import type { Gateway } from "../gateway/create-gateway.ts";
import type { OpenShellSession } from "../gateway/sessions.ts";
import { Terminal } from "../gateway/terminal.ts";
import type { Say } from "./say.ts";

/** One terminal tab on one socket. */
export class TerminalChannel {
  readonly channel: number;
  readonly #session: OpenShellSession;
  readonly #terminal: Terminal;

  constructor(
    session: OpenShellSession,
    channel: number,
    say: Say,
    gateway: Gateway,
    size: { readonly columns: number; readonly rows: number },
    ended: (reason: string) => void,
  ) {
    this.channel = channel;
    this.#session = session;
    this.#terminal = new Terminal({
      session,
      detectors: gateway.context.configuration.set.detectors,
      now: () => performance.now(),
      ...size,
      events: {
        output: (bytes) => say.bytes(channel, bytes),
        verdict: (text, decision, microActions) =>
          say.send({
            type: "terminal.verdict",
            session: session.id,
            text,
            decision: decision === null ? null : say.decision(decision, microActions),
          }),
        state: ({ review, ...state }) =>
          say.send({
            type: "terminal.state",
            session: session.id,
            ...state,
            review: review === null ? null : say.review(review),
          }),
        ended,
        failed: (error) => say.fail(error, session.id),
      },
    });
  }

  input(bytes: Uint8Array): void {
    this.#terminal.input(bytes);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  acknowledge(bytes: number): void {
    this.#terminal.acknowledge(bytes);
  }

  async close(reason: string): Promise<void> {
    this.#terminal.close();
    await this.#session.close(reason);
  }
}
