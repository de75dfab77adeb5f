import type { Gateway } from "../gateway/create-gateway.ts";
import { Recorder } from "../gateway/recorder.ts";
import type { OpenShellSession } from "../gateway/sessions.ts";
import { Terminal } from "../gateway/terminal.ts";
import type { Say } from "./say.ts";

const HISTORY = 1_000;

interface Opening {
  readonly session: OpenShellSession;
  readonly channel: number;
  readonly say: Say;
  readonly gateway: Gateway;
  readonly columns: number;
  readonly rows: number;
  readonly ended: (reason: string) => void;
}

/** One terminal tab on one socket. */
export class TerminalChannel {
  readonly channel: number;
  readonly #session: OpenShellSession;
  readonly #terminal: Terminal;
  readonly #recorder: Recorder;

  /** Nothing is shown before its recording has begun; what is answered opens it. Throws `StoreError`. */
  static async prepare(opening: Opening): Promise<() => TerminalChannel> {
    const { session, gateway, columns, rows } = opening;
    const { principal } = session.requester;
    const history = await gateway.context.histories.recent(principal.id, session.target.id, HISTORY);
    const recorded = {
      session: session.id,
      principal: principal.id,
      target: session.target.id,
      environment: session.target.environment,
      columns,
      rows,
    };
    const recorder = await Recorder.open(gateway.context, recorded, opening.ended);
    return () => new TerminalChannel(opening, recorder, history);
  }

  private constructor(opening: Opening, recorder: Recorder, history: readonly string[]) {
    const { session, channel, say, gateway, columns, rows, ended } = opening;
    this.channel = channel;
    this.#session = session;
    this.#recorder = recorder;
    this.#terminal = new Terminal({
      session,
      detectors: gateway.context.configuration.set.detectors,
      now: () => performance.now(),
      columns,
      rows,
      history,
      recording: recorder,
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
        block: (block) => say.send({ type: "terminal.block", session: session.id, block }),
        remember: (line) => {
          gateway.context.histories
            .add(session.requester.principal.id, session.target.id, line)
            .catch((error: unknown) => gateway.context.log(`history of ${session.id}: ${String(error)}`));
        },
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
    try {
      await this.#recorder.close();
    } finally {
      await this.#session.close(reason);
    }
  }
}
