import type { PostgresTarget } from "../core/domain/configuration.ts";
import type { MicroAction } from "../core/domain/micro-action.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Protection } from "../core/guard/sql/index.ts";
import { authorize, type Requester } from "./authorize.ts";
import { prepareSql } from "./judge-sql.ts";
import type { SqlConnection } from "./ports.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Reviews } from "./reviews.ts";
import { rowsAsText } from "./row-text.ts";

/** Questions that Gatehouse asks of a target for somebody, and that go the way of every statement of theirs. */

export async function connectAs(context: Context, principal: Principal, target: PostgresTarget): Promise<SqlConnection> {
  const reference = target.postgres.password;
  const password = reference === undefined ? null : await context.secrets.resolve(reference);
  return context.sql.connect(target, { password }, { id: principal.id, maskKey: context.maskKey });
}

export type ReadResult =
  | {
      readonly ok: true;
      readonly rows: readonly (readonly (string | null)[])[];
      /** Something is masked or filtered for them. */
      readonly differs: boolean;
    }
  | { readonly ok: false; readonly reason: string };

export interface ReadOptions {
  readonly rows: number;
  readonly timeoutMs: number;
  readonly lockTimeoutMs: number;
  /** The review that it is asked for, on the record. */
  readonly review: string | null;
  /** It may read no other tables than these name. Null: whatever policy lets it. */
  readonly sameAs: readonly MicroAction[] | null;
  readonly drafted?: (protection: Protection) => Protection;
}

/** One query: parsed, described, judged, on the record, run; read-only. Never waits for a review. */
export async function readAs(
  asked: {
    readonly context: Context;
    readonly reviews: Reviews;
    readonly requester: Requester;
    readonly connection: SqlConnection;
  },
  text: string,
  options: ReadOptions,
): Promise<ReadResult> {
  const { context, reviews, requester, connection } = asked;
  const parsed = await context.parser.parse(text);
  const [statement] = parsed.ok ? parsed.statements : [];
  if (statement === undefined) return { ok: false, reason: "the query was not understood" };
  const catalog = await connection.catalog();
  const prepared = await prepareSql(context, requester, statement, catalog, connection.state, null, options.drafted);
  if (!prepared.ok) return { ok: false, reason: prepared.refusal.message };
  if (options.sameAs !== null && !sameTables(options.sameAs, prepared.judgeable.described.microActions))
    return {
      ok: false,
      reason: "its names may lead elsewhere in another session: it was written with a search path or temporary tables of its own",
    };
  const verdict = await authorize(context, reviews, requester, prepared.judgeable, null);
  if (verdict.outcome !== "allow")
    return { ok: false, reason: `for you ${verdict.decision.reasons[0]?.message ?? "it is denied"}` };
  const rows: (readonly (string | null)[])[] = [];
  const { timeoutMs, lockTimeoutMs } = options;
  const end = await connection.run(
    verdict.authorized,
    { readOnly: true, rows: options.rows, timeoutMs, lockTimeoutMs },
    {
      columns: () => undefined,
      rows: (batch) => {
        rows.push(...rowsAsText(batch));
      },
      notice: () => undefined,
    },
  );
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
      review: options.review,
      durationMs: Math.round(end.durationMs),
    },
  });
  if (end.ended === "done") {
    const differs = verdict.decision.obligations.some(({ type }) => type === "mask" || type === "filter-rows");
    return { ok: true, rows, differs };
  }
  if (end.ended !== "failed") return { ok: false, reason: "it was stopped" };
  return {
    ok: false,
    reason:
      end.error.code === QUERY_CANCELED ? `it took longer than ${timeoutMs / 1_000} seconds: it is large` : end.error.message,
  };
}

const QUERY_CANCELED = "57014";

/** What is read is what was said to be touched. */
function sameTables(known: readonly MicroAction[], read: readonly MicroAction[]): boolean {
  const tables = new Set(tablesOf(known));
  return tablesOf(read).every((table) => tables.has(table));
}

function tablesOf(microActions: readonly MicroAction[]): readonly string[] {
  return microActions.flatMap(({ resource }) =>
    resource.kind === "table" || resource.kind === "column" ? [`${resource.schema}\0${resource.table}`] : [],
  );
}
