import { type MicroAction, resourceName } from "../../domain/micro-action.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Span } from "../../domain/span.ts";
import type { Described } from "../../domain/statement.ts";
import { type Analysis, newAnalysis, noteCall, noteOpaque } from "./analysis.ts";
import type { Catalog, SqlSessionState } from "./catalog.ts";
import { isCatalogueSchema } from "./catalogues.ts";
import type { Effect } from "./effect.ts";
import { judgeOverloads } from "./functions.ts";
import { cursorNamed, execute, fillsTemporary, onlyTemporary } from "./named.ts";
import type { ParsedStatement } from "./parsed.ts";
import { refusalOf, refuse } from "./refused.ts";
import { type Output, query } from "./select.ts";
import { everyNode, flag, NOTHING, place, type Tagged, type TreeNode, tagged, word } from "./tree.ts";
import { explained, PLAIN, type TransactionEffect, type Utility, utility } from "./utility.ts";
import { isView, viewContent } from "./view.ts";

/** One statement, understood: what it would do, and what ./protect.ts needs to write it anew. */
export interface DescribedSql extends Described {
  readonly statement: ParsedStatement;
  readonly analysis: Analysis;
  /** What is done to every relation that it names, in the order in which the guard came to them. */
  readonly named: readonly MicroAction[];
  readonly output: Output | null;
  readonly sqlKind: string;
  readonly transaction: TransactionEffect | null;
  readonly outsideTransaction: boolean;
  readonly definitions: boolean;
  /** Sent as it is when policy lets it: nothing about it is promised. */
  readonly opaque: boolean;
  /** What it reads is kept: masked values would launder or destroy data. */
  readonly stores: boolean;
  readonly way: Utility["way"];
  readonly effect: Effect | null;
  readonly inspect: Span | null;
  readonly copies: boolean;
  /** Changes nothing but the session's own temporary relations. */
  readonly temporary: boolean;
  /** The PREPARE or DECLARE that EXECUTE or FETCH reaches by name: it is what runs. */
  readonly through: DescribedSql | null;
}

const KINDS: Readonly<Record<string, string>> = {
  SelectStmt: "select",
  InsertStmt: "insert",
  UpdateStmt: "update",
  DeleteStmt: "delete",
  MergeStmt: "merge",
};

/** `named`: what was done to relations up to where it is refused. */
export interface RefusedSql {
  readonly refusal: Refusal;
  readonly named: readonly MicroAction[];
}

export function describeSql(statement: ParsedStatement, catalog: Catalog, state: SqlSessionState): DescribedSql | RefusedSql {
  const analysis = newAnalysis(statement, catalog, state);
  const result = refusalOf(() => described(analysis));
  return "refusal" in result ? { ...result, named: analysis.named } : result;
}

function described(analysis: Analysis): DescribedSql {
  const { statement, catalog } = analysis;
  const root = tagged(statement.tree);
  if (root === null) refuse("the statement was not understood", statement.span);
  if (catalog.server < NUMBERS_SINCE) everyNumberIsOld(analysis);
  if (root.tag === "ExecuteStmt" || root.tag === "FetchStmt") return throughName(analysis, root, null);
  const explains = root.tag === "ExplainStmt" ? tagged(root.node.query) : null;
  if (explains?.tag === "ExecuteStmt") return throughName(analysis, explains, root.node);
  const kind = KINDS[root.tag];
  const isQuery = kind !== undefined;
  const output = isQuery ? query(analysis, statement.tree, { scope: null, ctes: null }, {}) : null;
  const rest = isQuery ? { ...PLAIN, kind } : utility(analysis, root.tag, root.node);
  // INTO, wherever it stands, makes the query a definition.
  const stored = analysis.created !== null && isQuery;
  finish(analysis, rest.opaque);
  const temporary = rest.temporary || onlyTemporary(analysis);
  const microActions = [...analysis.actions.values()].sort((a, b) => a.span[0] - b.span[0]);
  const tables = microActions.filter((action) => action.resource.kind === "table").map((action) => resourceName(action.resource));
  const measured = measuredBy(root);
  const sqlKind = stored ? "ddl" : rest.kind;
  const targets = analysis.uses.some((use) => use.role === "target");
  return {
    kind: "sql",
    text: statement.text,
    span: statement.span,
    microActions,
    facts: {
      kind: sqlKind === "declare" ? "select" : sqlKind,
      hasWhere: measured.node.whereClause !== undefined,
      hasLimit: measured.node.limitCount !== undefined,
      tables: [...new Set(tables)],
    },
    statement,
    analysis,
    named: analysis.named,
    output: stored ? null : (output ?? rest.output),
    sqlKind,
    transaction: rest.transaction,
    outsideTransaction: rest.outsideTransaction,
    definitions: (rest.definitions || stored) && !temporary,
    opaque: rest.opaque,
    stores: !temporary && (rest.stores || stored || targets),
    way: rest.way,
    effect: rest.effect ?? (fillsTemporary(analysis) ? { keeps: "rows" } : null),
    inspect: rest.inspect,
    copies: rest.copies,
    temporary,
    through: null,
  };
}

