import type { Span } from "../../domain/span.ts";
import { type Analysis, note } from "./analysis.ts";
import type { RelationUse } from "./scope.ts";
import { child, children, everyNode, NOTHING, place, type TreeNode, tagged, word, words } from "./tree.ts";

/**
 * What a change of definitions reads, or lets be read under another name: who may not see a column must not come to see
 * it by a computed copy, a new name or a new parent. What the server says when stored rows do not fit tells of them too.
 */

export function noteReads(analysis: Analysis, tag: string, node: TreeNode): void {
  const main = namedAt(analysis, child(node, "relation") ?? tagged(children(node, "relations")[0])?.node ?? null);
  if (main !== null) {
    for (const part of everyNode(node)) {
      const found = tagged(part);
      if (found?.tag === "ColumnRef") noteNamed(analysis, main, words(children(found.node, "fields")), found.node);
    }
  }
  switch (tag) {
    case "AlterTableStmt":
      for (const item of children(node, "cmds")) ofAlteration(analysis, tagged(item)?.node ?? NOTHING, main);
      break;
    case "CreateStmt":
      for (const item of children(node, "inhRelations")) noteAll(analysis, namedAt(analysis, tagged(item)?.node ?? null));
      break;
    case "RenameStmt":
      ofRename(analysis, node, main);
      break;
    default:
      break;
  }
  for (const part of everyNode(node)) {
    const other = namedAt(analysis, child(part, "pktable"));
    if (other === null) continue;
    const named = words(children(part, "pk_attrs"));
    for (const name of named.length > 0 ? named : other.relation.primaryKey) noteColumn(analysis, other, name, other.nameSpan);
  }
}

function ofAlteration(analysis: Analysis, command: TreeNode, main: RelationUse | null): void {
  const definition = tagged(command.def)?.node ?? NOTHING;
  switch (word(command, "subtype")) {
    case "AT_AlterColumnType":
    case "AT_SetNotNull":
      if (main !== null) noteColumn(analysis, main, word(command, "name"), main.nameSpan);
      break;
    case "AT_AttachPartition":
      noteAll(analysis, namedAt(analysis, child(definition, "name")));
      break;
    case "AT_AddInherit":
      noteAll(analysis, main);
      break;
    default:
      break;
  }
}

const RENAMED: ReadonlySet<string> = new Set(["OBJECT_FOREIGN_TABLE", "OBJECT_MATVIEW", "OBJECT_TABLE", "OBJECT_VIEW"]);

/** Policies speak of names. The new one is judged like one that is made. */
function ofRename(analysis: Analysis, node: TreeNode, main: RelationUse | null): void {
  if (main === null) return;
  const type = word(node, "renameType");
  if (type === "OBJECT_COLUMN") noteColumn(analysis, main, word(node, "subname"), main.nameSpan);
  if (!RENAMED.has(type)) return;
  noteAll(analysis, main);
  const { schema } = main.relation;
  note(analysis, "sql:ddl", { kind: "table", schema, table: word(node, "newname") }, main.nameSpan);
}

function namedAt(analysis: Analysis, relation: TreeNode | null): RelationUse | null {
  if (relation === null || typeof relation.relname !== "string") return null;
  return analysis.uses.find((use) => use.nameSpan[0] === place(relation)) ?? null;
}

function noteNamed(analysis: Analysis, use: RelationUse, path: readonly string[], node: TreeNode): void {
  const name = path.at(-1) ?? "";
  const span = analysis.tokens.token(place(node));
  if (use.relation.columns.some((column) => column.name === name)) noteColumn(analysis, use, name, span);
  else if (name === "" || name === use.relation.name) noteAll(analysis, use);
}

function noteAll(analysis: Analysis, use: RelationUse | null): void {
  for (const { name } of use?.relation.columns ?? []) if (use !== null) noteColumn(analysis, use, name, use.nameSpan);
}

function noteColumn(analysis: Analysis, use: RelationUse, column: string, span: Span): void {
  const { schema, name, columns } = use.relation;
  // The same statement may have added it: there is nothing in it to be read.
  if (!columns.some((candidate) => candidate.name === column)) return;
  note(analysis, "sql:select", { kind: "table", schema, table: name }, use.nameSpan);
  note(analysis, "sql:select", { kind: "column", schema, table: name, column }, span);
}
