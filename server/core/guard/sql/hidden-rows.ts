import type { Analysis } from "./analysis.ts";
import { quoteName } from "./names.ts";
import { isQuiet, sortsOf } from "./quiet.ts";
import { refuse } from "./refused.ts";
import type { RelationUse } from "./scope.ts";
import type { Splice } from "./splice.ts";
import { everyNode, tagged } from "./tree.ts";

/**
 * Changes of a table with a row filter. UPDATE and DELETE get the filter as one more condition, over the target's own
 * columns. The person's condition must not run on hidden rows, where an error or a function could tell of them: it
 * stands behind CASE, unless it is quiet; then indexes still serve.
 */
export function narrowed(
  use: RelationUse,
  filters: readonly { readonly id: string; readonly where: string }[],
  { tokens, uses, called, overloads }: Analysis,
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
  const isPlain = called.size + overloads.length === 0 && everyNode(condition).every((node) => node.SubLink === undefined);
  const [open, close] =
    isPlain && isQuiet(condition, sortsOf(uses))
      ? [`${visible} AND (`, ")"]
      : [`CASE WHEN ${visible} THEN (`, ") ELSE false END"];
  return [
    { span: [span[0], span[0]], text: open, is: "generated" },
    { span: [span[1], span[1]], text: close },
  ];
}
