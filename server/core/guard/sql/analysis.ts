import type { Action, MicroAction, Resource } from "../../domain/micro-action.ts";
import { resourceName } from "../../domain/micro-action.ts";
import type { Span } from "../../domain/span.ts";
import type { Catalog, CatalogIndex, CatalogRelation, SqlSessionState } from "./catalog.ts";
import type { ParsedStatement } from "./parsed.ts";
import type { RelationUse, Scope, Source } from "./scope.ts";
import type { OutputColumn } from "./select.ts";
import { Tokens } from "./tokens.ts";
import type { TreeNode } from "./tree.ts";

/** Text that replaces `[from, to)` of the source. */
interface Edit {
  readonly span: Span;
  readonly text: string;
}

/** A GROUP BY that may lean on a primary key, which a subquery does not have. */
export interface Grouping {
  readonly end: number;
  readonly uses: readonly RelationUse[];
  /** Column names per use. */
  readonly keys: ReadonlyMap<RelationUse, ReadonlySet<string>>;
  /** Columns that only some of its sets have: in the others they are NULL. */
  readonly partial: ReadonlyMap<RelationUse, ReadonlySet<string>>;
}

/** `*` or `t.*` in a select list, and the names that it stands for. */
export interface Star {
  readonly span: Span;
  readonly uses: readonly RelationUse[];
  /** Null: they cannot all be written. */
  readonly text: string | null;
  /** One by one, where all are known and can be written. */
  readonly columns: readonly StarColumn[] | null;
  /** How many sources the names are told apart by. */
  readonly sources: number;
}

interface StarColumn {
  /** Null: a join's merged column. */
  readonly source: string | null;
  readonly name: string;
  /** Null: not a relation's own column. */
  readonly of: Extract<Resource, { kind: "column" }> | null;
}

/** NATURAL joins by every name that both sides have, and so by what a subquery shows beside a table's own columns. */
export interface Natural {
  readonly left: readonly RelationUse[];
  readonly right: readonly RelationUse[];
}

/** A user-defined overload that the server could choose, if values of these types are about. */
interface Overload {
  readonly schema: string;
  readonly name: string;
  readonly operands: readonly number[];
  readonly span: Span;
}

interface NamedIndex {
  readonly index: CatalogIndex;
  readonly relation: CatalogRelation;
}

export interface Cte {
  readonly name: string;
  /** Analysed when first asked for, so that forward references of WITH RECURSIVE work. */
  readonly output: () => CteOutput;
}

export interface CteOutput {
  readonly columns: readonly OutputColumn[];
  readonly open: boolean;
}

export interface CteFrame {
  readonly ctes: readonly Cte[];
  readonly parent: CteFrame | null;
}

export interface Env {
  readonly scope: Scope | null;
  readonly ctes: CteFrame | null;
}

/** What is found out about one statement while its tree is walked. */
export interface Analysis {
  readonly catalog: Catalog;
  readonly state: SqlSessionState;
  readonly statement: ParsedStatement;
  readonly tokens: Tokens;
  readonly actions: Map<string, MicroAction>;
  readonly uses: RelationUse[];
  /** What is done to every relation that was named so far, in whatever part: a refusal may come from one of them. */
  readonly named: MicroAction[];
  /** Every `RangeVar` that was understood: relations, CTE names, FOR UPDATE OF. INVARIANT (net one): all of the tree. */
  readonly visited: Set<TreeNode>;
  readonly edits: Edit[];
  readonly groupings: Grouping[];
  readonly stars: Star[];
  /** Places count of columns that nobody reads: `EXISTS (SELECT * … ORDER BY 2)`, `(a JOIN b) AS j (x, y)`. */
  byPlace: boolean;
  readonly naturals: Natural[];
  readonly overloads: Overload[];
  /** Functions that write out definitions and are shown without constants. */
  readonly shown: string[];
  /** Indexes that it names, with what they belong to. */
  readonly indexes: NamedIndex[];
  /** Types outside of `pg_catalog` of which the statement can have values. */
  readonly types: Set<number>;
  /** Functions outside of `pg_catalog` that it calls, `schema.name`. */
  readonly called: Set<string>;
  /** Rows, locks or sequences change. */
  writes: boolean;
  casts: boolean;
  /** A relation that the statement makes from a query's rows: INTO, CREATE TABLE AS. */
  created: "temporary" | "stored" | null;
  /** Highest `$n`. */
  parameters: number;
  /** See ./work.ts. */
  readonly work: { done: number };
}

export function newAnalysis(statement: ParsedStatement, catalog: Catalog, state: SqlSessionState): Analysis {
  return {
    catalog,
    state,
    statement,
    tokens: new Tokens(statement),
    actions: new Map(),
    uses: [],
    named: [],
    visited: new Set(),
    edits: [],
    groupings: [],
    stars: [],
    byPlace: false,
    naturals: [],
    overloads: [],
    shown: [],
    indexes: [],
    types: new Set(),
    called: new Set(),
    writes: false,
    casts: false,
    created: null,
    parameters: 0,
    work: { done: 0 },
  };
}

/** One micro-action per action, resource and place. */
export function note(analysis: Analysis, action: Action, resource: Resource, span: Span): void {
  const key = `${action}\0${resource.kind}\0${resourceName(resource)}\0${span[0]}`;
  if (!analysis.actions.has(key)) analysis.actions.set(key, { action, resource, span });
}

export function noteOpaque(analysis: Analysis, what: string, span: Span): void {
  note(analysis, "sql:opaque", { kind: "opaque", what }, span);
}

export function noteCall(analysis: Analysis, schema: string, name: string, span: Span): void {
  analysis.called.add(`${schema}.${name}`);
  note(analysis, "sql:call", { kind: "function", schema, name }, span);
}

export function inScope(env: Env, sources: readonly Source[], star: Scope["star"] = []): Env {
  return { ...env, scope: { sources, star, parent: env.scope } };
}
