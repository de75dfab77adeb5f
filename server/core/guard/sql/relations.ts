import type { Action } from "../../domain/micro-action.ts";
import { cover, type Span } from "../../domain/span.ts";
import { type Analysis, note, noteOpaque } from "./analysis.ts";
import type { CatalogColumn, CatalogRelation } from "./catalog.ts";
import { TEMPORARY_SCHEMA } from "./catalog.ts";
import { isCatalogueSchema, isClosedCatalogueColumn, isHarmlessCatalogue } from "./catalogues.ts";
import { CONSTANT, columnKey, copyOf } from "./lineage.ts";
import { nearest, quoteName } from "./names.ts";
import { refuse } from "./refused.ts";
import type { RelationUse, Source, SourceColumn } from "./scope.ts";
import { SYSTEM_COLUMNS } from "./scope.ts";
import { child, children, flag, place, type TreeNode, word, words } from "./tree.ts";
import { spend } from "./work.ts";

/** Finds the relation that a `RangeVar` names, as the server would with our search path; refuses when there is none. */
function resolveRelation(analysis: Analysis, node: TreeNode): CatalogRelation {
  const span = nameSpan(analysis, node);
  const found = findRelation(analysis, node);
  if (found === null) {
    const schema = word(node, "schemaname");
    const name = word(node, "relname");
    const written = schema === "" ? name : `${schema}.${name}`;
    const visible = analysis.catalog.relations
      .filter((relation) => !isCatalogueSchema(relation.schema))
      .map((relation) =>
        schema === "" && analysis.state.searchPath.includes(relation.schema)
          ? relation.name
          : `${relation.schema}.${relation.name}`,
      );
    const near = nearest(written, visible);
    refuse(`relation "${written}" does not exist`, span, near === null ? undefined : `did you mean \`${near}\`?`);
  }
  return found;
}

function findRelation(analysis: Analysis, node: TreeNode): CatalogRelation | null {
  const { catalog, state } = analysis;
  const database = word(node, "catalogname");
  const schema = word(node, "schemaname");
  const name = word(node, "relname");
  const span = nameSpan(analysis, node);
  if (database !== "" && database !== catalog.database) {
    refuse("cross-database references are not implemented", span);
  }
  const path = schema === "" ? ["pg_catalog", ...state.searchPath, TEMPORARY_SCHEMA] : [schema];
  for (const place of path) {
    const relation = catalog.relation(place, name);
    if (relation === null) continue;
    if (isCatalogueSchema(place) && !isHarmlessCatalogue(place, name)) {
      refuse(`system catalogue \`${place}.${name}\` is closed: it can show what policies hide`, span);
    }
    return relation;
  }
  if (schema !== "" && isCatalogueSchema(schema)) refuse(`system catalogue \`${schema}.${name}\` is closed`, span);
  return null;
}

export function nameSpan(analysis: Analysis, node: TreeNode): Span {
  const parts = analysis.tokens.dotted(place(node));
  const first = parts[0] ?? analysis.statement.span;
  return cover(first, parts.at(-1) ?? first);
}

interface NewRelation {
  readonly schema: string;
  readonly table: string;
  readonly temporary: boolean;
}

/** The relation that comes to be: it is created where its name is looked up first, a temporary one in the session's own schema. */
export function newRelation(analysis: Analysis, node: TreeNode): NewRelation {
  const span = nameSpan(analysis, node);
  const given = word(node, "schemaname");
  const temporary = word(node, "relpersistence") === "t" || given === TEMPORARY_SCHEMA;
  const schema = temporary ? TEMPORARY_SCHEMA : given === "" ? analysis.state.searchPath[0] : given;
  if (schema === undefined) refuse("no schema has been selected to create in", span);
  if (temporary && given !== "" && given !== TEMPORARY_SCHEMA) {
    refuse("cannot create temporary relation in non-temporary schema", span, "leave the schema out");
  }
  const table = word(node, "relname");
  analysis.visited.add(node);
  analysis.edits.push({ span, text: `${quoteName(schema)}.${quoteName(table)}` });
  note(analysis, "sql:ddl", { kind: "table", schema, table }, span);
  return { schema, table, temporary };
}

/** A reference of the relation that comes to be to itself, which the catalog cannot know. Answers whether it is one. */
export function noteItself(analysis: Analysis, node: TreeNode, own: NewRelation): boolean {
  const given = word(node, "schemaname");
  if (word(node, "relname") !== own.table || (given !== "" && given !== own.schema)) return false;
  const first = own.schema === analysis.state.searchPath[0];
  const found = own.temporary || analysis.state.searchPath.includes(own.schema);
  if (given === "" && !first && !(found && findRelation(analysis, node) === null)) return false;
  analysis.visited.add(node);
  analysis.edits.push({ span: nameSpan(analysis, node), text: `${quoteName(own.schema)}.${quoteName(own.table)}` });
  return true;
}

/** … IF EXISTS of what is not there: judged, and sent, as what would be there. Answers whether it is not. */
export function noteMissing(analysis: Analysis, node: TreeNode): boolean {
  if (findRelation(analysis, node) !== null || findIndex(analysis, node) !== null) return false;
  const given = word(node, "schemaname");
  const schema = given === "" ? analysis.state.searchPath[0] : given;
  if (schema === undefined) return false;
  const table = word(node, "relname");
  const span = nameSpan(analysis, node);
  analysis.visited.add(node);
  analysis.edits.push({ span, text: `${quoteName(schema)}.${quoteName(table)}` });
  note(analysis, "sql:ddl", { kind: "table", schema, table }, span);
  return true;
}

