import type { AuditEvent } from "../core/domain/audit.ts";
import type { Target } from "../core/domain/configuration.ts";
import type { Decision, Obligation } from "../core/domain/decision.ts";
import { type MicroAction, resourceName } from "../core/domain/micro-action.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Refusal } from "../core/domain/refusal.ts";
import type { Review } from "../core/domain/review.ts";
import type { Described } from "../core/domain/statement.ts";
import { decide } from "../core/policy/index.ts";
import { fingerprintText, shapeText } from "../core/review/cover.ts";
import type { Authorized } from "./authorized.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Reviews } from "./reviews.ts";
import type { Running } from "./runs.ts";

/** A statement that a guard has described, on its way to be judged. */
export interface Judgeable<T> {
  readonly described: Described;
  /** What would run, or why the guard refuses it whatever policy says. */
  readonly execution:
    | { readonly ok: true; readonly value: T; readonly sent: string }
    | { readonly ok: false; readonly refusal: Refusal };
  /** Obligations that the guard found: masks, row filters. */
  readonly obligations: readonly Obligation[];
  /** Part of what an approval covers beside the text: working directory, parameters. */
  readonly place: string;
  /** What a yes for some time would cover. Not open: the exact text, in its place. */
  readonly shape: { readonly open: boolean; readonly text: string };
  /** Whether everything that has to be masked or filtered by now was so when this was written. */
  readonly protectedNow: () => boolean;
  /** A table that it names and policy denies: then the person is told of nothing else. Absent, null: none. */
  readonly closed?: () => MicroAction | null;
}

export interface Requester {
  readonly principal: Principal;
  readonly target: Target;
  readonly session: string;
  /** Whether the glass of that policy is broken in the session: the review of it. Absent: it cannot be. */
  readonly glassOf?: (policy: string) => string | null;
  /** Whether somebody else watches the session now; absent: nobody can. */
  readonly isWatched?: () => boolean;
}

export type Verdict<T> =
  /** `granted`: without it, it would have waited. Its run has to be told its end. */
  | {
      readonly outcome: "allow";
      readonly decision: Decision;
      readonly authorized: Authorized<T>;
      readonly granted: Granted | null;
    }
  | { readonly outcome: "review"; readonly decision: Decision; readonly fingerprint: string; readonly shape: string }
  /** It would run, were the glass broken: nothing is on the record yet. */
  | { readonly outcome: "glass"; readonly decision: Decision }
  /** It would run, were somebody watching: nothing was spent, and nothing is on the record yet. */
  | { readonly outcome: "unwatched"; readonly decision: Decision }
  | { readonly outcome: "deny"; readonly decision: Decision };

/** What policy and guard say, without recording and without letting anything run. */
export function judge<T>(context: Context, requester: Requester, statement: Judgeable<T>): Decision {
  const { set } = context.configuration;
  const { described } = statement;
  const decided = decide(
    set,
    {
      principal: requester.principal,
      target: requester.target,
      microActions: described.microActions,
      facts: described.facts,
      grants: context.standing.grantsOf(requester.principal, requester.target),
    },
    context.clock.now(),
  );
  if (decided.outcome === "deny") return decided;
  if (!statement.execution.ok) return refused(decided, described, statement.execution.refusal);
  return { ...decided, obligations: [...decided.obligations, ...statement.obligations] };
}

function refused(decision: Decision, described: Described, refusal: Refusal): Decision {
  const first = described.microActions[0];
  return {
    ...decision,
    outcome: "deny",
    obligations: [],
    reasons: [
      {
        outcome: "deny",
        policy: null,
        action: first?.action ?? (described.kind === "sql" ? "sql:opaque" : "shell:opaque"),
        resource: first === undefined ? "statement" : resourceName(first.resource),
        span: refusal.span,
        message: refusal.message,
        hint: refusal.hint,
      },
    ],
  };
}

/**
 * The choke point. Decides, spends a grant where one is needed and given, and puts the decision on the record; only then
 * is there an `Authorized` that a runner takes. INVARIANT (P3): when the record cannot be written this throws, and
 * nothing runs.
 */
