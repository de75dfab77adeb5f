import type { AuditType } from "../core/domain/audit.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Review } from "../core/domain/review.ts";
import type { GrantedRun, RunEnd, RunVerdict } from "../core/domain/run.ts";
import { type RunEvent, transitionRun } from "../core/review/run.ts";
import { samePerson } from "../core/review/transition.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { RunChange } from "./store-ports.ts";
import { VerbError } from "./verb-error.ts";

const LOOK_MS = 2_000;

/** What of the reviews a run's end concerns. */
interface ReviewsOfRuns {
  find(id: string): Promise<Review>;
  counts(principal: Principal, review: Review): readonly string[];
  onChange(listener: (review: Review) => void): () => void;
}

/** A run whose end this replica has to tell. */
export interface Running {
  readonly id: string;
  readonly review: string;
}

/** Why a held run is given up: `must` is not overruled by a commit that somebody asked for before. */
export class GivenUp extends Error {
  readonly by: string;
  readonly must: boolean;
  constructor(by: string, because: string, must: boolean) {
    super(because);
    this.by = by;
    this.must = must;
  }
}

/**
 * What becomes of a statement after its grant was used. What this replica knows of an end is told to the store until the
 * store has it; what no replica can know any more is said to be unknown. Rules: RV-16 to RV-20 in core/review/SPEC.md.
 */
export class Runs {
  readonly #context: Context;
  readonly #reviews: ReviewsOfRuns;
  readonly #timer: NodeJS.Timeout;
  /** Ends that the store has not taken yet, by run. */
  readonly #untold = new Map<string, () => Promise<void>>();

