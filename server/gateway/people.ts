import type { PersonBody } from "../contract/http.ts";
import type { Principal } from "../core/domain/principal.ts";
import { samePerson } from "../core/review/transition.ts";
import type { Context } from "./ports-of-gateway.ts";
import { VerbError } from "./verb-error.ts";

/**
 * Shuts a person out, lets them in again, or ends what they have open. The record knows of it before it happens; every
 * replica hears of it from the store.
 */
export async function changePerson(context: Context, principal: Principal, body: PersonBody): Promise<void> {
  const id = body.id.trim().toLowerCase();
  if (!/^[^\s@]+@[^\s@]+$/.test(id)) throw new VerbError("invalid", `\`${body.id}\` is no e-mail address`);
  const record = (type: "person.sign-ins-revoked" | "person.disabled" | "person.enabled") =>
    context.audit.append({
      type,
      at: context.clock.now(),
      principal: principal.id,
      target: "",
      session: "",
      body: { person: id, reason: body.reason },
    });
  switch (body.change) {
    case "revoke-sign-ins":
      await record("person.sign-ins-revoked");
      await context.people.revokeSignIns(id);
      return;
    case "disable":
      if (samePerson(id, principal.id))
        throw new VerbError("invalid", "you cannot disable yourself; another admin has to do it, so that one is left");
      await record("person.disabled");
      await context.people.disable(id, principal.id, body.reason);
      return;
    case "enable":
      if (samePerson(id, principal.id)) throw new VerbError("invalid", "you cannot enable yourself");
      await record("person.enabled");
      await context.people.enable(id);
      return;
  }
}
