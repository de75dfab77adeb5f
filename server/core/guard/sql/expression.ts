import type { Span } from "../../domain/span.ts";
import type { Analysis, Env } from "./analysis.ts";
import {
  functionNames,
  isSafeFunction,
  judgeAttribute,
  judgeFunction,
  judgeOperator,
  judgeSyntax,
  judgeType,
  operatorNames,
  typeNames,
} from "./functions.ts";
import { CONSTANT, computedFrom, either, type Lineage } from "./lineage.ts";
import { cursorNamed } from "./named.ts";
import { quoteName } from "./names.ts";
import { columnReference, wholeRow } from "./references.ts";
import { refuse } from "./refused.ts";
import { findColumns, findSource } from "./scope.ts";
import { query } from "./select.ts";
import { noteShownDefinition } from "./shown-definitions.ts";
import { child, children, count, isNode, place, type TreeNode, tagged, word, words } from "./tree.ts";

/**
 * Walks an expression and says where its value comes from. INVARIANT (no blind spot): every node is one of the tags
 * below or is refused; inside of a plain node every field is walked.
 */

/** Expressions of which the parts are everything that counts. */
export const PLAIN: ReadonlySet<string> = new Set([
  "A_ArrayExpr",
  "A_Const",
  "A_Indices",
  "BitString",
  "BoolExpr",
  "Boolean",
  "BooleanTest",
  "CaseExpr",
  "CaseWhen",
  "CoalesceExpr",
  "CollateClause",
  "DefElem",
  "Float",
  "GroupingFunc",
  "GroupingSet",
  "Integer",
  "JsonAggConstructor",
  "JsonArgument",
  "JsonArrayAgg",
  "JsonArrayConstructor",
  "JsonBehavior",
  "JsonFormat",
  "JsonFuncExpr",
  "JsonIsPredicate",
  "JsonKeyValue",
  "JsonObjectAgg",
  "JsonObjectConstructor",
  "JsonOutput",
  "JsonParseExpr",
  "JsonReturning",
  "JsonScalarExpr",
  "JsonSerializeExpr",
  "JsonTablePathSpec",
  "JsonValueExpr",
  "List",
  "MergeSupportFunc",
  "MinMaxExpr",
  "MultiAssignRef",
  "NamedArgExpr",
  "NullTest",
  "ResTarget",
  "RowExpr",
  "SQLValueFunction",
  "SetToDefault",
  "String",
  "WindowDef",
  "XmlExpr",
  "XmlSerialize",
]);

/** Expressions with a rule of their own, see the switch. */
export const RULED: readonly string[] = [
  "ColumnRef",
  "CurrentOfExpr",
  "FuncCall",
  "A_Expr",
  "SubLink",
  "TypeCast",
  "TypeName",
  "A_Indirection",
  "ParamRef",
  "SortBy",
  "JsonArrayQueryConstructor",
];

export function expression(analysis: Analysis, value: unknown, env: Env): Lineage {
  if (Array.isArray(value)) return computedFrom(value.map((item) => expression(analysis, item, env)));
  if (!isNode(value)) return CONSTANT;
  const found = tagged(value);
  if (found === null) return fields(analysis, value, env);
  const { tag, node } = found;
  switch (tag) {
    case "ColumnRef":
      return columnReference(analysis, node, env);
    case "CurrentOfExpr":
      // The server takes it for a cursor over the bare table alone, never over a masked or filtered one.
      cursorNamed(analysis, word(node, "cursor_name"));
      return CONSTANT;
    case "FuncCall":
      return functionCall(analysis, node, env);
    case "A_Expr": {
      judgeOperator(analysis, operatorNames(node, "name"), analysis.tokens.token(place(node)));
      return computedFrom([expression(analysis, node.lexpr, env), expression(analysis, node.rexpr, env)]);
    }
    case "SubLink": {
      if (children(node, "operName").length > 0) {
        judgeOperator(analysis, operatorNames(node, "operName"), analysis.tokens.token(place(node)));
      }
      const exists = word(node, "subLinkType") === "EXISTS_SUBLINK";
      const output = query(analysis, node.subselect, env, { starIsNothing: exists });
      return computedFrom([
        expression(analysis, node.testexpr, env),
        ...output.columns.map((column) => column.lineage),
        output.reads,
      ]);
    }
    case "TypeCast": {
      analysis.casts = true;
      castType(analysis, child(node, "typeName"));
      const inner = expression(analysis, node.arg, env);
      return either([inner]);
    }
    case "TypeName":
      castType(analysis, node);
      return CONSTANT;
    case "A_Indirection":
      return indirection(analysis, node, env);
    case "ParamRef":
      analysis.parameters = Math.max(analysis.parameters, count(node, "number"));
      return CONSTANT;
    case "SortBy":
      if (children(node, "useOp").length > 0) {
        judgeOperator(analysis, operatorNames(node, "useOp"), analysis.tokens.token(place(node)));
      }
      return expression(analysis, node.node, env);
    case "JsonArrayQueryConstructor": {
      castFields(analysis, node, env);
      return computedFrom([query(analysis, node.query, env, {}).reads]);
    }
    case "CollateClause":
      return either([expression(analysis, node.arg, env)]);
    default: {
      const span = analysis.tokens.token(place(node));
      if (!PLAIN.has(tag)) refuse(`no rule for \`${tag}\` in an expression`, span);
      judgeSyntax(analysis, tag, span);
      const parts = fields(analysis, node, env);
      return { reads: parts.reads, through: null };
    }
  }
}

