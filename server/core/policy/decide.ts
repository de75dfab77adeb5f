import { durationMs, type Target } from "../domain/configuration.ts";
import type { Decision, Obligation, Outcome, Reason } from "../domain/decision.ts";
import { type AccessGrant, accessCovers } from "../domain/grant.ts";
import type { Action, ContextValue, MicroAction, Resource } from "../domain/micro-action.ts";
import { resourceName } from "../domain/micro-action.ts";
import type { Principal } from "../domain/principal.ts";
import { actionContext, statementContext } from "./context.ts";
import { type CompiledPolicy, type PolicySet, type Shelf, shelve } from "./policy-set.ts";
import { kindsFit, principalFits, targetFits } from "./selector.ts";
import { tagsOn } from "./tags.ts";

export interface DecisionRequest {
  readonly principal: Principal;
  readonly target: Target;
  readonly microActions: readonly MicroAction[];
  readonly facts: { readonly [key: string]: ContextValue };
  /** The person's own on this target; what is over by `now` counts for nothing. */
  readonly grants?: readonly AccessGrant[];
}

const DEFAULT_EXPIRY_MS = 60 * 60_000;
const DEFAULT_GRANT_MS = 60 * 60_000;
const EFFECT_OUTCOME = { forbid: "deny", review: "review", permit: "allow" } as const satisfies Record<
  CompiledPolicy["effect"],
  Outcome
>;
const SEVERITY = { allow: 0, review: 1, deny: 2 } as const satisfies Record<Outcome, number>;

/** Pure: the live check, the verdict while typing, the simulator and a replay get the same answer. Rules: SPEC.md. */
export function decide(set: PolicySet, request: DecisionRequest, now: number): Decision {
  const reasons: Reason[] = [];
  const obligations = new Map<string, Obligation>();
  let outcome: Outcome = "allow";
  const shelves = shelvesFor(set, request.principal, request.target);
  const shared = statementContext(request.principal, request.target, request.facts, now);
  for (const action of request.microActions) {
    const found = decideOne(set, shelves, request, action, shared, obligations, now);
    reasons.push(...found.reasons);
    if (SEVERITY[found.outcome] > SEVERITY[outcome]) outcome = found.outcome;
  }
  return { outcome, reasons: concise(reasons), obligations: [...obligations.values()], policyVersion: set.version };
}

/** Whether a policy permits one action outright; a review is not a permit, nor is one that breaks glass. */
export function permits(
  set: PolicySet,
  principal: Principal,
  target: Target,
  action: MicroAction,
  now: number,
  grants: readonly AccessGrant[] = [],
): boolean {
  const { outcome, obligations } = decide(set, { principal, target, microActions: [action], facts: {}, grants }, now);
  return outcome === "allow" && !obligations.some(({ type }) => type === "review-after");
}

