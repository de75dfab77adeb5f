import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import type { Target } from "../domain/configuration.ts";
import type { ContextValue, MicroAction, Resource } from "../domain/micro-action.ts";
import { resourceName } from "../domain/micro-action.ts";
import type { Principal } from "../domain/principal.ts";

/**
 * What a condition may read, with its types. This is the reference: docs/policies.md is written from it.
 *
 * - `principal`: `id`, `name`, `groups`, `attributes`
 * - `target`: `id`, `type`, `environment`, `labels`
 * - `action`: the micro-action's, such as `sql:delete`
 * - `resource`: `kind`, `name` (as shown), and `schema`, `table`, `column`, `program`, `path`, `host` (empty when it has none)
 * - `statement`: `kind`, `hasWhere`, `hasLimit`, `tables`, `estimatedRows` and `estimatedCost` (not known: very large), `programs`, `interactive`
 * - `command`: `program`, `subcommand`, `flags`, `arguments`, `unknown` (a word of it is not known before it runs), `signal`
 *   (of a `process:signal`: `KILL`)
 * - `now`: time of the decision
 */
const environment = new Environment({
  limits: { maxAstNodes: 400, maxDepth: 40, maxListElements: 200, maxMapEntries: 50, maxCallArguments: 8 },
})
  .registerVariable({
    name: "principal",
    schema: { id: "string", name: "string", groups: "list<string>", attributes: "map<string, string>" },
  })
  .registerVariable({
    name: "target",
    schema: { id: "string", type: "string", environment: "string", labels: "map<string, string>" },
  })
  .registerVariable("action", "string")
  .registerVariable({
    name: "resource",
    schema: {
      kind: "string",
      name: "string",
      schema: "string",
      table: "string",
      column: "string",
      program: "string",
      path: "string",
      host: "string",
    },
  })
  .registerVariable({
    name: "statement",
    schema: {
      kind: "string",
      hasWhere: "bool",
      hasLimit: "bool",
      tables: "list<string>",
      estimatedRows: "int",
      estimatedCost: "double",
      programs: "list<string>",
      interactive: "bool",
    },
  })
  .registerVariable({
    name: "command",
    schema: {
      program: "string",
      subcommand: "string",
      flags: "list<string>",
      arguments: "list<string>",
      unknown: "bool",
      signal: "string",
    },
  })
  .registerVariable("now", "google.protobuf.Timestamp");

export type Condition = (context: Readonly<Record<string, unknown>>) => unknown;

/** Compiles a condition, or says what is wrong with it and where (`column` counts from 1). */
export function compileCondition(
  text: string,
):
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly message: string; readonly column: number } {
  const checked = environment.check(text);
  if (!checked.valid)
    return {
      ok: false,
      message: firstLine(checked.error?.message ?? "not a condition"),
      column: (checked.error?.range?.start ?? 0) + 1,
    };
  if (checked.type !== "bool")
    return { ok: false, message: `a condition gives true or false, this gives \`${checked.type}\``, column: 1 };
  const parsed = environment.parse(text);
  const matches = findCall(parsed.ast, "matches");
  if (matches !== null) {
    return {
      ok: false,
      message: "`matches` is not available; use `startsWith`, `endsWith`, `contains`, `in` or `==`",
      column: matches + 1,
    };
  }
  return { ok: true, condition: (context) => parsed(context) };
}

function firstLine(message: string): string {
  return (message.split("\n")[0] ?? message).trim();
}

function findCall(node: unknown, name: string): number | null {
  if (Array.isArray(node)) {
    for (const child of node) {
      const found = findCall(child, name);
      if (found !== null) return found;
    }
    return null;
  }
  if (typeof node !== "object" || node === null || !("op" in node)) return null;
  const { op, args, start } = node as ASTNode;
  if ((op === "call" || op === "rcall") && args[0] === name) return start;
  return findCall(args, name);
}

/** The part of the context that is the same for all micro-actions of a statement. */
export function statementContext(
  principal: Principal,
  target: Target,
  facts: { readonly [key: string]: ContextValue },
  now: number,
): Readonly<Record<string, unknown>> {
  return {
    principal: { id: principal.id, name: principal.name, groups: principal.groups, attributes: principal.attributes },
    target: { id: target.id, type: target.type, environment: target.environment, labels: target.labels },
    statement: {
      kind: text(facts.kind),
      hasWhere: facts.hasWhere === true,
      hasLimit: facts.hasLimit === true,
      tables: list(facts.tables),
      estimatedRows: BigInt(Math.trunc(estimate(facts.estimatedRows))),
      estimatedCost: estimate(facts.estimatedCost),
      programs: list(facts.programs),
      interactive: facts.interactive === true,
    },
    now: new Date(now),
  };
}

/** INVARIANT (fail closed): what is not known exceeds every limit that a condition may set. */
function estimate(fact: ContextValue | undefined): number {
  return typeof fact === "number" && fact >= 0 ? Math.min(fact, Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER;
}

export function actionContext(action: MicroAction): Readonly<Record<string, unknown>> {
  const command = action.context?.command;
  const field = (name: string): ContextValue | undefined =>
    typeof command === "object" && command !== null && !Array.isArray(command)
      ? (command as { [key: string]: ContextValue })[name]
      : undefined;
  return {
    action: action.action,
    resource: resourceFields(action.resource),
    command: {
      program: text(field("program")),
      subcommand: text(field("subcommand")),
      flags: list(field("flags")),
      arguments: list(field("arguments")),
      unknown: field("unknown") === true,
      signal: text(field("signal")),
    },
  };
}

function resourceFields(resource: Resource): Readonly<Record<string, string>> {
  return {
    kind: resource.kind,
    name: resourceName(resource),
    schema: "schema" in resource ? resource.schema : "",
    table: "table" in resource ? resource.table : "",
    column: resource.kind === "column" ? resource.column : "",
    program: resource.kind === "program" ? resource.program : "",
    path: resource.kind === "path" ? resource.path : "",
    host: resource.kind === "host" ? resource.host : "",
  };
}

function text(value: ContextValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function list(value: ContextValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