/** Bare structs inside of expressions: `over`, `output`, `on_empty` … */
function fields(analysis: Analysis, node: TreeNode, env: Env): Lineage {
  const parts: Lineage[] = [];
  for (const [field, value] of Object.entries(node)) {
    if (field === "typeName" && isNode(value)) castType(analysis, tagged(value)?.node ?? value);
    else if (typeof value === "object" && value !== null) parts.push(expression(analysis, value, env));
  }
  return computedFrom(parts);
}

function castFields(analysis: Analysis, node: TreeNode, env: Env): void {
  const { query: _query, ...rest } = node;
  fields(analysis, rest, env);
}

/** Judges the type's code, and writes a type that is not built in with its schema. */
export function castType(analysis: Analysis, type: TreeNode | null): void {
  if (type === null) return;
  const names = typeNames(type);
  if (names.length === 0) return;
  const parts = analysis.tokens.dotted(place(type));
  const first = parts[0] ?? analysis.statement.span;
  const span: Span = [first[0], (parts.at(-1) ?? first)[1]];
  const found = judgeType(analysis, names, span);
  if (found !== null && place(type) > 0) {
    analysis.edits.push({ span, text: `${quoteName(found.schema)}.${quoteName(found.name)}` });
  }
  for (const modifier of children(type, "typmods")) expression(analysis, modifier, { scope: null, ctes: null });
}

function functionCall(analysis: Analysis, node: TreeNode, env: Env): Lineage {
  const names = functionNames(node);
  const parts = analysis.tokens.dotted(place(node));
  const first = parts[0] ?? analysis.statement.span;
  const span: Span = [first[0], (parts.at(-1) ?? first)[1]];
  const projected = projection(analysis, names, node, env, span);
  if (projected !== null) return projected;
  // A column's name to a server before PostgreSQL 16.
  const bareWord = names.at(-1) === "system_user" && names.length === 2 && parts.length === 1;
  if (bareWord && findColumns(env.scope, "system_user").columns.length > 0) {
    refuse("`system_user` is a column here: write it in double quotes", span);
  }
  if (!noteShownDefinition(analysis, names, span)) judgeFunction(analysis, names, node, span);
  const { funcname: _name, ...rest } = node;
  return computedFrom([fields(analysis, rest, env)]);
}

/** `email(c)` is `c.email` when there is no such function. */
function projection(analysis: Analysis, names: readonly string[], node: TreeNode, env: Env, span: Span): Lineage | null {
  const [name = ""] = names;
  const args = children(node, "args");
  const row = tagged(args[0]);
  if (names.length !== 1 || args.length !== 1 || row?.tag !== "ColumnRef") return null;
  if (isSafeFunction(name) || analysis.catalog.functionsNamed(name).length > 0) return null;
  const path = words(children(row.node, "fields"));
  const [alias = ""] = path;
  if (path.length !== 1 || findColumns(env.scope, alias).columns.length > 0) return null;
  const column = findSource(env.scope, null, alias)?.columns.find((candidate) => candidate.name === name);
  if (column === undefined) return null;
  column.touch(span);
  return column.lineage;
}

/** `(c).email`, `(f(x)).part`, `a[1]`. */
function indirection(analysis: Analysis, node: TreeNode, env: Env): Lineage {
  const steps = children(node, "indirection");
  const first = tagged(steps[0]);
  const base = tagged(node.arg);
  const parts: Lineage[] = [];
  for (const step of steps) if (tagged(step)?.tag === "A_Indices") parts.push(expression(analysis, step, env));
  if (base?.tag === "ColumnRef" && first?.tag === "String") {
    const path = words(children(base.node, "fields"));
    const [alias = ""] = path;
    if (path.length === 1 && findColumns(env.scope, alias).columns.length === 0) {
      const source = findSource(env.scope, null, alias);
      const name = word(first.node, "sval");
      const column = source?.columns.find((candidate) => candidate.name === name) ?? source?.system(name);
      const span = analysis.tokens.token(place(base.node));
      if (column !== undefined && column !== null) {
        column.touch(span);
        return steps.length === 1 ? column.lineage : computedFrom([column.lineage, ...parts]);
      }
      // Attribute notation: a function of the row.
      if (source !== null && source !== undefined && !source.open) {
        judgeFunction(analysis, [name], {}, span);
        return computedFrom([wholeRow(source, span), ...parts]);
      }
    }
  }
  for (const step of steps) {
    const field = tagged(step);
    if (field?.tag !== "String") continue;
    const name = word(field.node, "sval");
    const span = analysis.tokens.token(place(base?.node ?? node));
    judgeAttribute(analysis, name, span);
  }
  return computedFrom([expression(analysis, node.arg, env), ...parts]);
}
