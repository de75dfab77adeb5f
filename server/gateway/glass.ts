import type { Decision } from "../core/domain/decision.ts";
import type { Review } from "../core/domain/review.ts";
import type { Described } from "../core/domain/statement.ts";
import { glassNeeded, type Requester } from "./authorize.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Reviews } from "./reviews.ts";
import { VerbError } from "./verb-error.ts";

export interface GlassState {
  /** What waits for a reason; null: nothing. */
  readonly asked: { readonly statement: string; readonly policies: readonly string[] } | null;
  /** What was broken in this session, the newest last. */
  readonly broken: readonly {
    readonly review: string;
    readonly policies: readonly string[];
    readonly reason: string;
    readonly at: number;
  }[];
}

interface Asked {
  readonly described: Described;
  readonly decision: Decision;
  readonly needed: ReturnType<typeof glassNeeded>;
}

/**
 * Break glass in one session: what policy lets act at once runs after its person has said why. INVARIANT: the alarm and the
 * review that others have to close are in the store, and on the record, before the first statement runs. RV-21.
 */
export class Glass {
  readonly #context: Context;
  readonly #reviews: Reviews;
  readonly #requester: Requester;
  readonly #listeners = new Set<() => void>();
  readonly #reviewOf = new Map<string, string>();
  #asked: Asked | null = null;
  #breaking = false;
  #broken: GlassState["broken"] = [];
  #closed = false;

  constructor(context: Context, reviews: Reviews, requester: Requester) {
    this.#context = context;
    this.#reviews = reviews;
    this.#requester = requester;
  }

  /** The review of a policy's broken glass; null: it is whole. */
  of(policy: string): string | null {
    return this.#reviewOf.get(policy) ?? null;
  }

  get state(): GlassState {
    const asked =
      this.#asked === null
        ? null
        : { statement: this.#asked.described.text, policies: this.#asked.needed.map(({ policy }) => policy) };
    return { asked, broken: this.#broken };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** True when the glass that the statement needs is broken; false: given up by the signal, or the session is over. */
  async untilBroken(described: Described, decision: Decision, signal: AbortSignal): Promise<boolean> {
    const needed = glassNeeded(decision).filter(({ policy }) => this.of(policy) === null);
    this.#asked = { described, decision, needed };
    this.#tell();
    const broken = await new Promise<boolean>((resolve) => {
      const look = (): void => {
        const over = signal.aborted || this.#closed;
        if (!over && needed.some(({ policy }) => this.of(policy) === null)) return;
        stop();
        signal.removeEventListener("abort", look);
        resolve(!over);
      };
      const stop = this.onChange(look);
      signal.addEventListener("abort", look, { once: true });
      look();
    });
    this.#asked = null;
    this.#tell();
    return broken;
  }

  /** For the statement that waits. Throws `VerbError` where none does, or no reason is given. */
  async break(reason: string): Promise<Review> {
    const asked = this.#asked;
    if (asked === null || this.#breaking) throw new VerbError("conflict", "nothing waits for this");
    if (reason.trim().length < SHORTEST_REASON) throw new VerbError("invalid", "say why, so that others understand it tomorrow");
    this.#breaking = true;
    try {
      return await this.#break(asked, reason);
    } finally {
      this.#breaking = false;
    }
  }

  async #break(asked: Asked, reason: string): Promise<Review> {
    const { principal, target, session } = this.#requester;
    const { described, decision, needed } = asked;
    const policies = needed.map(({ policy }) => policy);
    await this.#context.audit.append({
      type: "glass.broken",
      at: this.#context.clock.now(),
      principal: principal.id,
      target: target.id,
      session,
      body: { reason, policies, kind: described.kind, statement: described.text },
    });
    const review = await this.#reviews.open({
      principal,
      target,
      session,
      described: { ...described, kind: "glass" },
      decision: {
        ...decision,
        outcome: "review",
        reasons: decision.reasons.map((reason) =>
          reason.policy !== null && policies.includes(reason.policy) ? { ...reason, outcome: "review" } : reason,
        ),
      },
      fingerprint: "",
      shape: "",
      shapeIsOpen: false,
      asks: null,
      safeRun: "not-possible",
      estimatedRows: null,
      requirements: needed.map(({ policy, approvals, reviewers, escalateTo }) => ({
        policy,
        approvals,
        groups: reviewers.groups,
        users: reviewers.users,
        mostMinutes: 0,
        escalateTo,
        holdForMs: null,
      })),
      validForMs: Math.min(...needed.map(({ withinMs }) => withinMs)),
      reason,
    });
    for (const policy of policies) this.#reviewOf.set(policy, review.id);
    this.#broken = [...this.#broken, { review: review.id, policies, reason, at: review.openedAt }];
    this.#tell();
    return review;
  }

  close(): void {
    this.#closed = true;
    this.#tell();
    this.#listeners.clear();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

const SHORTEST_REASON = 10;