/** Before, `0x1F` is the number 0 with a name, `x1f`, and `1_000` the number 1. */
const NUMBERS_SINCE = 16;

function everyNumberIsOld(analysis: Analysis): void {
  const { source, tokens } = analysis.statement;
  for (const span of tokens) {
    const text = source.slice(...span);
    if (/^\.?[0-9]/.test(text) && /[_box]/i.test(text)) {
      refuse(`a server before PostgreSQL ${NUMBERS_SINCE} does not read \`${text}\` as one number`, span);
    }
  }
}

/** What can only be said when the whole tree was walked. */
function finish(analysis: Analysis, opaque: boolean): void {
  if (!opaque) everyRelationWasVisited(analysis);
  describeViews(analysis);
  judgeOverloads(analysis);
}

/** EXECUTE, FETCH and MOVE do what the statement that they name would do, judged anew; it stands where the name stands. */
function throughName(analysis: Analysis, root: Tagged, explain: TreeNode | null): DescribedSql {
  const { statement, catalog, state } = analysis;
  const runs = explain === null || explained(analysis, explain);
  const executes = root.tag === "ExecuteStmt";
  const named = executes ? execute(analysis, root.node) : cursorNamed(analysis, word(root.node, "portalname"));
  const inner = describeSql(named, catalog, state);
  if ("refusal" in inner) {
    analysis.named.push(...inner.named.map((action) => ({ ...action, span: statement.span })));
    const { message, hint } = inner.refusal;
    refuse(`in \`${named.text.slice(0, 80)}\`: ${message}`, statement.span, hint);
  }
  finish(analysis, false);
  if (!runs) inner.analysis.writes = false;
  const moved = inner.microActions.map((action) => ({ ...action, span: statement.span }));
  const carried = tagged(tagged(named.tree)?.node.query);
  const kind = carried === null ? inner.sqlKind : (KINDS[carried.tag] ?? inner.sqlKind);
  const moves = flag(root.node, "ismove");
  return {
    ...inner,
    // What is reviewed, covered and recorded is both.
    text: `${statement.text}\n${named.text}`,
    span: statement.span,
    microActions: [...moved, ...analysis.actions.values()],
    facts: { ...inner.facts, kind: explain === null ? kind : "explain" },
    statement,
    analysis,
    named: [...analysis.named, ...inner.named.map((action) => ({ ...action, span: statement.span }))],
    output: moves || explain !== null ? null : inner.output,
    sqlKind: explain !== null ? "explain" : executes ? "execute" : "fetch",
    effect: runs && fillsTemporary(inner.analysis) ? { keeps: "rows" } : null,
    inspect: null,
    through: inner,
  };
}

/** The statement whose WHERE and LIMIT count. */
function measuredBy(root: Tagged): { readonly node: TreeNode } {
  return tagged(root.node.query) ?? { node: root.node ?? NOTHING };
}

/** INVARIANT (net one): a relation that the walk did not come to is a hole in the walk. */
function everyRelationWasVisited(analysis: Analysis): void {
  const places = new Set([...analysis.visited].map((node) => `${word(node, "relname")}@${place(node)}`));
  for (const node of everyNode(analysis.statement.tree)) {
    if (typeof node.relname !== "string") continue;
    if (!places.has(`${node.relname}@${place(node)}`)) {
      refuse(`no rule for the place in which \`${node.relname}\` stands`, analysis.tokens.token(place(node)));
    }
  }
}

/** A view runs what its definition says: its functions are the statement's. */
function describeViews(analysis: Analysis): void {
  for (const use of analysis.uses) {
    const { relation } = use;
    if (!isView(relation) || isCatalogueSchema(relation.schema) || use.role === "named") continue;
    const content = viewContent(analysis.catalog, relation);
    if (!content.known) noteOpaque(analysis, `view ${relation.schema}.${relation.name}`, use.nameSpan);
    if (relation.kind === "materialised") continue;
    for (const what of content.opaque) noteOpaque(analysis, `${what} in view ${relation.schema}.${relation.name}`, use.nameSpan);
    for (const name of content.called) {
      const [schema = "", ...rest] = name.split(".");
      noteCall(analysis, schema, rest.join("."), use.nameSpan);
    }
  }
}
