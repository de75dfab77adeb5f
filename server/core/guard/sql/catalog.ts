import type { ParsedStatement } from "./parsed.ts";

/** What the guard knows of a target's schema. Plain data, loaded by the adapter, never changed: a new state is a new object. */

export interface ColumnType {
  readonly oid: number;
  /** As `format_type` writes it, with schema where it is not a built-in: `character varying(20)`. */
  readonly format: string;
  /** `typname` below all domains; of the element where `array`. */
  readonly base: string;
  readonly array: boolean;
  /** Characters of `varchar(n)` and `char(n)`; null: no limit. */
  readonly length: number | null;
  /** First label where the base is an enum, else null. */
  readonly enumLabel: string | null;
  readonly domain: boolean;
  /** A domain that refuses NULL. */
  readonly domainNotNull: boolean;
  /** Whether type (and its base) come with PostgreSQL. */
  readonly builtin: boolean;
}

export interface CatalogColumn {
  readonly name: string;
  readonly number: number;
  readonly type: ColumnType;
  readonly notNull: boolean;
  /** How PostgreSQL computes it; `reads` are columns of the same relation. Null: not generated. */
  readonly generated: { readonly expression: string; readonly reads: readonly string[] } | null;
}

type RelationKind = "table" | "partitioned" | "view" | "materialised" | "foreign" | "sequence" | "other";

export interface CatalogIndex {
  readonly oid: number;
  readonly name: string;
  /** Changes when it is renamed or moved. */
  readonly fingerprint: string;
}

export interface CatalogRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  readonly columns: readonly CatalogColumn[];
  /** Empty: none. */
  readonly primaryKey: readonly string[];
  /** Sets of columns whose values are compared with stored rows on a write: unique indexes, exclusion constraints; expressions count with what they read. */
  readonly unique: readonly (readonly string[])[];
  /** In the relation's own schema. */
  readonly indexes: readonly CatalogIndex[];
  readonly foreignKeys: readonly {
    readonly columns: readonly string[];
    readonly references: number;
    readonly referenced: readonly string[];
  }[];
  /** Columns that a CHECK constraint reads together. */
  readonly checks: readonly (readonly string[])[];
  readonly partitionKey: readonly string[];
  /** Relations that this one inherits from or is a partition of, direct only. */
  readonly parents: readonly number[];
  readonly children: readonly number[];
  /** Views: the definition with qualified names. Null: not a view, or the server would not tell. */
  readonly definition: ParsedStatement | null;
  /** Views: `security_barrier`. */
  readonly barrier: boolean;
  /** Whether the gateway's own role may read all of it, with no row security in between; for a view its owner too, of what it names. */
  readonly readable: boolean;
  /** Whether rewrite rules beyond a view's own change what a write does. */
  readonly rules: boolean;
  /** Changes with every change of the definition. */
  readonly fingerprint: string;
}

interface CatalogFunction {
  readonly schema: string;
  readonly name: string;
  readonly arguments: readonly number[];
}

interface CatalogOperator {
  readonly schema: string;
  readonly name: string;
  readonly operands: readonly number[];
  readonly function: { readonly schema: string; readonly name: string };
}

export interface CatalogType {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: "base" | "composite" | "domain" | "enum" | "range" | "other";
  /** Functions outside `pg_catalog` that making such a value runs: a base type's input, a domain's checks. */
  readonly runs: readonly { readonly schema: string; readonly name: string }[];
}

interface CatalogCast {
  readonly source: number;
  readonly target: number;
  readonly function: { readonly schema: string; readonly name: string };
  readonly implicit: boolean;
}

export interface CatalogContent {
  readonly database: string;
  /** The server's major version. */
  readonly server: number;
  /** Changes when anything does. */
  readonly version: string;
  readonly relations: readonly CatalogRelation[];
  /** Outside `pg_catalog` only, as are operators, types and casts. */
  readonly functions: readonly CatalogFunction[];
  readonly operators: readonly CatalogOperator[];
  readonly types: readonly CatalogType[];
  readonly casts: readonly CatalogCast[];
  readonly schemas: readonly string[];
}

export interface Catalog extends CatalogContent {
  relation(schema: string, name: string): CatalogRelation | null;
  relationByOid(oid: number): CatalogRelation | null;
  /** An index with the relation that it belongs to. */
  index(schema: string, name: string): { readonly index: CatalogIndex; readonly relation: CatalogRelation } | null;
  functionsNamed(name: string): readonly CatalogFunction[];
  operatorsNamed(name: string): readonly CatalogOperator[];
  typesNamed(name: string): readonly CatalogType[];
}

export function makeCatalog(content: CatalogContent): Catalog {
  const byName = new Map(content.relations.map((relation) => [`${relation.schema}\0${relation.name}`, relation]));
  const byOid = new Map(content.relations.map((relation) => [relation.oid, relation]));
  const indexes = new Map(
    content.relations.flatMap((relation) =>
      relation.indexes.map((index) => [`${relation.schema}\0${index.name}`, { index, relation }] as const),
    ),
  );
  const functions = group(content.functions);
  const operators = group(content.operators);
  const types = group(content.types);
  return {
    ...content,
    relation: (schema, name) => byName.get(`${schema}\0${name}`) ?? null,
    relationByOid: (oid) => byOid.get(oid) ?? null,
    index: (schema, name) => indexes.get(`${schema}\0${name}`) ?? null,
    functionsNamed: (name) => functions.get(name) ?? [],
    operatorsNamed: (name) => operators.get(name) ?? [],
    typesNamed: (name) => types.get(name) ?? [],
  };
}

function group<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const found = groups.get(item.name);
    if (found === undefined) groups.set(item.name, [item]);
    else found.push(item);
  }
  return groups;
}

/** What the session adds: where unqualified names are looked up, and whether a transaction is open. */
export interface SqlSessionState {
  /** Without the implied `pg_catalog`, which comes first, and `pg_temp`, which comes last. */
  readonly searchPath: readonly string[];
  readonly transaction: "idle" | "open" | "failed";
  /** What RESET search_path goes back to; absent: `searchPath`. */
  readonly defaultSearchPath?: readonly string[];
  /** PREPARE statements by name. */
  readonly prepared?: ReadonlyMap<string, ParsedStatement>;
  /** DECLARE statements of cursors that may be open, by name. */
  readonly cursors?: ReadonlyMap<string, ParsedStatement>;
}

/** Where a session's own temporary relations are, whatever the server calls that schema. */
export const TEMPORARY_SCHEMA = "pg_temp";
