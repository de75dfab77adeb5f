import { z } from "zod";
import type { BlastRadiusReport } from "../contract/http.ts";
import type { PostgresTarget } from "../core/domain/configuration.ts";
import { resourceName } from "../core/domain/micro-action.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Review } from "../core/domain/review.ts";
import { blastRadiusOf, countingQueries } from "../core/guard/sql/blast-radius.ts";
import { authorize, type Requester } from "./authorize.ts";
import { prepareSql } from "./judge-sql.ts";
import type { SqlConnection } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Reviews } from "./reviews.ts";
import { connectDecision } from "./sessions.ts";

/**
 * How many rows the reviewed change would touch, for the one who is to answer. Asked as the reviewer: what they may not
 * read is not counted, what is masked for them is masked in the sample, and it is on the record as theirs. Read-only and
 * under a time limit. What it does not know: triggers, cascades, rules, and what others change meanwhile.
 */

const TIMEOUT_MS = 3_000;
const LOCK_TIMEOUT_MS = 500;
const SAMPLE = 10;

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
  const connection = await connected(context, principal, target);
  try {
    const catalog = await connection.catalog();
    const written = writtenTable(review);
    const keys = written === null ? [] : (catalog.relation(written.schema, written.table)?.primaryKey ?? []);
    const queries = countingQueries(radius, keys, SAMPLE);
    const ask = (text: string) => read(context, reviews, { principal, target, session: "" }, connection, text, review);
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

async function connected(context: Context, principal: Principal, target: PostgresTarget): Promise<SqlConnection> {
  const reference = target.postgres.password;
  const password = reference === undefined ? null : await context.secrets.resolve(reference);
  return context.sql.connect(target, { password }, { id: principal.id, maskKey: context.maskKey });
}

type Read =
  /** `differs`: something is masked or filtered for the reviewer, so the rows may be others than the requester's. */
  | { readonly ok: true; readonly rows: readonly (readonly (string | null)[])[]; readonly differs: boolean }
  | { readonly ok: false; readonly reason: string };

/** One query, the way every statement goes: parsed, described, judged, on the record, run. */
async function read(
  context: Context,
  reviews: Reviews,
  requester: Requester,
  connection: SqlConnection,
  text: string,
  review: Review,
): Promise<Read> {
  const parsed = await context.parser.parse(text);
  const [statement] = parsed.ok ? parsed.statements : [];
  if (statement === undefined) return { ok: false, reason: "the counting query was not understood" };
  const prepared = await prepareSql(context, requester, statement, await connection.catalog(), connection.state, null);
  if (!prepared.ok) return { ok: false, reason: prepared.refusal.message };
  if (!sameTables(review, prepared.judgeable.described.microActions))
    return {
      ok: false,
      reason: "its names may lead elsewhere in another session: it was written with a search path or temporary tables of its own",
    };
  const verdict = await authorize(context, reviews, requester, prepared.judgeable, null);
  if (verdict.outcome !== "allow")
    return { ok: false, reason: `for you ${verdict.decision.reasons[0]?.message ?? "it is denied"}` };
  const rows: (readonly (string | null)[])[] = [];
  const limits = { readOnly: true, rows: SAMPLE, timeoutMs: TIMEOUT_MS, lockTimeoutMs: LOCK_TIMEOUT_MS };
  const end = await connection.run(verdict.authorized, limits, {
    columns: () => undefined,
    rows: (batch) => {
      rows.push(...batch);
    },
    notice: () => undefined,
  });
  await context.audit.append({
    type: "statement.executed",
    at: context.clock.now(),
    principal: requester.principal.id,
    target: requester.target.id,
    session: requester.session,
    body: {
      kind: "sql",
      statementSha256: context.sha256(statement.text),
      ended: end.ended,
      rows: rows.length,
      review: review.id,
      durationMs: Math.round(end.durationMs),
    },
  });
  if (end.ended === "done") {
    const differs = verdict.decision.obligations.some(({ type }) => type === "mask" || type === "filter-rows");
    return { ok: true, rows, differs };
  }
  if (end.ended !== "failed") return { ok: false, reason: "counting was stopped" };
  return {
    ok: false,
    reason:
      end.error.code === QUERY_CANCELED
        ? `counting took longer than ${TIMEOUT_MS / 1_000} seconds: it is large`
        : end.error.message,
  };
}

const QUERY_CANCELED = "57014";

/** What the count reads is what the statement was said to touch. */
function sameTables(review: Review, microActions: Review["microActions"]): boolean {
  const known = new Set(tablesOf(review.microActions));
  return tablesOf(microActions).every((table) => known.has(table));
}

function tablesOf(microActions: Review["microActions"]): readonly string[] {
  return microActions.flatMap(({ resource }) =>
    resource.kind === "table" || resource.kind === "column" ? [`${resource.schema}\0${resource.table}`] : [],
  );
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

const Plan = z
  .array(
    z.object({ Plan: z.object({ "Total Cost": z.number(), Plans: z.array(z.object({ "Plan Rows": z.number() })).optional() }) }),
  )
  .min(1);

/** The rows are those below the count, which itself gives one. */
function planOf(text: string): BlastRadiusReport["plan"] {
  const parsed = Plan.safeParse(parseJson(text));
  const plan = parsed.success ? parsed.data[0]?.Plan : undefined;
  const rows = plan?.Plans?.[0]?.["Plan Rows"];
  return plan === undefined ? null : { cost: plan["Total Cost"], rows: rows ?? null };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
