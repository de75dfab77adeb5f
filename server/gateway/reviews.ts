import type { Target } from "../core/domain/configuration.ts";
import type { Decision } from "../core/domain/decision.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Review, ReviewAnswer, ReviewRequirement } from "../core/domain/review.ts";
import type { Described } from "../core/domain/statement.ts";
import { decide } from "../core/policy/index.ts";
import { covers, requirementsOf } from "../core/review/cover.ts";
import { transition } from "../core/review/transition.ts";
import type { Context } from "./ports-of-gateway.ts";
import { VerbError } from "./verb-error.ts";

const EXPIRE_EVERY_MS = 2_000;
const WAIT_POLL_MS = 2_000;

export interface ReviewRequest {
  readonly principal: Principal;
  readonly target: Target;
  readonly session: string;
  readonly described: Described;
  readonly decision: Decision;
  readonly fingerprint: string;
  readonly reason: string;
}

/** Opening, answering, waiting for and using reviews. Rules: core/review/SPEC.md. */
export class Reviews {
  readonly #context: Context;
  readonly #listeners = new Set<(review: Review) => void>();
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: () => void;

  constructor(context: Context) {
    this.#context = context;
    this.#unsubscribe = context.changes.subscribe((change) => {
      if (change.topic === "review") void this.#heard(change.id);
    });
    this.#timer = setInterval(() => void this.#expire(), EXPIRE_EVERY_MS);
    this.#timer.unref();
  }

  /** Called for every review that opens or changes, on any replica. */
  onChange(listener: (review: Review) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async open(request: ReviewRequest): Promise<Review> {
    const { principal, target, described, decision } = request;
    const expiries = decision.obligations.flatMap((obligation) =>
      obligation.type === "approvals" ? [obligation.expireAfterMs] : [],
    );
    const id = this.#context.identifier();
    await this.#record("review.opened", principal.id, request.target.id, request.session, {
      review: id,
      statement: described.text,
      policies: requirementsOf(decision).map((requirement) => requirement.policy),
      fingerprint: request.fingerprint,
    });
    return this.#context.reviews.open({
      id,
      requester: principal.id,
      requesterGroups: principal.groups,
      target: target.id,
      environment: target.environment,
      session: request.session,
      kind: described.kind,
      statement: described.text,
      span: described.span,
      microActions: described.microActions.map((action) => ({ ...action, span: within(action.span, described.span) })),
      decision: {
        ...decision,
        reasons: decision.reasons.map((reason) => ({ ...reason, span: within(reason.span, described.span) })),
      },
      fingerprint: request.fingerprint,
      reason: request.reason,
      requirements: requirementsOf(decision),
      validForMs: Math.min(...expiries),
    });
  }

  list(which: "open" | "all"): Promise<readonly Review[]> {
    return this.#context.reviews.list(which);
  }

  async find(id: string): Promise<Review> {
    const review = await this.#context.reviews.find(id);
    if (review === null) throw new VerbError("not-found", "there is no such review");
    return review;
  }

  /** The requirements, by policy, for which the principal's yes counts. */
  counts(principal: Principal, review: Review): readonly string[] {
    const { set } = this.#context.configuration;
    const target = set.targets.get(review.target);
    if (target === undefined) return [];
    const action = { action: "review:resolve", resource: { kind: "target" }, span: [0, 0] } as const;
    const decision = decide(set, { principal, target, microActions: [action], facts: {} }, this.#context.clock.now());
    const forbidden = decision.reasons.some((reason) => reason.outcome === "deny" && reason.policy !== null);
    if (forbidden) return [];
    return review.requirements
      .filter((requirement) => isReviewer(requirement, principal, decision.outcome === "allow"))
      .map((requirement) => requirement.policy);
  }

  /** Null: the principal may answer. Else why not, in words. */
  mayNotAnswerBecause(principal: Principal, review: Review): string | null {
    if (review.requester === principal.id) return "it is your own";
    if (review.state.state !== "open") return `it is ${review.state.state}`;
    if (review.answers.some((answer) => answer.by === principal.id)) return "you have answered it already";
    if (this.counts(principal, review).length === 0) return "you are not among its reviewers";
    return null;
  }

  async answer(principal: Principal, id: string, verdict: ReviewAnswer["verdict"], comment: string): Promise<Review> {
    const review = await this.find(id);
    const because = this.mayNotAnswerBecause(principal, review);
    if (because !== null)
      throw new VerbError(review.state.state === "open" ? "forbidden" : "conflict", `you cannot answer this review: ${because}`);
    const counts = this.counts(principal, review);
    await this.#record("review.answered", principal.id, review.target, review.session, {
      review: id,
      verdict,
      comment,
      statement: review.statement,
      requester: review.requester,
    });
    const changed = await this.#context.reviews.change(id, (current, now) =>
      transition(current, { event: "answer", answer: { by: principal.id, counts, verdict, comment, at: now } }),
    );
    if (!changed.ok) throw new VerbError("conflict", `you cannot answer this review: ${changed.reason}`);
    return changed.review;
  }

  async withdraw(principal: Principal, id: string): Promise<Review> {
    const changed = await this.#context.reviews.change(id, (current, now) =>
      transition(current, { event: "withdraw", by: principal.id, at: now }),
    );
    if (!changed.ok) throw new VerbError("conflict", changed.reason);
    await this.#record("review.closed", principal.id, changed.review.target, changed.review.session, {
      review: id,
      state: "withdrawn",
    });
    return changed.review;
  }

  /**
   * Spends the grant: one atomic step in the store, before anything runs. A crash after it costs a new review, never a
   * second run. False with the reason when there is nothing to spend.
   */
  async use(
    review: Review,
    principal: Principal,
    fingerprint: string,
    decision: Decision,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }> {
    if (review.requester !== principal.id || review.fingerprint !== fingerprint)
      return { ok: false, reason: "the statement is not the one that was approved" };
    const changed = await this.#context.reviews.change(review.id, (current, now) => {
      if (!covers(current, decision)) return { ok: false, reason: "policies ask for more than what was approved" };
      return transition(current, { event: "use", at: now });
    });
    if (!changed.ok) return changed;
    await this.#record("grant.used", principal.id, review.target, review.session, {
      review: review.id,
      fingerprint,
      approvedBy: changed.review.answers.map((answer) => answer.by),
    });
    return { ok: true };
  }

  /** Resolves when the review is no longer open. Rejects with the signal's reason when given up. */
  waitFor(id: string, signal: AbortSignal): Promise<Review> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        stop();
        clearInterval(poll);
        signal.removeEventListener("abort", aborted);
        end();
      };
      const aborted = (): void => finish(() => reject(signal.reason));
      const look = (review: Review): void => {
        if (review.id === id && review.state.state !== "open") finish(() => resolve(review));
      };
      const ask = (): void => {
        this.#context.reviews.find(id).then(
          (review) => review !== null && look(review),
          // The store may be back at the next look; the wait itself goes on.
          (error: unknown) =>
            this.#context.log(`waiting for review ${id}: ${error instanceof Error ? error.message : String(error)}`),
        );
      };
      const stop = this.onChange(look);
      const poll = setInterval(ask, WAIT_POLL_MS);
      signal.addEventListener("abort", aborted, { once: true });
      if (signal.aborted) aborted();
      else ask();
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
  }

  async #heard(id: string): Promise<void> {
    try {
      const review = await this.#context.reviews.find(id);
      if (review !== null) for (const listener of this.#listeners) listener(review);
    } catch (error) {
      this.#context.log(`cannot read review ${id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #expire(): Promise<void> {
    try {
      for (const review of await this.#context.reviews.expire()) {
        await this.#record("review.closed", "system", review.target, review.session, { review: review.id, state: "expired" });
      }
    } catch (error) {
      this.#context.log(`cannot expire reviews: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #record(
    type: "review.opened" | "review.answered" | "review.closed" | "grant.used",
    principal: string,
    target: string,
    session: string,
    body: Parameters<Context["audit"]["append"]>[0]["body"],
  ) {
    return this.#context.audit.append({ type, at: this.#context.clock.now(), principal, target, session, body });
  }
}

/** What a review is when its requester has gone: withdrawn, also when the store could not be told. Its grant is never used. */
export async function withdrawn(context: Context, reviews: Reviews, principal: Principal, review: Review): Promise<Review> {
  try {
    return await reviews.withdraw(principal, review.id);
  } catch (error) {
    context.log(`cannot withdraw review ${review.id}: ${error instanceof Error ? error.message : String(error)}`);
    return { ...review, state: { state: "withdrawn", at: context.clock.now() } };
  }
}

/** Named people or groups; where the policy names none, whom policy permits `review:resolve` on the target. */
function isReviewer(requirement: ReviewRequirement, principal: Principal, mayResolve: boolean): boolean {
  if (requirement.groups.length === 0 && requirement.users.length === 0) return mayResolve;
  return (
    requirement.users.some((user) => user.toLowerCase() === principal.id) ||
    requirement.groups.some((group) => principal.groups.includes(group))
  );
}

function within(span: readonly [number, number], statement: readonly [number, number]): readonly [number, number] {
  return [Math.max(0, span[0] - statement[0]), Math.max(0, span[1] - statement[0])];
}
