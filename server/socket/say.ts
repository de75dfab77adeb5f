import type { WebSocket } from "ws";
import type { ServerMessage, WireDecision, WireReview } from "../contract/socket.ts";
import type { Decision } from "../core/domain/decision.ts";
import type { MicroAction } from "../core/domain/micro-action.ts";
import type { Review } from "../core/domain/review.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import { principalOf } from "../gateway/principal-of.ts";
import type { Person } from "../gateway/sessions.ts";
import { toWireDecision } from "../gateway/wire.ts";

/** Bytes that may wait in a socket before a result is read further. */
const HIGH_WATER = 4_000_000;

/** Says things to one browser: messages, bytes, and failures in words that hold no inner detail. */
export class Say {
  readonly #socket: WebSocket;
  readonly #gateway: Gateway;
  readonly #person: Person;
  readonly #waiting: (() => void)[] = [];

  constructor(socket: WebSocket, gateway: Gateway, person: Person) {
    this.#socket = socket;
    this.#gateway = gateway;
    this.#person = person;
    socket.on("close", this.#sent);
  }

  send(message: ServerMessage): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Four bytes channel, then the bytes. */
  bytes(channel: number, bytes: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const frame = Buffer.allocUnsafe(4 + bytes.length);
    frame.writeUInt32BE(channel, 0);
    frame.set(bytes, 4);
    this.#socket.send(frame);
  }

  /** One binary frame of two parts. They are not copied, so they must not change any more. */
  frame(head: Uint8Array, body: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(head, { binary: true, fin: false });
    this.#socket.send(body, { binary: true, fin: true }, this.#sent);
  }

  /** Whether so much waits in the socket that a result should not be read on. */
  get isFull(): boolean {
    return this.#socket.bufferedAmount > HIGH_WATER && this.#socket.readyState === this.#socket.OPEN;
  }

  /** Resolves when the socket has room again, or is gone. */
  async drained(): Promise<void> {
    while (this.isFull) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  readonly #sent = (): void => {
    if (this.isFull) return;
    for (const go of this.#waiting.splice(0)) go();
  };

  decision(decision: Decision, microActions: readonly MicroAction[]): WireDecision {
    return toWireDecision(decision, microActions, this.#gateway.context.configuration.set);
  }

  review(review: Review): WireReview {
    const { set } = this.#gateway.context.configuration;
    return this.#gateway.reviews.wire(principalOf(this.#person, set), review);
  }

  /** An expected refusal is told as it is; anything else goes to the log, and the browser hears that it went wrong. */
  fail(error: unknown, session?: string, run?: string): void {
    const expected = error instanceof Error && "code" in error && typeof error.code === "string" && EXPECTED.has(error.code);
    if (!expected)
      this.#gateway.context.log(`socket: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    this.send({
      type: "error",
      code: expected ? String(error.code) : "internal",
      message: expected ? error.message : "something went wrong in Gatehouse; nothing more was run, and its log says what it was",
      session,
      run,
    });
  }
}

const EXPECTED: ReadonlySet<string> = new Set([
  "not-found",
  "forbidden",
  "invalid",
  "conflict",
  "unavailable",
  "target-unreachable",
  "secret",
]);
