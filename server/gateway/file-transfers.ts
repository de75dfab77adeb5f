import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { FileAnswer, FileBody, FileList } from "../contract/http.ts";
import type { Decision } from "../core/domain/decision.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Described } from "../core/domain/statement.ts";
import { absolutePath, describeFile, type FileOrder } from "../core/guard/files.ts";
import { createStreamMasker } from "../core/mask/stream.ts";
import { authorize, type Granted, isFree, type Judgeable, judge, mayGoOn } from "./authorize.ts";
import type { Authorized } from "./authorized.ts";
import { placesOf } from "./places.ts";
import type { FileUpload } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Reviews } from "./reviews.ts";
import type { OpenShellSession, Sessions } from "./sessions.ts";
import { VerbError } from "./verb-error.ts";

/** Of one file, either way. */
const MOST_BYTES = 1_000_000_000;
const MOST_TEXT = 1_000_000;
const TICKET_MS = 10 * 60_000;
const TICKETS = 50;

interface Ticket {
  readonly session: OpenShellSession;
  readonly principal: string;
  readonly until: number;
  readonly name: string;
  readonly size: number;
  readonly order: Authorized<FileOrder>;
  readonly statement: Judgeable<FileOrder>;
  readonly granted: Granted | null;
  upload: { readonly to: FileUpload; at: number } | null;
  /** The part before. */
  last: Promise<void>;
}

type Allowed = Pick<Ticket, "order" | "statement" | "granted">;

/**
 * Files of a terminal's host, over the terminal's own connection: judged as `file:read` and `file:write` of their path,
 * links followed, on the record before and after. What is read is masked like a terminal's output.
 */
export class FileTransfers {
  readonly #context: Context;
  readonly #reviews: Reviews;
  readonly #sessions: Sessions;
  readonly #tickets = new Map<string, Ticket>();