function decideOne(
  set: PolicySet,
  shelves: Shelves,
  request: DecisionRequest,
  action: MicroAction,
  shared: Readonly<Record<string, unknown>>,
  obligations: Map<string, Obligation>,
  now: number,
): { readonly outcome: Outcome; readonly reasons: readonly Reason[] } {
  const grant = grantFor(request.grants ?? [], action, now);
  const matching: { readonly policy: CompiledPolicy; readonly outcome: Outcome; readonly broken: string | null }[] = [];
  let context: Readonly<Record<string, unknown>> | null = null;
  for (const policy of candidates(shelves, action)) {
    if (!resourceFits(set, policy, request.target, action.resource)) continue;
    const outcome = policy.effect === "review" && answered(grant, policy) ? "allow" : EFFECT_OUTCOME[policy.effect];
    if (policy.condition === null) {
      matching.push({ policy, outcome, broken: null });
      continue;
    }
    context ??= { ...shared, ...actionContext(action) };
    const held = evaluate(policy, context);
    if (held === true) matching.push({ policy, outcome, broken: null });
    else if (held !== false) matching.push({ policy, outcome: "deny", broken: held });
  }
  const resource = resourceName(action.resource);
  if (matching.length === 0 && grant === null) {
    return {
      outcome: "deny",
      reasons: [
        {
          outcome: "deny",
          policy: null,
          action: action.action,
          resource,
          span: action.span,
          message: `no policy permits ${phrase(action, resource)}`,
        },
      ],
    };
  }
  const outcome = matching.reduce<Outcome>(
    (worst, match) => (SEVERITY[match.outcome] > SEVERITY[worst] ? match.outcome : worst),
    "allow",
  );
  const reasons: Reason[] = matching
    .filter((match) => match.outcome === outcome)
    .map(({ policy, broken }) => ({
      outcome,
      policy: policy.id,
      action: action.action,
      resource,
      span: action.span,
      message:
        broken === null
          ? message(outcome, policy, action, resource)
          : `policy \`${policy.id}\` could not be evaluated: ${broken}`,
    }));
  if (grant !== null && outcome === "allow") {
    const { id } = grant;
    const said = `${phrase(action, resource)} is permitted by a grant for some time`;
    reasons.push({ outcome, policy: null, grant: id, action: action.action, resource, span: action.span, message: said });
  }
  // PE-19: what lets act at once and be reviewed afterwards is asked last, where nothing else permits.
  const plain = grant !== null || matching.some((match) => match.outcome === "allow" && !breaksGlass(match.policy));
  if (outcome !== "deny") {
    for (const match of matching) {
      if (plain && match.outcome === "allow" && breaksGlass(match.policy)) continue;
      oblige(match.policy, match.outcome === "review", obligations);
    }
  }
  return { outcome, reasons };
}

function breaksGlass(policy: CompiledPolicy): boolean {
  return policy.obligations.reviewAfter !== undefined;
}

function grantFor(grants: readonly AccessGrant[], action: MicroAction, now: number): AccessGrant | null {
  return grants.find((grant) => now < grant.until && grant.access.some((access) => accessCovers(access, action))) ?? null;
}

/** PE-17: what the grant's reviewers were asked by this policy they have answered. */
function answered(grant: AccessGrant | null, policy: CompiledPolicy): boolean {
  const needed = policy.obligations.approvals ?? 1;
  return grant?.answered.some((given) => given.policy === policy.id && given.approvals >= needed) ?? false;
}

type Shelves = ReadonlyMap<Action, Shelf>;

/** Of a set, what speaks of one person on one target. A set never changes, so it is worked out once for each. */
const remembered = new WeakMap<PolicySet, Map<string, Shelves>>();
const MOST_REMEMBERED = 2_000;

function shelvesFor(set: PolicySet, principal: Principal, target: Target): Shelves {
  let known = remembered.get(set);
  if (known === undefined) {
    known = new Map();
    remembered.set(set, known);
  }
  const key = JSON.stringify([
    principal.id,
    principal.groups,
    principal.attributes,
    target.id,
    target.type,
    target.environment,
    target.labels,
  ]);
  const found = known.get(key);
  if (found !== undefined) return found;
  const shelves = shelve(
    set.policies.filter((policy) => principalFits(policy.principals, principal) && targetFits(policy.targets, target)),
  );
  if (known.size >= MOST_REMEMBERED) known.clear();
  known.set(key, shelves);
  return shelves;
}

function candidates(shelves: Shelves, action: MicroAction): readonly CompiledPolicy[] {
  const shelf = shelves.get(action.action);
  if (shelf === undefined) return [];
  const named = shelf.byName.get(shelfName(action.resource));
  return named === undefined ? shelf.generic : shelf.generic.length === 0 ? named : [...shelf.generic, ...named];
}

function shelfName(resource: Resource): string {
  switch (resource.kind) {
    case "target":
      return "target";
    case "table":
    case "column":
      return `table:${resource.schema}\0${resource.table}`;
    case "program":
      return `program:${resource.program}`;
    case "setting":
      return `setting:${resource.name}`;
    case "host":
      return `host:${resource.host}`;
    case "function":
    case "path":
    case "opaque":
    case "application":
      return "";
  }
}

