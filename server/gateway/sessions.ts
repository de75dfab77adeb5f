import type { Target } from "../core/domain/configuration.ts";
import type { Principal } from "../core/domain/principal.ts";
import { decide } from "../core/policy/index.ts";
import type { Requester } from "./authorize.ts";
import { Glass, type GlassState } from "./glass.ts";
import type { ShellConnection, SqlConnection } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Presence } from "./presence.ts";
import { principalOf } from "./principal-of.ts";
import type { Reviews } from "./reviews.ts";
import { ShellJudge } from "./shell-judge.ts";
import { ABANDONED, type Show, type ShowState } from "./show.ts";
import { Shows } from "./shows.ts";
import { SqlSession } from "./sql-session.ts";
import { VerbError } from "./verb-error.ts";

export interface Person {
  readonly email: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
}

const LOOK_MS = 1_000;
/** A short restart of the store does not cost people their sessions; nothing new starts meanwhile. */
const LOOKS_LOST = 10;

/** What runs on a host, when it has to end. */
export const NO_LONGER_ALLOWED = "policies or grants changed: this command is no longer allowed";

/** What is cleared away at the end may take so long. */
const CLOSING_MS = 1_500;

const DISABLED = "you are disabled in Gatehouse; ask an admin";

interface Live {
  readonly requester: Requester;
  /** The target as it was when the session was opened. */
  readonly target: Target;
  readonly rejudge: () => Promise<void>;
  readonly end: (reason: string) => Promise<void>;
}

export interface OpenSession {
  readonly id: string;
  readonly target: Target;
  /** Who the gateway is there: `deploy@web-1`. */
  readonly identity: string;
  /** On the record, once; closes the connection. */
  close(reason: string): Promise<void>;
  /** When it ends on its own. `lost`: the connection to the target broke, and may come back. */
  onEnded(listener: (reason: string, how: "ended" | "lost") => void): void;
  /** Who watches it, and what they say; called now and with each change, until the returned function is called. */
  onWatched(listener: (state: ShowState) => void): () => void;
  /** What waits for a reason to break glass, and what was broken; called as `onWatched` is. */
  onGlass(listener: (state: GlassState) => void): () => void;
  /** Breaks the glass that the waiting statement needs. Throws `VerbError`. */
  breakGlass(reason: string): Promise<void>;
}

export interface OpenSqlSession extends OpenSession {
  readonly sql: SqlSession;
}

export interface OpenShellSession extends OpenSession {
  readonly judge: ShellJudge;
  readonly connection: ShellConnection;
  readonly requester: Requester;
  readonly show: Show;
  /** Called when what runs is no longer allowed, until the returned function is called. */
  onInterrupt(listener: (reason: string) => void): () => void;
  /** Done before the connection is closed; waited for, but not for long. */
  onClosing(work: () => Promise<void>): void;
}

/** The sessions of this replica. Each is judged again whenever policies or grants change. */
export class Sessions {
  readonly #glasses = new Map<string, Glass>();
  readonly #context: Context;
  readonly #reviews: Reviews;
  readonly #presence: Presence;
  readonly #shows: Shows;
  readonly #live = new Map<string, Live>();
  readonly #shells = new Map<string, OpenShellSession>();
  readonly #unsubscribe: readonly (() => void)[];
  readonly #watch: NodeJS.Timeout;
  /** How long the store has been out of reach, in looks. */
  #lost = 0;

