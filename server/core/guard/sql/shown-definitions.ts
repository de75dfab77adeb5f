import type { Span } from "../../domain/span.ts";
import { type Analysis, note } from "./analysis.ts";
import { WITHOUT_CONSTANTS } from "./catalogues.ts";
import { functionNames } from "./functions.ts";
import { quoteName } from "./names.ts";
import { refuse } from "./refused.ts";
import { tagged } from "./tree.ts";

/**
 * Functions that write a definition out. What they answer is shown as the catalogue's own column of it is: without its
 * string constants (U5). The call becomes a query of one value that bears the function's name, so that columns keep theirs.
 */
const SHOWN: ReadonlyMap<string, { readonly table: string; readonly column: string }> = new Map([
  ["pg_get_constraintdef", { table: "pg_constraint", column: "conbin" }],
  ["pg_get_indexdef", { table: "pg_indexes", column: "indexdef" }],
  ["pg_get_triggerdef", { table: "pg_trigger", column: "tgqual" }],
  ["pg_get_viewdef", { table: "pg_views", column: "definition" }],
]);

/** Null: another function, or one of the database's by that name could be meant. */
function shownName(analysis: Analysis, names: readonly string[]): string | null {
  const [first = "", second, ...more] = names;
  const name = second ?? first;
  if (!SHOWN.has(name) || more.length > 0 || (second !== undefined && first !== "pg_catalog")) return null;
  return second === undefined && analysis.catalog.functionsNamed(name).length > 0 ? null : name;
}

/** Answers whether the call is one of these. Its arguments are the caller's affair. */
export function noteShownDefinition(analysis: Analysis, names: readonly string[], span: Span): boolean {
  const name = shownName(analysis, names);
  const shown = name === null ? undefined : SHOWN.get(name);
  if (name === null || shown === undefined) return false;
  const { tokens } = analysis;
  const last = tokens.at(tokens.dotted(span[0]).at(-1)?.[0] ?? span[0]);
  if (last === null || tokens.text(last + 1) !== "(") return false;
  const end = tokens.span(tokens.closing(last + 1))[1];
  const [before = "", after = ""] = WITHOUT_CONSTANTS.split("value");
  analysis.edits.push({ span: [span[0], span[0]], text: `(SELECT ${before}` });
  analysis.edits.push({ span: [end, end], text: `${after} AS ${quoteName(name)})` });
  analysis.shown.push(name);
  const table = { schema: "pg_catalog", table: shown.table };
  note(analysis, "sql:select", { kind: "table", ...table }, span);
  note(analysis, "sql:select", { kind: "column", ...table, column: shown.column }, span);
  return true;
}

/** In FROM there is no place for a value. */
export function refuseShownInFrom(analysis: Analysis, call: unknown, span: Span): void {
  const found = tagged(call);
  const name = found?.tag === "FuncCall" ? shownName(analysis, functionNames(found.node)) : null;
  if (name !== null) refuse(`\`${name}\` is shown in a select list, not in FROM`, span, `SELECT ${name}(…)`);
}
