import type { Decision } from "../core/domain/decision.ts";
import { type MicroAction, resourceName } from "../core/domain/micro-action.ts";
import { decide } from "../core/policy/index.ts";
import type { Requester } from "./authorize.ts";
import type { Context } from "./ports-of-gateway.ts";

/**
 * Names of tables are no secret to who may connect, names of columns are one of who may use the table. So of a statement
 * that names a closed table only that is told: neither which columns it has, nor whether one exists
 * (docs/decisions/020-what-names-tell.md).
 */

/** A table is closed that no size and no condition of the statement's own would open. */
export const MODEST = { hasWhere: true, hasLimit: true, estimatedRows: 0, estimatedCost: 0 } as const;

/** The first of the actions that policy denies. `named`: in the order in which the guard came to them, up to where it refused. */
export function firstClosed(
  context: Context,
  { principal, target }: Requester,
  named: readonly MicroAction[],
): MicroAction | null {
  const grants = context.standing.grantsOf(principal, target);
  const isClosed = (action: MicroAction): boolean => {
    const request = { principal, target, microActions: [action], facts: MODEST, grants };
    return decide(context.configuration.set, request, context.clock.now()).outcome === "deny";
  };
  return named.find(isClosed) ?? null;
}

/** What a person is shown of what their statement would do. The record has all of it. */
export function toldOf(
  judged: { readonly decision: Decision; readonly microActions: readonly MicroAction[] },
  closedTable: () => MicroAction | null = () => null,
): typeof judged {
  const { decision, microActions } = judged;
  const closed = decision.outcome === "deny" ? closedTable() : null;
  if (closed === null) return judged;
  const name = resourceName(closed.resource);
  const of = (action: string, resource: string, [from]: readonly [number, number]) =>
    action === closed.action && resource === name && from === closed.span[0];
  const reasons = decision.reasons.filter(({ action, resource, span }) => of(action, resource, span));
  if (reasons.length === 0) return judged;
  return {
    decision: { ...decision, reasons, obligations: [] },
    microActions: microActions.filter(({ action, resource, span }) => of(action, resourceName(resource), span)),
  };
}
