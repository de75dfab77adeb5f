import { type ContextValue, type MicroAction, resourceName } from "../domain/micro-action.ts";

/** What a command line would do to its host, in groups, as far as its micro-actions say. */
export const EFFECTS = ["services", "deletes", "changes", "reads", "network", "processes", "privileges", "unknown"] as const;
export type EffectKind = (typeof EFFECTS)[number];
export interface Effect {
  readonly kind: EffectKind;
  /** Each once, in the order of the line. */
  readonly what: readonly string[];
}

/** Programs that manage what runs on a host or in a cluster; of others their arguments are no names of services. */
const MANAGERS: ReadonlySet<string> = new Set([
  "systemctl",
  "service",
  "rc-service",
  "supervisorctl",
  "pm2",
  "docker",
  "podman",
  "kubectl",
  "nomad",
]);

/** The groups that are not empty, the most consequential first. */
export function effectsOf(microActions: readonly MicroAction[]): readonly Effect[] {
  const found = new Map<EffectKind, Set<string>>();
  for (const action of microActions) {
    const effect = effectOf(action);
    if (effect === null) continue;
    const [kind, what] = effect;
    const known = found.get(kind) ?? new Set();
    found.set(kind, known.add(what));
  }
  return EFFECTS.flatMap((kind) => {
    const what = found.get(kind);
    return what === undefined ? [] : [{ kind, what: [...what] }];
  });
}

function effectOf(action: MicroAction): readonly [EffectKind, string] | null {
  const name = resourceName(action.resource);
  switch (action.action) {
    case "file:delete":
      return ["deletes", name];
    case "file:write":
      return ["changes", name];
    case "file:read":
      return ["reads", name];
    case "network:connect":
      return ["network", name];
    case "process:signal":
      return ["processes", said(command(action), ["signal", "arguments"], name)];
    case "privilege:escalate":
      return ["privileges", name];
    case "shell:opaque":
    case "sql:opaque":
      return ["unknown", name];
    case "shell:exec":
      return MANAGERS.has(name) ? ["services", said(command(action), ["subcommand", "arguments"], name)] : null;
    default:
      return null;
  }
}

function command({ context }: MicroAction): { readonly [key: string]: ContextValue } {
  const { command } = context ?? {};
  return typeof command === "object" && command !== null && !Array.isArray(command)
    ? (command as { readonly [key: string]: ContextValue })
    : {};
}

/** `systemctl restart shop-api`; a word that the subcommand has already is not said again. */
function said(from: { readonly [key: string]: ContextValue }, parts: readonly string[], program: string): string {
  const words = parts.flatMap((part) => {
    const value = from[part];
    return (Array.isArray(value) ? value : [value]).flatMap((word) =>
      typeof word === "string" && word !== "" ? word.split(" ") : [],
    );
  });
  return [program, ...new Set(words)].join(" ");
}
