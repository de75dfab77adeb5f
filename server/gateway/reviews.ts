import type { WireReview } from "../contract/socket.ts";
import type { AuditType } from "../core/domain/audit.ts";
import type { Target } from "../core/domain/configuration.ts";
import type { Decision } from "../core/domain/decision.ts";
import type { Access, TimedGrant } from "../core/domain/grant.ts";
import { resourceName } from "../core/domain/micro-action.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Review, ReviewAnswer, ReviewRequirement } from "../core/domain/review.ts";
import type { Described } from "../core/domain/statement.ts";
import { decide } from "../core/policy/index.ts";
import { answeredOf, covers, heldByPolicy, holdOf, requirementsOf, timedGrantOf } from "../core/review/cover.ts";
import { samePerson, transition } from "../core/review/transition.ts";
import { mayUse } from "./application.ts";
import type { Granted, Requester } from "./authorize.ts";
import { notificationsFor } from "./notifications.ts";
import type { Context } from "./ports-of-gateway.ts";
import { Runs } from "./runs.ts";
import type { NewReview, ReviewStore } from "./store-ports.ts";
import { VerbError } from "./verb-error.ts";
import { toWireReview } from "./wire.ts";

const EXPIRE_EVERY_MS = 2_000;
const WAIT_POLL_MS = 2_000;

export interface ReviewRequest {
  readonly principal: Principal;
  readonly target: Target;
  readonly session: string;
  readonly described: Omit<Described, "kind" | "facts"> & { readonly kind: Review["kind"] };
  readonly decision: Decision;
  readonly fingerprint: string;
  /** Hash of what a yes for some time would cover; empty: nothing. */
  readonly shape: string;
  readonly shapeIsOpen: boolean;
  readonly asks: Review["asks"];
  readonly safeRun: Review["safeRun"];
  readonly estimatedRows: number | null;
  /** Who has to say yes; absent: what the decision's policies ask. */
  readonly requirements?: readonly ReviewRequirement[];
  readonly validForMs?: number;
  readonly reason: string;
  /** The requester knows that the session of this review was lost. */
  readonly goesOnWith?: string;
}

export interface GivenAnswer {
  readonly verdict: ReviewAnswer["verdict"];
  readonly comment: string;
  /** A yes for so long; null: once, or for as long as was asked. */
  readonly minutes: number | null;
  /** Whether what runs is to wait in an open transaction; null: as it was asked. */
  readonly hold: boolean | null;
  /** Of what was asked for, by number from 0; absent: all. */
  readonly access?: readonly number[] | undefined;
}

/** Opening, answering, waiting for and using reviews. Rules: core/review/SPEC.md. */
export class Reviews {
  readonly runs: Runs;
  readonly #context: Context;
  readonly #listeners = new Set<(review: Review) => void>();
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: () => void;

