import {
  type Catalog,
  type CatalogContent,
  makeCatalog,
  type ParsedStatement,
  TEMPORARY_SCHEMA,
} from "../../core/guard/sql/index.ts";
import type { SqlParser } from "../../gateway/ports.ts";
import * as queries from "./catalog-queries.ts";
import { type TypeReader, typeReader } from "./catalog-types.ts";

/** Answers one query with rows of text. */
export type Ask = (sql: string) => Promise<readonly (readonly (string | null)[])[]>;

type Relation = CatalogContent["relations"][number];
type Column = Relation["columns"][number];

const KINDS: Readonly<Record<string, Relation["kind"]>> = {
  r: "table",
  p: "partitioned",
  v: "view",
  m: "materialised",
  f: "foreign",
  S: "sequence",
};

/** Reads a target's catalog. The caller has opened a transaction with one snapshot and `search_path = pg_catalog`. */
export async function loadCatalog(ask: Ask, parser: SqlParser): Promise<Catalog> {
  const [database] = await ask(queries.DATABASE);
  const [[version = ""] = []] = (await ask(queries.HINT)).map((row) => [row[0] ?? ""]);
  const schemas = (await ask(queries.SCHEMATA)).map((row) => row[0] ?? "");
  const types = typeReader(await ask(queries.TYPES), await ask(queries.DOMAIN_CALLS));
  const relations = await readRelations(ask, parser, types, "stored");
  return makeCatalog({
    database: database?.[0] ?? "",
    server: Math.floor(Number(database?.[1]) / 10_000),
    version: version ?? "",
    schemas,
    relations,
    functions: (await ask(queries.FUNCTIONS)).map(([schema, name, list]) => ({
      schema: schema ?? "",
      name: name ?? "",
      arguments: (list ?? "").split(",").filter(Boolean).map(Number),
    })),
    operators: (await ask(queries.OPERATORS)).map(([schema, name, left, right, functionSchema, functionName]) => ({
      schema: schema ?? "",
      name: name ?? "",
      operands: [Number(left), Number(right)].filter((oid) => oid !== 0),
      function: { schema: functionSchema ?? "", name: functionName ?? "" },
    })),
    types: types.all,
    casts: (await ask(queries.CASTS)).map(([source, target, schema, name, implicit]) => ({
      source: Number(source),
      target: Number(target),
      function: { schema: schema ?? "", name: name ?? "" },
      implicit: implicit === "true",
    })),
  });
}

/** The session's own temporary relations. The caller has opened a transaction as for `loadCatalog`, on that session. */
export async function loadTemporary(ask: Ask, parser: SqlParser): Promise<readonly Relation[]> {
  const types = typeReader(await ask(queries.TYPES), await ask(queries.DOMAIN_CALLS));
  const relations = await readRelations(ask, parser, types, "temporary");
  return relations.map((relation) => ({ ...relation, schema: TEMPORARY_SCHEMA }));
}

async function readRelations(ask: Ask, parser: SqlParser, types: TypeReader, where: queries.Where): Promise<readonly Relation[]> {
  const rows = await ask(queries.relations(where));
  const columns = await readColumns(ask, types.column, parser, where);
  const constraints = grouped(await ask(queries.CONSTRAINTS));
  const unique = grouped(await ask(queries.UNIQUE_INDEXES));
  const indexes = grouped(await ask(queries.indexes(where)));
  const inheritance = await ask(queries.INHERITANCE);
  const parents = grouped(inheritance);
  const children = grouped(inheritance.map(([child, parent]) => [parent ?? "", child ?? ""]));

  const named = (oid: string, numbers: string | null | undefined): string[] => {
    const own = columns.get(oid) ?? [];
    return (numbers ?? "")
      .split(",")
      .flatMap((number) => own.filter((column) => String(column.number) === number))
      .map((column) => column.name);
  };
  const relations: Relation[] = [];
  for (const [oid = "", schema, name, kind, rules, fingerprint, definition, partition, barrier, readable] of rows) {
    if (oid === null) continue;
    const own = columns.get(oid) ?? [];
    const keys = constraints.get(oid) ?? [];
    relations.push({
      oid: Number(oid),
      schema: schema ?? "",
      name: name ?? "",
      kind: KINDS[kind ?? ""] ?? "other",
      columns: own,
      primaryKey: keys.filter((row) => row[1] === "p").flatMap((row) => named(oid, row[2])),
      unique: (unique.get(oid) ?? []).map((row) => [...new Set([...named(oid, row[1]), ...named(oid, row[2])])]),
      indexes: (indexes.get(oid) ?? []).map(([, own, index, print]) => ({
        oid: Number(own),
        name: index ?? "",
        fingerprint: print ?? "",
      })),
      foreignKeys: keys
        .filter((row) => row[1] === "f")
        .map((row) => ({ columns: named(oid, row[2]), references: Number(row[3]), referenced: named(row[3] ?? "", row[4]) })),
      checks: keys.filter((row) => row[1] === "c").map((row) => named(oid, row[2])),
      // An expression in the key: any column may be in it.
      partitionKey: (partition ?? "").split(",").includes("0") ? own.map((column) => column.name) : named(oid, partition),
      parents: (parents.get(oid) ?? []).map((row) => Number(row[1])),
      children: (children.get(oid) ?? []).map((row) => Number(row[1])),
      definition: definition === null || definition === undefined ? null : await parsedView(parser, definition),
      barrier: barrier === "true",
      readable: readable === "true",
      rules: rules === "true",
      fingerprint: fingerprint ?? "",
    });
  }
  return relations;
}

async function readColumns(
  ask: Ask,
  type: (oid: number, modifier: number, format: string) => Column["type"],
  parser: SqlParser,
  where: queries.Where,
): Promise<ReadonlyMap<string, readonly Column[]>> {
  const columns = new Map<string, Column[]>();
  for (const [relation, number, name, notNull, oid, modifier, format, expression] of await ask(queries.columns(where))) {
    const own = columns.get(relation ?? "") ?? [];
    columns.set(relation ?? "", own);
    own.push({
      name: name ?? "",
      number: Number(number),
      type: type(Number(oid), Number(modifier), format ?? ""),
      notNull: notNull === "true",
      generated:
        expression === null || expression === undefined ? null : { expression, reads: await namesIn(parser, expression) },
    });
  }
  return columns;
}

async function parsedView(parser: SqlParser, definition: string): Promise<ParsedStatement | null> {
  const parsed = await parser.parse(definition);
  return parsed.ok && parsed.statements.length === 1 ? (parsed.statements[0] ?? null) : null;
}

/** Words of a generated column's expression that could be columns: all identifiers, which is enough. */
async function namesIn(parser: SqlParser, expression: string): Promise<readonly string[]> {
  const parsed = await parser.parse(`SELECT ${expression}`);
  if (!parsed.ok) return [];
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (typeof value === "object" && value !== null) {
      if ("sval" in value && typeof value.sval === "string") names.add(value.sval);
      for (const inner of Object.values(value)) visit(inner);
    }
  };
  for (const statement of parsed.statements) visit(statement.tree);
  return [...names];
}

/** By the first value of each row. */
function grouped<T extends readonly (string | null)[]>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = row[0] ?? "";
    const found = groups.get(key);
    if (found === undefined) groups.set(key, [row]);
    else found.push(row);
  }
  return groups;
}
