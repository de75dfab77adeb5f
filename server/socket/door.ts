import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { MAX_TEXT } from "../contract/socket.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import type { SignIn } from "../gateway/store-ports.ts";
import { Connection } from "./connection.ts";
import { ParkedTerminals } from "./parked-terminals.ts";

const PING_MS = 25_000;
/** JSON may escape every character of the longest text; UTF-8 takes up to three bytes. */
const MAX_FRAME = MAX_TEXT * 6;

/**
 * The WebSocket door: exact origin, a live sign-in, then a `Connection`. A revoked sign-in closes the sockets that were
 * opened with it (4401).
 */
export class SocketDoor {
  readonly #gateway: Gateway;
  readonly #origin: string;
  readonly #identify: (cookies: string | null) => Promise<SignIn | null>;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME, perMessageDeflate: false });
  readonly #parked: ParkedTerminals;
  readonly #timer: NodeJS.Timeout;
  readonly #alive = new WeakSet<object>();

  constructor(gateway: Gateway, publicUrl: string, identify: (cookies: string | null) => Promise<SignIn | null>) {
    this.#gateway = gateway;
    this.#origin = new URL(publicUrl).origin;
    this.#identify = identify;
    this.#parked = new ParkedTerminals(gateway.context.log);
    gateway.context.changes.subscribe((change) => {
      if (change.topic === "sign-in") this.#parked.endOf(change.sid);
    });
    this.#timer = setInterval(() => this.#ping(), PING_MS);
    this.#timer.unref();
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    if (request.headers.origin !== this.#origin) return refuse(socket, "403 Forbidden", "this page is of another origin");
    let signIn: SignIn | null;
    try {
      signIn = await this.#identify(request.headers.cookie ?? null);
    } catch {
      return refuse(socket, "503 Service Unavailable", "the store cannot be reached");
    }
    if (signIn === null) return refuse(socket, "401 Unauthorized", "sign in first");
    const signedIn = signIn;
    const { sid } = signedIn;
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#alive.add(webSocket);
      webSocket.on("pong", () => this.#alive.add(webSocket));
      const stop = this.#gateway.context.changes.subscribe((change) => {
        if (change.topic === "sign-in" && change.sid === sid) webSocket.close(4401, "signed out");
      });
      webSocket.on("close", stop);
      new Connection(webSocket, this.#gateway, signedIn, this.#parked);
    });
  }

  close(): void {
    clearInterval(this.#timer);
    for (const client of this.#server.clients) client.close(1001, "Gatehouse is stopping");
    setTimeout(() => {
      for (const client of this.#server.clients) client.terminate();
    }, 1_000).unref();
    this.#server.close();
  }

  /** A browser that does not answer is gone: its queries must not run on. */
  #ping(): void {
    for (const client of this.#server.clients) {
      if (!this.#alive.has(client)) {
        client.terminate();
        continue;
      }
      this.#alive.delete(client);
      client.ping();
    }
  }
}

function refuse(socket: Duplex, status: string, message: string): void {
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  );
}
