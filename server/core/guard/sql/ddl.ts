import type { Action } from "../../domain/micro-action.ts";
import type { Span } from "../../domain/span.ts";
import { type Analysis, noteOpaque } from "./analysis.ts";
import { noteReads } from "./definition-reads.ts";
import { castType } from "./expression.ts";
import { functionNames, judgeFunction, judgeOperator, operatorNames } from "./functions.ts";
import { nearest } from "./names.ts";
import { refuse } from "./refused.ts";
import { newRelation, noteIndex, noteItself, noteMissing, noteRelation } from "./relations.ts";
import { child, children, everyNode, flag, NOTHING, place, type TreeNode, tagged, word, words } from "./tree.ts";
import { PLAIN, type Utility } from "./utility.ts";

/** Changes of definitions that name the relations which they change; others are opaque. */

export function spoken(tag: string): string {
  return tag
    .replace(/Stmt$/, "")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toUpperCase();
}

/** Not here: owners, row security, rules, all triggers at once (foreign keys are some), and whatever changes what others may do. */
const ALTERATIONS: ReadonlySet<string> = new Set([
  "AT_AddColumn",
  "AT_AddConstraint",
  "AT_AddIdentity",
  "AT_AddInherit",
  "AT_AlterColumnType",
  "AT_AlterConstraint",
  "AT_AttachPartition",
  "AT_ClusterOn",
  "AT_ColumnDefault",
  "AT_DetachPartition",
  "AT_DetachPartitionFinalize",
  "AT_DisableTrig",
  "AT_DisableTrigUser",
  "AT_DropCluster",
  "AT_DropColumn",
  "AT_DropConstraint",
  "AT_DropExpression",
  "AT_DropIdentity",
  "AT_DropInherit",
  "AT_DropNotNull",
  "AT_EnableTrig",
  "AT_EnableTrigUser",
  "AT_ReplicaIdentity",
  "AT_ResetOptions",
  "AT_SetCompression",
  "AT_SetIdentity",
  "AT_SetLogged",
  "AT_SetNotNull",
  "AT_SetOptions",
  "AT_SetStatistics",
  "AT_SetStorage",
  "AT_SetUnLogged",
  "AT_ValidateConstraint",
]);
/** Of a view they say with whose rights it reads. */
const TABLE_ALTERATIONS: ReadonlySet<string> = new Set(["AT_ResetRelOptions", "AT_SetRelOptions"]);

const INDEX_ALTERATIONS: ReadonlySet<string> = new Set([
  "AT_AttachPartition",
  "AT_ResetRelOptions",
  "AT_SetRelOptions",
  "AT_SetStatistics",
]);

/** A composite type is no relation to the catalog. */
export const RELATIONS: ReadonlySet<string> = new Set([
  "OBJECT_FOREIGN_TABLE",
  "OBJECT_MATVIEW",
  "OBJECT_SEQUENCE",
  "OBJECT_TABLE",
  "OBJECT_VIEW",
]);

export function perhapsMissing(analysis: Analysis, node: TreeNode): void {
  const relation = child(node, "relation");
  if (flag(node, "missing_ok") && relation !== null) noteMissing(analysis, relation);
}

export function alteration(analysis: Analysis, node: TreeNode): Utility {
  const { span } = analysis.statement;
  perhapsMissing(analysis, node);
  const ofTable = word(node, "objtype") === "OBJECT_TABLE";
  let concurrent = false;
  for (const command of children(node, "cmds")) {
    const given = tagged(command)?.node ?? NOTHING;
    const subtype = word(given, "subtype");
    const known = ALTERATIONS.has(subtype) || (ofTable && TABLE_ALTERATIONS.has(subtype));
    if (!known) noteOpaque(analysis, `ALTER TABLE: ${subtype.replace(/^AT_/, "")}`, span);
    if (word(given, "behavior") === "DROP_CASCADE") noteOpaque(analysis, "ALTER TABLE … CASCADE", span);
    concurrent ||= flag(tagged(given.def)?.node ?? NOTHING, "concurrent");
  }
  return { ...definition(analysis, node), outsideTransaction: concurrent };
}

