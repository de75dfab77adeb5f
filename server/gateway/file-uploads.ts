import { type FileTickets, REST_MS, type Ticket } from "./file-tickets.ts";
import { type JudgedFiles, messageOf } from "./judged-files.ts";
import { VerbError } from "./verb-error.ts";

/** Uploads, part by part, beside their place until the last part is there. */
export class FileUploads {
  readonly #judged: JudgedFiles;
  readonly #tickets: FileTickets;

  constructor(judged: JudgedFiles, tickets: FileTickets) {
    this.#judged = judged;
    this.#tickets = tickets;
  }

  /** The next part; answers how much there is. `taken` throws when the ticket is gone. Throws `VerbError`. */
  async put(taken: () => Ticket, offset: number, bytes: Uint8Array): Promise<{ readonly at: number; readonly done: boolean }> {
    const ticket = taken();
    // One after the other: a part that is sent again may meet itself.
    const put = ticket.last.then(() => this.#put(taken(), offset, bytes));
    ticket.last = put.then(
      () => undefined,
      () => undefined,
    );
    return put;
  }

  async #put(ticket: Ticket, offset: number, bytes: Uint8Array): Promise<{ readonly at: number; readonly done: boolean }> {
    this.#judged.stillAllowed(ticket);
    this.#tickets.keep(ticket, REST_MS);
    if (ticket.upload === null) {
      try {
        ticket.upload = { to: await ticket.session.connection.writeFile(ticket.order), at: 0 };
      } catch (error) {
        this.#tickets.done(ticket);
        await this.#judged.ended(ticket, 0, "failed");
        throw new VerbError("conflict", messageOf(error));
      }
    }
    const { upload } = ticket;
    if (offset !== upload.at) return { at: upload.at, done: false };
    if (offset + bytes.length > ticket.size) throw new VerbError("invalid", "more came than was announced");
    try {
      await upload.to.append(bytes);
      upload.at += bytes.length;
      if (upload.at < ticket.size) return { at: upload.at, done: false };
      await upload.to.finish();
    } catch (error) {
      this.#tickets.done(ticket);
      await upload.to.abort();
      await this.#judged.ended(ticket, upload.at, "failed");
      throw new VerbError("conflict", messageOf(error));
    }
    this.#tickets.done(ticket);
    await this.#judged.ended(ticket, upload.at, "done");
    return { at: upload.at, done: true };
  }
}
