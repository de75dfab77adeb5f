import type { Span } from "./span.ts";

/** Everything that a policy can speak about. The list is closed: a new action is a change of what can be allowed. */
export const ACTIONS = [
  "target:connect",
  "sql:select",
  "sql:insert",
  "sql:update",
  "sql:delete",
  "sql:merge",
  "sql:truncate",
  "sql:ddl",
  "sql:call",
  "sql:set",
  "sql:transaction",
  "sql:explain",
  "sql:copy",
  "sql:export",
  "sql:unmask",
  "sql:opaque",
  "shell:exec",
  "shell:raw",
  "shell:interactive",
  "shell:opaque",
  "file:read",
  "file:write",
  "file:delete",
  "file:raw",
  "process:signal",
  "privilege:escalate",
  "network:connect",
  "session:watch",
  "session:terminate",
  "review:resolve",
  "admin:read",
  "admin:write",
  "audit:read",
] as const;

export type Action = (typeof ACTIONS)[number];

/**
 * Actions for which nothing per command is promised, or which show what is masked. A glob in a `permit` never reaches
 * them: whoever wants to allow one has to write its name. Globs in `review` and `forbid` reach everything.
 */
export const NAMED_ONLY: ReadonlySet<Action> = new Set<Action>([
  "sql:unmask",
  "sql:opaque",
  "shell:opaque",
  "shell:raw",
  "file:raw",
]);

/** SQL names as the server folds them, without quotes. */
export type Resource =
  /** The target as a whole: connecting, a transaction, an explain. Only the target selectors of a policy apply. */
  | { readonly kind: "target" }
  | { readonly kind: "table"; readonly schema: string; readonly table: string }
  | { readonly kind: "column"; readonly schema: string; readonly table: string; readonly column: string }
  | { readonly kind: "function"; readonly schema: string; readonly name: string }
  | { readonly kind: "setting"; readonly name: string }
  | { readonly kind: "program"; readonly program: string }
  /**
   * Absolute and normalised; may hold glob characters when the shell would expand them (`pattern: true`). `visible`: the
   * shell does it, whose `*`, `?` and `[…]` at the start of a name match no dot.
   */
  | { readonly kind: "path"; readonly path: string; readonly pattern?: boolean; readonly visible?: boolean }
  | { readonly kind: "host"; readonly host: string }
  /** Something that no rule describes. `what` names it for people: `DO block`, `eval`. */
  | { readonly kind: "opaque"; readonly what: string }
  /** Parts of Gatehouse itself: `configuration`, `reviews`, `record`. */
  | { readonly kind: "application"; readonly part: string };

/** Values that a policy's condition can read. Names and types are declared in core/policy/context.ts. */
export type ContextValue = string | number | boolean | null | readonly ContextValue[] | { readonly [key: string]: ContextValue };

/** One thing that a statement would do. `span` is where in the text it comes from. */
export interface MicroAction {
  readonly action: Action;
  readonly resource: Resource;
  readonly span: Span;
  /** For `shell:exec`: `{ command: { program, subcommand, flags, arguments } }`. Absent: nothing beyond the resource. */
  readonly context?: { readonly [key: string]: ContextValue };
}

/** A resource as people and JSON read it: `public.customers.email`, `systemctl`, `/etc/shadow`. */
export function resourceName(resource: Resource): string {
  switch (resource.kind) {
    case "target":
      return "target";
    case "table":
      return `${quote(resource.schema)}.${quote(resource.table)}`;
    case "column":
      return `${quote(resource.schema)}.${quote(resource.table)}.${quote(resource.column)}`;
    case "function":
      return `${quote(resource.schema)}.${quote(resource.name)}`;
    case "setting":
      return resource.name;
    case "program":
      return resource.program;
    case "path":
      return resource.path;
    case "host":
      return resource.host;
    case "opaque":
      return resource.what;
    case "application":
      return resource.part;
  }
}

function quote(identifier: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(identifier) ? identifier : `"${identifier.replaceAll('"', '""')}"`;
}
