import type { Action } from "../../domain/micro-action.ts";
import type { Span } from "../../domain/span.ts";
import { type Analysis, type Env, note, noteOpaque } from "./analysis.ts";
import type { Effect } from "./effect.ts";
import { castType, expression } from "./expression.ts";
import { functionNames, judgeFunction, judgeOperator, operatorNames } from "./functions.ts";
import { closeCursor, copyOut, deallocate, declareCursor, discard, prepare } from "./named.ts";
import { refuse } from "./refused.ts";
import { newRelation, noteItself, noteMissing, noteRelation } from "./relations.ts";
import type { Output } from "./select.ts";
import { query } from "./select.ts";
import { setConstraints, setVariable, showVariable, transaction } from "./session.ts";
import { child, children, everyNode, flag, NOTHING, place, type TreeNode, tagged, word, words } from "./tree.ts";

/** Statements that are no queries. What has no rule here is opaque: only who may run anything may run it. */

export type TransactionEffect = "begin" | "commit" | "rollback" | "savepoint";

export interface Utility {
  readonly kind: string;
  readonly output: Output | null;
  readonly transaction: TransactionEffect | null;
  /** Cannot run inside of a transaction block. */
  readonly outsideTransaction: boolean;
  /** Definitions change: the catalog has to be read again. */
  readonly definitions: boolean;
  /** Nobody knows what it does. */
  readonly opaque: boolean;
  /** What it reads is stored or becomes a definition. */
  readonly stores: boolean;
  /** `nothing`: the gateway does all of it, nothing is sent. */
  readonly way: "run" | "nothing";
  readonly effect: Effect | null;
  /** A query in it that the server describes in its place: it has no result of its own, or one without columns. */
  readonly inspect: Span | null;
  /** Its rows come as lines of COPY. */
  readonly copies: boolean;
  /** Changes nothing but the session's own temporary relations. */
  readonly temporary: boolean;
}

export const PLAIN: Utility = {
  kind: "opaque",
  output: null,
  transaction: null,
  outsideTransaction: false,
  definitions: false,
  opaque: false,
  stores: false,
  way: "run",
  effect: null,
  inspect: null,
  copies: false,
  temporary: false,
};
const NOWHERE: Env = { scope: null, ctes: null };

export function utility(analysis: Analysis, tag: string, node: TreeNode): Utility {
  const span = analysis.statement.span;
  switch (tag) {
    case "TransactionStmt":
      return transaction(analysis, node);
    case "VariableSetStmt":
      return setVariable(analysis, node);
    case "VariableShowStmt":
      return showVariable(analysis, node);
    case "ConstraintsSetStmt":
      return setConstraints(analysis, node);
    case "PrepareStmt":
      return prepare(analysis, node);
    case "DeallocateStmt":
      return deallocate(analysis, node);
    case "DeclareCursorStmt":
      return declareCursor(analysis, node);
    case "ClosePortalStmt":
      return closeCursor(analysis, node);
    case "DiscardStmt":
      return discard(analysis, node);
    case "LockStmt":
      analysis.writes = true;
      for (const item of children(node, "relations")) {
        noteRelation(analysis, tagged(item)?.node ?? NOTHING, { role: "named", action: "sql:update" });
      }
      return { ...PLAIN, kind: "lock" };
    case "CommentStmt":
      return comment(analysis, node);
    case "ExplainStmt":
      return explain(analysis, node);
    case "CallStmt": {
      const call = child(node, "funccall") ?? NOTHING;
      const names = functionNames(call);
      analysis.writes = true;
      judgeFunction(analysis, names, call, analysis.tokens.token(place(call)));
      expression(analysis, children(call, "args"), NOWHERE);
      return {
        ...PLAIN,
        kind: "call",
        stores: true,
        output: { columns: [], open: true, reads: { reads: new Set(), through: null } },
      };
    }
    case "TruncateStmt":
      analysis.writes = true;
      for (const item of children(node, "relations")) {
        noteRelation(analysis, tagged(item)?.node ?? NOTHING, { role: "target", action: "sql:truncate" });
      }
      if (word(node, "behavior") === "DROP_CASCADE") noteOpaque(analysis, "TRUNCATE … CASCADE", span);
      return { ...PLAIN, kind: "truncate" };
    case "CopyStmt":
      return copy(analysis, node);
    case "CreateTableAsStmt":
    case "ViewStmt":
      return storedQuery(analysis, tag, node);
    case "CreateStmt":
      return created(analysis, node);
    case "AlterTableStmt":
      return alteration(analysis, node);
    case "CreateSeqStmt":
      return sequence(analysis, node, true);
    case "AlterSeqStmt":
      return sequence(analysis, node, false);
    case "CreateStatsStmt":
      return definition(analysis, node);
    case "ClusterStmt":
      if (child(node, "relation") === null) break;
      return { ...definition(analysis, node), definitions: false };
    case "ReindexStmt": {
      const known = reindexed(analysis, node);
      if (known === null) break;
      return known;
    }
    case "IndexStmt":
      return { ...definition(analysis, node), outsideTransaction: flag(node, "concurrent") };
    case "RenameStmt":
      if (child(node, "relation") === null) break;
      return definition(analysis, node);
    case "DropStmt":
      return drop(analysis, node);
    case "RefreshMatViewStmt":
      return { ...definition(analysis, node), definitions: false, outsideTransaction: false };
    case "VacuumStmt":
      if (children(node, "rels").length === 0) break;
      return { ...definition(analysis, node), definitions: false, outsideTransaction: flag(node, "is_vacuumcmd") };
    default: {
      const clear = REFUSED[tag];
      if (clear !== undefined) refuse(clear, span);
    }
  }
  const what = OPAQUE_NAMES[tag] ?? spoken(tag);
  noteOpaque(analysis, what, span);
  analysis.writes = true;
  return { ...PLAIN, opaque: true, definitions: true };
}

