import { readFile } from "node:fs/promises";

/** The corpus of attacks, as test/corpus/sql-attacks.json has it. */

export interface AttackStep {
  readonly mode: string;
  readonly sql?: string;
  readonly params?: readonly string[];
}

export interface AttackCase {
  readonly id: string;
  readonly engine: string;
  readonly steps: readonly AttackStep[];
  readonly acceptable: readonly string[];
  readonly leakCheck: {
    readonly type: string;
    readonly values?: readonly string[];
    readonly control?: readonly AttackStep[];
    readonly raw?: readonly (readonly string[])[];
    readonly minMs?: number;
  };
  readonly twinRows?: readonly (readonly (readonly (string | null)[])[])[];
}

interface AttackCorpus {
  readonly setup: { readonly postgresql: string };
  readonly cases: readonly AttackCase[];
}

const file = new URL("../corpus/sql-attacks.json", import.meta.url);
const corpus = JSON.parse(await readFile(file, "utf8")) as AttackCorpus;

export const ATTACK_SETUP = corpus.setup.postgresql;
export const ATTACKS = corpus.cases.filter((item) => item.engine === "postgresql");

/** Values that no twin can have in common: places in storage, sizes in storage, transaction numbers. */
const NOT_COMPARED = /\bctid\b|JSON_OBJECT|pg_column_size/;

type Rows = readonly (readonly (string | null)[])[];

/** Rows that a case must give when it is masked, beside those that it gave, in an order that both share. Null: none are known. */
export function rowsToCompare(item: AttackCase, rows: readonly Rows[]): { readonly is: Rows; readonly expected: Rows } | null {
  const known = item.twinRows !== undefined && item.acceptable.length === 1 && !isFiltered(item);
  if (!known || item.steps.some((step) => NOT_COMPARED.test(step.sql ?? ""))) return null;
  const ordered = /order by/i.test(item.steps.at(-1)?.sql ?? "");
  const comparable = (list: Rows) => {
    const same = list.map((row) => row.map((value) => (value === "t" ? "true" : value)));
    return ordered ? same : same.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  };
  return { is: comparable(rows.flat()), expected: comparable(item.twinRows?.flat() ?? []) };
}

export function isFiltered(item: AttackCase): boolean {
  return item.id.startsWith("pg-rf");
}
