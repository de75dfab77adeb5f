import type pg from "pg";
import type { OpenSqlSession } from "../gateway/sessions.ts";
import { quantile, round } from "./percentile.ts";

const ROUNDS = 60;
const SLOW_ROUNDS = 11;
/** What the mask itself costs is no plan's fault. */
export const WITH_MASK = "index lookup that shows a masked column";

/** No masked column is in a predicate. */
const STATEMENTS: Readonly<Record<string, { readonly text: string; readonly rounds: number }>> = {
  "index lookup": { text: "select id, a, c from wide where id = 4711", rounds: ROUNDS },
  [WITH_MASK]: { text: "select id, email, c from wide where id = 4711", rounds: ROUNDS },
  "three-way join": {
    text: "select o.id, w.c, r.name from orders o join wide w on w.id = o.wide_id join regions r on r.id = w.a where o.id between 100000 and 100500 and r.name <> 'region 3'",
    rounds: ROUNDS,
  },
  "three-way join of 1,000,000 rows": {
    text: "select r.name, count(*), sum(w.b) from orders o join wide w on w.id = o.wide_id join regions r on r.id = w.a group by r.name",
    rounds: SLOW_ROUNDS,
  },
  "aggregate of 1,000,000 rows": { text: "select a, count(*), sum(b), max(c) from wide group by a", rounds: SLOW_ROUNDS },
};

export const PLANS_SETUP = `CREATE TABLE regions AS SELECT g AS id, 'region ' || g AS name FROM generate_series(0, 96) g;
  ALTER TABLE regions ADD PRIMARY KEY (id);
  CREATE TABLE orders AS SELECT g AS id, 1 + (g::bigint * 7919) % 1000000 AS wide_id, 'o' || g || '@example.com' AS email FROM generate_series(1, 1000000) g;
  ALTER TABLE orders ADD PRIMARY KEY (id);
  ANALYZE regions; ANALYZE orders`;

/** The rewritten text beside the original, in turn, on one plain connection: what the server spends, the median of each. */
export async function measurePlans(session: OpenSqlSession, direct: pg.Client) {
  const result: Record<string, Compared> = {};
  for (const [name, { text, rounds }] of Object.entries(STATEMENTS)) {
    const [judged] = await session.sql.judge(text);
    if (judged === undefined || judged.sent === "") throw new Error(`\`${text}\` would not run`);
    const texts = { original: text, rewritten: judged.sent };
    const times = { original: [] as Plan[], rewritten: [] as Plan[] };
    for (let i = 0; i < rounds; i += 1) {
      for (const which of ["original", "rewritten"] as const) times[which].push(await explained(direct, texts[which]));
    }
    const median = (which: "original" | "rewritten", what: keyof Plan) =>
      quantile(
        times[which].map((plan) => plan[what]),
        0.5,
      );
    const ratio = (what: keyof Plan) => round(median("rewritten", what) / median("original", what));
    result[name] = {
      executionRatio: ratio("execution"),
      executionMs: [median("original", "execution"), median("rewritten", "execution")],
      withPlanningRatio: ratio("all"),
      estimatedCostRatio: ratio("cost"),
    };
  }
  return result;
}

interface Compared {
  readonly executionRatio: number;
  /** Of the original and the rewritten. */
  readonly executionMs: readonly [number, number];
  readonly withPlanningRatio: number;
  readonly estimatedCostRatio: number;
}

interface Plan {
  readonly execution: number;
  readonly all: number;
  readonly cost: number;
}

async function explained(direct: pg.Client, text: string): Promise<Plan> {
  const { rows } = await direct.query({ text: `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, rowMode: "array" });
  const [plan] = rows[0]?.[0] ?? [];
  const execution = Number(plan["Execution Time"]);
  return { execution, all: execution + Number(plan["Planning Time"]), cost: Number(plan.Plan["Total Cost"]) };
}
