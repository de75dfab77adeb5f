import type { RelationUse } from "./scope.ts";
import { child, children, everyNode, flag, NOTHING, place, type TreeNode, tagged, word, words } from "./tree.ts";

/** Masked and filtered relations in changes of definitions: which changes move no value out of its mask. */

/** They read no value, or end the relation. */
const HARMLESS: ReadonlySet<string> = new Set([
  "ClusterStmt",
  "CommentStmt",
  "DropStmt",
  "LockStmt",
  "RefreshMatViewStmt",
  "ReindexStmt",
  "VacuumStmt",
]);

export interface ProtectedUse {
  readonly use: RelationUse;
  /** Columns that are not shown raw. */
  readonly hidden: { has(column: string): boolean };
  /** Some of its rows are hidden. */
  readonly filtered: boolean;
}

/**
 * Whether a change of definitions may go on although `use` is masked or filtered. What the server would check against
 * stored rows tells by failing, so it must not look at masked columns, nor at hidden rows.
 */
export function isHarmlessDefinition(tree: TreeNode, own: ProtectedUse): boolean {
  const root = tagged(tree);
  if (root === null) return false;
  if (HARMLESS.has(root.tag)) return true;
  const { tag, node } = root;
  const isMain = isAt(child(node, "relation"), own.use);
  if (tag === "IndexStmt") return isMain && isHarmlessIndex(node, own);
  if (tag === "RenameStmt") return isMain && word(node, "renameType") === "OBJECT_TABCONSTRAINT";
  if (tag !== "AlterTableStmt" && tag !== "CreateStmt") return false;
  // A child or partition has its parent's masks; the server compares the parent's rows with its bounds.
  const isParent = children(node, "inhRelations").some((item) => isAt(tagged(item)?.node ?? null, own.use));
  if (isParent) return !own.filtered && !own.use.relation.partitionKey.some((name) => own.hidden.has(name));
  if (isMain) return children(node, "cmds").every((item) => isHarmlessAlteration(tagged(item)?.node ?? NOTHING, own));
  return isHarmlessReference(node, own);
}

function isAt(relation: TreeNode | null, use: RelationUse): boolean {
  return relation !== null && place(relation) === use.nameSpan[0];
}

function isHarmlessIndex(node: TreeNode, own: ProtectedUse): boolean {
  const elements = ["indexParams", "indexIncludingParams"].flatMap((field) => children(node, field));
  const computes = node.whereClause !== undefined || elements.some((item) => tagged(item)?.node.expr !== undefined);
  if (own.filtered && (computes || flag(node, "unique"))) return false;
  return !namesHidden([elements, node.whereClause], own);
}

function isHarmlessAlteration(command: TreeNode, own: ProtectedUse): boolean {
  const name = word(command, "name");
  const definition = tagged(command.def)?.node ?? NOTHING;
  switch (word(command, "subtype")) {
    case "AT_AddColumn":
      // A generated column would be computed over raw values, a check be tried on them.
      return children(definition, "constraints").every((item) =>
        ["CONSTR_NULL", "CONSTR_NOTNULL", "CONSTR_DEFAULT"].includes(word(tagged(item)?.node ?? NOTHING, "contype")),
      );
    case "AT_ColumnDefault":
    case "AT_DropColumn":
    case "AT_DropConstraint":
    case "AT_DropNotNull":
    case "AT_DisableTrig":
    case "AT_DisableTrigUser":
    case "AT_EnableTrig":
    case "AT_EnableTrigUser":
    case "AT_ResetOptions":
    case "AT_ResetRelOptions":
    case "AT_SetCompression":
    case "AT_SetOptions":
    case "AT_SetRelOptions":
    case "AT_SetStatistics":
    case "AT_SetStorage":
      return true;
    case "AT_SetNotNull":
      return !own.filtered && !own.hidden.has(name);
    case "AT_AddConstraint":
      return !own.filtered && !namesHidden(definition, own);
    case "AT_AlterColumnType":
      return !own.filtered && !own.hidden.has(name) && !namesHidden(definition, own);
    default:
      return false;
  }
}

/** A foreign key to open columns tells no more than a SELECT of them. */
function isHarmlessReference(node: TreeNode, own: ProtectedUse): boolean {
  if (own.filtered) return false;
  const key = everyNode(node).find((part) => isAt(child(part, "pktable"), own.use));
  if (key === undefined) return false;
  const named = words(children(key, "pk_attrs"));
  const columns = named.length === 0 ? own.use.relation.primaryKey : named;
  return columns.length > 0 && !columns.some((column) => own.hidden.has(column));
}

/** Any word in it that is a masked column, or could be the whole row. */
function namesHidden(value: unknown, own: ProtectedUse): boolean {
  return everyNode(value).some((node) => {
    if ("A_Star" in node) return true;
    return [node.sval, node.name].some(
      (text) => typeof text === "string" && (own.hidden.has(text) || text === own.use.relation.name),
    );
  });
}
