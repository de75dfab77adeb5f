import type { AccessRequestBody } from "../contract/http.ts";
import type { Target } from "../core/domain/configuration.ts";
import type { Access, AskableAction } from "../core/domain/grant.ts";
import { type MicroAction, type Resource, resourceName } from "../core/domain/micro-action.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Review, ReviewRequirement } from "../core/domain/review.ts";
import { decide, exactResource } from "../core/policy/index.ts";
import { requirementsOf } from "../core/review/cover.ts";
import { isFree } from "./authorize.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Reviews } from "./reviews.ts";
import { VerbError } from "./verb-error.ts";

/** A flood of requests would hide the one that matters. */
const MOST_OPEN = 20;
const WAITS_MS = 8 * 60 * 60_000;

/**
 * Asks for access for some time, from where it was denied or masked. RV-14. Asking tells nothing: whether a table or a
 * program exists is not looked up.
 */
export async function requestAccess(
  context: Context,
  reviews: Reviews,
  principal: Principal,
  body: AccessRequestBody,
): Promise<Review> {
  const { set } = context.configuration;
  const target = set.targets.get(body.target);
  if (target === undefined) throw new VerbError("not-found", `there is no target \`${body.target}\``);
  if (!context.configuration.current || context.standing.isDisabled(principal.id))
    throw new VerbError("unavailable", "nothing can be asked for now; try again in a moment");
  const access = body.access.map(({ action, resource }) => accessOf(action, resource, target));
  if ((await context.reviews.openOf(principal.id)) >= MOST_OPEN)
    throw new VerbError("conflict", `${MOST_OPEN} of your reviews are open; withdraw one or wait for an answer`);
  const { text, microActions } = written(access);
  const grants = context.standing.grantsOf(principal, target);
  const asked = { principal, target, microActions, facts: {}, grants };
  const decision = decide(set, asked, context.clock.now());
  if (isFree(decision)) throw new VerbError("conflict", "you may do this already");
  const forbidden = decision.reasons.find((reason) => reason.outcome === "deny" && reason.policy !== null);
  if (forbidden !== undefined) throw new VerbError("forbidden", `this cannot be asked for: ${forbidden.message}`);
  const requirements: readonly ReviewRequirement[] = [
    ...requirementsOf(decision),
    ...(decision.outcome === "review" ? [] : [UNNAMED]),
  ];
  const most = Math.min(...requirements.map((requirement) => requirement.mostMinutes));
  if (most === 0)
    throw new VerbError("forbidden", "policy lets this be approved only once: run the statement and wait for a yes");
  return reviews.open({
    principal,
    target,
    session: "",
    described: { kind: "access", text, span: [0, text.length], microActions },
    decision: { ...decision, outcome: "review", reasons: decision.reasons.map((reason) => ({ ...reason, outcome: "review" })) },
    fingerprint: "",
    shape: "",
    shapeIsOpen: false,
    asks: { access, minutes: Math.min(body.minutes, most) },
    safeRun: "not-possible",
    estimatedRows: null,
    requirements,
    validForMs: WAITS_MS,
    reason: body.reason,
  });
}

/** Where no policy asks for a review: one yes of somebody whom policy permits `review:resolve` on the target. */
const UNNAMED: ReviewRequirement = {
  policy: "",
  approvals: 1,
  groups: [],
  users: [],
  mostMinutes: 1_440,
  escalateTo: [],
  holdForMs: null,
};

/** What each is asked on; the first kind that the name fits. */
const ON: Readonly<Record<AskableAction, { readonly type: Target["type"] | null; readonly kinds: readonly Resource["kind"][] }>> =
  {
    "sql:unmask": { type: "postgres", kinds: ["column"] },
    "sql:select": { type: "postgres", kinds: ["table", "column"] },
    "shell:exec": { type: "ssh", kinds: ["program"] },
    "shell:raw": { type: "ssh", kinds: ["target"] },
    "target:connect": { type: null, kinds: ["target"] },
  };

function accessOf(action: AskableAction, named: string, target: Target): Access {
  const { type, kinds } = ON[action];
  if (type !== null && type !== target.type)
    throw new VerbError("invalid", `\`${action}\` is nothing for target \`${target.id}\``);
  for (const kind of kinds) {
    const resource = exactResource(kind, named);
    if (resource !== null) return { action, resource };
  }
  throw new VerbError("invalid", `\`${action}\` on \`${named}\` cannot be asked for: name one ${kinds.join(" or ")}`);
}

/** One line for each thing asked, with the micro-action that it stands for. */
function written(access: readonly Access[]): { readonly text: string; readonly microActions: readonly MicroAction[] } {
  let text = "";
  const microActions = access.map(({ action, resource }): MicroAction => {
    const from = text === "" ? 0 : text.length + 1;
    const line = resource.kind === "target" ? action : `${action} ${resourceName(resource)}`;
    text += `${from === 0 ? "" : "\n"}${line}`;
    return {
      action,
      resource,
      span: [from, text.length],
      ...(resource.kind === "program" ? { context: command(resource.program) } : {}),
    };
  });
  return { text, microActions };
}

function command(program: string): NonNullable<MicroAction["context"]> {
  return { command: { program, subcommand: "", flags: [], arguments: [], unknown: false } };
}
