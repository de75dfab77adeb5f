import type { Action } from "../../domain/micro-action.ts";
import type { Span } from "../../domain/span.ts";
import { type Analysis, type Env, note, noteOpaque } from "./analysis.ts";
import { castType, expression } from "./expression.ts";
import { functionNames, judgeFunction, judgeOperator, operatorNames } from "./functions.ts";
import { quoteName } from "./names.ts";
import { refuse } from "./refused.ts";
import { nameSpan, noteRelation } from "./relations.ts";
import type { Output } from "./select.ts";
import { query } from "./select.ts";
import { isChangeableSetting, isReadableSetting } from "./settings.ts";
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
}

const PLAIN: Utility = {
  kind: "opaque",
  output: null,
  transaction: null,
  outsideTransaction: false,
  definitions: false,
  opaque: false,
  stores: false,
};
const NOWHERE: Env = { scope: null, ctes: null };

export function utility(analysis: Analysis, tag: string, node: TreeNode): Utility {
  const span = analysis.statement.span;
  switch (tag) {
    case "TransactionStmt":
      return transaction(analysis, node);
    case "VariableSetStmt":
      return setVariable(analysis, node);
    case "VariableShowStmt": {
      const name = word(node, "name");
      if (!isReadableSetting(name)) refuse(`setting \`${name}\` is not shown: only harmless settings are`, span);
      note(analysis, "sql:set", { kind: "setting", name: name.toLowerCase() }, span);
      return { ...PLAIN, kind: "show" };
    }
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
      newRelation(analysis, child(node, "relation"));
      return definition(analysis, node);
    case "AlterTableStmt":
      for (const command of children(node, "cmds")) {
        const subtype = word(tagged(command)?.node ?? NOTHING, "subtype");
        if (!ALTERATIONS.has(subtype)) noteOpaque(analysis, `ALTER TABLE: ${subtype.replace(/^AT_/, "")}`, span);
      }
      return definition(analysis, node);
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
  DeclareCursorStmt: "cursors are not supported: run the query, the grid loads rows as they are needed",
  FetchStmt: "cursors are not supported: run the query, the grid loads rows as they are needed",
  ClosePortalStmt: "cursors are not supported",
  PrepareStmt: "prepared statements are not supported: run the statement itself",
  ExecuteStmt: "prepared statements are not supported: run the statement itself",
  DeallocateStmt: "prepared statements are not supported",
  DiscardStmt: "`DISCARD` would undo what the gateway has set",
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

const ALTERATIONS: ReadonlySet<string> = new Set([
  "AT_AddColumn",
  "AT_AddConstraint",
  "AT_AlterColumnType",
  "AT_ColumnDefault",
  "AT_DropColumn",
  "AT_DropConstraint",
  "AT_DropNotNull",
  "AT_SetNotNull",
  "AT_SetStatistics",
  "AT_ValidateConstraint",
]);

const TRANSACTION_EFFECTS: Readonly<Record<string, TransactionEffect>> = {
  TRANS_STMT_BEGIN: "begin",
  TRANS_STMT_START: "begin",
  TRANS_STMT_COMMIT: "commit",
  TRANS_STMT_ROLLBACK: "rollback",
  TRANS_STMT_SAVEPOINT: "savepoint",
  TRANS_STMT_RELEASE: "savepoint",
  TRANS_STMT_ROLLBACK_TO: "savepoint",
};

function transaction(analysis: Analysis, node: TreeNode): Utility {
  const span = analysis.statement.span;
  const effect = TRANSACTION_EFFECTS[word(node, "kind")];
  if (effect === undefined) refuse("two-phase commit is not supported", span);
  if (flag(node, "chain")) refuse("`AND CHAIN` is not supported: begin again", span);
  if (word(node, "savepoint_name").startsWith("gatehouse")) refuse("savepoints named `gatehouse…` are the gateway's", span);
  note(analysis, "sql:transaction", { kind: "target" }, span);
  return { ...PLAIN, kind: "transaction", transaction: effect };
}

function setVariable(analysis: Analysis, node: TreeNode): Utility {
  const span = analysis.statement.span;
  const name = word(node, "name").toLowerCase();
  if (word(node, "kind") === "VAR_SET_MULTI") {
    if (name !== "transaction") refuse(`\`SET ${name.toUpperCase()}\` is not supported`, span);
    note(analysis, "sql:transaction", { kind: "target" }, span);
    return { ...PLAIN, kind: "set" };
  }
  if (!isChangeableSetting(name)) {
    const hint = name === "search_path" ? "write names with their schema" : undefined;
    const what = name === "" ? "settings cannot be reset all at once" : `setting \`${name}\` belongs to the gateway`;
    refuse(what, span, hint);
  }
  note(analysis, "sql:set", { kind: "setting", name }, span);
  return { ...PLAIN, kind: "set" };
}

const EXPLAIN_OPTIONS: ReadonlySet<string> = new Set([
  "analyze",
  "buffers",
  "costs",
  "format",
  "generic_plan",
  "memory",
  "summary",
  "timing",
  "verbose",
  "wal",
]);

function explain(analysis: Analysis, node: TreeNode): Utility {
  const span = analysis.statement.span;
  let runs = false;
  for (const option of children(node, "options")) {
    const { node: given } = tagged(option) ?? { node: NOTHING };
    const name = word(given, "defname");
    if (!EXPLAIN_OPTIONS.has(name)) refuse(`EXPLAIN option \`${name}\` is not supported`, span);
    if (name === "analyze") runs = true;
  }
  const inner = tagged(node.query);
  if (inner === null || !["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"].includes(inner.tag)) {
    refuse("EXPLAIN is for queries and data changes here", span);
  }
  note(analysis, "sql:explain", { kind: "target" }, span);
  query(analysis, node.query, NOWHERE, {});
  if (!runs) analysis.writes = false;
  return { ...PLAIN, kind: "explain" };
}

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
  return refuse("COPY is not supported here", span, "run the query and export its result");
}

function storedQuery(analysis: Analysis, tag: string, node: TreeNode): Utility {
  analysis.writes = true;
  const into = tag === "ViewStmt" ? child(node, "view") : child(child(node, "into") ?? NOTHING, "rel");
  const inner = tagged(node.query);
  if (inner?.tag !== "SelectStmt") refuse("only a query can be stored", analysis.statement.span);
  newRelation(analysis, into);
  query(analysis, node.query, NOWHERE, {});
  return { ...PLAIN, kind: "ddl", definitions: true, stores: true };
}

/** The relation that comes to be: it is created where its name is looked up first. */
function newRelation(analysis: Analysis, node: TreeNode | null): void {
  if (node === null) return;
  const span = nameSpan(analysis, node);
  if (word(node, "relpersistence") === "t" || word(node, "schemaname").startsWith("pg_temp")) {
    refuse("temporary tables are not supported", span, "use WITH … AS (…) for intermediate results");
  }
  const schema = word(node, "schemaname") === "" ? analysis.state.searchPath[0] : word(node, "schemaname");
  if (schema === undefined) refuse("no schema has been selected to create in", span);
  const table = word(node, "relname");
  analysis.visited.add(node);
  analysis.edits.push({ span, text: `${quoteName(schema)}.${quoteName(table)}` });
  note(analysis, "sql:ddl", { kind: "table", schema, table }, span);
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
  for (const part of everyNode(node)) castType(analysis, child(part, "typeName"));
  return { ...PLAIN, kind: "ddl", definitions: true, stores: true };
}

const DROPPED: Readonly<Record<string, number>> = { OBJECT_TABLE: 1, OBJECT_VIEW: 1, OBJECT_MATVIEW: 2, OBJECT_SEQUENCE: 1 };

/** Names in DROP have no position in the tree: they follow the words `DROP TABLE [IF EXISTS]`, one after the other. */
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
    const names = words(children(tagged(item)?.node ?? NOTHING, "items"));
    const at = tokens.span(index)[0];
    const [schemaname, relname] = names.length > 1 ? names.slice(-2) : ["", names[0]];
    noteRelation(analysis, { schemaname, relname, location: at, inh: true }, { role: "named", action: "sql:ddl" });
    index += tokens.dotted(at).length * 2;
  }
  return { ...PLAIN, kind: "ddl", definitions: true };
}