  constructor(context: Context) {
    this.#context = context;
    this.runs = new Runs(context, this);
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

  /** RV-22: where the same statement was waiting in a session that is gone, its review is gone on with. */
  async open(request: ReviewRequest): Promise<Review> {
    const { principal, target, described, decision } = request;
    const expiries = decision.obligations.flatMap((obligation) =>
      obligation.type === "approvals" ? [obligation.expireAfterMs] : [],
    );
    const id = this.#context.identifier();
    const requirements = request.requirements ?? requirementsOf(decision);
    const taken = await this.#takenUp(request, requirements);
    if (taken !== null) return taken;
    await this.#record("review.opened", principal.id, request.target.id, request.session, {
      review: id,
      kind: described.kind,
      statement: described.text,
      reason: request.reason,
      minutes: request.asks?.minutes ?? null,
      policies: requirements.map((requirement) => requirement.policy),
      fingerprint: request.fingerprint,
    });
    const review: NewReview = {
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
      shape: request.shape,
      shapeIsOpen: request.shapeIsOpen,
      asks: request.asks,
      safeRun: request.safeRun,
      estimatedRows: request.estimatedRows,
      reason: request.reason,
      requirements,
      validForMs: request.validForMs ?? Math.min(...expiries),
    };
    const event = review.kind === "glass" ? "glass.broken" : "review.opened";
    return this.#context.reviews.open(review, notificationsFor(this.#context.configuration.set, event, review));
  }

  async #takenUp(request: ReviewRequest, requirements: readonly ReviewRequirement[]): Promise<Review | null> {
    const { principal, target, session, fingerprint, goesOnWith = "" } = request;
    if (fingerprint === "") return null;
    const review = await this.#context.reviews.takeUp(
      { requester: principal.id, fingerprint, requirements, session },
      goesOnWith,
    );
    if (review !== null)
      await this.#record("review.taken-up", principal.id, target.id, session, { review: review.id, fingerprint });
    return review;
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
      .filter((requirement) => isReviewer(requirement, review, principal, decision.outcome === "allow"))
      .map((requirement) => requirement.policy);
  }

  /** Null: the principal may answer. Else why not, in words. */
  mayNotAnswerBecause(principal: Principal, review: Review): string | null {
    if (samePerson(review.requester, principal.id)) return "it is your own";
    if (review.state.state !== "open") return `it is ${review.state.state}`;
    if (review.answers.some((answer) => samePerson(answer.by, principal.id))) return "you have answered it already";
    if (this.counts(principal, review).length === 0) return "you are not among its reviewers";
    return null;
  }

  /**
   * On the record before it has an effect. RV-15: where another answer or the end of time came first, the record says of
   * this one that it was lost.
   */
  async answer(principal: Principal, id: string, given: GivenAnswer): Promise<Review> {
    const review = await this.find(id);
    const because = this.mayNotAnswerBecause(principal, review);
    if (because !== null)
      throw new VerbError(review.state.state === "open" ? "forbidden" : "conflict", `you cannot answer this review: ${because}`);
    const counts = this.counts(principal, review);
    const { verdict, comment, minutes, hold, access } = given;
    const only: Pick<ReviewAnswer, "access"> = verdict === "approve" && access !== undefined ? { access } : {};
    const { statement, requester, asks } = review;
    // Null: all that was asked, or nothing.
    const named = only.access === undefined ? null : namesOf((asks?.access ?? []).filter((_, index) => access?.includes(index)));
    const body = { review: id, verdict, comment, minutes, hold, access: named, statement, requester };
    await this.#record("review.answered", principal.id, review.target, review.session, body);
    const grant = this.#context.identifier();
    const changed = await this.#context.reviews
      .change(id, (current, now) => {
        const next = transition(current, {
          event: "answer",
          answer: {
            by: principal.id,
            counts,
            verdict,
            minutes: verdict === "approve" ? minutes : null,
            hold: verdict === "approve" ? hold : null,
            ...only,
            comment,
            at: now,
          },
        });
        if (!next.ok) return next;
        const { state } = next.review.state;
        if (state !== "approved" && state !== "rejected") return next;
        const notifications = notificationsFor(this.#context.configuration.set, `review.${state}`, next.review);
        const timed = state === "approved" ? timedGrantOf(next.review) : null;
        return { ...next, notifications, ...(timed === null ? {} : { grant: { id: grant, ...timed } }) };
      })
      .catch(async (error: unknown) => {
        // Not known whether the store has it; the record must not say that it counts.
        await this.#record("review.answer-lost", principal.id, review.target, review.session, {
          ...body,
          reason: "the store could not be reached",
        }).catch(() => undefined);
        throw error;
      });
    if (!changed.ok) {
      await this.#record("review.answer-lost", principal.id, review.target, review.session, { ...body, reason: changed.reason });
      throw new VerbError("conflict", `your answer came too late or is not possible: ${changed.reason}`);
    }
    const made = changed.review.grant;
    if (made !== null)
      await this.#record("grant.made", principal.id, review.target, review.session, {
        grant: made.id,
        review: id,
        for: review.requester,
        statement: review.statement,
        ...(made.coverage.covers === "access" ? { access: namesOf(made.coverage.access) } : {}),
        from: made.from,
        until: made.until,
      });
    return changed.review;
  }

  async comment(principal: Principal, id: string, text: string): Promise<Review> {
    const review = await this.find(id);
    await this.#record("review.commented", principal.id, review.target, review.session, { review: id, text });
    return this.#changed(id, (current, now) => transition(current, { event: "comment", by: principal.id, text, at: now }));
  }

  async escalate(principal: Principal, id: string, group: string): Promise<Review> {
    const review = await this.find(id);
    const counts = this.counts(principal, review);
    const changed = await this.#changed(id, (current, now) =>
      transition(current, { event: "escalate", by: principal.id, group, counts, at: now }),
    );
    await this.#record("review.escalated", principal.id, review.target, review.session, { review: id, group });
    return changed;
  }

  /** `session`: only while it waits there. */
  async withdraw(principal: Principal, id: string, session?: string): Promise<Review> {
    const changed = await this.#changed(id, (current, now) =>
      session !== undefined && current.session !== session
        ? { ok: false, reason: "it is gone on with in another session" }
        : transition(current, { event: "withdraw", by: principal.id, at: now }),
    );
    await this.#record("review.closed", principal.id, changed.target, changed.session, { review: id, state: "withdrawn" });
    return changed;
  }

  /**
   * Spends the grant and writes down that it runs: one atomic step in the store, before anything does. After a crash it
   * is not known whether it ran, never a second run. False with the reason when there is nothing to spend.
   */
  async use(
    review: Review,
    { principal, session }: Pick<Requester, "principal" | "session">,
    fingerprint: string,
    decision: Decision,
  ): Promise<{ readonly ok: true; readonly granted: Granted } | { readonly ok: false; readonly reason: string }> {
    if (review.requester !== principal.id || review.fingerprint !== fingerprint)
      return { ok: false, reason: "the statement is not the one that was approved" };
    const run = this.#context.identifier();
    const changed = await this.#context.reviews.change(review.id, (current, now) => {
      if (!covers(answeredOf(current), decision)) return { ok: false, reason: "policies ask for more than what was approved" };
      const used = transition(current, { event: "use", at: now });
      return used.ok ? { ...used, run: { id: run, session } } : used;
    });
    if (!changed.ok) return changed;
    await this.#record("grant.used", principal.id, review.target, review.session, {
      review: review.id,
      run,
      fingerprint,
      approvedBy: changed.review.answers.map((answer) => answer.by),
    });
    const holdMs = holdOf(changed.review, requirementsOf(decision));
    return { ok: true, granted: { by: "run", run: { id: run, review: review.id }, holdMs } };
  }

  /**
   * Uses a timed grant of this shape that answers what policies ask now: one atomic step in the store, which writes down
   * the run. Null: there is none.
   */
  async spendTimed(requester: Requester, shape: string, decision: Decision): Promise<Granted | null> {
    const { principal, target, session } = requester;
    for (const grant of await this.#context.grants.ofShape(principal.id, target.id, shape)) {
      const run = { id: this.#context.identifier(), session };
      if (!covers(grant.answered, decision) || !(await this.#context.grants.use(grant.id, run))) continue;
      await this.#record("grant.used", principal.id, target.id, session, {
        grant: grant.id,
        review: grant.review,
        run: run.id,
        shape,
        approvedBy: grant.approvedBy,
      });
      if (!this.#context.standing.holds(grant.id)) await this.#context.standing.refresh();
      const byPolicy = heldByPolicy(requirementsOf(decision));
      const holdMs = byPolicy === undefined ? grant.holdMs : byPolicy;
      return { by: "time", grant: grant.id, run: { id: run.id, review: grant.review }, holdMs };
    }
    return null;
  }

  /** Whether there is a timed grant that `spendTimed` would use. */
  async hasTimed(requester: Requester, shape: string, decision: Decision): Promise<boolean> {
    const { principal, target } = requester;
    const grants = await this.#context.grants.ofShape(principal.id, target.id, shape);
    return grants.some((grant) => covers(grant.answered, decision));
  }

  /** Null: the principal may end the grant. Else why not. */
  mayNotEndBecause(principal: Principal, grant: TimedGrant, review: Review): string | null {
    const { configuration, clock } = this.#context;
    const may =
      grant.principal === principal.id ||
      grant.approvedBy.includes(principal.id) ||
      this.counts(principal, review).length > 0 ||
      mayUse(configuration.set, principal, "admin:write", clock.now());
    return may ? null : "only its holder, its reviewers and admins end a grant";
  }

  /** RV-12. */
  async endGrant(principal: Principal, id: string): Promise<Review> {
    const grant = await this.#context.grants.find(id);
    if (grant === null) throw new VerbError("not-found", "there is no such grant");
    const review = await this.find(grant.review);
    const because = this.mayNotEndBecause(principal, grant, review);
    if (because !== null) throw new VerbError("forbidden", because);
    await this.#record("grant.ended", principal.id, grant.target, review.session, {
      grant: id,
      review: grant.review,
      for: grant.principal,
    });
    if ((await this.#context.grants.end(id, principal.id)) === null) throw new VerbError("conflict", "the grant is over already");
    return this.find(grant.review);
  }

  /** As the principal may see it and act on it. */
  wire(principal: Principal, review: Review): WireReview {
    const { set } = this.#context.configuration;
    const own = review.requester === principal.id;
    const may = review.state.state === "open" && (own || this.counts(principal, review).length > 0);
    const asked = new Set(review.escalations.map((escalation) => escalation.group));
    const groups = new Set(review.requirements.flatMap((requirement) => requirement.escalateTo));
    const viewer = {
      mayNotAnswerBecause: this.mayNotAnswerBecause(principal, review),
      maySettle: this.runs.maySettle(principal, review),
      mayEndGrant: review.grant !== null && this.mayNotEndBecause(principal, review.grant, review) === null,
      escalateTo: may ? [...groups].filter((group) => !asked.has(group)) : [],
    };
    return toWireReview(review, viewer, set);
  }

  async #changed(id: string, decide: Parameters<ReviewStore["change"]>[1]): Promise<Review> {
    const changed = await this.#context.reviews.change(id, decide);
    if (!changed.ok) throw new VerbError("conflict", changed.reason);
    return changed.review;
  }

  /** Resolves when the review is no longer open, or is gone on with in another session (for this one: withdrawn). Rejects with the signal's reason when given up. */
  waitFor({ id, session }: Pick<Review, "id" | "session">, signal: AbortSignal): Promise<Review> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        stop();
        clearInterval(poll);
        signal.removeEventListener("abort", aborted);
        end();
      };
      const aborted = (): void => finish(() => reject(signal.reason));
      const look = (review: Review): void => {
        if (review.id !== id) return;
        if (review.session !== session)
          finish(() => resolve({ ...review, state: { state: "withdrawn", at: this.#context.clock.now() } }));
        else if (review.state.state !== "open") finish(() => resolve(review));
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
    this.runs.close();
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
      const { set } = this.#context.configuration;
      for (const review of await this.#context.reviews.overdue((late) => notificationsFor(set, "glass.overdue", late)))
        await this.#record("glass.overdue", "system", review.target, review.session, {
          review: review.id,
          requester: review.requester,
          reason: review.reason,
          statement: review.statement,
        });
    } catch (error) {
      this.#context.log(`cannot expire reviews: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #record(
    type: Extract<AuditType, `review.${string}` | `grant.${string}` | "glass.overdue">,
    principal: string,
    target: string,
    session: string,
    body: Parameters<Context["audit"]["append"]>[0]["body"],
  ) {
    return this.#context.audit.append({ type, at: this.#context.clock.now(), principal, target, session, body });
  }
}

/** What a review is when its requester has gone: withdrawn, unless it is gone on with in another session; also when the store could not be told. Its grant is never used. */
export async function withdrawn(context: Context, reviews: Reviews, principal: Principal, review: Review): Promise<Review> {
  try {
    return await reviews.withdraw(principal, review.id, review.session);
  } catch (error) {
    context.log(`cannot withdraw review ${review.id}: ${error instanceof Error ? error.message : String(error)}`);
    return { ...review, state: { state: "withdrawn", at: context.clock.now() } };
  }
}

/** Named people or groups, and groups to which it was handed on; where the policy names none, whom policy permits `review:resolve` on the target. */
function isReviewer(requirement: ReviewRequirement, review: Review, principal: Principal, mayResolve: boolean): boolean {
  const handedOn = review.escalations.some(
    ({ group }) => requirement.escalateTo.includes(group) && principal.groups.includes(group),
  );
  if (handedOn) return true;
  if (requirement.groups.length === 0 && requirement.users.length === 0) return mayResolve;
  return (
    requirement.users.some((user) => user.toLowerCase() === principal.id) ||
    requirement.groups.some((group) => principal.groups.includes(group))
  );
}

/** As the record names them. */
function namesOf(access: readonly Access[]): readonly string[] {
  return access.map(({ action, resource }) => `${action} ${resourceName(resource)}`);
}

function within(span: readonly [number, number], statement: readonly [number, number]): readonly [number, number] {
  return [Math.max(0, span[0] - statement[0]), Math.max(0, span[1] - statement[0])];
}