/** ALTER INDEX and REINDEX INDEX: of the table that the index belongs to. */
export function ofIndexes(analysis: Analysis, node: TreeNode): Utility {
  const relation = child(node, "relation") ?? NOTHING;
  const missing = flag(node, "missing_ok") && noteMissing(analysis, relation);
  if (!missing) noteIndex(analysis, relation);
  for (const command of children(node, "cmds")) {
    const given = tagged(command)?.node ?? NOTHING;
    const subtype = word(given, "subtype");
    if (!INDEX_ALTERATIONS.has(subtype)) {
      noteOpaque(analysis, `ALTER INDEX: ${subtype.replace(/^AT_/, "")}`, analysis.statement.span);
    }
    const partition = child(tagged(given.def)?.node ?? NOTHING, "name");
    if (partition !== null) noteIndex(analysis, partition);
  }
  return definition(analysis, node);
}

/** Numbers of a column's own, or for many to share. `OWNED BY` names a table that the tree does not place. */
export function sequence(analysis: Analysis, node: TreeNode, made: boolean): Utility {
  const relation = child(node, "sequence") ?? NOTHING;
  const options = children(node, "options").map((option) => word(tagged(option)?.node ?? NOTHING, "defname"));
  if (options.includes("owned_by")) noteOpaque(analysis, "sequence OWNED BY", analysis.statement.span);
  analysis.writes = true;
  if (made) newRelation(analysis, relation);
  else noteRelation(analysis, relation, { role: "named", action: "sql:ddl" });
  return { ...definition(analysis, node), stores: false };
}

export function reindexed(analysis: Analysis, node: TreeNode): Utility | null {
  if (child(node, "relation") === null) return null;
  const options = children(node, "params").map((option) => word(tagged(option)?.node ?? NOTHING, "defname"));
  if (options.includes("tablespace")) return null;
  const changed = word(node, "kind") === "REINDEX_OBJECT_INDEX" ? ofIndexes(analysis, node) : definition(analysis, node);
  return { ...changed, definitions: false, outsideTransaction: options.includes("concurrently") };
}

export function created(analysis: Analysis, node: TreeNode): Utility {
  const own = newRelation(analysis, child(node, "relation") ?? NOTHING);
  analysis.created = own.temporary ? "temporary" : "stored";
  for (const part of everyNode(node)) {
    const references = child(part, "pktable");
    if (references !== null) noteItself(analysis, references, own);
  }
  return definition(analysis, node);
}

/** Not types: a column of them is a number that a new sequence gives. */
const SERIAL: ReadonlySet<string> = new Set(["bigserial", "serial", "serial2", "serial4", "serial8", "smallserial"]);

function isSerial(column: TreeNode): boolean {
  const [name = "", ...more] = words(children(child(column, "typeName") ?? NOTHING, "names"));
  return typeof column.colname === "string" && more.length === 0 && SERIAL.has(name);
}

/** A change of definitions: every relation that it names, and every function, type and operator that it would run. */
export function definition(analysis: Analysis, node: TreeNode): Utility {
  analysis.writes = true;
  const action: Action = "sql:ddl";
  for (const part of everyNode(node)) {
    if (typeof part.relname === "string" && !analysis.visited.has(part)) noteRelation(analysis, part, { role: "named", action });
    const found = tagged(part);
    if (found === null) continue;
    if (found.tag === "SubLink" || found.tag === "SelectStmt") {
      refuse("a definition with a query inside is not supported", analysis.statement.span);
    }
    const span: Span = analysis.tokens.token(place(found.node));
    if (found.tag === "FuncCall") judgeFunction(analysis, functionNames(found.node), found.node, span);
    if (found.tag === "A_Expr") judgeOperator(analysis, operatorNames(found.node, "name"), span);
  }
  for (const part of everyNode(node)) if (!isSerial(part)) castType(analysis, child(part, "typeName"));
  noteReads(analysis, tagged(analysis.statement.tree)?.tag ?? "", node);
  return { ...PLAIN, kind: "ddl", definitions: true, stores: true };
}

/** How many words say what is dropped. */
const DROPPED: Readonly<Record<string, number>> = {
  OBJECT_INDEX: 1,
  OBJECT_MATVIEW: 2,
  OBJECT_SEQUENCE: 1,
  OBJECT_TABLE: 1,
  OBJECT_TRIGGER: 1,
  OBJECT_VIEW: 1,
};

