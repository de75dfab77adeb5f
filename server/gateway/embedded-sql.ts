import type { PostgresTarget, Target } from "../core/domain/configuration.ts";
import { resourceName } from "../core/domain/micro-action.ts";
import type { Refusal } from "../core/domain/refusal.ts";
import type { EmbeddedConnection, EmbeddedSql } from "../core/guard/shell/index.ts";
import type { Catalog, PreparedSql } from "../core/guard/sql/index.ts";
import { isFree, type Judgeable, judge, type Requester } from "./authorize.ts";
import { toldOf } from "./closed-tables.ts";
import { prepareSql } from "./judge-sql.ts";
import type { Context } from "./ports-of-gateway.ts";

/**
 * SQL that a client on a host would send to a database which is itself a target. Such a client has a credential of its
 * own, so nothing can be masked, filtered or held there: the line is refused where the same statement in a SQL tab would
 * be denied, reviewed, masked or filtered. That a statement is harmless permits nothing: it stays opaque to policies of
 * the host. Not promised: search paths, roles and start-up files of the client's own (decision 011).
 */
export async function refuseEmbedded(
  context: Context,
  requester: Requester,
  embedded: readonly EmbeddedSql[],
): Promise<Refusal | null> {
  for (const sql of embedded) {
    const target = targetOf(context, requester.target, sql.connection);
    if (target === null) continue;
    const refusal = await refuseFor(context, { ...requester, target }, target, sql);
    if (refusal !== null)
      return {
        ...refusal,
        span: sql.span,
        hint: `run it in a SQL tab of target \`${target.id}\``,
        sql: { target: target.id, statement: sql.text },
      };
  }
  return null;
}

function targetOf(context: Context, host: Target, connection: EmbeddedConnection | null): PostgresTarget | null {
  if (connection === null) return null;
  const own = host.type === "ssh" ? host.ssh.host.toLowerCase() : "";
  const named = connection.host.toLowerCase();
  const loopback = (name: string) => name === "" || name.startsWith("/") || /^(localhost|127\.0\.0\.1|::1)$/.test(name);
  const place = loopback(named) ? own : named;
  for (const target of context.configuration.set.targets.values()) {
    if (target.type !== "postgres") continue;
    const { postgres } = target;
    const at = postgres.host.toLowerCase();
    if (
      postgres.port === connection.port &&
      postgres.database === connection.database &&
      (at === place || (loopback(at) && loopback(place)))
    )
      return target;
  }
  return null;
}

async function refuseFor(
  context: Context,
  requester: Requester,
  target: PostgresTarget,
  sql: EmbeddedSql,
): Promise<Omit<Refusal, "span"> | null> {
  const where = `the SQL would reach target \`${target.id}\``;
  const connecting = judge(context, requester, connects(sql));
  if (connecting.outcome !== "allow") return { message: `${where}: ${connecting.reasons[0]?.message ?? "not permitted"}` };
  const parsed = await context.parser.parse(sql.text);
  if (!parsed.ok) return { message: `${where}, but ${parsed.refusal.message}` };
  const catalog = await catalogOf(context, target);
  if (catalog === null) return { message: `${where}, whose tables could not be read` };
  for (const statement of parsed.statements) {
    const state = { searchPath: ["public"], transaction: "idle" } as const;
    const prepared = await prepareSql(context, requester, statement, catalog, state, null);
    if (!prepared.ok) return { message: `${where}: ${prepared.refusal.message}` };
    const { execution, obligations } = prepared.judgeable;
    const { microActions } = prepared.judgeable.described;
    const judged = { decision: judge(context, requester, prepared.judgeable), microActions };
    const { decision } = toldOf(judged, prepared.judgeable.closed);
    if (decision.outcome !== "allow") {
      const reason = decision.reasons.find(({ outcome }) => outcome === decision.outcome);
      return { message: `${where}: ${reason?.message ?? decision.outcome}` };
    }
    if (!isFree(decision)) return { message: `${where}, where it runs only after breaking glass, or while somebody watches` };
    if (!execution.ok) return { message: `${where}: ${execution.refusal.message}` };
    const touched = obligations.length > 0 || execution.value.sensitive;
    if (touched && !leavesMasksAlone(prepared.judgeable))
      return { message: `${where}, where columns are masked or rows filtered for you; a client on a host shows them raw` };
  }
  return null;
}

/** A plain SELECT that calls nothing, filters nothing and reads no column that is masked: what it shows is the same raw. */
function leavesMasksAlone({ described, obligations }: Judgeable<PreparedSql>): boolean {
  const { facts, microActions } = described;
  if (facts.kind !== "select" || !microActions.every(({ action }) => action === "sql:select")) return false;
  const read = new Set(microActions.map(({ resource }) => resourceName(resource)));
  return obligations.every((obligation) => obligation.type === "mask" && !read.has(obligation.column));
}

/** Null: the database cannot be reached or asked; the operator's log says why. */
async function catalogOf(context: Context, target: PostgresTarget): Promise<Catalog | null> {
  try {
    const password = target.postgres.password === undefined ? null : await context.secrets.resolve(target.postgres.password);
    return await context.sql.catalog(target, { password });
  } catch (error) {
    context.log(`the catalog of \`${target.id}\` could not be read: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function connects(sql: EmbeddedSql): Judgeable<null> {
  return {
    described: {
      kind: "sql",
      text: sql.text,
      span: sql.span,
      microActions: [{ action: "target:connect", resource: { kind: "target" }, span: sql.span }],
      facts: {},
    },
    execution: { ok: true, value: null, sent: sql.text },
    obligations: [],
    place: "",
    shape: { open: false, text: "" },
    protectedNow: () => true,
  };
}
