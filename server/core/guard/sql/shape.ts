import type { ParsedStatement } from "./parsed.ts";
import { Tokens } from "./tokens.ts";
import { child, children, count, isNode, type TreeNode, tagged, words } from "./tree.ts";

/**
 * A statement's shape: its tokens without comments, number and string literals replaced by their kind. Two statements
 * of one shape differ only in values, so whoever approves a shape approves every value in it. Only where a literal is
 * surely a value is it open: what a function or a cast to a name of the catalogue is given can say *what* is reached,
 * and stays as it is written. Rules: RV-10 in core/review/SPEC.md.
 */

const SHAPED: ReadonlySet<string> = new Set(["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"]);

/** `open`: literals are; else the text is the statement's own. */
export function shapeOf(statement: ParsedStatement): { readonly open: boolean; readonly text: string } {
  const root = tagged(statement.tree);
  // Of thousands of rows as many are approved as were there.
  if (root === null || !SHAPED.has(root.tag) || statement.omitted.length > 0) return { open: false, text: statement.text };
  const literals = new Map<number, string>();
  collect(root.node, literals);
  const tokens = new Tokens(statement);
  const open = [...literals.keys()].some((offset) => tokens.at(offset) !== null);
  const text = statement.tokens.map((span) => literals.get(span[0]) ?? statement.source.slice(...span)).join(" ");
  return { open, text };
}

function collect(value: unknown, literals: Map<number, string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, literals);
    return;
  }
  if (!isNode(value)) return;
  const found = tagged(value);
  if (found === null) {
    for (const inner of Object.values(value)) collect(inner, literals);
    return;
  }
  switch (found.tag) {
    case "A_Const": {
      const kind = kindOf(found.node);
      const at = count(found.node, "location");
      if (kind !== null && at > 0) literals.set(at, kind);
      return;
    }
    case "FuncCall":
      return;
    case "TypeCast":
      if (!isValue(child(found.node, "typeName"))) return;
      break;
    default:
      break;
  }
  for (const inner of Object.values(found.node)) collect(inner, literals);
}

/** The kind that stands in a literal's place; no SQL token looks like it. Null: the literal stays. */
function kindOf(constant: TreeNode): string | null {
  if (isNode(constant.ival) || isNode(constant.fval)) return "‹number›";
  if (isNode(constant.sval)) return "‹text›";
  if (isNode(constant.bsval)) return "‹bits›";
  return null;
}

/** `'orders'::regclass` says which table. */
function isValue(type: TreeNode | null): boolean {
  return type !== null && SIMPLE_TYPES.has(words(children(type, "names")).at(-1) ?? "");
}

/** Types whose text is a value and nothing else; another one's input function is not known. */
const SIMPLE_TYPES: ReadonlySet<string> = new Set([
  "int2",
  "int4",
  "int8",
  "numeric",
  "float4",
  "float8",
  "text",
  "varchar",
  "bpchar",
  "bool",
  "date",
  "time",
  "timetz",
  "timestamp",
  "timestamptz",
  "interval",
  "uuid",
  "inet",
  "cidr",
]);
