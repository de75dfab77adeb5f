import type { PreparedSql } from "../../core/guard/sql/index.ts";
import { type Client, rows } from "./driver.ts";
import type { SessionState } from "./session-state.ts";

/** What the planner expects of a statement. `cost` in the planner's own units. */
export interface Estimate {
  readonly rows: number;
  readonly cost: number;
}

/** Statements that the planner knows, or that hold a query, or reach one by name. */
const PLANNED: ReadonlySet<string> = new Set([
  "select",
  "insert",
  "update",
  "delete",
  "merge",
  "copy",
  "declare",
  "ddl",
  "execute",
  "fetch",
]);
const PLAN_LIMIT_MS = 2_000;

/** Runs nothing but the arguments of an EXECUTE, read-only. Null: the planner does not say. The connection is free. */
export async function estimated(
  client: Client,
  session: SessionState,
  prepared: PreparedSql,
  inTransaction: boolean,
): Promise<Estimate | null> {
  if (!PLANNED.has(prepared.kind)) return null;
  const { setup, preparedName, fetched } = prepared;
  const executes = setup !== null && preparedName !== null;
  const [open, close] = inTransaction
    ? [
        "SAVEPOINT gatehouse_plan; SET LOCAL transaction_read_only = on",
        "ROLLBACK TO SAVEPOINT gatehouse_plan; RELEASE SAVEPOINT gatehouse_plan",
      ]
    : ["BEGIN READ ONLY", "ROLLBACK"];
  await client.query(`${open}; SET LOCAL statement_timeout = ${PLAN_LIMIT_MS}; SET LOCAL lock_timeout = ${PLAN_LIMIT_MS}`);
  const planned = async () => {
    if (executes) {
      for (const sql of [...session.leftOver(preparedName), setup]) await client.query(sql);
      session.onServer.add(preparedName);
    }
    const text = fetched?.query ?? prepared.inspected ?? prepared.sent;
    return rows(client, `EXPLAIN (FORMAT JSON) ${text}`, prepared.parameters ?? []);
  };
  const [[plan = null] = []] = await planned().catch(() => []);
  await client.query(close);
  if (executes) for (const sql of session.leftOver(preparedName)) await client.query(sql);
  const size = plan === null ? null : sizeOf(plan);
  return size === null || fetched === null ? size : { ...size, rows: Math.min(size.rows, fetched.most) };
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Plan Rows": number;
  readonly "Total Cost": number;
  readonly Plans?: readonly PlanNode[];
}

/** A change's own node has no rows unless it returns some: those of what feeds it count. */
function sizeOf(json: string): Estimate | null {
  const [{ Plan: plan = undefined } = {}]: readonly { readonly Plan?: PlanNode }[] = JSON.parse(json);
  if (plan === undefined) return null;
  const fed = plan["Node Type"] === "ModifyTable" ? (plan.Plans ?? []) : [];
  return { rows: Math.max(plan["Plan Rows"], ...fed.map((node) => node["Plan Rows"])), cost: plan["Total Cost"] };
}
