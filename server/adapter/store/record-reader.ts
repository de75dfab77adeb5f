import type pg from "pg";
import type { RecordQuery } from "../../contract/http.ts";
import type { Checkpoint } from "../../core/audit/verify.ts";
import type { AuditEntry } from "../../core/domain/audit.ts";
import type { RecordReader } from "../../gateway/store-ports.ts";
import { attempt } from "./store.ts";

interface Row {
  readonly chain: string;
  readonly seq: string;
  readonly previous: string;
  readonly hash: string;
  readonly payload: string;
  readonly at: string;
  readonly outcome: string | null;
  readonly statement: string | null;
}

const PORTION = 2_000;

export function createRecordReader(pool: pg.Pool): RecordReader {
  return {
    page: (query) => attempt("cannot read the record", () => page(pool, query)),
    checkpoints: () =>
      attempt("cannot read the checkpoints", async () => {
        const found = await pool.query<Checkpoint>(
          'SELECT n, previous, at::float8 AS at, heads, public_key AS "publicKey", signature FROM audit_checkpoint ORDER BY n',
        );
        return found.rows;
      }),
    chains: () =>
      attempt("cannot read the record", async () => {
        const found = await pool.query<{ readonly chain: string }>(
          "SELECT chain FROM audit_event GROUP BY chain ORDER BY min(at), chain",
        );
        return found.rows.map((row) => row.chain);
      }),
    entries: (chain) => entries(pool, chain),
  };
}

async function page(pool: pg.Pool, query: RecordQuery): Promise<Awaited<ReturnType<RecordReader["page"]>>> {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const where = (condition: (parameter: string) => string, value: unknown): void => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  if (query.principal !== undefined) where((p) => `principal ILIKE ${p}`, contains(query.principal));
  if (query.target !== undefined) where((p) => `target ILIKE ${p}`, contains(query.target));
  if (query.type !== undefined) where((p) => `type = ${p}`, query.type);
  if (query.outcome !== undefined) where((p) => `outcome = ${p}`, query.outcome);
  if (query.text !== undefined) where((p) => `payload ILIKE ${p}`, contains(query.text));
  if (query.from !== undefined) where((p) => `at >= ${p}`, query.from);
  if (query.until !== undefined) where((p) => `at < ${p}`, query.until);
  const before = /^([0-9]+)_([0-9a-f-]+)_([0-9]+)$/.exec(query.before ?? "");
  if (before !== null) {
    values.push(Number(before[1]), before[2], Number(before[3]));
    conditions.push(`(at, chain, seq) < ($${values.length - 2}, $${values.length - 1}, $${values.length})`);
  }
  values.push(query.limit + 1);
  const found = await pool.query<Row>(
    `SELECT chain, seq, previous, hash, payload, at, outcome, statement FROM audit_event
     ${conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`} ORDER BY at DESC, chain DESC, seq DESC LIMIT $${values.length}`,
    values,
  );
  const rows = found.rows.slice(0, query.limit);
  const last = rows.at(-1);
  return {
    items: rows.map((row) => ({ entry: entryOf(row), outcome: row.outcome, statement: row.statement })),
    next: found.rows.length > query.limit && last !== undefined ? `${last.at}_${last.chain}_${last.seq}` : null,
  };
}

function contains(text: string): string {
  return `%${text.replace(/[\\%_]/g, (c) => `\\${c}`)}%`;
}

async function* entries(pool: pg.Pool, chain: string): AsyncIterable<AuditEntry> {
  let after = 0;
  for (;;) {
    const found = await attempt("cannot read the record", () =>
      pool.query<Row>(
        "SELECT chain, seq, previous, hash, payload, at, outcome, statement FROM audit_event WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        [chain, after, PORTION],
      ),
    );
    for (const row of found.rows) yield entryOf(row);
    const last = found.rows.at(-1);
    if (last === undefined) return;
    after = Number(last.seq);
  }
}

function entryOf(row: Row): AuditEntry {
  return { chain: row.chain, seq: Number(row.seq), previous: row.previous, hash: row.hash, payload: row.payload };
}
