import type { ColumnType } from "./catalog.ts";
import type { RelationUse } from "./scope.ts";
import { children, everyNode, flag, type TreeNode, tagged, word, words } from "./tree.ts";

/**
 * Conditions that tell nothing of a row that a filter hides, should the server try them on it first: they call nothing
 * but comparisons and such, which raise no error on any value of their types, and no other error lies in their way. Where
 * all conditions of a statement are such, its row filters need no barrier, and indexes serve.
 *
 * Names are not resolved again: a column is what any column of that name in the statement is.
 */

/** Types within a group are compared without a conversion that could fail. */
const GROUPS: Readonly<Record<string, string>> = {
  int2: "exact",
  int4: "exact",
  int8: "exact",
  numeric: "exact",
  float4: "float",
  float8: "float",
  text: "text",
  varchar: "text",
  bpchar: "text",
  bool: "bool",
  date: "date",
  timestamp: "date",
  timestamptz: "date",
  time: "time",
  uuid: "uuid",
};

/** Of what sort a column of a name is; null: of several, or of one that is not known here. */
export type Sorts = (name: string) => string | null;

export function sortsOf(uses: readonly RelationUse[]): Sorts {
  const sorts = new Map<string, string | null>();
  for (const use of uses) {
    use.relation.columns.forEach(({ name, type }, index) => {
      const shown = use.columnAliases[index] ?? name;
      const own = sortOf(type);
      sorts.set(shown, sorts.has(shown) && sorts.get(shown) !== own ? null : own);
    });
  }
  return (name) => sorts.get(name) ?? null;
}

function sortOf({ array, base, builtin, enumLabel }: ColumnType): string | null {
  if (array) return null;
  if (enumLabel !== null) return `enum ${base}`;
  return builtin ? (GROUPS[base] ?? null) : null;
}

const PARTS = ["targetList", "fromClause", "whereClause", "havingClause", "withClause", "lockingClause"];

/** Whether all conditions of a query are quiet: of it, of each side of UNION, and of every query in it. */
export function isQuietQuery(tree: unknown, sorts: Sorts): boolean {
  if (tagged(tree)?.tag !== "SelectStmt") return false;
  return everyNode(tree).every((node) => PARTS.every((part) => node[part] === undefined) || isQuietSelect(node, sorts));
}

function isQuietSelect(node: TreeNode, sorts: Sorts): boolean {
  const having = node.havingClause;
  return (
    node.withClause === undefined &&
    node.lockingClause === undefined &&
    children(node, "fromClause").every((item) => isPlainSource(item, sorts)) &&
    (node.whereClause === undefined || isQuiet(node.whereClause, sorts)) &&
    (having === undefined || isQuiet(having, sorts) || isOfGroup(having))
  );
}

/** Tables and joins of tables. Conditions from outside would reach into a subquery, and meet what it computes. */
function isPlainSource(item: unknown, sorts: Sorts): boolean {
  const found = tagged(item);
  if (found?.tag === "RangeVar") return true;
  if (found?.tag !== "JoinExpr") return false;
  const { node } = found;
  // They compare columns of one name, which are of one sort then.
  const names = words(children(node, "usingClause"));
  const shared = !flag(node, "isNatural") && names.every((name) => isComparable(sorts(name)));
  const on = node.quals === undefined || isQuiet(node.quals, sorts);
  return shared && on && isPlainSource(node.larg, sorts) && isPlainSource(node.rarg, sorts);
}

const COMPARISONS: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">=", "BETWEEN", "NOT BETWEEN"]);
const KINDS: ReadonlySet<string> = new Set([
  "AEXPR_OP",
  "AEXPR_OP_ANY",
  "AEXPR_IN",
  "AEXPR_BETWEEN",
  "AEXPR_NOT_BETWEEN",
  "AEXPR_DISTINCT",
  "AEXPR_NOT_DISTINCT",
]);

/** Comparisons of columns with constants and with each other, and what AND, OR, NOT and IS make of them. */
export function isQuiet(value: unknown, sorts: Sorts): boolean {
  const found = tagged(value);
  if (found === null) return false;
  const { tag, node } = found;
  switch (tag) {
    case "BoolExpr":
      return children(node, "args").every((item) => isQuiet(item, sorts));
    case "NullTest":
      return operand(node.arg, sorts) !== null;
    case "BooleanTest":
      return isQuiet(node.arg, sorts);
    case "ColumnRef":
      return operand(value, sorts)?.sort === "bool";
    case "A_Const":
      return true;
    case "SubLink":
      return isQuietSubquery(node, sorts);
    case "A_Expr": {
      const [name = "", more] = words(children(node, "name"));
      if (!KINDS.has(word(node, "kind")) || more !== undefined || !COMPARISONS.has(name)) return false;
      return areComparable([node.lexpr, ...itemsOf(node.rexpr)].map((item) => operand(item, sorts)));
    }
    default:
      return false;
  }
}

function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const found = tagged(value);
  if (found?.tag === "List") return children(found.node, "items");
  return found?.tag === "A_ArrayExpr" ? children(found.node, "elements") : [value];
}

interface Operand {
  /** Null: a constant, of the type of what it is compared with. */
  readonly sort: string | null;
  readonly isColumn: boolean;
}