function resourceFits(set: PolicySet, policy: CompiledPolicy, target: Target, resource: Resource): boolean {
  const wide = policy.effect !== "permit";
  const tagsOf = (schema: string, table: string, column: string): readonly string[] =>
    tagsOn(set, target.id, schema, table, column);
  if (policy.kinds !== null && !kindsFit(policy.kinds, resource, tagsOf, wide)) return false;
  if (policy.except === null) return true;
  const { targets, kinds } = policy.except;
  if (targets !== undefined && !targetFits(targets, target)) return true;
  if (kinds === null) return targets === undefined;
  // A resource of kind `target` is never what an exception of tables or paths speaks of.
  return resource.kind === "target" || !kindsFit(kinds, resource, tagsOf, !wide);
}

/** True or false, or what went wrong. */
function evaluate(policy: CompiledPolicy, context: Readonly<Record<string, unknown>>): boolean | string {
  try {
    const value = policy.condition?.(context);
    return typeof value === "boolean" ? value : "its condition is neither true nor false";
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? "unknown error") : "unknown error";
  }
}

function oblige(policy: CompiledPolicy, asks: boolean, obligations: Map<string, Obligation>): void {
  const {
    approvals,
    reviewers,
    expireAfter,
    grantFor,
    escalateTo,
    holdFor,
    limitRows,
    timeLimit,
    limitOutput,
    readOnly,
    watched,
    reviewAfter,
  } = policy.obligations;
  if (asks) {
    obligations.set(`approvals:${policy.id}`, {
      type: "approvals",
      policy: policy.id,
      approvals: approvals ?? 1,
      reviewers: { groups: reviewers?.groups ?? [], users: reviewers?.users ?? [] },
      expireAfterMs: expireAfter === undefined ? DEFAULT_EXPIRY_MS : durationMs(expireAfter),
      grantForMs: grantFor === undefined ? DEFAULT_GRANT_MS : durationMs(grantFor),
      escalateTo: escalateTo ?? [],
      holdForMs: holdFor === undefined ? null : durationMs(holdFor),
    });
  }
  if (limitRows !== undefined) obligations.set(`rows:${policy.id}`, { type: "limit-rows", rows: limitRows, policy: policy.id });
  if (timeLimit !== undefined)
    obligations.set(`time:${policy.id}`, { type: "time-limit", milliseconds: durationMs(timeLimit), policy: policy.id });
  if (limitOutput !== undefined)
    obligations.set(`output:${policy.id}`, { type: "limit-output", bytes: limitOutput, policy: policy.id });
  if (readOnly === true) obligations.set(`read-only:${policy.id}`, { type: "read-only", policy: policy.id });
  if (reviewAfter !== undefined)
    obligations.set(`review-after:${policy.id}`, {
      type: "review-after",
      policy: policy.id,
      approvals: approvals ?? 1,
      reviewers: { groups: reviewers?.groups ?? [], users: reviewers?.users ?? [] },
      escalateTo: escalateTo ?? [],
      withinMs: durationMs(reviewAfter),
    });
  if (watched === true) obligations.set(`watched:${policy.id}`, { type: "watched", policy: policy.id });
}

function phrase(action: MicroAction, resource: string): string {
  return action.resource.kind === "target" ? `\`${action.action}\` on this target` : `\`${action.action}\` on \`${resource}\``;
}

function message(outcome: Outcome, policy: CompiledPolicy, action: MicroAction, resource: string): string {
  const what = phrase(action, resource);
  switch (outcome) {
    case "deny":
      return `${what} is forbidden by policy \`${policy.id}\``;
    case "review":
      return `${what} needs review, says policy \`${policy.id}\``;
    case "allow":
      return `${what} is permitted by policy \`${policy.id}\``;
  }
}

/** Where a table as a whole is denied, its columns' denials by the same policy say nothing new. */
function concise(reasons: readonly Reason[]): readonly Reason[] {
  const denied = new Set(
    reasons
      .filter((reason) => reason.outcome === "deny")
      .map((reason) => `${reason.action}\0${reason.policy}\0${reason.resource}`),
  );
  const seen = new Set<string>();
  return reasons.filter((reason) => {
    const table = reason.resource.slice(0, Math.max(0, reason.resource.lastIndexOf(".")));
    if (reason.outcome === "deny" && denied.has(`${reason.action}\0${reason.policy}\0${table}`)) return false;
    const key = `${reason.outcome}\0${reason.policy}\0${reason.action}\0${reason.resource}\0${reason.span.join()}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
