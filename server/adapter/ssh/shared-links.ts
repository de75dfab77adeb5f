import type { ClientChannel, ExecOptions } from "ssh2";
import type { Files } from "./files.ts";
import { isNoChannel, type Link } from "./link.ts";

/**
 * What one person's sessions on one target share: an authenticated connection, and a further one when the channels of all
 * are taken. Where one of them breaks all end, and with them the sessions: the host is gone, or no longer trusts us.
 */
export class SharedLinks {
  readonly #dial: () => Promise<Link>;
  readonly #links: Link[];
  readonly #sessions = new Set<(reason: string) => void>();
  readonly #listeners: (() => void)[] = [];
  #dialling: Promise<Link> | null = null;
  #closed: string | null = null;

  constructor(first: Link, dial: () => Promise<Link>) {
    this.#dial = dial;
    this.#links = [];
    this.#add(first);
  }

  get closed(): string | null {
    return this.#closed;
  }

  get files(): Files {
    return (this.#links[0] as Link).files;
  }

  /** `lost` hears of the end that nobody here asked for. */
  join(lost: (reason: string) => void): void {
    this.#sessions.add(lost);
  }

  /** The last one to leave closes the connections. */
  leave(lost: (reason: string) => void): void {
    if (!this.#sessions.delete(lost) || this.#sessions.size > 0) return;
    this.close("its last session ended");
  }

  /** Throws when the host gives no channel for it, on whatever connection. */
  async exec<T>(line: string, options: ExecOptions, use: (channel: ClientChannel) => T): Promise<T> {
    let refused: unknown = new Error("too many programs at once on this host");
    for (;;) {
      if (this.#closed !== null) throw new Error(this.#closed);
      const free = this.#links.find((link) => !link.isFull);
      // No more than the sessions would have had by themselves.
      if (free === undefined && this.#links.length > this.#sessions.size) throw refused;
      const link = free ?? (await this.#another());
      try {
        return await link.exec(line, options, use);
      } catch (error) {
        // A host that allows fewer channels than usual: the next connection has them.
        if (this.#closed !== null || !isNoChannel(error)) throw error;
        refused = error;
      }
    }
  }

  /** One that was just dialled, also by another who waits. */
  #another(): Promise<Link> {
    this.#dialling ??= this.#dial()
      .then((link) => {
        this.#add(link);
        return link;
      })
      .finally(() => {
        this.#dialling = null;
      });
    return this.#dialling;
  }

  #add(link: Link): void {
    if (this.#closed !== null) {
      link.close();
      return;
    }
    this.#links.push(link);
    link.onClosed((reason) => this.close(reason));
  }

  close(reason: string): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    for (const link of this.#links) link.close();
    for (const lost of [...this.#sessions]) lost(reason);
    for (const listener of this.#listeners) listener();
  }

  onClosed(listener: () => void): void {
    if (this.#closed !== null) listener();
    else this.#listeners.push(listener);
  }
}