/** Null: it is not known to be quiet. */
function operand(value: unknown, sorts: Sorts): Operand | null {
  const found = tagged(value);
  if (found === null) return null;
  const { tag, node } = found;
  switch (tag) {
    case "A_Const":
    case "ParamRef":
      return { sort: null, isColumn: false };
    case "ColumnRef": {
      const parts = words(children(node, "fields"));
      const sort = parts.includes("") ? null : sorts(parts.at(-1) ?? "");
      return sort === null ? null : { sort, isColumn: true };
    }
    case "FuncCall":
      return ofFunction(node, sorts);
    case "SQLValueFunction":
      return MOMENTS.has(word(node, "op")) ? { sort: "date", isColumn: false } : null;
    case "TypeCast": {
      const sort = literalSort(node);
      return sort === null || sort === "interval" ? null : { sort, isColumn: false };
    }
    case "A_Expr":
      return isMoment(node, sorts) ? { sort: "date", isColumn: false } : null;
    default:
      return null;
  }
}

const MOMENTS: ReadonlySet<string> = new Set(["SVFOP_CURRENT_DATE", "SVFOP_CURRENT_TIMESTAMP", "SVFOP_LOCALTIMESTAMP"]);
const CASES: ReadonlySet<string> = new Set(["lower", "upper"]);

function ofFunction(node: TreeNode, sorts: Sorts): Operand | null {
  const names = words(children(node, "funcname"));
  const name = names.at(-1) ?? "";
  if (names.length > 2 || (names.length === 2 && names[0] !== "pg_catalog")) return null;
  const args = children(node, "args");
  const plain = Object.keys(node).every((field) => ["funcname", "args", "funcformat", "location"].includes(field));
  if (!plain) return null;
  if (name === "now" && args.length === 0) return { sort: "date", isColumn: false };
  const [only] = args;
  return CASES.has(name) && args.length === 1 && operand(only, sorts)?.sort === "text" ? { sort: "text", isColumn: true } : null;
}

/** `'2026-02-03'::date`: the server reads it before it looks at any row. */
function literalSort(node: TreeNode): string | null {
  const { typeName } = node;
  const type = typeof typeName === "object" && typeName !== null ? (typeName as TreeNode) : {};
  if (type.arrayBounds !== undefined || type.setof !== undefined) return null;
  const literal = tagged(node.arg);
  const isText = literal?.tag === "A_Const" && literal.node.sval !== undefined;
  const name = words(children(type, "names")).at(-1) ?? "";
  if (!isText) return null;
  if (name === "interval") return "interval";
  return name === "float4" || name === "float8" ? null : (GROUPS[name] ?? null);
}

const SHORT_TIME = /^ *\d{1,4} *(seconds?|secs?|minutes?|mins?|hours?|days?|weeks?|months?|mons?|years?) *$/i;

/** `now() - interval '7 days'`: one that cannot leave the calendar. */
function isMoment(node: TreeNode, sorts: Sorts): boolean {
  const [sign = ""] = words(children(node, "name"));
  const time = tagged(node.rexpr);
  const from = operand(node.lexpr, sorts);
  if (word(node, "kind") !== "AEXPR_OP" || (sign !== "-" && sign !== "+") || time?.tag !== "TypeCast") return false;
  const { sval } = (tagged(time.node.arg)?.node ?? {}) as { readonly sval?: { readonly sval?: string } };
  const isPlain = literalSort(time.node) === "interval" && SHORT_TIME.test(sval?.sval ?? "");
  return isPlain && from?.sort === "date" && !from.isColumn && tagged(node.lexpr)?.tag !== "TypeCast";
}

/** Two texts may have collations that do not go together, which is an error only when they are compared. */
function areComparable(operands: readonly (Operand | null)[]): boolean {
  const known = operands.flatMap((found) => (found === null ? [] : [found]));
  if (known.length !== operands.length) return false;
  const sorts = new Set(known.flatMap(({ sort }) => sort ?? []));
  const [sort = null] = sorts;
  if (sorts.size > 1) return false;
  return known.filter(({ isColumn }) => isColumn).length < 2 || isComparable(sort);
}

function isComparable(sort: string | null): boolean {
  return sort !== null && sort !== "text";
}

const ONLY_ROWS = ["targetList", "fromClause", "whereClause", "limitOption", "op"];

/** EXISTS and IN of a query that only picks rows of tables: whatever else it had would run only if a row led to it. */
function isQuietSubquery(node: TreeNode, sorts: Sorts): boolean {
  const query = tagged(node.subselect);
  const type = word(node, "subLinkType");
  if (query?.tag !== "SelectStmt" || !Object.keys(query.node).every((field) => ONLY_ROWS.includes(field))) return false;
  if (!isQuietSelect(query.node, sorts)) return false;
  const shown = children(query.node, "targetList").map((item) => tagged(item)?.node.val);
  if (type === "EXISTS_SUBLINK")
    return shown.every((item) => tagged(item)?.tag === "ColumnRef" || tagged(item)?.tag === "A_Const");
  if (type !== "ANY_SUBLINK" || shown.length !== 1 || children(node, "operName").length > 0) return false;
  return areComparable([operand(node.testexpr, sorts), operand(shown[0], sorts)]);
}

const AGGREGATES: ReadonlySet<string> = new Set(["count", "sum", "min", "max", "avg"]);

/** `count(*) > 1`: is about groups of rows that were let through. */
function isOfGroup(value: unknown): boolean {
  const found = tagged(value);
  if (found?.tag !== "A_Expr") return false;
  const call = tagged(found.node.lexpr);
  const names = call?.tag === "FuncCall" ? words(children(call.node, "funcname")) : [];
  return names.length === 1 && AGGREGATES.has(names[0] ?? "");
}
