import type { ResultColumn } from "../core/domain/column.ts";
import type { Decision } from "../core/domain/decision.ts";
import type { MicroAction } from "../core/domain/micro-action.ts";
import type { Review } from "../core/domain/review.ts";
import type { RowBatch } from "../core/domain/row-batch.ts";
import type { GrantedRun } from "../core/domain/run.ts";
import type { Span } from "../core/domain/span.ts";
import type { Catalog, ParsedSql, PreparedSql } from "../core/guard/sql/index.ts";
import {
  authorize,
  type Granted,
  type Judgeable,
  judge,
  mayGoOn,
  needsWatcher,
  type Requester,
  recordRefusal,
  refusedText,
  type Verdict,
} from "./authorize.ts";
import { toldOf } from "./closed-tables.ts";
import type { Glass } from "./glass.ts";
import { DEFINITION_CHANGED, GrantedStatement, holdable, safeRunOf } from "./granted-statement.ts";
import { prepareSql, undescribed } from "./judge-sql.ts";
import { withPermittedColumns } from "./permitted-columns.ts";
import type { SqlConnection, SqlEnd, SqlFailure, SqlLimits, SqlNotice, SqlSink } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import { type Reviews, withdrawn } from "./reviews.ts";
import { ABANDONED, type Show } from "./show.ts";
import { forWatchers } from "./watched-rows.ts";

type ParsedStatement = Extract<ParsedSql, { ok: true }>["statements"][number];

/** Who watches a run. Statements are numbered from 0 in the order of the text. */
export interface RunObserver {
  /** As of `SqlSink`. */
  readonly takesFormats?: boolean;
  decided(statement: number, span: Span, decision: Decision, microActions: readonly MicroAction[]): void;
  waiting(statement: number, review: Review): void;
  /** It ran in an open transaction, which waits for a decision. */
  held?(statement: number, review: Review, run: GrantedRun): void;
  columns(statement: number, columns: readonly ResultColumn[]): void;
  /** Where it returns a promise, the database is read on when that has settled. */
  rows(statement: number, batch: RowBatch): undefined | Promise<void>;
  notice(statement: number, notice: SqlNotice): void;
  ended(statement: number, end: StatementEnd): void;
}

export type StatementEnd = SqlEnd | { readonly ended: "denied" | "review" | "rejected" | "expired" | "withdrawn" };

export interface RunOptions {
  readonly parameters: readonly (string | null)[] | null;
  /** Why, in the person's words; shown to reviewers. */
  readonly reason: string;
  /** False: a statement that needs review ends as `review`, and no review is opened. */
  readonly waitForReview: boolean;
  /** What a yes lets run is to wait in an open transaction; absent: only where policy or reviewer say so. */
  readonly safeRun?: boolean;
  /** The review that the same statement was waiting for when its session was lost. */
  readonly goesOnWith?: string;
  readonly signal: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 10 * 60_000;
const LOCK_TIMEOUT_MS = 10_000;
/** A definition that changes between judging and running is looked at anew this often, then refused. */
const ATTEMPTS = 3;

/** One SQL tab: a person's own connection to one database. One run at a time. */
export class SqlSession {
  readonly id: string;
  readonly #context: Context;
  readonly #reviews: Reviews;
  readonly #requester: Requester;
  readonly #connection: SqlConnection;
  /** For those who watch. */
  readonly #show: Show;
  readonly #glass: Glass;
  #running: Promise<void> | null = null;
  /** What runs now, to be judged again when policies change. */
  #current: { readonly statement: Judgeable<PreparedSql>; readonly granted: Granted | null } | null = null;
  /** Whoever waits for a review, a watcher or a reason waits no longer when the session is over. */
  readonly #over = new AbortController();
  /** What runs by a grant. */
  #granted: GrantedStatement | null = null;

  /** By text: statements of which the session still holds rows. */
  readonly #kept = new Map<string, Judgeable<PreparedSql>>();
  #dropping: Promise<boolean> | null = null;

