import type { Decision } from "../core/domain/decision.ts";
import type { MicroAction } from "../core/domain/micro-action.ts";
import type { Refusal } from "../core/domain/refusal.ts";
import type { Review } from "../core/domain/review.ts";
import { type DescribedShell, describeShell, type PreparedShell, type ShellWhere } from "../core/guard/shell/index.ts";
import {
  authorize,
  type Granted,
  isFree,
  type Judgeable,
  judge,
  mayGoOn,
  needsWatcher,
  type Requester,
  recordRefusal,
  refusedText,
  type Verdict,
} from "./authorize.ts";
import type { Authorized } from "./authorized.ts";
import { refuseEmbedded } from "./embedded-sql.ts";
import type { Glass } from "./glass.ts";
import { undescribed } from "./judge-sql.ts";
import { foldersOf, placesOf } from "./places.ts";
import type { ShellConnection } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import { type Reviews, withdrawn } from "./reviews.ts";
import { ABANDONED, type Show } from "./show.ts";
import { endOfReview } from "./statement-end.ts";

export interface ShellVerdict {
  readonly decision: Decision;
  readonly microActions: readonly MicroAction[];
}

export interface ShellEnd {
  /** Null: not known, the connection was lost. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** Of output, before masking. */
  readonly bytes: number;
}

export interface SubmitOptions {
  readonly waitForReview: boolean;
  readonly onReview: (review: Review) => void;
  /** It waits until somebody watches, or has said why the glass is broken. */
  readonly onLacking?: (what: "unwatched" | "glass") => void;
  readonly signal: AbortSignal;
  readonly reason: string;
  /** The review that the line waited for in a session that was lost. */
  readonly goesOnWith?: string;
}

export interface AllowedShell {
  readonly allowed: true;
  readonly command: Authorized<PreparedShell>;
  readonly decision: Decision;
  readonly microActions: readonly MicroAction[];
  executed(end: ShellEnd): Promise<void>;
}

export type ShellSubmission =
  | AllowedShell
  | {
      readonly allowed: false;
      readonly decision: Decision;
      readonly microActions: readonly MicroAction[];
      readonly ended: "denied" | "review" | "rejected" | "expired" | "withdrawn";
      readonly message: string;
      /** The line was a client's that would have sent this. */
      readonly sql?: Refusal["sql"];
    };

/** Judges the command lines of one terminal. */
export class ShellJudge {
  readonly #context: Context;
  readonly #reviews: Reviews;
  readonly #requester: Requester;
  #current: { readonly statement: Judgeable<PreparedShell>; readonly granted: Granted | null } | null = null;

  readonly #connection: ShellConnection;
  /** Set while what runs has to be watched. */
  #released: (() => void) | null = null;
  #abandoned = false;
  /** For those who watch. */
  readonly #show: Show;
  readonly #glass: Glass;

  constructor(context: Context, reviews: Reviews, requester: Requester, connection: ShellConnection, show: Show, glass: Glass) {
    this.#context = context;
    this.#reviews = reviews;
    this.#requester = requester;
    this.#connection = connection;
    this.#show = show;
    this.#glass = glass;
  }

