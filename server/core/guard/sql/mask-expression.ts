import type { Refusal } from "../../domain/refusal.ts";
import { isBalanced } from "../../mask/sql.ts";
import { functionNames, isSafeFunction } from "./functions.ts";
import type { ParsedSql } from "./parsed.ts";
import { children, everyNode, tagged, word, words } from "./tree.ts";

/** What to parse to check a mask's `expression`. */
export function maskExpressionQuery(sql: string): string {
  return `SELECT (${sql}) FROM (SELECT NULL::text AS value) AS "_value"`;
}

/** A mask's expression reads nothing but `value` and calls nothing but safe built-ins. Null: it is fine. */
export function judgeMaskExpression(sql: string, parsed: ParsedSql): Refusal | null {
  const refusal = (message: string): Refusal => ({ message, span: [0, sql.length] });
  if (!isBalanced(sql))
    return refusal("an expression has balanced brackets and quotes, no comment, no `;`, no `$`, no backslash");
  if (!parsed.ok) return refusal(parsed.refusal.message);
  const [statement] = parsed.statements;
  if (statement === undefined || parsed.statements.length !== 1) return refusal("it is not one expression");
  let selects = 0;
  for (const node of everyNode(statement.tree)) {
    const found = tagged(node);
    if (found === null) continue;
    if (found.tag === "SelectStmt") selects += 1;
    if (found.tag === "RangeVar" || selects > 2) return refusal("an expression cannot read tables");
    if (found.tag === "RowExpr") return refusal("an expression is one value");
    if (found.tag === "FuncCall") {
      const names = functionNames(found.node);
      const name = names.at(-1) ?? "";
      const builtin = names.length === 1 || names[0] === "pg_catalog";
      if (!builtin || !isSafeFunction(name) || IMPURE.test(name))
        return refusal(`function \`${names.join(".")}\` is not for masks`);
    }
    if (found.tag === "ColumnRef") {
      const path = words(children(found.node, "fields"));
      if (path.length !== 1 || path[0] !== "value")
        return refusal(`an expression knows only \`value\`, not \`${path.join(".")}\``);
    }
    if (found.tag === "A_Expr" && word(found.node, "kind") === "") return refusal("the expression was not understood");
  }
  return null;
}

/** Volatile results would tell rows apart and stop the planner from looking through the mask. */
const IMPURE = /^(random|random_normal|gen_random_uuid|uuidv[47]|clock_timestamp|timeofday|pg_sleep.*|array_(sample|shuffle))$/;
