import type { Client, ClientChannel, ExecOptions } from "ssh2";
import { Files } from "./files.ts";

/** sshd allows ten sessions on a connection and frees one 80 ms after it closed; one is for files. */
const MOST_CHANNELS = 8;
const OPEN_ATTEMPTS = 6;
const OPEN_PAUSE_MS = 80;

/** One authenticated connection, with its channels counted. */
export class Link {
  readonly files: Files;
  readonly #client: Client;
  readonly #listeners: ((reason: string) => void)[] = [];
  #channels = 0;
  /** Less where the host has shown that it allows fewer. */
  #most = MOST_CHANNELS;
  #closed: string | null = null;

  constructor(client: Client) {
    this.#client = client;
    this.files = new Files(client, Date.now);
    let reason = "the host closed the connection";
    client.on("error", (error) => {
      reason = `the connection to the host is lost: ${error.message}`;
    });
    client.on("close", () => {
      if (this.#closed !== null) return;
      this.#closed = reason;
      for (const listener of this.#listeners) listener(reason);
    });
  }

  get isFull(): boolean {
    return this.#channels >= this.#most;
  }

  /**
   * Starts a command line. `use` gets the channel at once: a short program's end may be in the same packet as its
   * beginning. Throws when the host gives no channel, or the connection is gone.
   */
  async exec<T>(line: string, options: ExecOptions, use: (channel: ClientChannel) => T): Promise<T> {
    this.#channels++;
    try {
      return await this.#open(line, options, (channel) => {
        channel.once("close", () => {
          this.#channels--;
        });
        return use(channel);
      });
    } catch (error) {
      this.#channels--;
      if (isNoChannel(error)) this.#most = Math.min(this.#most, this.#channels);
      throw error;
    }
  }

  async #open<T>(line: string, options: ExecOptions, use: (channel: ClientChannel) => T): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await new Promise<T>((resolve, reject) => {
          this.#client.exec(line, options, (error, channel) => (error === undefined ? resolve(use(channel)) : reject(error)));
        });
      } catch (error) {
        if (attempt >= OPEN_ATTEMPTS || this.#closed !== null || !isNoChannel(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, OPEN_PAUSE_MS * attempt));
      }
    }
  }

  close(): void {
    this.#client.end();
    // A host that does not answer keeps no session open.
    setTimeout(() => this.#client.destroy(), 500).unref();
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#closed !== null) listener(this.#closed);
    else this.#listeners.push(listener);
  }
}

/** The host gives no further channel on this connection. */
export function isNoChannel(error: unknown): boolean {
  return error instanceof Error && "reason" in error && error.message.includes("Channel open failure");
}
