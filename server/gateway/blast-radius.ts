import { z } from "zod";
import type { BlastRadiusReport } from "../contract/http.ts";
import { resourceName } from "../core/domain/micro-action.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Review } from "../core/domain/review.ts";
import { blastRadiusOf, countingQueries } from "../core/guard/sql/blast-radius.ts";
import type { Context } from "./ports-of-gateway.ts";
import { connectAs, readAs } from "./read-as.ts";
import type { Reviews } from "./reviews.ts";
import { connectDecision } from "./sessions.ts";

/**
 * How many rows the reviewed change would touch, for the one who is to answer. Asked as the reviewer: what they may not
 * read is not counted, what is masked for them is masked in the sample, and it is on the record as theirs. Read-only and
 * under a time limit. What it does not know: triggers, cascades, rules, and what others change meanwhile.
 */

const SAMPLE = 10;
const LIMITS = { rows: SAMPLE, timeoutMs: 3_000, lockTimeoutMs: 500 };

export async function blastRadius(
  context: Context,
  reviews: Reviews,
  principal: Principal,
  review: Review,
): Promise<BlastRadiusReport> {
  const report: BlastRadiusReport = {
    table: null,
    locks: locksOf(review),
    counted: { state: "no", reason: "" },
    sample: null,
    plan: null,
  };
  const not = (reason: string): BlastRadiusReport => ({ ...report, counted: { state: "no", reason } });
  if (review.kind !== "sql") return not("only changes of rows are counted");
  const target = context.configuration.set.targets.get(review.target);
  if (target?.type !== "postgres") return not(`target \`${review.target}\` is no database any more`);
  const parsed = await context.parser.parse(review.statement);
  const [statement] = parsed.ok ? parsed.statements : [];
  if (statement === undefined) return not("the statement was not understood");
  const radius = blastRadiusOf(statement);
  if (radius.counted === "no") return not(radius.reason);
  if (radius.counted === "text") return { ...report, counted: { state: "yes", rows: radius.rows, of: "source", differs: false } };
  const decision = connectDecision(context, principal, target);
  if (decision.outcome !== "allow") return not(`you may not connect to \`${target.id}\`, so nothing is counted for you`);
  const connection = await connectAs(context, principal, target);
  try {
    const catalog = await connection.catalog();
    const written = writtenTable(review);
    const keys = written === null ? [] : (catalog.relation(written.schema, written.table)?.primaryKey ?? []);
    const queries = countingQueries(radius, keys, SAMPLE);
    const ask = (text: string) =>
      readAs({ context, reviews, requester: { principal, target, session: "" }, connection }, text, {
        ...LIMITS,
        review: review.id,
        sameAs: review.microActions,
      });
    const rows = await ask(queries.count);
    if (!rows.ok) return not(rows.reason);
    const sample = queries.sample === null ? null : await ask(queries.sample);
    const plan = await ask(`EXPLAIN (FORMAT JSON) ${queries.count}`);
    return {
      ...report,
      table: written === null ? null : resourceName({ kind: "table", ...written }),
      counted: { state: "yes", rows: Number(rows.rows[0]?.[0] ?? 0), of: radius.of, differs: rows.differs },
      sample: sample?.ok === true ? { columns: keys, rows: sample.rows } : null,
      plan: plan.ok ? planOf(plan.rows[0]?.[0] ?? "") : null,
    };
  } finally {
    await connection.close();
  }
}

function writtenTable(review: Review): { readonly schema: string; readonly table: string } | null {
  const written = review.microActions.find(
    ({ action, resource }) => resource.kind === "table" && ["sql:update", "sql:delete"].includes(action),
  )?.resource;
  return written?.kind === "table" ? { schema: written.schema, table: written.table } : null;
}

/** PostgreSQL's table locks, by what a statement does to a table. */
const LOCKS: Readonly<Record<string, { readonly mode: string; readonly blocks: string }>> = {
  "sql:insert": { mode: "ROW EXCLUSIVE", blocks: "changes of its definition wait" },
  "sql:update": { mode: "ROW EXCLUSIVE", blocks: "other writers of the same rows wait" },
  "sql:delete": { mode: "ROW EXCLUSIVE", blocks: "other writers of the same rows wait" },
  "sql:merge": { mode: "ROW EXCLUSIVE", blocks: "other writers of the same rows wait" },
  "sql:truncate": { mode: "ACCESS EXCLUSIVE", blocks: "every reader and writer waits" },
  "sql:ddl": { mode: "up to ACCESS EXCLUSIVE", blocks: "every reader and writer may wait" },
};

function locksOf(review: Review): BlastRadiusReport["locks"] {
  const found = new Map<string, BlastRadiusReport["locks"][number]>();
  for (const { action, resource } of review.microActions) {
    const lock = LOCKS[action];
    if (lock === undefined || resource.kind !== "table") continue;
    const table = resourceName(resource);
    found.set(`${table} ${lock.mode}`, { table, ...lock });
  }
  return [...found.values()];
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string | undefined;
  readonly "Index Name"?: string | undefined;
  readonly "Plan Rows": number;
  readonly "Total Cost": number;
  readonly Plans?: readonly PlanNode[] | undefined;
}
/** Of each node what it is and how large; conditions hold values. */
const Node: z.ZodType<PlanNode> = z.object({
  "Node Type": z.string(),
  "Relation Name": z.string().optional(),
  "Index Name": z.string().optional(),
  "Plan Rows": z.number(),
  "Total Cost": z.number(),
  Plans: z.array(z.lazy(() => Node)).optional(),
});
const Plan = z.tuple([z.object({ Plan: Node })]);

/** What finds the rows is below the count, which itself gives one. */
function planOf(text: string): BlastRadiusReport["plan"] {
  const parsed = Plan.safeParse(parseJson(text));
  if (!parsed.success) return null;
  const [{ Plan: count }] = parsed.data;
  const below = count.Plans ?? [];
  const nodes = below.flatMap((node) => linesOf(node, 0)).slice(0, MOST_NODES);
  return { cost: count["Total Cost"], rows: below[0]?.["Plan Rows"] ?? null, nodes };
}

const MOST_NODES = 40;

function linesOf(node: PlanNode, depth: number): NonNullable<BlastRadiusReport["plan"]>["nodes"] {
  const using = node["Index Name"] === undefined ? "" : ` using ${node["Index Name"]}`;
  const on = node["Relation Name"] === undefined ? "" : ` on ${node["Relation Name"]}`;
  const line = { depth, what: `${node["Node Type"]}${using}${on}`, rows: node["Plan Rows"] };
  return [line, ...(node.Plans ?? []).flatMap((below) => linesOf(below, depth + 1))];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