  constructor(context: Context, reviews: Reviews, sessions: Sessions) {
    this.#context = context;
    this.#reviews = reviews;
    this.#sessions = sessions;
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
    const order = await this.#order(session, asked, act.way === "download" || act.way === "open" ? "read" : "write");
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
      case "download":
      case "upload": {
        const text = act.way === "download" ? `download ${asked}` : `upload ${asked} (${act.size} bytes)`;
        const allowed = await this.#allowed(session, describeFile(text, asked, order), order, body);
        if ("review" in allowed) return allowed;
        const name = asked.slice(asked.lastIndexOf("/") + 1);
        return this.#ticket(principal, session, allowed, name, act.way === "download" ? size : act.size);
      }
      case "open": {
        if (size > MOST_TEXT)
          throw new VerbError("invalid", "the file is too long for the editor; download it, or look at parts of it");
        const allowed = await this.#allowed(session, describeFile(`open ${asked}`, asked, order), order, body);
        return "review" in allowed ? allowed : this.#text(session, asked, allowed);
      }
      case "save":
        return await this.#save(session, asked, order, state !== null, body, act);
    }
  }

  /**
   * The bytes of a download, masked. `from`: bytes that the browser has already. Ends with an
   * error when policy no longer allows it.
   */
  content(principal: Principal, id: string, from: number): { readonly name: string; readonly bytes: AsyncIterable<Uint8Array> } {
    const ticket = this.#taken(principal, id, "read");
    // INVARIANT (P5): one authorisation, one reading.
    this.#tickets.delete(id);
    return { name: ticket.name, bytes: this.#reading(ticket, from) };
  }

  /** The next part of an upload; answers how much there is. */
  async put(
    principal: Principal,
    id: string,
    offset: number,
    bytes: Uint8Array,
  ): Promise<{ readonly at: number; readonly done: boolean }> {
    const ticket = this.#taken(principal, id, "write");
    // One after the other: a part that is sent again may meet itself.
    const put = ticket.last.then(() => this.#put(this.#taken(principal, id, "write"), id, offset, bytes));
    ticket.last = put.then(
      () => undefined,
      () => undefined,
    );
    return put;
  }

  async #put(
    ticket: Ticket,
    id: string,
    offset: number,
    bytes: Uint8Array,
  ): Promise<{ readonly at: number; readonly done: boolean }> {
    this.#stillAllowed(ticket);
    if (ticket.upload === null) {
      try {
        ticket.upload = { to: await ticket.session.connection.writeFile(ticket.order), at: 0 };
      } catch (error) {
        this.#tickets.delete(id);
        await this.#ended(ticket, 0, "failed");
        throw new VerbError("conflict", message(error));
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
      this.#tickets.delete(id);
      await upload.to.abort();
      await this.#ended(ticket, upload.at, "failed");
      throw new VerbError("conflict", message(error));
    }
    this.#tickets.delete(id);
    await this.#ended(ticket, upload.at, "done");
    return { at: upload.at, done: true };
  }

  #session(principal: Principal, id: string): OpenShellSession {
    const found = this.#sessions.shellOf(principal, id);
    if (found === null) throw new VerbError("not-found", "this terminal is not open here any more; open it again");
    return found;
  }

  async #order(session: OpenShellSession, asked: string, way: FileOrder["way"]): Promise<FileOrder> {
    const [first] = describeFile(asked, asked, { way, path: asked }).microActions;
    const { physical } = await placesOf(first === undefined ? [] : [first], session.connection);
    const path = physical.get(asked);
    if (path === undefined) throw new VerbError("not-found", `there is no folder for \`${asked}\` on ${session.target.id}`);
    return { way, path };
  }

  async #allowed(
    session: OpenShellSession,
    described: Described,
    order: FileOrder,
    body: FileBody,
  ): Promise<Allowed | Extract<FileAnswer, { state: "review" }>> {
    const { requester } = session;
    const statement = judgeable(described, order);
    const grant = body.review === undefined ? null : await this.#reviews.find(body.review);
    const verdict = await authorize(this.#context, this.#reviews, requester, statement, grant);
    const why = whyOf(verdict.decision);
    switch (verdict.outcome) {
      case "deny":
        throw new VerbError("forbidden", why ?? "it is denied");
      case "unwatched":
        throw new VerbError("conflict", "somebody has to watch this session first");
      case "glass":
        throw new VerbError("conflict", "the glass has to be broken first, with a reason: run a command in the terminal");
      case "allow":
        return { order: verdict.authorized, statement, granted: verdict.granted };
      case "review": {
        // INVARIANT (P5): nobody says yes to bytes that they have not seen.
        if (body.act.way === "upload")
          throw new VerbError(
            "forbidden",
            `${why ?? "it needs a review"}: change the file in the editor, where a reviewer sees what changes`,
          );
        const review = await this.#reviews.open({
          principal: requester.principal,
          target: requester.target,
          session: requester.session,
          described,
          decision: verdict.decision,
          fingerprint: verdict.fingerprint,
          shape: verdict.shape,
          shapeIsOpen: false,
          asks: null,
          safeRun: "not-possible",
          estimatedRows: null,
          reason: body.reason ?? "",
        });
        return { state: "review", review: review.id, message: why ?? "it needs a review" };
      }
    }
  }

  #ticket(principal: Principal, session: OpenShellSession, allowed: Allowed, name: string, size: number): FileAnswer {
    const now = this.#context.clock.now();
    for (const [id, ticket] of this.#tickets) if (ticket.until < now) this.#drop(id, ticket);
    const mine = [...this.#tickets].filter(([, ticket]) => ticket.principal === principal.id);
    const [oldest] = mine;
    if (mine.length >= TICKETS && oldest !== undefined) this.#drop(...oldest);
    const id = this.#context.identifier();
    this.#tickets.set(id, {
      session,
      principal: principal.id,
      until: now + TICKET_MS,
      name,
      size,
      ...allowed,
      upload: null,
      last: Promise.resolve(),
    });
    return { state: "ticket", ticket: id, name, size };
  }

  #drop(id: string, ticket: Ticket): void {
    this.#tickets.delete(id);
    void ticket.upload?.to.abort().catch((error: unknown) => this.#context.log(`giving up an upload: ${message(error)}`));
    void this.#ended(ticket, ticket.upload?.at ?? 0, "cancelled").catch((error: unknown) => this.#context.log(message(error)));
  }

  #taken(principal: Principal, id: string, way: FileOrder["way"]): Ticket {
    const ticket = this.#tickets.get(id);
    const holds = ticket !== undefined && ticket.principal === principal.id && ticket.order.way === way;
    if (!holds || ticket.until < this.#context.clock.now())
      throw new VerbError("not-found", "that was too long ago; ask for the file again");
    if (this.#sessions.shellOf(principal, ticket.session.id) === null)
      throw new VerbError("not-found", "the terminal has ended, and with it what it was transferring");
    return ticket;
  }

  #stillAllowed({ session, statement, granted }: Ticket): void {
    if (!mayGoOn(this.#context, session.requester, { statement, granted }))
      throw new VerbError("forbidden", "policies or grants changed: this is no longer allowed");
  }

  async *#reading(ticket: Ticket, from: number): AsyncIterable<Uint8Array> {
    let read = 0;
    let skip = from;
    let ended: "done" | "failed" | "cancelled" = "cancelled";
    try {
      for await (const chunk of masked(ticket.session.connection.readFile(ticket.order), this.#masker(), (bytes) => {
        read += bytes;
        this.#stillAllowed(ticket);
        if (read > MOST_BYTES) throw new VerbError("invalid", "the file has grown too long");
      })) {
        const part = chunk.subarray(Math.min(skip, chunk.length));
        skip -= Math.min(skip, chunk.length);
        if (part.length > 0) yield part;
      }
      ended = "done";
    } catch (error) {
      ended = "failed";
      throw error;
    } finally {
      await this.#ended(ticket, read, ended);
    }
  }

  #masker() {
    return createStreamMasker({ detectors: this.#context.configuration.set.detectors, secrets: [] });
  }

  async #text(session: OpenShellSession, asked: string, allowed: Allowed): Promise<FileAnswer> {
    const raw = await this.#whole(session, allowed);
    if (raw.includes("\0")) throw new VerbError("invalid", `\`${asked}\` is no text`);
    const masker = this.#masker();
    const bytes = new TextEncoder().encode(raw);
    const text = new TextDecoder().decode(joined([masker.push(bytes), masker.end()]));
    const write = describeFile(`save ${asked}`, asked, { way: "write", path: allowed.order.path });
    const decision = judge(this.#context, session.requester, judgeable(write, { way: "write", path: allowed.order.path }));
    const isMasked = text !== raw;
    return {
      state: "text",
      path: allowed.order.path,
      text,
      digest: this.#context.sha256(raw),
      masked: isMasked,
      mayWrite: decision.outcome,
      because: whyOf(decision) ?? "",
    };
  }

  async #whole(session: OpenShellSession, allowed: Allowed): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of session.connection.readFile(allowed.order)) {
        size += chunk.length;
        if (size > MOST_TEXT) throw new VerbError("invalid", "the file is too long for the editor");
        chunks.push(chunk);
      }
    } catch (error) {
      await this.#ended({ session, ...allowed }, size, "failed");
      throw error instanceof VerbError ? error : new VerbError("conflict", message(error));
    }
    await this.#ended({ session, ...allowed }, size, "done");
    return new TextDecoder().decode(joined(chunks));
  }

  /** What is reviewed is the difference; it is written only over the text that it was made from. */
  async #save(
    session: OpenShellSession,
    asked: string,
    order: FileOrder,
    exists: boolean,
    body: FileBody,
    act: Extract<FileBody["act"], { way: "save" }>,
  ): Promise<FileAnswer> {
    const reading: FileOrder = { way: "read", path: order.path };
    let before = "";
    if (exists) {
      // Who may not read it does not learn of it from a difference.
      const read = await this.#allowed(session, describeFile(`open ${asked}`, asked, reading), reading, {
        ...body,
        review: undefined,
      });
      if ("review" in read) throw new VerbError("forbidden", "reading the file needs a review; open it first");
      before = await this.#whole(session, read);
    }
    if (this.#context.sha256(before) !== act.digest)
      throw new VerbError("conflict", `\`${asked}\` was changed meanwhile; open it again, your text is still in the editor`);
    const masker = this.#masker();
    const shown = new TextDecoder().decode(joined([masker.push(new TextEncoder().encode(before)), masker.end()]));
    if (shown !== before) throw new VerbError("forbidden", "something in the file is masked: saving would destroy it");
    const text = `save ${asked}\n${createTwoFilesPatch(asked, asked, before, act.text, "before", "after", { headerOptions: FILE_HEADERS_ONLY })}`;
    const allowed = await this.#allowed(session, describeFile(text, asked, order), order, body);
    if ("review" in allowed) return allowed;
    const ended = { session, ...allowed };
    const bytes = new TextEncoder().encode(act.text);
    let upload: FileUpload | null = null;
    try {
      upload = await session.connection.writeFile(allowed.order);
      await upload.append(bytes);
      await upload.finish();
    } catch (error) {
      await upload?.abort();
      await this.#ended(ended, 0, "failed");
      throw new VerbError("conflict", message(error));
    }
    await this.#ended(ended, bytes.length, "done");
    return { state: "saved", digest: this.#context.sha256(act.text) };
  }

  async #ended(
    { session, statement, granted }: Pick<Ticket, "session" | "statement" | "granted">,
    bytes: number,
    ended: "done" | "failed" | "cancelled",
  ): Promise<void> {
    const { requester } = session;
    await this.#context.audit.append({
      type: "statement.executed",
      at: this.#context.clock.now(),
      principal: requester.principal.id,
      target: requester.target.id,
      session: requester.session,
      body: {
        kind: "file",
        statementSha256: this.#context.sha256(statement.described.text),
        ended,
        bytes,
        review: granted?.run.review ?? null,
        run: granted?.run.id ?? null,
      },
    });
    if (granted !== null) await this.#reviews.runs.ended(granted.run, ended, null);
  }
}

function judgeable(described: Described, order: FileOrder): Judgeable<FileOrder> {
  return {
    described,
    execution: { ok: true, value: order, sent: `${order.way} ${order.path}` },
    obligations: [],
    place: "",
    shape: { open: false, text: described.text },
    protectedNow: () => true,
  };
}

/** Masked whatever it is: a file that is no text may break by it, but shows nothing. */
async function* masked(
  bytes: AsyncIterable<Uint8Array>,
  masker: ReturnType<typeof createStreamMasker>,
  came: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  for await (const chunk of bytes) {
    came(chunk.length);
    yield masker.push(chunk);
  }
  yield masker.end();
}

/** What is allowed only under a watcher's eyes, or after breaking glass, is done in the terminal. */
function notFree(decision: Decision): string | undefined {
  return decision.outcome === "allow"
    ? "it is listed in the terminal: somebody has to watch, or the glass has to be broken"
    : whyOf(decision);
}

function whyOf({ outcome, reasons }: Decision): string | undefined {
  return (reasons.find((reason) => reason.outcome === outcome) ?? reasons[0])?.message;
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

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
