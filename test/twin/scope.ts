import type { Piece } from "./piece.ts";
import type { Random } from "./random.ts";

/** What the grammar knows while it writes: types by family, tables, and what can be named at a place. */

export type Type = "int" | "big" | "num" | "text" | "bool" | "date" | "jsonb" | "texts" | "mood" | "record";

/** Types of which values can be compared, grouped and sorted. */
export const SIMPLE: readonly Type[] = [
  "int",
  "int",
  "big",
  "num",
  "text",
  "text",
  "text",
  "bool",
  "date",
  "jsonb",
  "texts",
  "mood",
];

export interface Column {
  readonly name: string;
  readonly type: Type;
}

export interface Table {
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "partitioned" | "view" | "materialised";
  readonly columns: readonly Column[];
  readonly key: readonly string[];
}

/** Something in FROM. */
export interface Source {
  /** As it is written; also what a whole row is called. */
  readonly name: string;
  /** Names that are there twice cannot be written. */
  readonly columns: readonly Column[];
  readonly table: Table | null;
  /** False: columns are reached by bare names only. */
  readonly whole: boolean;
  /** A table under other column names: its row as a value is refused. */
  readonly renamed?: boolean;
}

export interface Scope {
  readonly sources: readonly Source[];
  /** What `*` stands for. */
  readonly star: readonly Column[];
}

export interface Cte {
  readonly name: string;
  readonly columns: readonly Column[];
}

interface Budget {
  tables: number;
  names: number;
  /** Sources whose row is a value, and those that are asked for a system column: of a masked table only one goes. */
  readonly rows: Set<string>;
  readonly system: Set<string>;
}

export interface Place {
  readonly random: Random;
  readonly tables: readonly Table[];
  readonly ctes: readonly Cte[];
  readonly outer: readonly Scope[];
  readonly depth: number;
  /** How much more the statement may hold; shared by all of it. */
  readonly budget: Budget;
}

export interface Query {
  readonly text: Piece;
  readonly columns: readonly Column[];
}

export function fresh(place: Place, prefix: string): string {
  place.budget.names += 1;
  return `${prefix}${place.budget.names}`;
}

const PLAIN_NAME = /^[a-z_][a-z0-9_]*$/;
const RESERVED: ReadonlySet<string> = new Set(["select", "order", "user", "table", "end", "group"]);

export function quoted(name: string): string {
  return PLAIN_NAME.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The same name in another of the ways in which it can be written. */
export function written(random: Random, name: string): string {
  const plain = quoted(name);
  if (plain !== name) return plain;
  return random.choose<string>([
    [12, () => name],
    [1, () => name.toUpperCase()],
    [1, () => `"${name}"`],
  ]);
}
