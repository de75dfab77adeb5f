import type { Refusal } from "../../domain/refusal.ts";
import type { Span } from "../../domain/span.ts";
import type { ParsedTrees } from "./parsed.ts";
import type { PreparedSql } from "./prepared.ts";
import { everyNode, isNode, place, type TreeNode, word } from "./tree.ts";

/**
 * The second net. The text that would be sent is parsed again, and looked at without the analysis that wrote it: one
 * statement; every relation named in full; no masked relation outside of what was generated. Null: all holds.
 */
export function verifyRewrite(prepared: PreparedSql, parsed: ParsedTrees): Refusal | null {
  const wrong = (message: string): Refusal => ({ message: `the rewrite did not hold: ${message}`, span: prepared.span });
  if (prepared.opaque) return null;
  if (!parsed.ok) return wrong(parsed.refusal.message);
  const [statement] = parsed.statements;
  if (statement === undefined || parsed.statements.length !== 1) return wrong("it is not one statement");
  const within = (spans: readonly Span[], at: number) => spans.some(([from, to]) => at >= from && at < to);
  const ctes = new Set<string>();
  const locked = new Set<TreeNode>();
  const nodes = everyNode(statement.tree);
  for (const node of nodes) {
    if (typeof node.ctename === "string") ctes.add(node.ctename);
    if (Array.isArray(node.lockedRels)) for (const inner of everyNode(node.lockedRels)) locked.add(inner);
    if (isNode(node.intoClause) && prepared.kind !== "ddl") return wrong("it would make a table");
  }
  for (const node of nodes) {
    if (typeof node.relname !== "string" || locked.has(node)) continue;
    const schema = word(node, "schemaname");
    if (schema === "") {
      if (!ctes.has(node.relname)) return wrong(`\`${node.relname}\` stands without its schema`);
      continue;
    }
    const guarded = prepared.guarded.some((relation) => relation.schema === schema && relation.name === node.relname);
    if (!guarded || within(prepared.generated, place(node)) || within(prepared.targets, place(node))) continue;
    return wrong(`\`${schema}.${node.relname}\` stands outside of its mask`);
  }
  return null;
}