export function drop(analysis: Analysis, node: TreeNode): Utility {
  const { tokens, statement } = analysis;
  const skip = DROPPED[word(node, "removeType")];
  if (skip === undefined) {
    noteOpaque(analysis, `DROP ${spoken(word(node, "removeType").replace("OBJECT_", ""))}`, statement.span);
    return { ...PLAIN, opaque: true, definitions: true };
  }
  if (word(node, "behavior") === "DROP_CASCADE") noteOpaque(analysis, "DROP … CASCADE", statement.span);
  analysis.writes = true;
  const concurrent = flag(node, "concurrent");
  let index = (tokens.at(statement.span[0]) ?? 0) + 1 + skip + (concurrent ? 1 : 0);
  if (flag(node, "missing_ok")) index += 2;
  const type = word(node, "removeType");
  for (const item of children(node, "objects")) {
    const named = words(children(tagged(item)?.node ?? NOTHING, "items"));
    const parts = type === "OBJECT_TRIGGER" ? named.slice(0, -1) : named;
    // `DROP TRIGGER g ON t`
    if (type === "OBJECT_TRIGGER") index += 2;
    const at = tokens.span(index)[0];
    const missing = flag(node, "missing_ok") && noteMissing(analysis, relationAt(parts, at));
    if (missing) index += tokens.dotted(at).length * 2;
    else index += namedAt(analysis, index, parts, type === "OBJECT_INDEX") + 1;
  }
  return { ...PLAIN, kind: "ddl", definitions: true, outsideTransaction: concurrent };
}

/** Names in DROP and COMMENT have no position in the tree: they follow the statement's words. Answers how many tokens. */
function namedAt(analysis: Analysis, index: number, parts: readonly string[], isIndex: boolean): number {
  const { tokens } = analysis;
  const at = tokens.span(index)[0];
  const relation = relationAt(parts, at);
  if (isIndex) noteIndex(analysis, relation);
  else noteRelation(analysis, relation, { role: "named", action: "sql:ddl" });
  return tokens.dotted(at).length * 2 - 1;
}

function relationAt(parts: readonly string[], location: number): TreeNode {
  const [schemaname, relname] = parts.length > 1 ? parts.slice(-2) : ["", parts[0]];
  return { schemaname, relname, location, inh: true };
}

/** How many words stand before a relation's name. */
const COMMENTED: Readonly<Record<string, number>> = {
  OBJECT_COLUMN: 3,
  OBJECT_INDEX: 3,
  OBJECT_MATVIEW: 4,
  OBJECT_SEQUENCE: 3,
  OBJECT_TABCONSTRAINT: 5,
  OBJECT_TABLE: 3,
  OBJECT_TRIGGER: 5,
  OBJECT_VIEW: 3,
};
/** Their names are a relation's, and then their own. */
const WITHIN: ReadonlySet<string> = new Set(["OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER"]);

/** `schema.table.column`: the table's name is a part of the dotted one. */
function columnOf(analysis: Analysis, index: number, parts: readonly string[]): void {
  const { tokens } = analysis;
  const at = tokens.span(index)[0];
  const spans = tokens.dotted(at);
  const span: Span = [at, spans.at(-2)?.[1] ?? at];
  const own = parts.slice(0, -1);
  if (own.length === 0) refuse("a column is named with its table", analysis.statement.span);
  const { relation } = noteRelation(analysis, relationAt(own, at), { role: "named", action: "sql:ddl", span });
  const name = parts.at(-1) ?? "";
  if (relation.columns.some((column) => column.name === name)) return;
  const near = nearest(
    name,
    relation.columns.map((column) => column.name),
  );
  const hint = near === null ? undefined : `did you mean \`${near}\`?`;
  refuse(`column "${name}" of relation "${relation.name}" does not exist`, spans.at(-1) ?? span, hint);
}

export function comment(analysis: Analysis, node: TreeNode): Utility {
  const { statement, tokens } = analysis;
  const start = tokens.at(statement.span[0]) ?? 0;
  const parts = words(children(child(child(node, "object") ?? NOTHING, "List") ?? NOTHING, "items"));
  const type = word(node, "objtype");
  const skip = COMMENTED[type];
  analysis.writes = true;
  if (skip !== undefined) {
    if (type === "OBJECT_COLUMN") columnOf(analysis, start + skip, parts);
    else namedAt(analysis, start + skip, WITHIN.has(type) ? parts.slice(0, -1) : parts, type === "OBJECT_INDEX");
    return { ...PLAIN, kind: "ddl" };
  }
  noteOpaque(analysis, `COMMENT ON ${spoken(word(node, "objtype").replace("OBJECT_", ""))}`, statement.span);
  return { ...PLAIN, opaque: true };
}
