import type { PreparedSql } from "../core/guard/sql/index.ts";
import { type Judgeable, judge, type Requester } from "./authorize.ts";
import { holdable } from "./granted-statement.ts";
import type { SqlConnection } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";

/** Kinds of statements that neither show nor change rows. */
const NO_ROWS: ReadonlySet<string> = new Set([
  "transaction",
  "set",
  "show",
  "close",
  "deallocate",
  "discard",
  "prepare",
  "explain",
]);

/**
 * The statement with `estimatedRows` and `estimatedCost` of the server's plan among its facts, where a policy asks for them and
 * it would not be denied for another reason; else as it is.
 */
export async function withEstimate(
  context: Context,
  requester: Requester,
  connection: SqlConnection,
  judgeable: Judgeable<PreparedSql>,
): Promise<Judgeable<PreparedSql>> {
  const { described, execution } = judgeable;
  if (!execution.ok) return judgeable;
  if (NO_ROWS.has(String(described.facts.kind))) return sized(judgeable, { rows: 0, cost: 0 });
  if (!context.configuration.set.policies.some((policy) => policy.asksForEstimate)) return judgeable;
  const smallest = sized(judgeable, { rows: 0, cost: 0 });
  if (judge(context, requester, smallest).outcome === "deny") return smallest;
  const size = callsUnjudged(described) ? null : await connection.estimate(execution.value);
  return size === null ? judgeable : sized(judgeable, size);
}

/** Rows that the planner expects a change to touch, for those who are asked; null: not a change, or not known. */
export async function rowsTouched(
  connection: SqlConnection,
  { described, execution }: Judgeable<PreparedSql>,
): Promise<number | null> {
  const { estimatedRows } = described.facts;
  if (typeof estimatedRows === "number") return estimatedRows;
  if (!execution.ok || !holdable(execution.value) || callsUnjudged(described)) return null;
  return (await connection.estimate(execution.value))?.rows ?? null;
}

/** Planning runs immutable functions: nobody has judged those of the database. */
function callsUnjudged({ microActions }: Judgeable<PreparedSql>["described"]): boolean {
  return microActions.some(({ action }) => action === "sql:call" || action === "sql:opaque");
}

function sized(
  judgeable: Judgeable<PreparedSql>,
  size: { readonly rows: number; readonly cost: number },
): Judgeable<PreparedSql> {
  const facts = { ...judgeable.described.facts, estimatedRows: size.rows, estimatedCost: size.cost };
  return { ...judgeable, described: { ...judgeable.described, facts } };
}
