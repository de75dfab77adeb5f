import type { RawData, WebSocket } from "ws";
import { ClientMessage } from "../contract/socket.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import { principalOf } from "../gateway/principal-of.ts";
import type { OpenSession, Person } from "../gateway/sessions.ts";
import type { SignIn } from "../gateway/store-ports.ts";
import { Broadcasts } from "./broadcasts.ts";
import type { ParkedTerminals } from "./parked-terminals.ts";
import { Say } from "./say.ts";
import { SqlChannel } from "./sql-channel.ts";
import { type Place, TerminalChannel } from "./terminal-channel.ts";
import { WatchChannels } from "./watch-channels.ts";

const MOST_SESSIONS = 40;

/** One browser tab's socket: takes messages, keeps its sessions, and closes them when it goes. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #gateway: Gateway;
  readonly #person: Person;
  readonly #sid: string;
  readonly #parked: ParkedTerminals;
  readonly #say: Say;
  readonly #sql = new Map<string, SqlChannel>();
  readonly #terminals = new Map<string, TerminalChannel>();
  readonly #channels = new Map<number, TerminalChannel>();
  readonly #channelOf = new Map<string, number>();
  readonly #stops: (() => void)[] = [];
  readonly #watches: WatchChannels;
  readonly #broadcasts: Broadcasts;
  /** By session; `stop` ends what is told of it. */
  readonly #opens = new Map<string, { readonly open: OpenSession; readonly stop: () => void }>();
  #nextChannel = 1;
  #opening = 0;
  #watching = false;
  #gone = false;

  constructor(socket: WebSocket, gateway: Gateway, { sid, ...person }: SignIn, parked: ParkedTerminals) {
    this.#socket = socket;
    this.#sid = sid;
    this.#parked = parked;
    this.#gateway = gateway;
    this.#person = person;
    this.#say = new Say(socket, gateway, person);
    this.#watches = new WatchChannels(gateway, person, this.#say);
    this.#broadcasts = new Broadcasts(gateway, person, this.#say);
    socket.on("message", (data, binary) => this.#take(data, binary));
    socket.on("close", () => void this.#leave());
    socket.on("error", (error) => gateway.context.log(`socket: ${error.message}`));
    this.#stops.push(
      gateway.context.configuration.onChange((set) =>
        this.#say.send({ type: "configuration.changed", policyVersion: set.version }),
      ),
      gateway.reviews.onChange((review) => {
        const { set } = gateway.context.configuration;
        const principal = principalOf(person, set);
        const concerned =
          review.requester === principal.id || (this.#watching && gateway.reviews.counts(principal, review).length > 0);
        if (concerned) this.#say.send({ type: "review.changed", review: this.#say.review(review) });
      }),
    );
  }

  #take(data: RawData, binary: boolean): void {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer);
    if (binary) return this.#keys(bytes);
    const message = ClientMessage.safeParse(parseJson(bytes.toString("utf8")));
    if (!message.success) {
      this.#socket.close(4400, "a frame that is not a message");
      return;
    }
    try {
      this.#handle(message.data);
    } catch (error) {
      this.#say.fail(error);
    }
  }

  #keys(frame: Buffer): void {
    const terminal = frame.length < 4 ? undefined : this.#channels.get(frame.readUInt32BE(0));
    if (terminal === undefined) {
      // A session that has just ended may still be typed into; a frame without a channel is no message.
      if (frame.length < 4) this.#socket.close(4400, "a binary frame without a channel");
      return;
    }
    terminal.input(frame.subarray(4));
  }

  #handle(message: ClientMessage): void {
    switch (message.type) {
      case "session.open":
        void this.#open(message);
        return;
      case "session.resume":
        this.#resume(message).catch((error: unknown) => this.#say.fail(error));
        return;
      case "broadcast.run":
        return this.#broadcasts.run(message);
      case "broadcast.stop":
        return this.#broadcasts.stop(message.request);
      case "session.close":
        void this.#sql.get(message.session)?.close("closed by the person");
        void this.#terminals
          .get(message.session)
          ?.close("closed by the person", "gone")
          .catch((error: unknown) => this.#say.fail(error));
        this.#forget(message.session);
        return;
      case "sql.run":
        return this.#sqlOf(message.session)?.run(message);
      case "sql.cancel":
        return this.#sqlOf(message.session)?.cancel(message.run);
      case "sql.ack":
        return this.#sqlOf(message.session)?.taken(message.run, message.rows);
      case "judge":
        return this.#sqlOf(message.session)?.judge(message.request, message.text);
      case "terminal.resize":
        return this.#terminals.get(message.session)?.resize(message.columns, message.rows);
      case "terminal.ack":
        return this.#terminals.get(message.session)?.acknowledge(message.bytes);
      case "review.withdraw":
        this.#gateway.reviews
          .withdraw(principalOf(this.#person, this.#gateway.context.configuration.set), message.review)
          .catch((error: unknown) => this.#say.fail(error));
        return;
      case "watch.start":
        return this.#watches.start(message.session);
      case "watch.stop":
        return this.#watches.stop(message.session);
      case "glass.break":
        this.#opens
          .get(message.session)
          ?.open.breakGlass(message.reason)
          .catch((error: unknown) => this.#say.fail(error, message.session));
        return;
      case "reviews.watch":
        this.#watching = true;
        this.#gateway.verbs
          .reviews(principalOf(this.#person, this.#gateway.context.configuration.set), "open")
          .then(({ reviews }) => this.#say.send({ type: "reviews", reviews: [...reviews] }))
          .catch((error: unknown) => this.#say.fail(error));
        return;
    }
  }

  #sqlOf(session: string): SqlChannel | undefined {
    const found = this.#sql.get(session);
    if (found === undefined)
      this.#say.send({ type: "error", code: "not-found", message: "this session has ended; open the target again", session });
    return found;
  }

  async #open(message: Extract<ClientMessage, { type: "session.open" }>): Promise<void> {
    const { request } = message;
    if (this.#sql.size + this.#terminals.size + this.#opening >= MOST_SESSIONS) {
      this.#say.send({
        type: "session.refused",
        request,
        message: `${MOST_SESSIONS} sessions are open in this window`,
        hint: "close some tabs",
      });
      return;
    }
    this.#opening++;
    try {
      const channel = this.#nextChannel++;
      if (message.kind === "sql") {
        const open = await this.#gateway.sessions.openSql(this.#person, message.target);
        if (this.#gone) return await open.close("the browser went away");
        open.onEnded((reason, how) => this.#ended(open.id, reason, how));
        this.#sql.set(open.id, new SqlChannel(open, channel, this.#say));
        this.#opened(request, channel, "sql", open, false);
        return;
      }
      const open = await this.#gateway.sessions.openShell(this.#person, message.target);
      const ended: { readonly reason: string; readonly how: "ended" | "lost" }[] = [];
      open.onEnded((reason, how) => ended.push({ reason, how }));
      const terminalOf = await TerminalChannel.prepare({
        open,
        gateway: this.#gateway,
        columns: message.columns ?? 80,
        rows: message.rows ?? 24,
        tab: message.tab ?? null,
        empty: message.empty ?? false,
      }).catch(async (error: unknown) => {
        await open.close("its recording could not begin");
        throw error;
      });
      this.#opened(request, channel, "terminal", open, false);
      const terminal = terminalOf(this.#place(channel, open.id));
      this.#keep(terminal, channel);
      if (this.#gone) await terminal.close("the browser went away");
      else for (const { reason, how } of ended) this.#ended(open.id, reason, how);
    } catch (error) {
      if (
        error instanceof Error &&
        "code" in error &&
        typeof error.code === "string" &&
        ["forbidden", "not-found", "invalid", "unavailable"].includes(error.code)
      ) {
        const again = error.code === "unavailable";
        this.#say.send({ type: "session.refused", request, message: error.message, again });
      } else {
        this.#say.send({
          type: "session.refused",
          request,
          message: "the session could not be opened; the gateway's log says why",
        });
        this.#gateway.context.log(
          `opening ${message.target}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      }
    } finally {
      this.#opening--;
    }
  }

  #place(channel: number, session: string): Place {
    return { channel, say: this.#say, ended: (reason, how) => this.#ended(session, reason, how) };
  }

  #keep(terminal: TerminalChannel, channel: number): void {
    this.#terminals.set(terminal.session, terminal);
    this.#channels.set(channel, terminal);
    this.#channelOf.set(terminal.session, channel);
  }

  /** A terminal that waits for this browser goes on in it. */
  async #resume(message: Extract<ClientMessage, { type: "session.resume" }>): Promise<void> {
    const { request, session, columns, rows } = message;
    const terminal = await this.#parked.take(session, this.#sid);
    if (terminal === null) {
      this.#say.send({
        type: "session.refused",
        request,
        message: "the terminal has ended meanwhile",
        hint: "what was shown is in its recording",
      });
      return;
    }
    if (this.#gone) return this.#parked.park(terminal, this.#sid);
    const channel = this.#nextChannel++;
    this.#keep(terminal, channel);
    this.#opened(request, channel, "terminal", terminal.open, true);
    terminal.attach(this.#place(channel, session), columns, rows);
  }

  #opened(request: string, channel: number, kind: "sql" | "terminal", open: OpenSession, resumed: boolean): void {
    this.#say.send({
      type: "session.opened",
      request,
      session: open.id,
      kind,
      channel,
      target: open.target.id,
      environment: open.target.environment,
      identity: open.identity,
      resumed,
    });
    // Also of a terminal that goes on in another browser: who watches is said at once.
    const stops = [
      open.onGlass(({ asked, broken }) =>
        this.#say.send({
          type: "session.glass",
          session: open.id,
          asked: asked === null ? null : { ...asked, policies: [...asked.policies] },
          broken: broken.map((each) => ({ ...each, policies: [...each.policies] })),
        }),
      ),
      open.onWatched(({ watchers, paused, comments }) =>
        this.#say.send({
          type: "session.watched",
          session: open.id,
          watchers: [...watchers],
          paused,
          comments: [...comments],
        }),
      ),
    ];
    const stop = (): void => {
      for (const each of stops) each();
    };
    this.#opens.set(open.id, { open, stop });
  }

  #ended(session: string, reason: string, how: "ended" | "lost"): void {
    if (!this.#sql.has(session) && !this.#terminals.has(session)) return;
    void this.#terminals
      .get(session)
      ?.close(reason)
      .catch((error: unknown) => this.#say.fail(error));
    this.#forget(session);
    this.#say.send({ type: "session.closed", session, reason, lost: how === "lost" });
  }

  #forget(session: string): void {
    this.#opens.get(session)?.stop();
    this.#opens.delete(session);
    this.#sql.delete(session);
    const channel = this.#channelOf.get(session);
    if (channel !== undefined) this.#channels.delete(channel);
    this.#channelOf.delete(session);
    this.#terminals.delete(session);
  }

  async #leave(): Promise<void> {
    this.#gone = true;
    this.#broadcasts.close();
    for (const stop of this.#stops) stop();
    for (const { stop } of this.#opens.values()) stop();
    this.#opens.clear();
    const closing = [...this.#sql.values()].map((channel) => channel.close("the browser went away"));
    for (const terminal of this.#terminals.values()) this.#parked.park(terminal, this.#sid);
    this.#sql.clear();
    this.#terminals.clear();
    closing.push(this.#watches.close());
    await Promise.all(closing).catch((error: unknown) => this.#gateway.context.log(`closing sessions: ${String(error)}`));
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
