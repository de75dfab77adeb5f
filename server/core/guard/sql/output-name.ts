import { functionNames, typeNames } from "./functions.ts";
import { child, children, tagged, word, words } from "./tree.ts";

/** The name that the server gives to a result column without `AS` (its FigureColname). */
export function outputName(value: unknown): string {
  return figure(value)?.name ?? "?column?";
}

/** `weak` names (a type's) give way to those of the expression inside. */
interface Figure {
  readonly name: string;
  readonly weak: boolean;
}

function strong(name: string): Figure {
  return { name, weak: false };
}

const FIXED: Readonly<Record<string, string>> = {
  A_ArrayExpr: "array",
  CoalesceExpr: "coalesce",
  RowExpr: "row",
  GroupingFunc: "grouping",
  MergeSupportFunc: "merge_action",
  XmlSerialize: "xmlserialize",
  JsonParseExpr: "json",
  JsonScalarExpr: "json_scalar",
  JsonSerializeExpr: "json_serialize",
  JsonObjectConstructor: "json_object",
  JsonArrayConstructor: "json_array",
  JsonArrayQueryConstructor: "json_array",
  JsonObjectAgg: "json_objectagg",
  JsonArrayAgg: "json_arrayagg",
};

function figure(value: unknown): Figure | null {
  const found = tagged(value);
  if (found === null) return null;
  const { tag, node } = found;
  const fixed = FIXED[tag];
  if (fixed !== undefined) return strong(fixed);
  switch (tag) {
    case "ColumnRef": {
      const name = words(children(node, "fields")).findLast((part) => part !== "");
      return name === undefined ? null : strong(name);
    }
    case "A_Indirection": {
      const name = words(children(node, "indirection")).findLast((part) => part !== "");
      return name === undefined ? figure(node.arg) : strong(name);
    }
    case "FuncCall":
      return strong(functionNames(node).at(-1) ?? "");
    case "A_Expr":
      return word(node, "kind") === "AEXPR_NULLIF" ? strong("nullif") : null;
    case "TypeCast": {
      const inner = figure(node.arg);
      if (inner !== null && !inner.weak) return inner;
      const type = typeNames(child(node, "typeName") ?? {}).at(-1);
      return type === undefined ? inner : { name: type, weak: true };
    }
    case "CollateClause":
      return figure(node.arg);
    case "CaseExpr": {
      const inner = figure(node.defresult);
      return inner !== null && !inner.weak ? inner : { name: "case", weak: true };
    }
    case "MinMaxExpr":
      return strong(word(node, "op") === "IS_LEAST" ? "least" : "greatest");
    case "SQLValueFunction":
      return strong(sqlValueName(word(node, "op")));
    case "XmlExpr":
      return strong(XML[word(node, "op")] ?? "xml");
    case "JsonFuncExpr":
      return strong(JSON_FUNCTIONS[word(node, "op")] ?? "json_query");
    case "SubLink":
      return subLink(word(node, "subLinkType"), node.subselect);
    default:
      return null;
  }
}

const XML: Readonly<Record<string, string>> = {
  IS_XMLCONCAT: "xmlconcat",
  IS_XMLELEMENT: "xmlelement",
  IS_XMLFOREST: "xmlforest",
  IS_XMLPARSE: "xmlparse",
  IS_XMLPI: "xmlpi",
  IS_XMLROOT: "xmlroot",
  IS_XMLSERIALIZE: "xmlserialize",
};

const JSON_FUNCTIONS: Readonly<Record<string, string>> = {
  JSON_EXISTS_OP: "json_exists",
  JSON_QUERY_OP: "json_query",
  JSON_VALUE_OP: "json_value",
};

function sqlValueName(operation: string): string {
  return operation
    .replace(/^SVFOP_/, "")
    .replace(/_N$/, "")
    .toLowerCase();
}

function subLink(type: string, subselect: unknown): Figure | null {
  if (type === "EXISTS_SUBLINK") return strong("exists");
  if (type === "ARRAY_SUBLINK") return strong("array");
  if (type !== "EXPR_SUBLINK") return null;
  const select = tagged(subselect);
  const first = select === null ? null : tagged(children(select.node, "targetList")[0]);
  if (first === null) return null;
  const name = word(first.node, "name");
  return name === "" ? figure(first.node.val) : strong(name);
}
