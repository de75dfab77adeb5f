import { resourceName } from "../../domain/micro-action.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Described } from "../../domain/statement.ts";
import { type Analysis, newAnalysis, noteCall, noteOpaque } from "./analysis.ts";
import type { Catalog, SqlSessionState } from "./catalog.ts";
import { isCatalogueSchema } from "./catalogues.ts";
import { judgeOverloads } from "./functions.ts";
import type { ParsedStatement } from "./parsed.ts";
import { refusalOf, refuse } from "./refused.ts";
import { type Output, query } from "./select.ts";
import { everyNode, place, type Tagged, tagged, word } from "./tree.ts";
import { type TransactionEffect, utility } from "./utility.ts";
import { isView, viewContent } from "./view.ts";

/** One statement, understood: what it would do, and what ./protect.ts needs to write it anew. */
export interface DescribedSql extends Described {
  readonly statement: ParsedStatement;
  readonly analysis: Analysis;
  readonly output: Output | null;
  readonly sqlKind: string;
  readonly transaction: TransactionEffect | null;
  readonly outsideTransaction: boolean;
  readonly definitions: boolean;
  /** Sent as it is when policy lets it: nothing about it is promised. */
  readonly opaque: boolean;
  /** What it reads is kept: masked values would launder or destroy data. */
  readonly stores: boolean;
}

const KINDS: Readonly<Record<string, string>> = {
  SelectStmt: "select",
  InsertStmt: "insert",
  UpdateStmt: "update",
  DeleteStmt: "delete",
  MergeStmt: "merge",
};

export function describeSql(
  statement: ParsedStatement,
  catalog: Catalog,
  state: SqlSessionState,
): DescribedSql | { readonly refusal: Refusal } {
  return refusalOf(() => described(statement, catalog, state));
}

function described(statement: ParsedStatement, catalog: Catalog, state: SqlSessionState): DescribedSql {
  const root = tagged(statement.tree);
  if (root === null) refuse("the statement was not understood", statement.span);
  const analysis = newAnalysis(statement, catalog, state);
  const kind = KINDS[root.tag];
  const isQuery = kind !== undefined;
  const output = isQuery ? query(analysis, statement.tree, { scope: null, ctes: null }, {}) : null;
  const rest = isQuery ? null : utility(analysis, root.tag, root.node);
  const opaque = rest?.opaque ?? false;
  if (!opaque) everyRelationWasVisited(analysis);
  describeViews(analysis);
  judgeOverloads(analysis);
  const microActions = [...analysis.actions.values()].sort((a, b) => a.span[0] - b.span[0]);
  const tables = microActions.filter((action) => action.resource.kind === "table").map((action) => resourceName(action.resource));
  const measured = measuredBy(root);
  return {
    kind: "sql",
    text: statement.text,
    span: statement.span,
    microActions,
    facts: {
      kind: kind ?? rest?.kind ?? "opaque",
      hasWhere: measured.node.whereClause !== undefined,
      hasLimit: measured.node.limitCount !== undefined,
      tables: [...new Set(tables)],
      estimatedRows: -1,
    },
    statement,
    analysis,
    output: output ?? rest?.output ?? null,
    sqlKind: kind ?? rest?.kind ?? "opaque",
    transaction: rest?.transaction ?? null,
    outsideTransaction: rest?.outsideTransaction ?? false,
    definitions: rest?.definitions ?? false,
    opaque,
    stores: (rest?.stores ?? false) || analysis.uses.some((use) => use.role === "target"),
  };
}

/** The statement whose WHERE and LIMIT count. */
function measuredBy(root: Tagged): Tagged {
  return root.tag === "ExplainStmt" ? (tagged(root.node.query) ?? root) : root;
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
