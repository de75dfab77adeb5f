import type { Decision, Reason } from "../core/domain/decision.ts";
import { resourceName } from "../core/domain/micro-action.ts";
import {
  type Catalog,
  describeSql,
  type ParsedStatement,
  type PreparedSql,
  permittedColumns,
  type SqlSessionState,
} from "../core/guard/sql/index.ts";
import { type Judgeable, judge, type Requester } from "./authorize.ts";
import { prepareSql } from "./judge-sql.ts";
import type { Context } from "./ports-of-gateway.ts";

const MAX_NAMED = 30;

/**
 * A denial for nothing but columns goes to the person with the statement as it may be run. What is offered was parsed and
 * judged for this person first, and not denied; so it names nothing that they may not read. Nothing runs. Whatever goes
 * wrong here: the denial as it is.
 */
export async function withPermittedColumns(
  context: Context,
  requester: Requester,
  statement: ParsedStatement,
  judgeable: Judgeable<PreparedSql>,
  decision: Decision,
  catalog: Catalog,
  state: SqlSessionState,
): Promise<Decision> {
  // What the guard itself refuses no choice of columns mends.
  if (decision.outcome !== "deny" || !judgeable.execution.ok || !context.configuration.current) return decision;
  try {
    const denied = deniedColumns(judgeable, decision);
    const described = denied === null ? null : describeSql(statement, catalog, state);
    if (denied === null || described === null || "refusal" in described) return decision;
    const proposed = permittedColumns(described, denied);
    if (proposed === null || !(await mayBeAsked(context, requester, proposed.text, catalog, state))) return decision;
    const first = decision.reasons.find((reason) => reason.outcome === "deny");
    const reasons = decision.reasons.map((reason) =>
      reason === first && proposed.columns.length > 0
        ? { ...reason, hint: `name the permitted columns: ${listed(proposed.columns)}` }
        : reason,
    );
    return { ...decision, reasons, suggestion: { span: statement.span, text: proposed.text } };
  } catch (error) {
    context.log(`permitted columns could not be worked out: ${error instanceof Error ? error.message : String(error)}`);
    return decision;
  }
}

/** As `resourceName` writes them. Null: something else is denied too. */
function deniedColumns(judgeable: Judgeable<PreparedSql>, decision: Decision): ReadonlySet<string> | null {
  const columns = new Set(
    judgeable.described.microActions.flatMap(({ resource }) => (resource.kind === "column" ? [resourceName(resource)] : [])),
  );
  const against = decision.reasons.filter((reason) => reason.outcome === "deny");
  const isColumn = ({ action, resource }: Reason): boolean => action === "sql:select" && columns.has(resource);
  return against.length > 0 && against.every(isColumn) ? new Set(against.map(({ resource }) => resource)) : null;
}

async function mayBeAsked(
  context: Context,
  requester: Requester,
  text: string,
  catalog: Catalog,
  state: SqlSessionState,
): Promise<boolean> {
  const parsed = await context.parser.parse(text);
  const [only, ...more] = parsed.ok ? parsed.statements : [];
  if (only === undefined || more.length > 0) return false;
  const prepared = await prepareSql(context, requester, only, catalog, state, null);
  return prepared.ok && judge(context, requester, prepared.judgeable).outcome !== "deny";
}

function listed(columns: readonly string[]): string {
  const named = columns.slice(0, MAX_NAMED).map((column) => `\`${column}\``);
  const more = columns.length - named.length;
  return `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
