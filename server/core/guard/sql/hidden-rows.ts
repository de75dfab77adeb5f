import { quoteName } from "./names.ts";
import { refuse } from "./refused.ts";
import type { RelationUse } from "./scope.ts";
import type { Splice } from "./splice.ts";
import type { Tokens } from "./tokens.ts";
import { children, everyNode, tagged, word, words } from "./tree.ts";

/**
 * Changes of a table with a row filter. UPDATE and DELETE get the filter as one more condition, over the target's own
 * columns. The person's condition must not run on hidden rows, where an error or a function could tell of them: it
 * stands behind CASE, unless it is of comparisons alone, which cannot fail on a value; then indexes still serve.
 */
export function narrowed(
  use: RelationUse,
  filters: readonly { readonly id: string; readonly where: string }[],
  tokens: Tokens,
  callsFunctions: boolean,
): readonly Splice[] {
  const [first] = filters;
  if (first === undefined || use.rows?.by === "added") return [];
  const refuseChange = (hint: string) =>
    refuse(`row filter \`${first.id}\` cannot be enforced on this change of \`${use.relation.name}\``, use.nameSpan, hint);
  if (use.rows === null) return refuseChange("use INSERT, UPDATE or DELETE");
  const { condition } = use.rows;
  for (const node of everyNode(condition)) {
    if (tagged(node)?.tag === "CurrentOfExpr") refuseChange("name the rows by a condition");
  }
  const alias = quoteName(use.visibleName);
  const columns = use.relation.columns.map(({ name }) => `${alias}.${quoteName(name)} AS ${quoteName(name)}`);
  const filter = filters.map(({ where }) => `(${where}\n)`).join(" AND ");
  const visible = `(SELECT ${filter} FROM (SELECT ${columns.join(", ")}) AS "_row")`;
  const span = tokens.conditionAfter(use.nameSpan[0]);
  if (condition === null) return [{ span, text: ` WHERE ${visible}`, is: "generated" }];
  // An operator may be a function of the database.
  const [open, close] =
    !callsFunctions && isComparison(condition) ? [`${visible} AND (`, ")"] : [`CASE WHEN ${visible} THEN (`, ") ELSE false END"];
  return [
    { span: [span[0], span[0]], text: open, is: "generated" },
    { span: [span[1], span[1]], text: close },
  ];
}

const COMPARISONS: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">=", "BETWEEN", "NOT BETWEEN"]);
const KINDS: ReadonlySet<string> = new Set(["AEXPR_OP", "AEXPR_IN", "AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN"]);
const VALUES: ReadonlySet<string> = new Set(["ColumnRef", "A_Const", "ParamRef"]);

/** Comparisons of columns with constants, and what AND, OR, NOT and IS NULL make of them. */
function isComparison(value: unknown): boolean {
  const found = tagged(value);
  if (found === null) return false;
  const { tag, node } = found;
  if (tag === "BoolExpr") return children(node, "args").every(isComparison);
  if (tag === "NullTest") return tagged(node.arg)?.tag === "ColumnRef";
  if (tag !== "A_Expr" || !KINDS.has(word(node, "kind"))) return false;
  const [name = "", more] = words(children(node, "name"));
  return more === undefined && COMPARISONS.has(name) && isPlain(node.lexpr) && isPlain(node.rexpr);
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  const found = tagged(value);
  if (found === null) return false;
  return found.tag === "List" ? children(found.node, "items").every(isPlain) : VALUES.has(found.tag);
}
