import type { SessionItem, WatchFrame, WireWatcher } from "../contract/watch.ts";
import type { AuditType } from "../core/domain/audit.ts";
import type { Principal } from "../core/domain/principal.ts";
import { permits } from "../core/policy/index.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Presence } from "./presence.ts";
import { principalOf } from "./principal-of.ts";
import type { Person } from "./sessions.ts";
import { mayNotWatchBecause } from "./shows.ts";
import type { Change, LiveSession } from "./store-ports.ts";
import { VerbError } from "./verb-error.ts";

const LOOK_MS = 2_000;
/** Changes after which somebody may no longer watch. */
const WHO_MAY: ReadonlySet<Change["topic"]> = new Set<Change["topic"]>(["configuration", "person", "grant"]);

export interface WatchSink {
  frames(frames: readonly WatchFrame[]): void;
  /** Once: the session is over, or may no longer be watched. */
  ended(reason: string): void;
}

export interface OpenWatch {
  readonly item: SessionItem;
  stop(): Promise<void>;
}

/** Watching, commenting on and ending sessions of whatever replica. The session's own replica decides what it shows. */
export class Watches {
  readonly #context: Context;
  readonly #presence: Presence;
  readonly #open = new Set<() => Promise<void>>();

  constructor(context: Context, presence: Presence) {
    this.#context = context;
    this.#presence = presence;
  }

  /** What the principal may watch, and their own. */
  async list(principal: Principal): Promise<readonly SessionItem[]> {
    const live = (await this.#context.presence.list()).filter(
      (session) => session.principal === principal.id || this.#mayNotWatch(principal, session) === null,
    );
    const watches = await this.#context.watches.of(live.map(({ id }) => id));
    return live.map((session) =>
      this.#item(
        principal,
        session,
        watches
          .filter((watch) => watch.session === session.id)
          .map(({ person, since }) => ({ id: person.email.toLowerCase(), name: person.name, since })),
      ),
    );
  }

  /** On the record, and its person is told. Throws `VerbError` when it may not be watched. */
  async start(person: Person, id: string, sink: WatchSink): Promise<OpenWatch> {
    const principal = (): Principal => principalOf(person, this.#context.configuration.set);
    const session = await this.#watchable(principal(), id);
    const watch = this.#context.identifier();
    await this.#record("session.watched", principal(), session, { watch });
    const { email, name, groups, attributes = {} } = person;
    const { since, after } = await this.#context.watches.watch({
      id: watch,
      session: id,
      replica: this.#presence.replica,
      person: { email, name, groups, attributes },
    });
    let last = after;
    let over = false;
    let reading: Promise<void> = Promise.resolve();
    const stop = async (): Promise<void> => {
      if (over) return;
      over = true;
      unsubscribe();
      clearInterval(timer);
      this.#open.delete(stop);
      await this.#context.watches.leave(watch);
      await this.#record("session.unwatched", principal(), session, { watch });
    };
    const end = (reason: string): void => {
      if (over) return;
      sink.ended(reason);
      stop().catch(this.#log);
    };
    const look = async (): Promise<void> => {
      if (over) return;
      const now = await this.#context.presence.find(id);
      if (now === null) return end("the session is over");
      const because = this.#mayNotWatch(principal(), now);
      if (because !== null) return end(because);
      const frames = await this.#context.watches.frames(id, last);
      if (over || frames.length === 0) return;
      last = frames.at(-1)?.seq ?? last;
      const mine = frames.filter(({ only }) => only === null || only.includes(watch)).map(({ frame }) => frame);
      if (mine.length > 0) sink.frames(mine);
    };
    // One after the other: frames come in order.
    const soon = (): void => {
      reading = reading.then(look).catch(this.#log);
    };
    const unsubscribe = this.#context.changes.subscribe((change) => {
      if (change.topic === "session" ? change.id === id : WHO_MAY.has(change.topic)) soon();
    });
    const timer = setInterval(soon, LOOK_MS);
    timer.unref();
    this.#open.add(stop);
    soon();
    return { item: this.#item(principal(), session, [{ id: principal().id, name: principal().name, since }]), stop };
  }

  async comment(principal: Principal, id: string, text: string): Promise<void> {
    const session = await this.#context.presence.find(id);
    if (session === null || (session.principal !== principal.id && this.#mayNotWatch(principal, session) !== null))
      throw new VerbError("not-found", "there is no such session");
    await this.#record("session.commented", principal, session, { text });
    const frame = { type: "comment", by: principal.id, text, at: this.#context.clock.now() } as const;
    await this.#context.watches.say(id, [{ frame, only: null }]);
  }

  async terminate(principal: Principal, id: string, reason: string): Promise<void> {
    const session = await this.#context.presence.find(id);
    if (session === null || !this.#mayTerminate(principal, session))
      throw new VerbError("not-found", "there is no such session that you may end");
    await this.#record("session.terminated", principal, session, { reason });
    if (!(await this.#context.presence.terminate(id, principal.id, reason)))
      throw new VerbError("conflict", "the session is over already");
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((stop) => stop())).catch(this.#log);
  }

  async #watchable(principal: Principal, id: string): Promise<LiveSession> {
    const session = await this.#context.presence.find(id);
    if (session === null) throw new VerbError("not-found", "the session is over");
    const because = this.#mayNotWatch(principal, session);
    if (because !== null) throw new VerbError("forbidden", `you cannot watch this session: ${because}`);
    return session;
  }

  #mayNotWatch(principal: Principal, session: LiveSession): string | null {
    const target = this.#context.configuration.set.targets.get(session.target);
    return target === undefined
      ? "its target was removed"
      : mayNotWatchBecause(this.#context, principal, target, session.principal);
  }

  #mayTerminate(principal: Principal, session: LiveSession): boolean {
    const target = this.#context.configuration.set.targets.get(session.target);
    if (target === undefined || this.#context.standing.isDisabled(principal.id)) return false;
    const action = { action: "session:terminate", resource: { kind: "target" }, span: [0, 0] } as const;
    return permits(this.#context.configuration.set, principal, target, action, this.#context.clock.now());
  }

  #item(principal: Principal, session: LiveSession, watchers: readonly WireWatcher[]): SessionItem {
    const { terminated: _terminated, ...item } = session;
    return {
      ...item,
      environment: this.#context.configuration.set.targets.get(session.target)?.environment ?? "",
      watchers: [...watchers],
      own: session.principal === principal.id,
      mayTerminate: this.#mayTerminate(principal, session),
    };
  }

  #record(
    type: Extract<AuditType, `session.${string}`>,
    principal: Principal,
    { id, target, principal: of }: LiveSession,
    body: Parameters<Context["audit"]["append"]>[0]["body"],
  ) {
    const { audit, clock } = this.#context;
    return audit.append({ type, at: clock.now(), principal: principal.id, target, session: id, body: { of, ...body } });
  }

  readonly #log = (error: unknown): void =>
    this.#context.log(`watching: ${error instanceof Error ? error.message : String(error)}`);
}