const REFUSED: Readonly<Record<string, string>> = {
  ListenStmt: "`LISTEN` is not supported: notifications carry data that nobody has judged",
  UnlistenStmt: "`UNLISTEN` is not supported",
  NotifyStmt: "`NOTIFY` is not supported: notifications carry data that nobody has judged",
};

const OPAQUE_NAMES: Readonly<Record<string, string>> = {
  DoStmt: "DO block",
  LoadStmt: "LOAD",
  AlterSystemStmt: "ALTER SYSTEM",
  CreateFunctionStmt: "CREATE FUNCTION",
  CreateTrigStmt: "CREATE TRIGGER",
  RuleStmt: "CREATE RULE",
  VacuumStmt: "VACUUM of everything",
};

function spoken(tag: string): string {
  return tag
    .replace(/Stmt$/, "")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toUpperCase();
}

/** Not here: owners, row security, triggers and rules, and whatever changes what others may do. */
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
  "AT_DropCluster",
  "AT_DropColumn",
  "AT_DropConstraint",
  "AT_DropExpression",
  "AT_DropIdentity",
  "AT_DropInherit",
  "AT_DropNotNull",
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

function alteration(analysis: Analysis, node: TreeNode): Utility {
  const { span } = analysis.statement;
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

/** Numbers of a column's own, or for many to share. `OWNED BY` names a table that the tree does not place. */
function sequence(analysis: Analysis, node: TreeNode, made: boolean): Utility {
  const relation = child(node, "sequence") ?? NOTHING;
  const options = children(node, "options").map((option) => word(tagged(option)?.node ?? NOTHING, "defname"));
  if (options.includes("owned_by")) noteOpaque(analysis, "sequence OWNED BY", analysis.statement.span);
  analysis.writes = true;
  if (made) newRelation(analysis, relation);
  else noteRelation(analysis, relation, { role: "named", action: "sql:ddl" });
  return { ...definition(analysis, node), stores: false };
}

function reindexed(analysis: Analysis, node: TreeNode): Utility | null {
  if (child(node, "relation") === null || word(node, "kind") === "REINDEX_OBJECT_INDEX") return null;
  const options = children(node, "params").map((option) => word(tagged(option)?.node ?? NOTHING, "defname"));
  if (options.includes("tablespace")) return null;
  return { ...definition(analysis, node), definitions: false, outsideTransaction: options.includes("concurrently") };
}

const EXPLAIN_OPTIONS: ReadonlySet<string> = new Set([
  "analyze",
  "buffers",
  "costs",
  "format",
  "generic_plan",
  "memory",
  "serialize",
  "settings",
  "summary",
  "timing",
  "verbose",
  "wal",
]);

/** EXPLAIN's own part. Answers whether it runs what it explains. */
export function explained(analysis: Analysis, node: TreeNode): boolean {
  const span = analysis.statement.span;
  let runs = false;
  for (const option of children(node, "options")) {
    const { node: given } = tagged(option) ?? { node: NOTHING };
    const name = word(given, "defname");
    if (!EXPLAIN_OPTIONS.has(name)) refuse(`EXPLAIN option \`${name}\` is not supported`, span);
    if (name === "analyze") runs = true;
  }
  note(analysis, "sql:explain", { kind: "target" }, span);
  return runs;
}

function explain(analysis: Analysis, node: TreeNode): Utility {
  const { span } = analysis.statement;
  const runs = explained(analysis, node);
  const inner = tagged(node.query);
  if (inner !== null && EXPLAINED_QUERIES.has(inner.tag)) query(analysis, node.query, NOWHERE, {});
  else if (inner?.tag === "CreateTableAsStmt") {
    if (runs) refuse("EXPLAIN ANALYZE would make the table", span, "leave out ANALYZE, or explain the query alone");
    storedQuery(analysis, inner.tag, inner.node);
    analysis.created = null;
  } else if (inner?.tag === "DeclareCursorStmt") {
    query(analysis, inner.node.query, NOWHERE, {});
  } else refuse("EXPLAIN is for queries and data changes here", span);
  if (!runs) analysis.writes = false;
  return { ...PLAIN, kind: "explain" };
}

const EXPLAINED_QUERIES: ReadonlySet<string> = new Set(["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"]);

function copy(analysis: Analysis, node: TreeNode): Utility {
  const span = analysis.statement.span;
  if (flag(node, "is_program")) {
    noteOpaque(analysis, "COPY … PROGRAM", span);
    return { ...PLAIN, kind: "copy", opaque: true };
  }
  if (word(node, "filename") !== "") {
    noteOpaque(analysis, "COPY with a file of the server", span);
    return { ...PLAIN, kind: "copy", opaque: true };
  }
  if (flag(node, "is_from")) refuse("there is no file to COPY from here", span, "INSERT the rows");
  return copyOut(analysis, node);
}

function storedQuery(analysis: Analysis, tag: string, node: TreeNode): Utility {
  const isView = tag === "ViewStmt";
  const into = isView ? child(node, "view") : child(child(node, "into") ?? NOTHING, "rel");
  const inner = tagged(node.query);
  if (inner?.tag !== "SelectStmt" || into === null) refuse("only a query can be stored", analysis.statement.span);
  analysis.writes = true;
  const { temporary } = newRelation(analysis, into);
  query(analysis, node.query, NOWHERE, {});
  if (!isView) analysis.created = temporary ? "temporary" : "stored";
  return { ...PLAIN, kind: "ddl", definitions: true, stores: isView || !temporary };
}

function created(analysis: Analysis, node: TreeNode): Utility {
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
function definition(analysis: Analysis, node: TreeNode): Utility {
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
  return { ...PLAIN, kind: "ddl", definitions: true, stores: true };
}

const DROPPED: Readonly<Record<string, number>> = { OBJECT_TABLE: 1, OBJECT_VIEW: 1, OBJECT_MATVIEW: 2, OBJECT_SEQUENCE: 1 };

function drop(analysis: Analysis, node: TreeNode): Utility {
  const { tokens, statement } = analysis;
  const skip = DROPPED[word(node, "removeType")];
  if (skip === undefined) {
    noteOpaque(analysis, `DROP ${spoken(word(node, "removeType").replace("OBJECT_", ""))}`, statement.span);
    return { ...PLAIN, opaque: true, definitions: true };
  }
  if (word(node, "behavior") === "DROP_CASCADE") noteOpaque(analysis, "DROP … CASCADE", statement.span);
  analysis.writes = true;
  let index = (tokens.at(statement.span[0]) ?? 0) + 1 + skip;
  if (flag(node, "missing_ok")) index += 2;
  for (const item of children(node, "objects")) {
    const parts = words(children(tagged(item)?.node ?? NOTHING, "items"));
    const at = tokens.span(index)[0];
    const missing = flag(node, "missing_ok") && noteMissing(analysis, relationAt(parts, at));
    index += missing ? tokens.dotted(at).length * 2 : namedAt(analysis, index, parts) + 1;
  }
  return { ...PLAIN, kind: "ddl", definitions: true };
}

/** Names in DROP and COMMENT have no position in the tree: they follow the statement's words. Answers how many tokens. */
function namedAt(analysis: Analysis, index: number, parts: readonly string[]): number {
  const { tokens } = analysis;
  const at = tokens.span(index)[0];
  noteRelation(analysis, relationAt(parts, at), { role: "named", action: "sql:ddl" });
  return tokens.dotted(at).length * 2 - 1;
}

function relationAt(parts: readonly string[], location: number): TreeNode {
  const [schemaname, relname] = parts.length > 1 ? parts.slice(-2) : ["", parts[0]];
  return { schemaname, relname, location, inh: true };
}

const COMMENTED: Readonly<Record<string, number>> = { OBJECT_TABLE: 3, OBJECT_VIEW: 3, OBJECT_MATVIEW: 4, OBJECT_SEQUENCE: 3 };

function comment(analysis: Analysis, node: TreeNode): Utility {
  const { statement, tokens } = analysis;
  const start = tokens.at(statement.span[0]) ?? 0;
  const parts = words(children(child(child(node, "object") ?? NOTHING, "List") ?? NOTHING, "items"));
  const skip = COMMENTED[word(node, "objtype")];
  analysis.writes = true;
  if (skip !== undefined) {
    namedAt(analysis, start + skip, parts);
    return { ...PLAIN, kind: "ddl" };
  }
  noteOpaque(analysis, `COMMENT ON ${spoken(word(node, "objtype").replace("OBJECT_", ""))}`, statement.span);
  return { ...PLAIN, opaque: true };
}
