import type { Target } from "../core/domain/configuration.ts";
import type { Principal } from "../core/domain/principal.ts";
import { permits } from "../core/policy/index.ts";
import { samePerson } from "../core/review/transition.ts";
import type { Requester } from "./authorize.ts";
import type { Context } from "./ports-of-gateway.ts";
import { principalOf } from "./principal-of.ts";
import { Show, type Watcher } from "./show.ts";
import type { Watch } from "./store-ports.ts";

const LOOK_MS = 2_000;

/** Null: the principal may watch sessions of `owner` on the target. Else why not. */
export function mayNotWatchBecause(context: Context, principal: Principal, target: Target, owner: string): string | null {
  if (context.standing.isDisabled(principal.id)) return "you are disabled";
  if (samePerson(principal.id, owner)) return "it is your own";
  const action = { action: "session:watch", resource: { kind: "target" }, span: [0, 0] } as const;
  return permits(context.configuration.set, principal, target, action, context.clock.now())
    ? null
    : "no policy permits you `session:watch` on its target";
}

/**
 * The sessions of this replica as they are watched, wherever those who watch are. INVARIANT: a watcher is somebody whom
 * policy permits it now; where the store cannot be asked who watches, nobody does.
 */
export class Shows {
  readonly #context: Context;
  readonly #shows = new Map<string, { readonly show: Show; readonly end: (reason: string) => void; heard: string }>();
  readonly #stops: readonly (() => void)[];
  readonly #timer: NodeJS.Timeout;
  #watches: readonly Watch[] = [];

  constructor(context: Context) {
    this.#context = context;
    this.#stops = [
      context.changes.subscribe((change) => {
        if (change.topic === "session" && this.#shows.has(change.id)) void this.#look([change.id]);
        // After a reconnect only this is announced.
        if (change.topic === "configuration") void this.#look([...this.#shows.keys()]);
      }),
      context.configuration.onChange(() => this.#admit()),
      context.standing.onChange(() => this.#admit()),
    ];
    this.#timer = setInterval(() => void this.#look([...this.#shows.keys()]), LOOK_MS);
    this.#timer.unref();
  }

  open(requester: Requester, end: (reason: string) => void): Show {
    const show = new Show(this.#context, requester);
    this.#shows.set(requester.session, { show, end, heard: "0" });
    return show;
  }

  isWatched(session: string): boolean {
    return this.#shows.get(session)?.show.isWatched ?? false;
  }

  close(session: string): void {
    this.#shows.get(session)?.show.close();
    this.#shows.delete(session);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    clearInterval(this.#timer);
  }

  async #look(sessions: readonly string[]): Promise<void> {
    if (sessions.length === 0) return;
    try {
      const found = await this.#context.watches.of(sessions);
      const asked = new Set(sessions);
      this.#watches = [...this.#watches.filter(({ session }) => !asked.has(session)), ...found];
      this.#admit();
      await Promise.all(sessions.map((session) => this.#hear(session)));
    } catch (error) {
      this.#watches = [];
      this.#admit();
      this.#context.log(`who watches is not known: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Comments, and whether somebody ended it. */
  async #hear(session: string): Promise<void> {
    const held = this.#shows.get(session);
    if (held === undefined) return;
    const live = await this.#context.presence.find(session);
    if (live?.terminated != null) return held.end(`${live.terminated.by} ended it: ${live.terminated.reason}`);
    const frames = await this.#context.watches.frames(session, held.heard);
    const fresh = frames.filter(({ seq }) => BigInt(seq) > BigInt(held.heard));
    held.heard = fresh.at(-1)?.seq ?? held.heard;
    held.show.heard(
      // What is said again to who comes later was heard before.
      fresh.flatMap(({ frame, only }) =>
        only === null && frame.type === "comment" ? [{ by: frame.by, text: frame.text, at: frame.at }] : [],
      ),
    );
  }

  #admit(): void {
    const { set } = this.#context.configuration;
    for (const [session, { show }] of this.#shows) {
      const { principal, target } = show.requester;
      const watchers = this.#watches.flatMap((watch): Watcher[] => {
        if (watch.session !== session) return [];
        const watcher = principalOf(watch.person, set);
        return mayNotWatchBecause(this.#context, watcher, target, principal.id) === null
          ? [{ id: watch.id, principal: watcher, since: watch.since }]
          : [];
      });
      show.setWatchers(watchers);
    }
  }
}