  /** What would happen; nothing is recorded. */
  judge(text: string, where: ShellWhere): ShellVerdict {
    const described = describeShell(text, where);
    if ("refusal" in described) return { decision: refusedText(this.#context, whole(text), described.refusal), microActions: [] };
    return { decision: judge(this.#context, this.#requester, judgeable(described, where)), microActions: described.microActions };
  }

  /**
   * The same with where paths lead and what globs match on the host. Null: that changes nothing, or the person may not
   * list one of the folders: then nothing is to be learnt of it by typing.
   */
  async judgeInPlace(text: string, where: ShellWhere): Promise<ShellVerdict | null> {
    const described = describeShell(text, where);
    if ("refusal" in described) return null;
    const folders = foldersOf(described.microActions);
    if (folders === null || folders.length === 0) return null;
    const mayList = (folder: string) => isFree(this.judge(`ls -- '${folder.replaceAll("'", "'\\''")}'`, where).decision);
    if (!folders.every(mayList)) return null;
    return this.judge(text, { ...where, ...(await placesOf(described.microActions, this.#connection)) });
  }

  /**
   * Judges a line that is to run, on the record; where policy asks for review, opens one and waits (`waitForReview`).
   * When the yes comes the line goes the same way again. Aborting the signal withdraws the review.
   */
  async submit(text: string, where: ShellWhere, options: SubmitOptions): Promise<ShellSubmission> {
    const first = await this.#authorized(text, where, options, null);
    if ("allowed" in first) return first;
    const { verdict, statement } = first;
    const { microActions } = statement.described;
    const not = (ended: Extract<ShellSubmission, { allowed: false }>["ended"], message: string): ShellSubmission => ({
      allowed: false,
      decision: verdict.decision,
      microActions,
      ended,
      message,
    });
    if (!options.waitForReview) return not("review", verdict.decision.reasons[0]?.message ?? "needs review");
    const review = await this.#reviews.open({
      principal: this.#requester.principal,
      target: this.#requester.target,
      session: this.#requester.session,
      described: statement.described,
      decision: verdict.decision,
      fingerprint: verdict.fingerprint,
      shape: verdict.shape,
      shapeIsOpen: statement.shape.open,
      asks: null,
      safeRun: "not-possible",
      estimatedRows: null,
      reason: options.reason,
      ...(options.goesOnWith === undefined ? {} : { goesOnWith: options.goesOnWith }),
    });
    options.onReview(review);
    const resolved = await this.#reviews.waitFor(review, options.signal).catch((error: unknown) => {
      if (!options.signal.aborted) throw error;
      return withdrawn(this.#context, this.#reviews, this.#requester.principal, review);
    });
    if (resolved.state.state !== "approved") return not(endOfReview(resolved), endMessage(resolved));
    // The same way again: a link may lead elsewhere by now.
    const again = await this.#authorized(text, where, options, resolved);
    if ("allowed" in again) return again;
    return not("expired", "the approval no longer covers this command; submit it again");
  }

  /** Whether a line would be allowed just so, where its paths lead now; nothing is recorded. */
  async isFreeNow(text: string, where: ShellWhere): Promise<boolean> {
    const described = await this.#placed(text, where);
    return !("refusal" in described) && isFree(judge(this.#context, this.#requester, judgeable(described, where)));
  }

  /**
   * A line of the gateway's own that answers a question of the person's, such as Tab: judged and on the record like theirs,
   * beside what runs. Null: it may not run just so; nothing is on the record then.
   */
  async aside(text: string, where: ShellWhere): Promise<Pick<AllowedShell, "command" | "executed"> | null> {
    const described = await this.#placed(text, where);
    if ("refusal" in described) return null;
    const statement = judgeable(described, where);
    if (!isFree(judge(this.#context, this.#requester, statement))) return null;
    const verdict = await authorize(this.#context, this.#reviews, this.#requester, statement, null);
    if (verdict.outcome !== "allow") return null;
    return { command: verdict.authorized, executed: (end) => this.#executed(statement, verdict.granted, end) };
  }

  /** One way through the guard and the choke point; waits for a watcher where one has to be there. */
  async #authorized(
    text: string,
    where: ShellWhere,
    options: SubmitOptions,
    grant: Review | null,
  ): Promise<
    | ShellSubmission
    | {
        readonly verdict: Extract<Verdict<PreparedShell>, { outcome: "review" }>;
        readonly statement: Judgeable<PreparedShell>;
      }
  > {
    for (;;) {
      const described = await this.#placed(text, where);
      if ("refusal" in described) return this.#refuse(text, described.refusal);
      const statement = judgeable(described, where);
      const verdict = await authorize(this.#context, this.#reviews, this.#requester, statement, grant);
      const { microActions } = described;
      if (verdict.outcome === "deny") return denied(verdict.decision, microActions);
      if (verdict.outcome === "allow") return this.#allow(verdict, statement);
      if (verdict.outcome === "review") return { verdict, statement };
      const wait = { allowed: false, decision: verdict.decision, microActions } as const;
      const unwatched = verdict.outcome === "unwatched";
      if (!options.waitForReview)
        return { ...wait, ended: "review", message: unwatched ? "somebody has to watch" : "it breaks glass" };
      options.onLacking?.(verdict.outcome);
      const goesOn = unwatched
        ? await this.#show.untilWatched(options.signal)
        : await this.#glass.untilBroken(described, verdict.decision, options.signal);
      if (!goesOn) return { ...wait, ended: "withdrawn", message: "given up; nothing was run" };
    }
  }

  /** Whether keys must not reach what runs: somebody has to watch, and nobody does. */
  get paused(): boolean {
    return this.#released !== null && !this.#show.isWatched;
  }

  /** Nobody watches any more: whether what runs has to end because of that. */
  abandon(): boolean {
    this.#abandoned = this.paused;
    return this.#abandoned;
  }

  /** After a change of policies: whether what runs may go on. */
  mayGoOn(): boolean {
    return this.#current === null || mayGoOn(this.#context, this.#requester, this.#current);
  }

  /** Described with where its paths lead on the host: a link is judged as what it leads to, too. */
  async #placed(text: string, where: ShellWhere): Promise<ReturnType<typeof describeShell>> {
    const described = describeShell(text, where);
    if ("refusal" in described) return described;
    const placed = describeShell(text, { ...where, ...(await placesOf(described.microActions, this.#connection)) });
    if ("refusal" in placed) return placed;
    const refusal = await refuseEmbedded(this.#context, this.#requester, placed.embedded);
    return refusal === null ? placed : { refusal };
  }

  #allow(
    { authorized: command, decision, granted }: Extract<Verdict<PreparedShell>, { outcome: "allow" }>,
    statement: Judgeable<PreparedShell>,
  ): ShellSubmission {
    this.#current = { statement, granted };
    this.#abandoned = false;
    this.#show.decided(statement.described.text, decision);
    this.#released?.();
    this.#released = needsWatcher(decision) ? this.#show.needsWatcher() : null;
    return {
      allowed: true,
      command,
      decision,
      microActions: statement.described.microActions,
      executed: (end) => this.#executed(statement, granted, end),
    };
  }

  async #executed(statement: Judgeable<PreparedShell>, granted: Granted | null, end: ShellEnd): Promise<void> {
    if (this.#current?.statement === statement) {
      this.#current = null;
      this.#released?.();
      this.#released = null;
    }
    const { principal, target, session } = this.#requester;
    await this.#context.audit.append({
      type: "statement.executed",
      at: this.#context.clock.now(),
      principal: principal.id,
      target: target.id,
      session,
      body: {
        kind: "shell",
        statementSha256: this.#context.sha256(statement.described.text),
        exitCode: end.exitCode,
        durationMs: Math.round(end.durationMs),
        bytes: end.bytes,
        review: granted?.run.review ?? null,
        run: granted?.run.id ?? null,
        ...(this.#abandoned ? { because: ABANDONED } : {}),
      },
    });
    if (granted === null) return;
    // Where the host was lost, nobody knows how far it came.
    if (end.exitCode === null) await this.#reviews.runs.lost(granted.run);
    else await this.#reviews.runs.ended(granted.run, "done", null);
  }

  async #refuse(text: string, refusal: Refusal): Promise<ShellSubmission> {
    return denied(await recordRefusal(this.#context, this.#requester, whole(text), refusal), [], refusal.sql);
  }
}

function judgeable(described: DescribedShell, where: ShellWhere): Judgeable<PreparedShell> {
  return {
    described,
    execution: { ok: true, value: described.prepared, sent: described.prepared.sent },
    obligations: [],
    place: JSON.stringify([where.cwd, where.environment]),
    shape: { open: false, text: described.text },
    protectedNow: () => true,
  };
}

function whole(text: string) {
  return undescribed(text, [0, text.length], "shell");
}

function denied(decision: Decision, microActions: readonly MicroAction[], sql?: Refusal["sql"]): ShellSubmission {
  const message = decision.reasons[0]?.message ?? "denied";
  return { allowed: false, decision, microActions, ended: "denied", message, ...(sql === undefined ? {} : { sql }) };
}

function endMessage(review: Review): string {
  switch (review.state.state) {
    case "rejected":
      return `rejected by ${review.state.by}${review.state.comment === "" ? "" : `: ${review.state.comment}`}`;
    case "withdrawn":
      return "the review was withdrawn, or is gone on with in another tab";
    default:
      return "nobody answered in time";
  }
}
