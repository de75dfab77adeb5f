import type { Principal } from "../core/domain/principal.ts";
import type { PolicySet } from "../core/policy/index.ts";

/** A person of the identity provider as policies see them: the claim's groups and those of `group` documents. */
export function principalOf(
  person: {
    readonly email: string;
    readonly name: string;
    readonly groups: readonly string[];
    readonly attributes?: Readonly<Record<string, string>>;
  },
  set: PolicySet,
): Principal {
  const id = person.email.toLowerCase();
  const own = set.groups.filter((group) => group.members.some((member) => member.toLowerCase() === id)).map((group) => group.id);
  return { id, name: person.name, groups: [...new Set([...person.groups, ...own])].sort(), attributes: person.attributes ?? {} };
}
