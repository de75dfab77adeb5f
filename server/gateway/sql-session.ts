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
import { DEFINITION_CHANGED, GrantedStatement, safeRunOf } from "./granted-statement.ts";
import { prepareSql, undescribed } from "./judge-sql.ts";
import { DROPPED, FULL, KeptRows } from "./kept-rows.ts";
import { withPermittedColumns } from "./permitted-columns.ts";
import type { SqlConnection, SqlEnd, SqlNotice, SqlSink } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import { type Reviews, withdrawn } from "./reviews.ts";
import { ABANDONED, type Show } from "./show.ts";
import { endOfReview, limitsOf, recordEnd, type StatementEnd, UNWATCHED } from "./statement-end.ts";
import { rowsTouched, withEstimate } from "./statement-size.ts";
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
  readonly #kept: KeptRows;

  constructor(context: Context, reviews: Reviews, requester: Requester, connection: SqlConnection, show: Show, glass: Glass) {
    this.id = requester.session;
    this.#context = context;
    this.#reviews = reviews;
    this.#requester = requester;
    this.#connection = connection;
    this.#show = show;
    this.#glass = glass;
    this.#kept = new KeptRows(context, requester, connection);
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
        const judgeable = this.busy
          ? prepared.judgeable
          : await withEstimate(this.#context, this.#requester, this.#connection, prepared.judgeable);
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
    } else if (this.#running === null) await this.#kept.dropStale();
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
      if (await this.#kept.dropStale()) return { ended: "failed", error: DROPPED, durationMs: 0 };
      if (this.#kept.isFull) return { ended: "failed", error: FULL, durationMs: 0 };
      if (this.#kept.needWatcher && !this.#show.isWatched) {
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
    const judgeable = await withEstimate(this.#context, this.#requester, this.#connection, prepared.judgeable);
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
      estimatedRows: await rowsTouched(this.#connection, verdict.judgeable),
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
    const watched = needsWatcher(verdict.decision) || this.#kept.needWatcher ? this.#underWatch() : null;
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
    if (verdict.judgeable !== null && end.ended === "done") this.#kept.add(verdict.judgeable, verdict.authorized.effect);
    try {
      await recordEnd(this.#context, this.#requester, verdict, end, rows);
    } catch (error) {
      // INVARIANT (P3): what cannot go on the record does not go on; an open transaction is rolled back.
      await this.#connection.close();
      throw error;
    }
    await byGrant?.ended(end);
    return end;
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
}