  constructor(context: Context, reviews: ReviewsOfRuns) {
    this.#context = context;
    this.#reviews = reviews;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The end as this replica knows it. Never throws: what the store does not take now it is told again. */
  async ended(run: Running, ended: RunEnd, rows: number | null): Promise<void> {
    await this.#tell(run.id, () => this.#change(run.id, (at) => ({ event: "end", ended, rows, at })));
  }

  /** The target was lost before its end was known. Never throws. */
  async lost(run: Running): Promise<void> {
    await this.#tell(run.id, () => this.#lose(run.id));
  }

  /**
   * The statement has run in an open transaction: shown to requester and reviewers, until one of them, time, or `signal`
   * has decided. On the record before it holds. `stillAllowed` is asked last.
   */
  async held(
    run: Running,
    ran: { readonly rows: number | null; readonly forMs: number },
    signal: AbortSignal,
    stillAllowed: () => boolean,
    onHeld: (review: Review, run: GrantedRun) => void,
  ): Promise<"commit" | "roll-back"> {
    try {
      const held = await this.#change(run.id, (at) => ({ event: "hold", ...ran, at }));
      if (!held.ok) throw new Error(held.reason);
      const review = await this.#reviews.find(run.review);
      await this.#record("run.held", review.requester, review, { run: run.id, rows: ran.rows, forMs: ran.forMs });
      onHeld(review, held.run);
      const verdict = await this.#decided(run, ran.forMs, signal);
      const final = signal.aborted && mustGiveUp(signal) ? rollBack(signal) : stillAllowed() ? verdict : NOT_ALLOWED;
      await this.#record("run.settled", final.by, review, {
        run: run.id,
        rows: ran.rows,
        verdict: final.verdict,
        because: final.because,
        requester: review.requester,
        ...(final === verdict ? {} : { overrules: `${verdict.verdict} by ${verdict.by}` }),
      });
      return final.verdict;
    } catch (error) {
      // INVARIANT (P3): what cannot be decided on the record is not committed.
      this.#context.log(`a held run is rolled back: ${reasonOf(error)}`);
      return "roll-back";
    }
  }

  /** Commits or rolls back what is held, by one atomic step. RV-17. */
  async settle(principal: Principal, id: string, verdict: RunVerdict["verdict"]): Promise<Review> {
    const review = await this.#mine(principal, id);
    const changed = await this.#change(id, (at) => ({ event: "settle", verdict, by: principal.id, because: "", at }));
    if (!changed.ok) throw new VerbError("conflict", changed.reason);
    return this.#reviews.find(review.id);
  }

  /** What somebody found out about a run of which it was not known whether it ran. RV-16. */
  async found(principal: Principal, id: string, ran: boolean, note: string): Promise<Review> {
    const review = await this.#mine(principal, id);
    const changed = await this.#change(id, (at) => ({ event: "find", ran, by: principal.id, note, at }));
    if (!changed.ok) throw new VerbError("conflict", changed.reason);
    await this.#record("run.found", principal.id, review, { run: id, ran, note });
    return this.#reviews.find(review.id);
  }

  /** Null: the principal may decide on what this review let run. */
  maySettle(principal: Principal, review: Review): boolean {
    if (review.requester === principal.id) return true;
    return !samePerson(review.requester, principal.id) && this.#reviews.counts(principal, review).length > 0;
  }

  async #mine(principal: Principal, id: string): Promise<Review> {
    const run = await this.#context.runs.find(id);
    const review = run === null ? null : await this.#reviews.find(run.review);
    if (review === null || !this.maySettle(principal, review)) throw new VerbError("not-found", "there is no such run");
    return review;
  }

  /** The first decision that the store has. Time and a given-up run are decisions too. */
  #decided(run: Running, forMs: number, signal: AbortSignal): Promise<RunVerdict> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        stop();
        clearInterval(poll);
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
        end();
      };
      const look = (found: GrantedRun | undefined): void => {
        const state = found?.state;
        if (state?.state === "closing") finish(() => resolve(state));
        else if (state !== undefined && state.state !== "held") finish(() => reject(new Error(`the run is ${state.state}`)));
      };
      const ask = (): void => void this.#context.runs.find(run.id).then((found) => look(found ?? undefined), this.#log);
      const decide = (by: string, because: string): void => {
        this.#change(run.id, (at) => ({ event: "settle", verdict: "roll-back", by, because, at })).then(
          // Where another decision came first, that one holds.
          (changed) => (changed.ok ? look(changed.run) : ask()),
          (error: unknown) => finish(() => reject(error)),
        );
      };
      const aborted = (): void => {
        const { by, message, must } = givenUp(signal);
        if (must) finish(() => resolve(rollBack(signal)));
        decide(by, message);
      };
      const stop = this.#reviews.onChange((review) => {
        if (review.id === run.review) look(review.runs.find(({ id }) => id === run.id));
      });
      const poll = setInterval(ask, LOOK_MS);
      const timer = setTimeout(() => decide("system", "nobody decided in time"), forMs);
      signal.addEventListener("abort", aborted, { once: true });
      if (signal.aborted) aborted();
      else ask();
    });
  }

  readonly #log = (error: unknown): void => this.#context.log(`runs: ${reasonOf(error)}`);

  async #look(): Promise<void> {
    for (const tell of [...this.#untold.values()]) await tell();
    try {
      for (const id of await this.#context.runs.orphans()) await this.#tell(id, () => this.#lose(id));
    } catch (error) {
      this.#log(error);
    }
  }

  async #tell(run: string, tell: () => Promise<unknown>): Promise<void> {
    const attempt = async (): Promise<void> => {
      try {
        await tell();
        this.#untold.delete(run);
      } catch (error) {
        this.#untold.set(run, attempt);
        this.#log(error);
      }
    };
    await attempt();
  }

  async #lose(id: string): Promise<void> {
    const changed = await this.#change(id, (at) => ({ event: "lose", at }));
    if (!changed.ok) return;
    const { state } = changed.run;
    const review = await this.#reviews.find(changed.run.review);
    const body = { run: id, requester: review.requester, statement: review.statement };
    const rolledBack = state.state === "ended" ? { verdict: "roll-back", because: state.verdict?.because ?? "" } : null;
    await this.#tell(`record of ${id}`, () =>
      rolledBack === null
        ? this.#record("run.unknown", "system", review, body)
        : this.#record("run.settled", "system", review, { ...body, ...rolledBack }),
    );
  }

  #change(id: string, event: (at: number) => RunEvent): Promise<RunChange> {
    return this.#context.runs.change(id, (run, now) => transitionRun(run, event(now)));
  }

  #record(
    type: Extract<AuditType, `run.${string}`>,
    principal: string,
    review: Review,
    body: Parameters<Context["audit"]["append"]>[0]["body"],
  ) {
    const { clock, audit } = this.#context;
    const { target, session } = review;
    return audit.append({ type, at: clock.now(), principal, target, session, body: { review: review.id, ...body } });
  }
}

const NOT_ALLOWED: RunVerdict = {
  verdict: "roll-back",
  by: "system",
  because: "policies or grants changed: it is no longer allowed",
  decidedAt: 0,
};

function givenUp(signal: AbortSignal): GivenUp {
  const { reason } = signal;
  return reason instanceof GivenUp ? reason : new GivenUp("system", reasonOf(reason), true);
}

function mustGiveUp(signal: AbortSignal): boolean {
  return givenUp(signal).must;
}

function rollBack(signal: AbortSignal): RunVerdict {
  const { by, message } = givenUp(signal);
  return { verdict: "roll-back", by, because: message, decidedAt: 0 };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
