import type { Principal } from "../core/domain/principal.ts";
import type { FileOrder } from "../core/guard/files.ts";
import type { Granted, Judgeable } from "./authorize.ts";
import type { Authorized } from "./authorized.ts";
import type { FileUpload } from "./ports.ts";
import type { OpenShellSession } from "./sessions.ts";
import { VerbError } from "./verb-error.ts";

/** An authorised transfer that has not come to its end. */
export interface Ticket extends Allowed {
  readonly id: string;
  readonly session: OpenShellSession;
  readonly principal: string;
  readonly name: string;
  /** Of an upload, what was announced. */
  readonly size: number;
  /** Of a download: the file as it was when its reading began; null: it has not. */
  reading: Reading | null;
  upload: { readonly to: FileUpload; at: number } | null;
  /** The part of an upload before. */
  last: Promise<void>;
  timer: NodeJS.Timeout | null;
}

export interface Allowed {
  readonly order: Authorized<FileOrder>;
  readonly statement: Judgeable<FileOrder>;
  readonly granted: Granted | null;
}

export interface Reading {
  /** Changes with the file and with what is masked in it. */
  readonly version: string;
  /** Null: not known; then there is no rest. */
  readonly size: number | null;
  /** Bytes that were given out: no more than these can have been lost on their way. */
  sent: number;
  /** The last that asked; one before it ends. */
  turn: number;
}

/** Of one file, either way. */
export const MOST_BYTES = 1_000_000_000;
export const TICKET_MS = 10 * 60_000;
/** So long a transfer that was cut off waits for its rest. */
export const REST_MS = 2 * 60_000;
/** A person's. */
const MOST = 50;

/** Tickets of this replica: a person's own, each for a while, gone with their terminal. */
export class FileTickets {
  readonly #tickets = new Map<string, Ticket>();
  readonly #identifier: () => string;
  /** Gives a ticket's transfer up, and puts that on the record. */
  readonly #giveUp: (ticket: Ticket) => Promise<void>;

  constructor(identifier: () => string, giveUp: (ticket: Ticket) => Promise<void>) {
    this.#identifier = identifier;
    this.#giveUp = giveUp;
  }

  add(made: Pick<Ticket, "session" | "principal" | "name" | "size"> & Allowed, forMs: number): Ticket {
    const mine = [...this.#tickets.values()].filter(({ principal }) => principal === made.principal);
    const [oldest] = mine;
    if (mine.length >= MOST && oldest !== undefined) void this.drop(oldest);
    const begun = { reading: null, upload: null, last: Promise.resolve(), timer: null };
    const ticket: Ticket = { ...made, ...begun, id: this.#identifier() };
    this.#tickets.set(ticket.id, ticket);
    this.keep(ticket, forMs);
    return ticket;
  }

  /** It is given up when nothing comes for so long. */
  keep(ticket: Ticket, forMs: number): void {
    if (ticket.timer !== null) clearTimeout(ticket.timer);
    ticket.timer = setTimeout(() => void this.drop(ticket), forMs);
    ticket.timer.unref();
  }

  /** Throws `VerbError` where there is none of theirs. */
  take(principal: Principal, id: string, way: "read" | "write"): Ticket {
    const ticket = this.#tickets.get(id);
    if (ticket === undefined || ticket.principal !== principal.id || (ticket.order.way === "write") !== (way === "write"))
      throw new VerbError("not-found", "that was too long ago; ask for the file again");
    return ticket;
  }

  holds(ticket: Ticket): boolean {
    return this.#tickets.get(ticket.id) === ticket;
  }

  /** It has come to its end. */
  done(ticket: Ticket): void {
    if (ticket.timer !== null) clearTimeout(ticket.timer);
    this.#tickets.delete(ticket.id);
  }

  async drop(ticket: Ticket): Promise<void> {
    if (!this.holds(ticket)) return;
    this.done(ticket);
    await this.#giveUp(ticket);
  }

  /** Those of a terminal that ends, while its host can still be reached. */
  async endOf(session: string): Promise<void> {
    const own = [...this.#tickets.values()].filter((ticket) => ticket.session.id === session);
    await Promise.all(own.map((ticket) => this.drop(ticket)));
  }
}