  constructor(context: Context, reviews: Reviews, presence: Presence) {
    this.#context = context;
    this.#reviews = reviews;
    this.#presence = presence;
    this.#shows = new Shows(context);
    this.#unsubscribe = [
      context.configuration.onChange(() => void this.#rejudge()),
      context.standing.onChange(() => void this.#rejudge()),
    ];
    this.#watch = setInterval(() => this.#look(), LOOK_MS);
    this.#watch.unref();
  }

  async openSql(person: Person, targetId: string): Promise<OpenSqlSession> {
    const { requester, target } = await this.#admit(person, targetId, "postgres");
    if (target.type !== "postgres") throw new VerbError("invalid", `target \`${target.id}\` is not a database`);
    const connection = await this.#connected(requester, async () =>
      this.#context.sql.connect(
        target,
        { password: await this.#secret(target.postgres.password) },
        { id: requester.principal.id, maskKey: this.#context.maskKey },
      ),
    );
    const { show, glass } = this.#around(requester);
    const sql = new SqlSession(this.#context, this.#reviews, requester, connection, show, glass);
    const session = await this.#keep(
      requester,
      { show, glass },
      target,
      `${target.postgres.user}@${target.id}`,
      () => sql.rejudge(),
      () => sql.close(),
    );
    endsWith(connection, session);
    return { ...session.open, sql };
  }

  async openShell(person: Person, targetId: string): Promise<OpenShellSession> {
    const { requester, target } = await this.#admit(person, targetId, "ssh");
    if (target.type !== "ssh") throw new VerbError("invalid", `target \`${target.id}\` is not a host`);
    const connection = await this.#connected(requester, async () =>
      this.#context.shell.connect(
        target,
        { privateKey: await this.#secret(target.ssh.privateKey), password: await this.#secret(target.ssh.password) },
        requester.principal,
      ),
    );
    const { show, glass } = this.#around(requester);
    const judge = new ShellJudge(this.#context, this.#reviews, requester, connection, show, glass);
    const interrupts = new Set<(reason: string) => void>();
    const closing: (() => Promise<void>)[] = [];
    const session = await this.#keep(
      requester,
      { show, glass },
      target,
      `${target.ssh.user}@${target.id}`,
      async () => {
        if (!judge.mayGoOn()) for (const listener of interrupts) listener(NO_LONGER_ALLOWED);
      },
      async () => {
        await Promise.race([Promise.allSettled(closing.map((work) => work())), pause(CLOSING_MS)]);
        connection.close();
      },
    );
    endsWith(connection, session);
    const shell: OpenShellSession = {
      ...session.open,
      judge,
      connection,
      requester,
      show,
      onInterrupt: (listener) => {
        interrupts.add(listener);
        return () => interrupts.delete(listener);
      },
      onClosing: (work) => closing.push(work),
    };
    show.onAbandoned(() => {
      if (judge.abandon()) for (const listener of interrupts) listener(`somebody has to watch this command, and ${ABANDONED}`);
    });
    if (this.#live.has(requester.session)) this.#shells.set(requester.session, shell);
    return shell;
  }

  /** Null: no such terminal of theirs is open on this replica. */
  shellOf(principal: Principal, session: string): OpenShellSession | null {
    const found = this.#shells.get(session);
    return found !== undefined && found.requester.principal.id === principal.id ? found : null;
  }

  async closeAll(reason: string): Promise<void> {
    for (const stop of this.#unsubscribe) stop();
    clearInterval(this.#watch);
    this.#shows.stop();
    await Promise.all([...this.#live.values()].map((live) => live.end(reason)));
  }

  /** Checks `target:connect` and puts the answer on the record. Throws `VerbError` when it is no. */
  async #admit(
    person: Person,
    targetId: string,
    type: Target["type"],
  ): Promise<{ readonly requester: Requester; readonly target: Target }> {
    const context = this.#context;
    const target = context.configuration.set.targets.get(targetId);
    const principal = principalOf(person, context.configuration.set);
    const session = context.identifier();
    const refuse = async (message: string, code: "forbidden" | "not-found" | "unavailable"): Promise<never> => {
      await context.audit.append({
        type: "session.refused",
        at: context.clock.now(),
        principal: principal.id,
        target: targetId,
        session,
        body: { outcome: "deny", message },
      });
      throw new VerbError(code, message);
    };
    if (context.standing.isDisabled(principal.id)) return refuse(DISABLED, "forbidden");
    if (target === undefined) return refuse(`there is no target \`${targetId}\``, "not-found");
    if (target.type !== type) return refuse(`target \`${targetId}\` is of type ${target.type}`, "not-found");
    if (!context.configuration.current)
      return refuse("the store cannot be reached, so policies may have changed unseen; try again in a moment", "unavailable");
    const decision = connectDecision(context, principal, target);
    if (decision.outcome !== "allow") return refuse(decision.reasons[0]?.message ?? "denied", "forbidden");
    await context.audit.append({
      type: "session.opened",
      at: context.clock.now(),
      principal: principal.id,
      target: target.id,
      session,
      body: { outcome: "allow", type, groups: principal.groups, policyVersion: decision.policyVersion },
    });
    return {
      target,
      requester: {
        session,
        isWatched: () => this.#shows.isWatched(session),
        glassOf: (policy) => this.#glasses.get(session)?.of(policy) ?? null,
        get principal() {
          return principalOf(person, context.configuration.set);
        },
        get target() {
          return context.configuration.set.targets.get(targetId) ?? target;
        },
      },
    };
  }

  async #connected<T extends SqlConnection | ShellConnection>(requester: Requester, connect: () => Promise<T>): Promise<T> {
    try {
      return await connect();
    } catch (error) {
      const expected =
        error instanceof Error && "code" in error && (error.code === "target-unreachable" || error.code === "secret");
      const message = expected ? error.message : "the target could not be reached; the gateway's log says more";
      if (!expected)
        this.#context.log(
          `connecting to ${requester.target.id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      await this.#context.audit.append({
        type: "session.closed",
        at: this.#context.clock.now(),
        principal: requester.principal.id,
        target: requester.target.id,
        session: requester.session,
        body: { reason: message },
      });
      throw new VerbError("unavailable", message);
    }
  }

  async #secret(reference: Parameters<Context["secrets"]["resolve"]>[0] | undefined): Promise<string | null> {
    return reference === undefined ? null : this.#context.secrets.resolve(reference);
  }

  #around(requester: Requester): { readonly show: Show; readonly glass: Glass } {
    const show = this.#shows.open(requester, (reason) => void this.#live.get(requester.session)?.end(reason));
    const glass = new Glass(this.#context, this.#reviews, requester);
    this.#glasses.set(requester.session, glass);
    return { show, glass };
  }

  /** Lists the session where every replica sees it; one that cannot be listed is not used. */
  async #keep(
    requester: Requester,
    { show, glass }: { readonly show: Show; readonly glass: Glass },
    target: Target,
    identity: string,
    rejudge: () => Promise<void>,
    disconnect: () => Promise<void>,
  ) {
    const listeners: ((reason: string, how: "ended" | "lost") => void)[] = [];
    let ended: Promise<void> | null = null;
    const end = (reason: string, tell: "ended" | "lost" | null): Promise<void> => {
      ended ??= (async () => {
        this.#live.delete(requester.session);
        this.#shells.delete(requester.session);
        if (tell !== null) for (const listener of listeners) listener(reason, tell);
        await disconnect();
        this.#shows.close(requester.session);
        this.#glasses.get(requester.session)?.close();
        this.#glasses.delete(requester.session);
        await this.#presence.ended(requester.session);
        const { principal } = requester;
        await this.#context.audit
          .append({
            type: "session.closed",
            at: this.#context.clock.now(),
            principal: principal.id,
            target: target.id,
            session: requester.session,
            body: { reason },
          })
          .catch((error: unknown) =>
            this.#context.log(`cannot record the end of session ${requester.session}: ${String(error)}`),
          );
      })();
      return ended;
    };
    this.#live.set(requester.session, { requester, target, rejudge, end: (reason) => end(reason, "ended") });
    const { principal, session: id } = requester;
    const kind = target.type === "ssh" ? "terminal" : "sql";
    try {
      await this.#presence.opened(
        { id, principal: principal.id, name: principal.name, target: target.id, kind, identity },
        () => show.last,
      );
    } catch (error) {
      await end("the store cannot be reached", null);
      throw error;
    }
    const open: OpenSession = {
      id: requester.session,
      target,
      identity,
      close: (reason) => end(reason, null),
      onEnded: (listener) => listeners.push(listener),
      onWatched: (listener) => {
        listener(show.state);
        return show.onChange(() => listener(show.state));
      },
      onGlass: (listener) => {
        listener(glass.state);
        return glass.onChange(() => listener(glass.state));
      },
      breakGlass: async (reason) => void (await glass.break(reason)),
    };
    return { open, lost: (reason: string) => end(reason, "lost") };
  }

  /** INVARIANT (P3, P6): without the store nothing can be recorded and no revocation heard, so what runs ends. */
  #look(): void {
    if (this.#context.configuration.set.policies.some((policy) => policy.asksForTime)) void this.#rejudge();
    this.#lost = this.#context.configuration.current ? 0 : this.#lost + 1;
    if (this.#lost < LOOKS_LOST) return;
    for (const live of this.#live.values()) void live.end("the store cannot be reached: nothing can be put on the record");
  }

  async #rejudge(): Promise<void> {
    await Promise.all(
      [...this.#live.values()].map(async (live) => {
        if (this.#context.standing.isDisabled(live.requester.principal.id)) return live.end(DISABLED);
        const now = this.#context.configuration.set.targets.get(live.target.id);
        if (now === undefined) return live.end(`target \`${live.target.id}\` was removed`);
        if (JSON.stringify(now) !== JSON.stringify(live.target))
          return live.end(`target \`${live.target.id}\` was changed; open it again`);
        const decision = connectDecision(this.#context, live.requester.principal, now);
        if (decision.outcome !== "allow")
          return live.end(`policies or grants changed: ${decision.reasons[0]?.message ?? "you may no longer connect"}`);
        await live.rejudge();
      }),
    ).catch((error: unknown) =>
      this.#context.log(`judging open sessions again: ${error instanceof Error ? error.message : String(error)}`),
    );
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

function endsWith(
  connection: SqlConnection | ShellConnection,
  session: { readonly lost: (reason: string) => Promise<void> },
): void {
  connection.onClosed((reason) => void session.lost(reason));
}

function connectDecision(context: Context, principal: Principal, target: Target) {
  const action = { action: "target:connect", resource: { kind: "target" }, span: [0, 0] } as const;
  const grants = context.standing.grantsOf(principal, target);
  return decide(context.configuration.set, { principal, target, microActions: [action], facts: {}, grants }, context.clock.now());
}

export { connectDecision };