export async function authorize<T extends object>(
  context: Context,
  reviews: Reviews,
  requester: Requester,
  statement: Judgeable<T>,
  grant: Review | null,
): Promise<Verdict<T>> {
  const decision = context.configuration.current
    ? judge(context, requester, statement)
    : unavailable(context, statement.described);
  const fingerprint = context.sha256(
    fingerprintText({
      principal: requester.principal.id,
      target: requester.target.id,
      kind: statement.described.kind,
      text: statement.described.text,
      sent: statement.execution.ok ? statement.execution.sent : "",
      place: statement.place,
    }),
  );
  const shape = context.sha256(
    shapeText({
      target: requester.target.id,
      kind: statement.described.kind,
      text: statement.shape.text,
      place: statement.shape.open ? "" : statement.place,
      microActions: statement.described.microActions,
    }),
  );
  const glass = glassNeeded(decision).map(({ policy }) => requester.glassOf?.(policy) ?? null);
  const unwatched = needsWatcher(decision) && requester.isWatched?.() !== true;
  const lacks = glass.includes(null) ? "glass" : unwatched ? "unwatched" : null;
  if (lacks !== null) {
    const byGrant = decision.outcome === "review" && (grant !== null || (await reviews.hasTimed(requester, shape, decision)));
    if (decision.outcome === "allow" || byGrant) return { outcome: lacks, decision };
  }
  let final = decision;
  let granted: Granted | null = null;
  if (decision.outcome === "review" && grant !== null) {
    const used = await reviews.use(grant, requester, fingerprint, decision);
    if (used.ok) granted = used.granted;
    else context.log(`grant ${grant.id} was not used: ${used.reason}`);
  }
  if (decision.outcome === "review" && lacks === null) granted ??= await reviews.spendTimed(requester, shape, decision);
  if (granted !== null) final = { ...decision, outcome: "allow" };
  const decided: AuditEvent = {
    type: "statement.decided",
    at: context.clock.now(),
    principal: requester.principal.id,
    target: requester.target.id,
    session: requester.session,
    body: {
      outcome: final.outcome,
      kind: statement.described.kind,
      statement: recorded(statement.described.text),
      statementSha256: context.sha256(statement.described.text),
      groups: requester.principal.groups,
      microActions: statement.described.microActions.map(actionLine),
      reasons: final.reasons.map(({ outcome, policy, action, resource, message }) => ({
        outcome,
        policy,
        action,
        resource,
        message,
      })),
      masked: final.obligations.flatMap((obligation) => (obligation.type === "mask" ? [obligation.column] : [])),
      filtered: final.obligations.flatMap((obligation) => (obligation.type === "filter-rows" ? [obligation.table] : [])),
      policyVersion: final.policyVersion,
      review: granted?.run.review ?? grant?.id ?? null,
      run: granted?.run.id ?? null,
      glass: glass.filter((review) => review !== null),
      grants: [
        ...new Set([...final.reasons.flatMap(({ grant: by }) => by ?? []), ...(granted?.by === "time" ? [granted.grant] : [])]),
      ],
    },
  };
  try {
    await context.audit.append(decided);
  } catch (error) {
    if (granted !== null) await reviews.runs.ended(granted.run, "not-run", null);
    throw error;
  }
  if (final.outcome === "deny") return { outcome: "deny", decision: final };
  if (final.outcome === "review") return { outcome: "review", decision: final, fingerprint, shape };
  if (!statement.execution.ok) throw new Error("allowed what the guard refuses");
  return { outcome: "allow", decision: final, authorized: statement.execution.value as Authorized<T>, granted };
}

/** Policies of which the glass has to be broken before the statement runs. */
export function glassNeeded(decision: Decision) {
  return decision.obligations.flatMap((obligation) => (obligation.type === "review-after" ? [obligation] : []));
}

/** Allowed as it is: nobody has to say why first, or to watch. */
export function isFree(decision: Decision): boolean {
  return decision.outcome === "allow" && glassNeeded(decision).length === 0 && !needsWatcher(decision);
}

/** Whether somebody else has to watch the session while the statement runs. */
export function needsWatcher(decision: Decision): boolean {
  return decision.obligations.some(({ type }) => type === "watched");
}

/** Whether what runs may go on: policies and grants may have changed since it was let run. */
export function mayGoOn<T>(
  context: Context,
  requester: Requester,
  running: { readonly statement: Judgeable<T>; readonly granted: Granted | null },
): boolean {
  const { outcome } = judge(context, requester, running.statement);
  if (outcome === "deny" || !running.statement.protectedNow()) return false;
  return (
    outcome === "allow" ||
    (running.granted !== null && (running.granted.by === "run" || context.standing.holds(running.granted.grant)))
  );
}

/**
 * By what a statement runs that policy would have reviewed: a grant for this run, or one for some time. `holdMs`: how long
 * it waits for a commit; null: it does not.
 */
export type Granted = { readonly run: Running; readonly holdMs: number | null } & (
  | { readonly by: "run" }
  | { readonly by: "time"; readonly grant: string }
);

/** A text that is no statement (it does not parse, or is refused as a whole) is a denial on the record like any other. */
export async function recordRefusal(
  context: Context,
  requester: Requester,
  described: Described,
  refusal: Refusal,
): Promise<Decision> {
  const decision = refusedText(context, described, refusal);
  await context.audit.append({
    type: "statement.decided",
    at: context.clock.now(),
    principal: requester.principal.id,
    target: requester.target.id,
    session: requester.session,
    body: {
      outcome: "deny",
      kind: described.kind,
      statement: recorded(described.text),
      statementSha256: context.sha256(described.text),
      groups: requester.principal.groups,
      microActions: [],
      reasons: decision.reasons.map(({ outcome, policy, action, resource, message }) => ({
        outcome,
        policy,
        action,
        resource,
        message,
      })),
      masked: [],
      filtered: [],
      policyVersion: decision.policyVersion,
      review: null,
    },
  });
  return decision;
}

export function refusedText(context: Context, described: Described, refusal: Refusal): Decision {
  const none: Decision = { outcome: "deny", reasons: [], obligations: [], policyVersion: context.configuration.set.version };
  return refused(none, described, refusal);
}

function unavailable(context: Context, described: Described): Decision {
  return refusedText(context, described, {
    message: "the store cannot be reached, so policies may have changed unseen",
    span: described.span,
    hint: "try again in a moment; nothing was run",
  });
}

function actionLine(action: MicroAction): string {
  return `${action.action} ${resourceName(action.resource)}`;
}

const RECORDED_CHARACTERS = 64_000;

/** The record holds the first part of a very long text, and its hash. */
function recorded(text: string): string {
  return text.length <= RECORDED_CHARACTERS ? text : `${text.slice(0, RECORDED_CHARACTERS)}… (${text.length} characters)`;
}