  constructor(context: Context, reviews: Reviews, requester: Requester, connection: SqlConnection, show: Show, glass: Glass) {
    this.id = requester.session;
    this.#context = context;
    this.#reviews = reviews;
    this.#requester = requester;
    this.#connection = connection;
    this.#show = show;
    this.#glass = glass;
  }

  get transaction(): "idle" | "open" | "failed" {
    return this.#connection.state.transaction;
  }

  get busy(): boolean {
    return this.#running !== null;
  }

  /** Runs every statement of a text, each judged just before it runs; stops at the first that does not end well. */
  run(text: string, options: RunOptions, observer: RunObserver): Promise<void> {
    if (this.#running !== null) return Promise.reject(new Error("a run is under way in this session"));
    const signal = AbortSignal.any([options.signal, this.#over.signal]);
    this.#running = this.#run(text, { ...options, signal }, observer).finally(() => {
      this.#running = null;
      this.#current = null;
    });
    return this.#running;
  }

  /** What would happen to each statement. Nothing runs, nothing is recorded. */
  async judge(text: string): Promise<
    readonly {
      readonly span: Span;
      readonly decision: Decision;
      readonly microActions: readonly MicroAction[];
      readonly sent: string;
    }[]
  > {
    const parsed = await this.#context.parser.parse(text);
    if (!parsed.ok) {
      const span: Span = [0, text.length];
      return [
        { span, decision: refusedText(this.#context, undescribed(text, span), parsed.refusal), microActions: [], sent: "" },
      ];
    }
    const catalog = await this.#connection.catalog();
    return Promise.all(
      parsed.statements.map(async (statement) => {
        const prepared = await prepareSql(this.#context, this.#requester, statement, catalog, this.#connection.state, null);
        if (!prepared.ok)
          return {
            span: statement.span,
            decision: refusedText(this.#context, prepared.described, prepared.refusal),
            microActions: [],
            sent: "",
          };
        const judgeable = this.busy ? prepared.judgeable : await this.#estimated(prepared.judgeable);
        const { described, execution } = judgeable;
        const judged = judge(this.#context, this.#requester, judgeable);
        const decision = await this.#withPermitted(statement, judgeable, judged, catalog);
        const { microActions } = described;
        const sent = execution.ok && decision.outcome !== "deny" ? execution.sent : "";
        return { span: statement.span, ...toldOf({ decision, microActions }, judgeable.closed), sent };
      }),
    );
  }

  /** What has run and waits for its commit is decided on, as anybody's roll-back is; what runs is cancelled. */
  async cancel(): Promise<void> {
    this.#granted?.giveUp(this.#requester.principal.id, "cancelled by the requester", false);
    if (this.#granted?.isWaiting !== true) await this.#connection.cancel();
  }

  /** After a change of policies or grants: what runs and is no longer allowed is cancelled, rows that are kept go. */
  async rejudge(): Promise<void> {
    if (this.#current !== null && !mayGoOn(this.#context, this.#requester, this.#current)) {
      this.#granted?.giveUp("system", "policies or grants changed: it is no longer allowed", true);
      await this.#connection.cancel();
    } else if (this.#running === null) await this.#dropStale();
  }

  /**
   * Temporary tables and cursors hold rows as they were shown when they were made. INVARIANT (P6): what may no longer be
   * seen so goes. True: something went, and with it an open transaction.
   */
  #dropStale(): Promise<boolean> {
    this.#dropping ??= this.#dropStaleNow().finally(() => {
      this.#dropping = null;
    });
    return this.#dropping;
  }

  async #dropStaleNow(): Promise<boolean> {
    const stale = [...this.#kept.values()].some(
      (statement) => judge(this.#context, this.#requester, statement).outcome === "deny" || !statement.protectedNow(),
    );
    if (!stale) return false;
    try {
      await this.#connection.forget();
    } catch {
      await this.#connection.close();
    }
    this.#kept.clear();
    return true;
  }

  async close(): Promise<void> {
    this.#over.abort(new Error("the session ended"));
    this.#granted?.giveUp("system", "its session ended", true);
    await this.#connection.close();
  }

  async #run(text: string, options: RunOptions, observer: RunObserver): Promise<void> {
    const parsed = await this.#context.parser.parse(text);
    if (!parsed.ok) {
      const span: Span = [0, text.length];
      const decision = await recordRefusal(this.#context, this.#requester, undescribed(text, span), parsed.refusal);
      observer.decided(0, span, decision, []);
      observer.ended(0, { ended: "denied" });
      return;
    }
    for (const [index, statement] of parsed.statements.entries()) {
      if (options.signal.aborted) return;
      const end = await this.#one(index, statement, options, observer);
      observer.ended(index, end);
      if (end.ended !== "done") return;
    }
  }

  async #one(index: number, statement: ParsedStatement, options: RunOptions, observer: RunObserver): Promise<StatementEnd> {
    let grant: Review | null = null;
    for (let attempt = 1; ; attempt++) {
      if (await this.#dropStale()) return { ended: "failed", error: DROPPED, durationMs: 0 };
      if (this.#kept.size >= MAX_KEPT) return { ended: "failed", error: FULL, durationMs: 0 };
      if (this.#keepsWatched() && !this.#show.isWatched) {
        if (!options.waitForReview) return { ended: "review" };
        if (!(await this.#show.untilWatched(options.signal))) return { ended: "cancelled", durationMs: 0 };
      }
      const verdict = await this.#authorize(statement, options, grant);
      observer.decided(index, statement.span, verdict.decision, verdict.microActions);
      if (verdict.outcome === "unwatched" || verdict.outcome === "glass") {
        if (!options.waitForReview) return { ended: "review" };
        const goesOn =
          verdict.outcome === "unwatched"
            ? await this.#show.untilWatched(options.signal)
            : await this.#glass.untilBroken(verdict.judgeable.described, verdict.decision, options.signal);
        if (!goesOn) return { ended: "cancelled", durationMs: 0 };
        attempt -= 1;
        continue;
      }
      const shown = this.#show.decided(statement.text, verdict.decision);
      if (verdict.outcome === "deny") return { ended: "denied" };
      if (verdict.outcome === "review") {
        if (!options.waitForReview) return { ended: "review" };
        const resolved = await this.#wait(index, verdict, options, observer);
        if (resolved.state.state !== "approved") return { ended: endOfReview(resolved) };
        grant = resolved;
        continue;
      }
      const end = options.signal.aborted
        ? await this.#notRun(verdict.granted)
        : await this.#execute(index, verdict, await this.#watched(shown, statement, verdict.judgeable, options, observer));
      this.#show.ended(
        shown,
        end.ended,
        "rowCount" in end ? end.rowCount : null,
        end.ended === "failed" ? end.error.message : null,
      );
      if (end.ended === "failed" && end.error.code === DEFINITION_CHANGED && attempt < ATTEMPTS) continue;
      return end;
    }
  }

  /** The observer, and those who watch. */
  async #watched(
    shown: number,
    statement: ParsedStatement,
    judgeable: Judgeable<PreparedSql> | null,
    options: RunOptions,
    observer: RunObserver,
  ): Promise<RunObserver> {
    if (!this.#show.isWatched || judgeable === null) return observer;
    const { state } = this.#connection;
    const catalog = await this.#connection.catalog();
    return forWatchers(this.#context, this.#show, shown, judgeable, observer, (asked) =>
      prepareSql(this.#context, asked, statement, catalog, state, options.parameters),
    );
  }

  async #authorize(statement: ParsedStatement, options: RunOptions, grant: Review | null) {
    const { prepared, catalog } = await this.#prepared(statement, options.parameters);
    if (!prepared.ok) {
      const decision = await recordRefusal(this.#context, this.#requester, prepared.described, prepared.refusal);
      return { outcome: "deny", decision, microActions: [], judgeable: null } as const;
    }
    const judgeable = await this.#estimated(prepared.judgeable);
    const verdict = await authorize(this.#context, this.#reviews, this.#requester, judgeable, grant);
    const { microActions } = judgeable.described;
    if (verdict.outcome !== "deny") return { ...verdict, microActions, judgeable };
    const decision = await this.#withPermitted(statement, judgeable, verdict.decision, catalog);
    const told = toldOf({ decision, microActions }, judgeable.closed);
    return { outcome: "deny", ...told, judgeable } as const;
  }

  /** What is not understood may be about something that was made a moment ago: then the catalog is asked first. */
  async #prepared(statement: ParsedStatement, parameters: RunOptions["parameters"]) {
    const on = async (catalog: Catalog) => ({
      catalog,
      prepared: await prepareSql(this.#context, this.#requester, statement, catalog, this.#connection.state, parameters),
    });
    const first = await on(await this.#connection.catalog());
    if (first.prepared.ok) return first;
    const newer = await this.#connection.catalog("now");
    return newer === first.catalog ? first : on(newer);
  }

  #withPermitted(statement: ParsedStatement, judgeable: Judgeable<PreparedSql>, decision: Decision, catalog: Catalog) {
    return withPermittedColumns(this.#context, this.#requester, statement, judgeable, decision, catalog, this.#connection.state);
  }

  /** With what the planner says, where a policy asks for it and the statement would not be denied for another reason. */
  async #estimated(judgeable: Judgeable<PreparedSql>): Promise<Judgeable<PreparedSql>> {
    const { described, execution } = judgeable;
    if (!execution.ok) return judgeable;
    if (NO_ROWS.has(String(described.facts.kind))) return sized(judgeable, { rows: 0, cost: 0 });
    if (!this.#context.configuration.set.policies.some((policy) => policy.asksForEstimate)) return judgeable;
    const smallest = sized(judgeable, { rows: 0, cost: 0 });
    if (judge(this.#context, this.#requester, smallest).outcome === "deny") return smallest;
    const size = unjudgedFunctions(described) ? null : await this.#connection.estimate(execution.value);
    return size === null ? judgeable : sized(judgeable, size);
  }

  async #wait(
    index: number,
    verdict: Extract<Verdict<PreparedSql>, { outcome: "review" }> & { readonly judgeable: Judgeable<PreparedSql> | null },
    options: RunOptions,
    observer: RunObserver,
  ): Promise<Review> {
    if (verdict.judgeable === null) throw new Error("a review of nothing");
    const review = await this.#reviews.open({
      principal: this.#requester.principal,
      target: this.#requester.target,
      session: this.id,
      described: verdict.judgeable.described,
      decision: verdict.decision,
      fingerprint: verdict.fingerprint,
      shape: verdict.shape,
      shapeIsOpen: verdict.judgeable.shape.open,
      asks: null,
      safeRun: safeRunOf(verdict.judgeable, options.safeRun === true),
      estimatedRows: await this.#estimatedRows(verdict.judgeable),
      reason: options.reason,
      ...(options.goesOnWith === undefined ? {} : { goesOnWith: options.goesOnWith }),
    });
    observer.waiting(index, review);
    try {
      return await this.#reviews.waitFor(review, options.signal);
    } catch (error) {
      if (!options.signal.aborted) throw error;
      // The person has given up or gone: nothing must run when nobody waits for it.
      return await withdrawn(this.#context, this.#reviews, this.#requester.principal, review);
    }
  }

  async #execute(
    index: number,
    verdict: Extract<Verdict<PreparedSql>, { outcome: "allow" }> & { readonly judgeable: Judgeable<PreparedSql> | null },
    observer: RunObserver,
  ): Promise<SqlEnd> {
    const { granted } = verdict;
    this.#current = verdict.judgeable === null ? null : { statement: verdict.judgeable, granted };
    // A grant can have ended while the decision went onto the record.
    if (this.#current !== null && !mayGoOn(this.#context, this.#requester, this.#current)) {
      this.#current = null;
      return this.#notRun(granted);
    }
    const watched = needsWatcher(verdict.decision) || this.#keepsWatched() ? this.#underWatch() : null;
    let rows = 0;
    const still = (): boolean => this.#current !== null && mayGoOn(this.#context, this.#requester, this.#current);
    const byGrant =
      granted === null
        ? null
        : new GrantedStatement(this.#reviews.runs, granted, verdict.authorized, still, (review, held) =>
            observer.held?.(index, review, held),
          );
    this.#granted = byGrant;
    const sink: SqlSink = {
      takesFormats: observer.takesFormats === true,
      columns: (columns) => observer.columns(index, columns),
      rows: (batch) => {
        rows += batch.count;
        const give = () => observer.rows(index, batch);
        return watched === null || this.#show.isWatched ? give() : this.#show.whileWatched(watched.signal, give);
      },
      notice: (notice) => observer.notice(index, notice),
    };
    const limits = limitsOf(verdict.decision, verdict.authorized);
    const ran = await this.#connection.run(verdict.authorized, limits, sink, byGrant?.hold);
    this.#current = null;
    this.#granted = null;
    watched?.stop();
    const end: SqlEnd =
      watched?.signal.aborted === true && ran.ended === "cancelled"
        ? { ended: "failed", error: UNWATCHED, durationMs: ran.durationMs }
        : ran;
    if (verdict.judgeable !== null && end.ended === "done") this.#keep(verdict.judgeable, verdict.authorized.effect);
    try {
      await this.#recordEnd(verdict, end, rows);
    } catch (error) {
      // INVARIANT (P3): what cannot go on the record does not go on; an open transaction is rolled back.
      await this.#connection.close();
      throw error;
    }
    await byGrant?.ended(end);
    return end;
  }

  /** Whether temporary tables or cursors hold what was read under a watcher: who leaves does not leave them behind. PE-18. */
  #keepsWatched(): boolean {
    return [...this.#kept.values()].some((kept) => needsWatcher(judge(this.#context, this.#requester, kept)));
  }

  /** From now until `stop` somebody has to watch; when nobody does any more, what runs is cancelled and `signal` says so. */
  #underWatch(): { readonly signal: AbortSignal; stop(): void } {
    const abandoned = new AbortController();
    const release = this.#show.needsWatcher();
    const forget = this.#show.onAbandoned(() => {
      abandoned.abort(new Error(ABANDONED));
      this.#granted?.giveUp("system", ABANDONED, true);
      if (this.#granted?.isWaiting !== true)
        void this.#connection.cancel().catch((error: unknown) => this.#context.log(`cancelling: ${String(error)}`));
    });
    const stop = (): void => {
      forget();
      release();
    };
    return { signal: abandoned.signal, stop };
  }

  /** The grant was used, and nothing reached the server. */
  async #notRun(granted: Granted | null): Promise<SqlEnd> {
    if (granted !== null) await this.#reviews.runs.ended(granted.run, "not-run", null);
    return { ended: "cancelled", durationMs: 0 };
  }

  /** What the planner expects a change to touch, for those who are asked. */
  async #estimatedRows({ described, execution }: Judgeable<PreparedSql>): Promise<number | null> {
    const { estimatedRows } = described.facts;
    if (typeof estimatedRows === "number") return estimatedRows;
    if (!execution.ok || !holdable(execution.value) || unjudgedFunctions(described)) return null;
    return (await this.#connection.estimate(execution.value))?.rows ?? null;
  }

  #keep(statement: Judgeable<PreparedSql>, effect: PreparedSql["effect"]): void {
    if (effect === null) return;
    if ("keeps" in effect && effect.keeps !== "prepared") this.#kept.set(statement.described.text, statement);
    if ("drops" in effect && effect.drops === "rows") {
      for (const [text, { execution }] of this.#kept) {
        if (
          execution.ok &&
          execution.value.effect !== null &&
          "keeps" in execution.value.effect &&
          execution.value.effect.keeps === "rows"
        )
          this.#kept.delete(text);
      }
    }
  }

  async #recordEnd(verdict: Extract<Verdict<PreparedSql>, { outcome: "allow" }>, end: SqlEnd, rows: number): Promise<void> {
    const { principal, target } = this.#requester;
    const head = { at: this.#context.clock.now(), principal: principal.id, target: target.id, session: this.id };
    if (end.ended === "alarm")
      await this.#context.audit.append({
        ...head,
        type: "sentinel.alarm",
        body: { message: end.message, statement: verdict.authorized.original },
      });
    await this.#context.audit.append({
      ...head,
      type: "statement.executed",
      body: {
        kind: "sql",
        statementSha256: this.#context.sha256(verdict.authorized.original),
        review: verdict.granted?.run.review ?? null,
        run: verdict.granted?.run.id ?? null,
        ended: end.ended,
        rows,
        command: end.ended === "done" || end.ended === "rolled-back" ? end.command : null,
        rowCount: end.ended === "done" || end.ended === "rolled-back" ? end.rowCount : null,
        error: end.ended === "failed" ? end.error.code : null,
        ...(end.ended === "failed" && end.error === UNWATCHED ? { because: ABANDONED } : {}),
        durationMs: Math.round(end.durationMs),
      },
    });
  }
}

/** Planning runs immutable functions: nobody has judged those of the database. */
function unjudgedFunctions({ microActions }: Judgeable<PreparedSql>["described"]): boolean {
  return microActions.some(({ action }) => action === "sql:call" || action === "sql:opaque");
}

/** Kinds of statements that neither show nor change rows. */
const NO_ROWS: ReadonlySet<string> = new Set([
  "transaction",
  "set",
  "show",
  "close",
  "deallocate",
  "discard",
  "prepare",
  "explain",
]);

function sized(
  judgeable: Judgeable<PreparedSql>,
  size: { readonly rows: number; readonly cost: number },
): Judgeable<PreparedSql> {
  const facts = { ...judgeable.described.facts, estimatedRows: size.rows, estimatedCost: size.cost };
  return { ...judgeable, described: { ...judgeable.described, facts } };
}

/** Statements that fill temporary tables are looked at again with every change of policies. */
const MAX_KEPT = 500;

const DROPPED: SqlFailure = {
  code: "GH002",
  message:
    "what you may see has changed: temporary tables and cursors of this tab were dropped, and an open transaction was rolled back",
  hint: "nothing of this statement was run; make them again",
  span: null,
};

const UNWATCHED: SqlFailure = {
  code: "GH004",
  message: `cancelled and rolled back: somebody has to watch this statement, and ${ABANDONED}`,
  hint: "run it again; it waits until somebody watches",
  span: null,
};

const FULL: SqlFailure = {
  code: "GH003",
  message: `more than ${MAX_KEPT} different statements have filled temporary tables in this tab`,
  hint: "open another tab",
  span: null,
};

function limitsOf(decision: Decision, prepared: PreparedSql): SqlLimits {
  let rows: number | null = null;
  let timeoutMs = DEFAULT_TIMEOUT_MS;
  let readOnly = !prepared.writes;
  for (const obligation of decision.obligations) {
    if (obligation.type === "limit-rows") rows = Math.min(rows ?? obligation.rows, obligation.rows);
    if (obligation.type === "time-limit") timeoutMs = Math.min(timeoutMs, obligation.milliseconds);
    if (obligation.type === "read-only") readOnly = true;
  }
  // Read-only is about what others see.
  return { readOnly: readOnly && !prepared.temporary, rows, timeoutMs, lockTimeoutMs: LOCK_TIMEOUT_MS };
}

export function endOfReview(review: Review): "rejected" | "expired" | "withdrawn" {
  const { state } = review.state;
  return state === "rejected" || state === "withdrawn" ? state : "expired";
}
