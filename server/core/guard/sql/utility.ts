import type { Span } from "../../domain/span.ts";
import { type Analysis, type Env, note, noteOpaque } from "./analysis.ts";
import {
  alteration,
  comment,
  created,
  definition,
  drop,
  ofIndexes,
  perhapsMissing,
  RELATIONS,
  reindexed,
  sequence,
  spoken,
} from "./ddl.ts";
import type { Effect } from "./effect.ts";
import { expression } from "./expression.ts";
import { functionNames, judgeFunction } from "./functions.ts";
import { closeCursor, copyOut, deallocate, declareCursor, discard, prepare } from "./named.ts";
import { refuse } from "./refused.ts";
import { newRelation, noteRelation } from "./relations.ts";
import type { Output } from "./select.ts";
import { query } from "./select.ts";
import { setConstraints, setVariable, showVariable, transaction } from "./session.ts";
import { child, children, flag, NOTHING, place, type TreeNode, tagged, word } from "./tree.ts";
import { changedLabels, createdType, droppedTypes } from "./types.ts";

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
      if (word(node, "objtype") === "OBJECT_INDEX") return ofIndexes(analysis, node);
      if (!RELATIONS.has(word(node, "objtype"))) break;
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
      if (word(node, "renameType") === "OBJECT_INDEX") return ofIndexes(analysis, node);
      if (word(node, "relationType") === "OBJECT_TYPE") break;
      perhapsMissing(analysis, node);
      return definition(analysis, node);
    case "CompositeTypeStmt":
    case "CreateDomainStmt":
    case "CreateEnumStmt":
      return createdType(analysis, node);
    case "AlterEnumStmt":
      return changedLabels(analysis, node);
    case "DropStmt":
      if (word(node, "removeType") === "OBJECT_TYPE" || word(node, "removeType") === "OBJECT_DOMAIN") {
        return droppedTypes(analysis, node);
      }
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
