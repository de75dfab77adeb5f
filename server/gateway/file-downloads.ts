import type { FileAnswer, FileBody } from "../contract/http.ts";
import { describeFile, type FileOrder, isText } from "../core/guard/files.ts";
import type { StreamMasker } from "../core/mask/stream.ts";
import { type Allowed, type FileTickets, MOST_BYTES, REST_MS, type Reading, TICKET_MS, type Ticket } from "./file-tickets.ts";
import { type JudgedFiles, messageOf } from "./judged-files.ts";
import type { FileState } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { OpenShellSession } from "./sessions.ts";
import { VerbError } from "./verb-error.ts";

type Review = Extract<FileAnswer, { state: "review" }>;

const MOST_TURNS = 50;
/** So much of a file says whether it is text. */
const FIRST_BYTES = 64_000;

/** The rest of a download, and what it is the rest of. */
export interface FileContent {
  readonly name: string;
  /** Of all of it; null: the host cannot say, as of what it makes up when it is read (`/proc`). */
  readonly size: number | null;
  readonly from: number;
  readonly version: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Downloads: of text masked; of anything else as it is, where policy names that. */
export class FileDownloads {
  readonly #context: Context;
  readonly #judged: JudgedFiles;
  readonly #tickets: FileTickets;

  constructor(context: Context, judged: JudgedFiles, tickets: FileTickets) {
    this.#context = context;
    this.#judged = judged;
    this.#tickets = tickets;
  }

  /** What is no text cannot be masked: it is given out as it is, where policy names that, or not at all. */
  async allowed(
    session: OpenShellSession,
    asked: string,
    order: FileOrder,
    body: FileBody,
    size: number,
  ): Promise<Allowed | Review> {
    const allowed = await this.#judged.allowed(session, describeFile(`download ${asked}`, asked, order), order, body);
    if ("review" in allowed) return allowed;
    const text = await this.#beginsAsText(session, allowed).catch(async (error: unknown) => {
      await this.#judged.ended({ session, ...allowed }, 0, "failed");
      throw new VerbError("conflict", messageOf(error));
    });
    if (text) return allowed;
    await this.#judged.ended({ session, ...allowed }, Math.min(size, FIRST_BYTES), "cancelled");
    const raw: FileOrder = { way: "raw", path: order.path };
    try {
      return await this.#judged.allowed(session, describeFile(`download ${asked} as it is`, asked, raw), raw, body);
    } catch (error) {
      if (!(error instanceof VerbError) || error.code !== "forbidden") throw error;
      throw new VerbError("forbidden", `\`${asked}\` is no text, so nothing in it could be masked: ${error.message}`);
    }
  }

  async #beginsAsText(session: OpenShellSession, { order }: Pick<Allowed, "order">): Promise<boolean> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of session.connection.readFile(order, { most: FIRST_BYTES })) {
      chunks.push(chunk);
      size += chunk.length;
    }
    return isText(Buffer.concat(chunks), size < FIRST_BYTES);
  }

  /**
   * The bytes of a download: of text masked, and as many as the file has. What a reading that was cut off has left is given
   * out too, from byte `from` on, while the file is as it was: `version`, if the browser knows one, has to be that of before.
   * Ends with an error when policy no longer allows it. Throws `VerbError`.
   */
  async content(
    ticket: Ticket,
    { from, version }: { readonly from: number; readonly version: string | null },
  ): Promise<FileContent> {
    this.#judged.stillAllowed(ticket);
    const state = await ticket.session.connection.stat(ticket.order.path);
    const present = state === null || state.kind !== "file" ? null : this.#version(ticket, state);
    if (present === null || state === null || (version !== null && version !== present))
      throw new VerbError("conflict", "the file was changed meanwhile; ask for it again");
    const reading = ticket.reading ?? { version: present, size: state.size === 0 ? null : state.size, sent: 0, turn: 0 };
    ticket.reading = reading;
    // INVARIANT (P5): one authorisation, one reading: what was cut off is the rest of the same bytes, or nothing.
    if (reading.version !== present) throw new VerbError("conflict", "the file was changed meanwhile; ask for it again");
    if (from > 0 && (reading.size === null || from >= reading.size))
      throw new VerbError("invalid", "there is nothing after that byte");
    if (reading.turn >= MOST_TURNS) throw new VerbError("conflict", "it was cut off too often; ask for it again");
    reading.turn += 1;
    this.#tickets.keep(ticket, TICKET_MS);
    const bytes = this.#reading(ticket, reading, reading.turn, from);
    return { name: ticket.name, size: reading.size, from, version: present, bytes };
  }

  #version({ order }: Pick<Ticket, "order">, { size, modifiedAt }: FileState): string {
    const masks = order.way === "raw" ? null : this.#context.configuration.set.detectors;
    return this.#context.sha256(JSON.stringify([order.path, size, modifiedAt, masks])).slice(0, 32);
  }

  /**
   * From the file's beginning where it is masked: what is masked later depends on all before (a private key has many lines),
   * and the host is nearer than the browser. INVARIANT (chunks) of the masker: the same bytes come out again.
   */
  async *#reading(ticket: Ticket, reading: Reading, turn: number, from: number): AsyncIterable<Uint8Array> {
    const { connection } = ticket.session;
    const size = reading.size ?? MOST_BYTES;
    const raw = ticket.order.way === "raw";
    let at = raw ? from : 0;
    let ended: "done" | "failed" | "cut" = "cut";
    try {
      if (raw && (await this.#beginsAsText(ticket.session, ticket)))
        throw new VerbError("conflict", "the file was changed meanwhile; ask for it again");
      const read = connection.readFile(ticket.order, { from: at });
      for await (const chunk of raw ? read : masked(read, this.#judged.masker("same length"))) {
        if (reading.turn !== turn) return;
        this.#judged.stillAllowed(ticket);
        const part = chunk.subarray(Math.min(chunk.length, Math.max(0, from - at)), Math.max(0, size - at));
        at += chunk.length;
        if (part.length > 0) {
          reading.sent = Math.max(reading.sent, Math.min(at, size));
          yield part;
        }
        if (at >= size) break;
      }
      if (reading.size !== null && at < size) throw new VerbError("conflict", "the file has become shorter meanwhile");
      ended = "done";
    } catch (error) {
      if (error instanceof VerbError) ended = "failed";
      throw error;
    } finally {
      if (reading.turn === turn && this.#tickets.holds(ticket)) await this.#left(ticket, reading, ended);
    }
  }

  /** What was cut off waits for its rest. */
  async #left(ticket: Ticket, reading: Reading, ended: "done" | "failed" | "cut"): Promise<void> {
    if (ended === "cut") return this.#tickets.keep(ticket, REST_MS);
    this.#tickets.done(ticket);
    await this.#judged.ended(ticket, reading.sent, ended);
  }
}

async function* masked(bytes: AsyncIterable<Uint8Array>, masker: StreamMasker): AsyncIterable<Uint8Array> {
  for await (const chunk of bytes) yield masker.push(chunk);
  yield masker.end();
}