/** Null: neither an index nor a relation has that name. */
function findIndex(analysis: Analysis, node: TreeNode): NonNullable<ReturnType<Analysis["catalog"]["index"]>> | null {
  const { catalog, state } = analysis;
  const schema = word(node, "schemaname");
  const name = word(node, "relname");
  for (const place of schema === "" ? [...state.searchPath, TEMPORARY_SCHEMA] : [schema]) {
    const found = catalog.index(place, name);
    if (found !== null) return found;
    if (catalog.relation(place, name) !== null) refuse(`"${name}" is not an index`, nameSpan(analysis, node));
  }
  return null;
}

/** An index is judged as the table that it belongs to. */
export function noteIndex(analysis: Analysis, node: TreeNode): void {
  const span = nameSpan(analysis, node);
  const found = findIndex(analysis, node);
  if (found === null) refuse(`index "${word(node, "relname")}" does not exist`, span);
  const { index, relation } = found;
  analysis.visited.add(node);
  analysis.indexes.push(found);
  analysis.edits.push({ span, text: `${quoteName(relation.schema)}.${quoteName(index.name)}` });
  note(analysis, "sql:ddl", { kind: "table", schema: relation.schema, table: relation.name }, span);
}

export interface UseOptions {
  readonly role: RelationUse["role"];
  /** What naming it does to the table. */
  readonly action: Action;
  /** Where it is named; absent: all of the dotted name at the node's place. */
  readonly span?: Span;
}

/** Notes that the statement uses a relation at this place. */
export function noteRelation(analysis: Analysis, node: TreeNode, options: UseOptions): RelationUse {
  analysis.visited.add(node);
  const relation = resolveRelation(analysis, node);
  const span = options.span ?? nameSpan(analysis, node);
  const alias = child(node, "alias");
  const only = !flag(node, "inh");
  const use: RelationUse = {
    relation,
    role: options.role,
    nameSpan: span,
    outerSpan: outerSpan(analysis, span, only),
    only,
    visibleName: alias === null ? word(node, "relname") : word(alias, "aliasname"),
    hasAlias: alias !== null,
    columnAliases: words(children(alias ?? {}, "colnames")),
    sample: null,
    reads: new Map(),
    written: new Map(),
    system: new Map(),
    whole: null,
    rows: null,
    row: null,
    schemaTokens: [],
  };
  if (relation.kind === "other") refuse(`"${relation.name}" is not a table`, span);
  analysis.uses.push(use);
  const resource = { kind: "table", schema: relation.schema, table: relation.name } as const;
  analysis.named.push({ action: options.action, resource, span });
  note(analysis, options.action, resource, span);
  for (const column of relation.columns) if (!column.type.builtin) analysis.types.add(column.type.oid);
  return use;
}

/** `ONLY t`, `ONLY (t)` and `t *` as a whole. */
function outerSpan(analysis: Analysis, name: Span, only: boolean): Span {
  const { tokens } = analysis;
  const first = tokens.at(name[0]);
  const last = tokens.at(tokens.dotted(name[0]).at(-1)?.[0] ?? name[0]);
  if (first === null || last === null) return name;
  let from = name[0];
  let to = name[1];
  if (only) {
    const bracket = tokens.text(first - 1) === "(" && tokens.text(first - 2) === "only";
    if (bracket) {
      from = tokens.span(first - 2)[0];
      to = tokens.span(last + 1)[1];
    } else if (tokens.text(first - 1) === "only") from = tokens.span(first - 1)[0];
  } else if (tokens.text(last + 1) === "*") to = tokens.span(last + 1)[1];
  return [from, to];
}

/** The relation as something in FROM: its columns note their references. */
export function sourceOfUse(analysis: Analysis, use: RelationUse): Source {
  const { relation } = use;
  spend(analysis, "relation", 1);
  spend(analysis, "made", relation.columns.length);
  const read = (column: CatalogColumn, span: Span) => {
    spend(analysis, "read", 1);
    refuseClosed(analysis, relation, column, span);
    if (!use.reads.has(column.name)) use.reads.set(column.name, span);
    note(analysis, "sql:select", { kind: "column", schema: relation.schema, table: relation.name, column: column.name }, span);
    if (use.role === "target")
      note(analysis, "sql:select", { kind: "table", schema: relation.schema, table: relation.name }, use.nameSpan);
  };
  const columns: SourceColumn[] = relation.columns.map((column) => ({
    name: column.name,
    lineage: copyOf(columnKey(relation.oid, column.number)),
    touch: (span) => read(column, span),
  }));
  return {
    name: use.visibleName,
    use,
    columns: columns.map((column, index) => ({ ...column, name: use.columnAliases[index] ?? column.name })),
    open: false,
    byNameOnly: false,
    touchWhole: (span) => {
      use.whole ??= span;
      for (const column of relation.columns) read(column, span);
    },
    system: (name) => {
      if (!SYSTEM_COLUMNS.has(name) || relation.kind === "view") return null;
      const touch = (span: Span) => {
        if (!use.system.has(name)) use.system.set(name, span);
      };
      return { name, lineage: CONSTANT, touch };
    },
  };
}

function refuseClosed(analysis: Analysis, relation: CatalogRelation, column: CatalogColumn, span: Span): void {
  if (!isClosedCatalogueColumn(relation.schema, relation.name, column.name)) return;
  if (analysis.statement.source.slice(...span).endsWith("*")) return;
  refuse(`column \`${column.name}\` of \`${relation.name}\` is closed: it shows what others have typed`, span, "leave it out");
}

/** Rules rewrite what a write does into something else: nobody has judged that. */
export function noteRules(analysis: Analysis, use: RelationUse): void {
  if (use.relation.rules) noteOpaque(analysis, `rewrite rules of ${use.relation.schema}.${use.relation.name}`, use.nameSpan);
}
