import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { FileAnswer, FileBody, FileList } from "../contract/http.ts";
import type { Decision } from "../core/domain/decision.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Described } from "../core/domain/statement.ts";
import { absolutePath, describeFile, type FileOrder, isText } from "../core/guard/files.ts";
import { createStreamMasker } from "../core/mask/stream.ts";
import { authorize, isFree, type Judgeable, judge, mayGoOn } from "./authorize.ts";
import { type Allowed, FileTickets, type Reading, type Ticket } from "./file-tickets.ts";
import { placesOf } from "./places.ts";
import type { FileState, FileUpload } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Reviews } from "./reviews.ts";
import type { OpenShellSession, Sessions } from "./sessions.ts";
import { VerbError } from "./verb-error.ts";

/** Of one file, either way. */
const MOST_BYTES = 1_000_000_000;
const MOST_TEXT = 1_000_000;
const TICKET_MS = 10 * 60_000;
/** So long a transfer that was cut off waits for its rest. */
const REST_MS = 2 * 60_000;
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

/**
 * Files of a terminal's host, over the terminal's own connection: judged as `file:read` and `file:write` of their path,
 * links followed, on the record before and after. What is read is masked like a terminal's output.
 */
export class FileTransfers {
  readonly #context: Context;
  readonly #reviews: Reviews;
  readonly #sessions: Sessions;
  readonly #tickets: FileTickets;
  /** Terminals that clear away what they leave. */
  readonly #heard = new WeakSet<OpenShellSession>();

  constructor(context: Context, reviews: Reviews, sessions: Sessions) {
    this.#context = context;
    this.#reviews = reviews;
    this.#sessions = sessions;
    this.#tickets = new FileTickets(context.identifier, (ticket) => this.#giveUp(ticket));
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
        return await this.#download(principal, session, asked, order, body, size);
      case "upload": {
        const text = `upload ${asked} (${act.size} bytes)`;
        const allowed = await this.#allowed(session, describeFile(text, asked, order), order, body);
        return "review" in allowed ? allowed : this.#ticket(principal, session, allowed, asked, act.size);
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

  /** What is no text cannot be masked: it is given out as it is, where policy names that, or not at all. */
  async #download(
    principal: Principal,
    session: OpenShellSession,
    asked: string,
    order: FileOrder,
    body: FileBody,
    size: number,
  ): Promise<FileAnswer> {
    const allowed = await this.#allowed(session, describeFile(`download ${asked}`, asked, order), order, body);
    if ("review" in allowed) return allowed;
    const text = await this.#beginsAsText(session, allowed).catch(async (error: unknown) => {
      await this.#ended({ session, ...allowed }, 0, "failed");
      throw new VerbError("conflict", message(error));
    });
    if (text) return this.#ticket(principal, session, allowed, asked, size);
    await this.#ended({ session, ...allowed }, Math.min(size, FIRST_BYTES), "cancelled");
    const raw: FileOrder = { way: "raw", path: order.path };
    try {
      const permitted = await this.#allowed(session, describeFile(`download ${asked} as it is`, asked, raw), raw, body);
      return "review" in permitted ? permitted : this.#ticket(principal, session, permitted, asked, size);
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
    return isText(joined(chunks), size < FIRST_BYTES);
  }

  /**
   * The bytes of a download: of text masked, and as many as the file has. What a reading that was cut off has left is given
   * out too, from byte `from` on, while the file is as it was: `version`, if the browser knows one, has to be that of before.
   * Ends with an error when policy no longer allows it. Throws `VerbError`.
   */
  async content(
    principal: Principal,
    id: string,
    { from, version }: { readonly from: number; readonly version: string | null },
  ): Promise<FileContent> {
    const ticket = this.#taken(principal, id, "read");
    this.#stillAllowed(ticket);
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

  /** The next part of an upload; answers how much there is. */
  async put(
    principal: Principal,
    id: string,
    offset: number,
    bytes: Uint8Array,
  ): Promise<{ readonly at: number; readonly done: boolean }> {
    const ticket = this.#taken(principal, id, "write");
    // One after the other: a part that is sent again may meet itself.
    const put = ticket.last.then(() => this.#put(this.#taken(principal, id, "write"), offset, bytes));
    ticket.last = put.then(
      () => undefined,
      () => undefined,
    );
    return put;
  }

  async #put(ticket: Ticket, offset: number, bytes: Uint8Array): Promise<{ readonly at: number; readonly done: boolean }> {
    this.#stillAllowed(ticket);
    this.#tickets.keep(ticket, REST_MS);
    if (ticket.upload === null) {
      try {
        ticket.upload = { to: await ticket.session.connection.writeFile(ticket.order), at: 0 };
      } catch (error) {
        this.#tickets.done(ticket);
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
      this.#tickets.done(ticket);
      await upload.to.abort();
      await this.#ended(ticket, upload.at, "failed");
      throw new VerbError("conflict", message(error));
    }
    this.#tickets.done(ticket);
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
      await this.#ended(ticket, ticket.upload?.at ?? ticket.reading?.sent ?? 0, "cancelled");
    } catch (error) {
      this.#context.log(`giving up a transfer: ${message(error)}`);
    }
  }

  #taken(principal: Principal, id: string, way: "read" | "write"): Ticket {
    const ticket = this.#tickets.take(principal, id, way);
    if (this.#sessions.shellOf(principal, ticket.session.id) === null)
      throw new VerbError("not-found", "the terminal has ended, and with it what it was transferring");
    return ticket;
  }

  #stillAllowed({ session, statement, granted }: Ticket): void {
    if (!mayGoOn(this.#context, session.requester, { statement, granted }))
      throw new VerbError("forbidden", "policies or grants changed: this is no longer allowed");
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
      for await (const chunk of raw ? read : masked(read, this.#masker("same length"))) {
        if (reading.turn !== turn) return;
        this.#stillAllowed(ticket);
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
    await this.#ended(ticket, reading.sent, ended);
  }

  #masker(length?: "same length") {
    const { detectors } = this.#context.configuration.set;
    return createStreamMasker({ detectors, secrets: [], ...(length === undefined ? {} : { sameLength: true }) });
  }

  async #text(session: OpenShellSession, asked: string, allowed: Allowed): Promise<FileAnswer> {
    const raw = await this.#whole(session, asked, allowed);
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

  async #whole(session: OpenShellSession, asked: string, allowed: Allowed): Promise<string> {
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
    const bytes = joined(chunks);
    if (!isText(bytes, true)) throw new VerbError("invalid", `\`${asked}\` is no text`);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
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
      before = await this.#whole(session, asked, read);
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

async function* masked(
  bytes: AsyncIterable<Uint8Array>,
  masker: ReturnType<typeof createStreamMasker>,
): AsyncIterable<Uint8Array> {
  for await (const chunk of bytes) yield masker.push(chunk);
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
