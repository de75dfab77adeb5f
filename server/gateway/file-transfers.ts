import type { FileAnswer, FileBody, FileList } from "../contract/http.ts";
import type { Decision } from "../core/domain/decision.ts";
import type { Principal } from "../core/domain/principal.ts";
import { absolutePath, describeFile } from "../core/guard/files.ts";
import { isFree } from "./authorize.ts";
import { type FileContent, FileDownloads } from "./file-downloads.ts";
import { FileTexts, LONGEST_TEXT } from "./file-texts.ts";
import { type Allowed, FileTickets, MOST_BYTES, TICKET_MS, type Ticket } from "./file-tickets.ts";
import { FileUploads } from "./file-uploads.ts";
import { JudgedFiles, messageOf, whyOf } from "./judged-files.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Reviews } from "./reviews.ts";
import type { OpenShellSession, Sessions } from "./sessions.ts";
import { VerbError } from "./verb-error.ts";

/**
 * Files of a terminal's host, over the terminal's own connection: judged as `file:read` and `file:write` of their path,
 * links followed, on the record before and after. What is read is masked like a terminal's output.
 */
export class FileTransfers {
  readonly #context: Context;
  readonly #sessions: Sessions;
  readonly #judged: JudgedFiles;
  readonly #tickets: FileTickets;
  readonly #downloads: FileDownloads;
  readonly #uploads: FileUploads;
  readonly #texts: FileTexts;
  /** Terminals that clear away what they leave. */
  readonly #heard = new WeakSet<OpenShellSession>();

  constructor(context: Context, reviews: Reviews, sessions: Sessions) {
    this.#context = context;
    this.#sessions = sessions;
    this.#judged = new JudgedFiles(context, reviews);
    this.#tickets = new FileTickets(context.identifier, (ticket) => this.#giveUp(ticket));
    this.#downloads = new FileDownloads(context, this.#judged, this.#tickets);
    this.#uploads = new FileUploads(this.#judged, this.#tickets);
    this.#texts = new FileTexts(context, this.#judged);
  }

  /** For who may list the folder in the terminal. */
  async list(principal: Principal, id: string, path: string): Promise<FileList> {
    const session = this.#session(principal, id);
    const { connection } = session;
    const asked = path === "" ? connection.home : absolute(path);
    const real = await connection.realpath(asked);
    if (real === null) throw new VerbError("not-found", `there is no \`${asked}\` on ${session.target.id}`);
    const where = { cwd: connection.home, home: connection.home, user: connection.user, environment: {} };
    const { decision } = session.judge.judge(`ls -la -- ${quoted(real)}`, where);
    if (!isFree(decision)) throw new VerbError("forbidden", notFree(decision) ?? `you may not list \`${real}\``);
    const entries = await connection.entries(real);
    if (entries === null) throw new VerbError("forbidden", `the host does not let \`${connection.user}\` list \`${real}\``);
    return { path: real, entries: [...entries].sort((a, b) => byKindAndName(a, b)) };
  }

  async ask(principal: Principal, id: string, body: FileBody): Promise<FileAnswer> {
    const session = this.#session(principal, id);
    const asked = absolute(body.path);
    const { act } = body;
    if (act.way === "upload" && act.size > MOST_BYTES)
      throw new VerbError("invalid", `a file may have up to ${MOST_BYTES / 1_000_000} MB here`);
    const order = await this.#judged.order(session, asked, act.way === "download" || act.way === "open" ? "read" : "write");
    const state = await session.connection.stat(order.path);
    if (order.way === "read" && state === null) throw new VerbError("not-found", `there is no \`${asked}\` to read`);
    if (state !== null && state.kind !== "file") throw new VerbError("invalid", `\`${asked}\` is no file`);
    const size = state?.size ?? 0;
    if (order.way === "read" && size > MOST_BYTES)
      throw new VerbError(
        "invalid",
        `the file has ${Math.round(size / 1_000_000)} MB; up to ${MOST_BYTES / 1_000_000} can be taken`,
      );
    switch (act.way) {
      case "download": {
        const allowed = await this.#downloads.allowed(session, asked, order, body, size);
        return "review" in allowed ? allowed : this.#ticket(principal, session, allowed, asked, size);
      }
      case "upload": {
        const text = `upload ${asked} (${act.size} bytes)`;
        const allowed = await this.#judged.allowed(session, describeFile(text, asked, order), order, body);
        return "review" in allowed ? allowed : this.#ticket(principal, session, allowed, asked, act.size);
      }
      case "open": {
        if (size > LONGEST_TEXT)
          throw new VerbError("invalid", "the file is too long for the editor; download it, or look at parts of it");
        const allowed = await this.#judged.allowed(session, describeFile(`open ${asked}`, asked, order), order, body);
        return "review" in allowed ? allowed : this.#texts.open(session, asked, allowed);
      }
      case "save":
        return await this.#texts.save(session, asked, order, state !== null, body, act);
    }
  }

  /** See `FileDownloads`. */
  async content(
    principal: Principal,
    id: string,
    rest: { readonly from: number; readonly version: string | null },
  ): Promise<FileContent> {
    return this.#downloads.content(this.#taken(principal, id, "read"), rest);
  }

  /** See `FileUploads`. */
  async put(
    principal: Principal,
    id: string,
    offset: number,
    bytes: Uint8Array,
  ): Promise<{ readonly at: number; readonly done: boolean }> {
    return this.#uploads.put(() => this.#taken(principal, id, "write"), offset, bytes);
  }

  #session(principal: Principal, id: string): OpenShellSession {
    const found = this.#sessions.shellOf(principal, id);
    if (found === null) throw new VerbError("not-found", "this terminal is not open here any more; open it again");
    return found;
  }

  #ticket(principal: Principal, session: OpenShellSession, allowed: Allowed, asked: string, size: number): FileAnswer {
    if (!this.#heard.has(session)) session.onClosing(() => this.#tickets.endOf(session.id));
    this.#heard.add(session);
    const name = asked.slice(asked.lastIndexOf("/") + 1);
    const ticket = this.#tickets.add({ session, principal: principal.id, name, size, ...allowed }, TICKET_MS);
    return { state: "ticket", ticket: ticket.id, name, size };
  }

  /** What was written beside its place is taken away. */
  async #giveUp(ticket: Ticket): Promise<void> {
    try {
      // Of two parts the later would write to what is gone.
      await ticket.last;
      await ticket.upload?.to.abort();
      await this.#judged.ended(ticket, ticket.upload?.at ?? ticket.reading?.sent ?? 0, "cancelled");
    } catch (error) {
      this.#context.log(`giving up a transfer: ${messageOf(error)}`);
    }
  }

  #taken(principal: Principal, id: string, way: "read" | "write"): Ticket {
    const ticket = this.#tickets.take(principal, id, way);
    if (this.#sessions.shellOf(principal, ticket.session.id) === null)
      throw new VerbError("not-found", "the terminal has ended, and with it what it was transferring");
    return ticket;
  }
}

/** What is allowed only under a watcher's eyes, or after breaking glass, is done in the terminal. */
function notFree(decision: Decision): string | undefined {
  return decision.outcome === "allow"
    ? "it is listed in the terminal: somebody has to watch, or the glass has to be broken"
    : whyOf(decision);
}

function absolute(path: string): string {
  const found = absolutePath(path);
  if (found === null) throw new VerbError("invalid", `\`${path.slice(0, 200)}\` is no absolute path`);
  return found;
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

function byKindAndName(a: FileList["entries"][number], b: FileList["entries"][number]): number {
  if ((a.kind === "folder") !== (b.kind === "folder")) return a.kind === "folder" ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
