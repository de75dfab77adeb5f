import type { Target } from "../core/domain/configuration.ts";
import type { Action } from "../core/domain/micro-action.ts";
import type { Principal } from "../core/domain/principal.ts";
import { type PolicySet, permits } from "../core/policy/index.ts";
import { VerbError } from "./verb-error.ts";

/** Gatehouse itself, as policies see it: `resources: { targets: [gatehouse] }`, or no targets at all. */
export const APPLICATION: Target = {
  kind: "target",
  id: "gatehouse",
  type: "postgres",
  environment: "gatehouse",
  labels: {},
  postgres: { host: "localhost", port: 5432, database: "gatehouse", user: "gatehouse", tls: "verify" },
};

type ApplicationAction = Extract<Action, "admin:read" | "admin:write" | "audit:read">;

/** What of Gatehouse an action is about. */
export type ApplicationPart = "configuration" | "record" | "people" | "notifications";

export function mayUse(
  set: PolicySet,
  principal: Principal,
  action: ApplicationAction,
  now: number,
  part: ApplicationPart = action === "audit:read" ? "record" : "configuration",
): boolean {
  return permits(set, principal, APPLICATION, { action, resource: { kind: "application", part }, span: [0, 0] }, now);
}

export function requireUse(
  set: PolicySet,
  principal: Principal,
  action: ApplicationAction,
  now: number,
  part?: ApplicationPart,
): void {
  if (!mayUse(set, principal, action, now, part))
    throw new VerbError("forbidden", `no policy permits you \`${action}\`; ask an admin`);
}
