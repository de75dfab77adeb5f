import type { Target } from "../core/domain/configuration.ts";
import type { AccessGrant, TimedGrant } from "../core/domain/grant.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { GatewayPorts } from "./ports-of-gateway.ts";

type Ports = Pick<GatewayPorts, "grants" | "people" | "changes" | "clock" | "log">;

/** Announcements say at once what changed; the look is for what no announcement said. */
const LOOK_MS = 2_000;
/** A timer cannot wait longer. */
const LONGEST_MS = 2 ** 31 - 1;

interface Held {
  readonly grant: TimedGrant;
  /** In this replica's clock. */
  readonly until: number;
}

/**
 * How people stand beside policy: the timed grants that hold now, and who is shut out. Kept in memory because every
 * decision asks. How long a grant still holds is the store's word, so a replica whose clock is wrong ends it on time.
 */
export class Standing {
  readonly #ports: Ports;
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  readonly #look: NodeJS.Timeout;
  #held: ReadonlyMap<string, Held> = new Map();
  #disabled: ReadonlySet<string> = new Set();
  #next: NodeJS.Timeout | null = null;
  #reading: Promise<void> | null = null;
  #again = false;

  private constructor(ports: Ports) {
    this.#ports = ports;
    this.#unsubscribe = ports.changes.subscribe((change) => {
      // After a reconnect only `configuration` is announced, and anything may have changed.
      if (change.topic === "grant" || change.topic === "person" || change.topic === "configuration") void this.refresh();
    });
    this.#look = setInterval(() => void this.refresh(), LOOK_MS);
    this.#look.unref();
  }

  static async load(ports: Ports): Promise<Standing> {
    const standing = new Standing(ports);
    await standing.#read();
    return standing;
  }

  /** Called when a grant came or ended, or somebody was shut out. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the person was given access to on the target, as decisions take it. */
  grantsOf(principal: Principal, target: Target): readonly AccessGrant[] {
    if (this.#held.size === 0) return [];
    return [...this.#held.values()].flatMap(({ grant, until }) =>
      grant.coverage.covers === "access" && grant.principal === principal.id && grant.target === target.id
        ? [{ id: grant.id, access: grant.coverage.access, answered: grant.answered, until }]
        : [],
    );
  }

  /** Whether the grant holds still. */
  holds(id: string): boolean {
    const held = this.#held.get(id);
    return held !== undefined && this.#ports.clock.now() < held.until;
  }

  /** Everything that holds now. */
  get grants(): readonly TimedGrant[] {
    return [...this.#held.values()].map((held) => held.grant);
  }

  isDisabled(principal: string): boolean {
    return this.#disabled.has(principal);
  }

  /** Resolves when what the store holds now is known here; also when it could not be read, which the log says. */
  async refresh(): Promise<void> {
    if (this.#reading !== null) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = (async () => {
      do {
        this.#again = false;
        // What is known holds until its time; without the store sessions end by themselves (./sessions.ts).
        await this.#read().catch((error: unknown) =>
          this.#ports.log(`cannot read the grants: ${error instanceof Error ? error.message : String(error)}`),
        );
      } while (this.#again);
    })().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  close(): void {
    this.#unsubscribe();
    clearInterval(this.#look);
    if (this.#next !== null) clearTimeout(this.#next);
  }

  async #read(): Promise<void> {
    // Taken before asking: the way to the store and back shortens a grant, never lengthens it.
    const asked = this.#ports.clock.now();
    const [live, disabled] = await Promise.all([this.#ports.grants.live(), this.#ports.people.disabled()]);
    const before = this.#summary();
    this.#held = new Map(live.map(({ grant, remainingMs }) => [grant.id, { grant, until: asked + remainingMs }]));
    this.#disabled = new Set(disabled);
    this.#wakeAtNextEnd();
    if (this.#summary() !== before) this.#tell();
  }

  #summary(): string {
    return [...this.#held.keys(), "", ...this.#disabled].sort().join("\n");
  }

  #wakeAtNextEnd(): void {
    if (this.#next !== null) clearTimeout(this.#next);
    this.#next = null;
    if (this.#held.size === 0) return;
    const now = this.#ports.clock.now();
    const first = Math.min(...[...this.#held.values()].map((held) => held.until));
    this.#next = setTimeout(() => this.#endDue(), Math.min(LONGEST_MS, Math.max(0, first - now) + 1));
    this.#next.unref();
  }

  #endDue(): void {
    const now = this.#ports.clock.now();
    const left = [...this.#held].filter(([, held]) => now < held.until);
    const ended = left.length < this.#held.size;
    this.#held = new Map(left);
    this.#wakeAtNextEnd();
    if (ended) this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
