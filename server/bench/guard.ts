import type { Target } from "../core/domain/configuration.ts";
import type { Principal } from "../core/domain/principal.ts";
import { type CatalogContent, makeCatalog } from "../core/guard/sql/index.ts";
import { judge } from "../gateway/authorize.ts";
import { prepareSql } from "../gateway/judge-sql.ts";
import type { Context } from "../gateway/ports-of-gateway.ts";
import { percentile, round } from "./percentile.ts";

type Relation = CatalogContent["relations"][number];

const TABLES = 5_000;
const ROUNDS = 4_500;
const person: Principal = { id: "bench@acme.test", name: "Bench", groups: ["engineers"], attributes: {} };
const STATE = { searchPath: ["public"], transaction: "idle" } as const;

function table(number: number): Relation {
  const text = { oid: 25, format: "text", base: "text", array: false, length: null, enumLabel: null } as const;
  const type = { ...text, domain: false, domainNotNull: false, builtin: true };
  const names = ["id", "customer_id", "email", "phone", "region", "total", "created_at", "state", "note", "code"];
  return {
    oid: 20_000 + number,
    schema: "public",
    name: `t${number}`,
    kind: "table",
    columns: names.map((name, index) => ({ name, number: index + 1, type, notNull: false, generated: null })),
    primaryKey: ["id"],
    unique: [["id"]],
    foreignKeys: [],
    indexes: [],
    checks: [],
    partitionKey: [],
    parents: [],
    children: [],
    definition: null,
    barrier: false,
    readable: true,
    rules: false,
    fingerprint: String(number),
  };
}

function everyday(tables: number, width: number): string {
  const list = Array.from({ length: tables }, (_, index) => `a${index}`);
  const columns = list.flatMap((alias) => [`${alias}.id`, `${alias}.email`, `coalesce(${alias}.note, 'none') AS note_${alias}`]);
  const joins = list.slice(1).map((alias, index) => `LEFT JOIN t${index + 2} AS ${alias} ON ${alias}.customer_id = a${index}.id`);
  const where = list.map((alias) => `${alias}.region IN ('eu', 'us') AND ${alias}.total > '10'`);
  const text = `SELECT ${columns.join(", ")}, count(*) OVER () FROM t1 AS a0 ${joins.join(" ")} WHERE ${where.join(" AND ")} ORDER BY a0.id LIMIT 100`;
  return text.length >= width ? text : `${text} /* ${"x".repeat(Math.max(0, width - text.length - 7))} */`;
}

/** Parse, resolve, describe, decide, rewrite and look again, with a warm catalog of 5,000 tables. */
export function guardOf(context: Context, target: Target): (text: string) => Promise<void> {
  const catalog = makeCatalog({
    server: 18,
    database: "bench",
    version: "1.1.1.1",
    relations: Array.from({ length: TABLES }, (_, index) => table(index)),
    functions: [],
    operators: [],
    types: [],
    casts: [],
    schemas: ["public"],
  });
  const requester = { principal: person, target, session: "bench" };
  return async (text) => {
    const parsed = await context.parser.parse(text);
    const [statement] = parsed.ok ? parsed.statements : [];
    if (statement === undefined) throw new Error("it did not parse");
    const prepared = await prepareSql(context, requester, statement, catalog, STATE, null);
    if (!prepared.ok) throw new Error(prepared.refusal.message);
    if (judge(context, requester, prepared.judgeable).outcome !== "allow") throw new Error("it was not allowed");
  };
}

export const EVERYDAY = everyday(3, 500);

/** CPU of all threads, in ms. */
export async function guardCost(guard: (text: string) => Promise<void>) {
  const measure = async (text: (round: number) => string) => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = process.cpuUsage();
      await guard(text(round));
      const used = process.cpuUsage(before);
      times.push((used.user + used.system) / 1_000);
    }
    const warm = times.slice(ROUNDS / 3).sort((a, b) => a - b);
    return { p50: round(percentile(warm, 0.5)), p99: round(percentile(warm, 0.99)) };
  };
  const ten = everyday(10, 2_000);
  return {
    everyday: { characters: EVERYDAY.length, ...(await measure((round) => `${EVERYDAY} -- ${round}`)) },
    tenTables: { characters: ten.length, ...(await measure((round) => `${ten} -- ${round}`)) },
    seenBefore: await measure(() => EVERYDAY),
  };
}
