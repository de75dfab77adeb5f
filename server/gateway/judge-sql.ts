import type { Obligation } from "../core/domain/decision.ts";
import type { Refusal } from "../core/domain/refusal.ts";
import type { Described } from "../core/domain/statement.ts";
import {
  type Catalog,
  describeSql,
  type ParsedSql,
  type PreparedSql,
  type Protection,
  protectSql,
  type SqlSessionState,
  shapeOf,
  verifyRewrite,
} from "../core/guard/sql/index.ts";
import { protectionFor } from "../core/policy/index.ts";
import type { Judgeable, Requester } from "./authorize.ts";
import { firstClosed, MODEST } from "./closed-tables.ts";
import type { Context } from "./ports-of-gateway.ts";

type ParsedStatement = Extract<ParsedSql, { ok: true }>["statements"][number];

export type SqlJudgeable =
  | { readonly ok: true; readonly judgeable: Judgeable<PreparedSql> }
  | { readonly ok: false; readonly described: Described; readonly refusal: Refusal };

/** Describes one statement and writes what would be sent for this principal. Runs nothing. */
export async function prepareSql(
  context: Context,
  requester: Requester,
  statement: ParsedStatement,
  catalog: Catalog,
  state: SqlSessionState,
  parameters: readonly (string | null)[] | null,
  /** Changes what configuration protects: for a draft that does not hold yet. */
  drafted: (protection: Protection) => Protection = (protection) => protection,
): Promise<SqlJudgeable> {
  await breath(statement.text);
  const described = describedAgain(statement, catalog, state);
  if ("refusal" in described) return refusedSql(context, requester, statement, described);
  const guard = () => {
    const { principal, target } = requester;
    const grants = context.standing.grantsOf(principal, target);
    const protection = protectionFor(context.configuration.set, principal, target, context.clock.now(), grants);
    return protectSql(described, drafted(protection), catalog, state);
  };
  const decidedBy = (): string => {
    const now = context.clock.now();
    const grants = context.standing.grantsOf(requester.principal, requester.target).filter((grant) => now < grant.until);
    const { version, policies } = context.configuration.set;
    const time = policies.some((policy) => policy.asksForTime) ? now : null;
    return JSON.stringify([version, requester.principal.groups, grants.map((grant) => grant.id), time]);
  };
  await breath(statement.text);
  const before = decidedBy();
  const guarded = guard();
  const shape = described.through === null ? shapeWhenAsked(statement) : { open: false, text: described.text };
  const closed = () => firstClosed(context, requester, described.named);
  const place = parameters === null ? "" : JSON.stringify(parameters);
  if (!guarded.ok)
    return {
      ok: true,
      judgeable: { described, execution: guarded, obligations: [], place, shape, protectedNow: () => false, closed },
    };
  const prepared: PreparedSql = { ...guarded.prepared, parameters };
  const obligations = protecting(guarded);
  const applied = new Set(obligations.map((obligation) => JSON.stringify(obligation)));
  const protectedNow = (): boolean => {
    if (decidedBy() === before) return true;
    const now = guard();
    return now.ok && protecting(now).every((obligation) => applied.has(JSON.stringify(obligation)));
  };
  if (prepared.verified !== null && prepared.verified !== prepared.original) {
    const wrong = await verified(context, prepared, prepared.verified);
    if (wrong !== null) {
      context.log(`a rewrite did not verify: ${wrong.message}`);
      return {
        ok: true,
        judgeable: {
          described,
          execution: { ok: false, refusal: { ...wrong, span: statement.span } },
          obligations,
          place,
          shape,
          protectedNow,
          closed,
        },
      };
    }
  }
  return {
    ok: true,
    judgeable: {
      described,
      execution: { ok: true, value: prepared, sent: [prepared.setup ?? [], prepared.sent].flat().join("; ") },
      obligations,
      place,
      shape,
      protectedNow,
      closed,
    },
  };
}

/** Characters of a text whose steps take less than a millisecond each. */
const SHORT = 2_000;

/** Between two steps of a long text it is the others' turn. */
async function breath(text: string): Promise<void> {
  if (text.length > SHORT) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Only what waits for somebody is asked for its shape. */
function shapeWhenAsked(statement: ParsedStatement): ReturnType<typeof shapeOf> {
  let known: ReturnType<typeof shapeOf> | null = null;
  const shape = () => {
    known ??= shapeOf(statement);
    return known;
  };
  return {
    get open() {
      return shape().open;
    },
    get text() {
      return shape().text;
    },
  };
}

/** A refusal can speak of a table's columns: of a closed one it is told that it is closed, nothing more. */
function refusedSql(
  context: Context,
  requester: Requester,
  { text, span }: ParsedStatement,
  { named, refusal }: Extract<DescribedSql, { refusal: unknown }>,
): SqlJudgeable {
  const closed = firstClosed(context, requester, named);
  if (closed === null) return { ok: false, described: undescribed(text, span), refusal };
  const described = { ...undescribed(text, span), microActions: [closed], facts: MODEST };
  const shape = { open: false, text };
  const judgeable = { described, execution: { ok: false, refusal }, obligations: [], place: "", shape } as const;
  return { ok: true, judgeable: { ...judgeable, protectedNow: () => false, closed: () => closed } };
}

type DescribedSql = ReturnType<typeof describeSql>;

const known = new WeakMap<
  ParsedStatement,
  { readonly catalog: Catalog; readonly state: string; readonly described: DescribedSql }
>();

/** A text that was parsed before is the same object; on the same definitions and in the same state it means the same. */
function describedAgain(statement: ParsedStatement, catalog: Catalog, state: SqlSessionState): DescribedSql {
  // What names of the session stand for is looked up each time.
  if ((state.prepared?.size ?? 0) + (state.cursors?.size ?? 0) > 0) return describeSql(statement, catalog, state);
  const key = JSON.stringify([state.searchPath, state.defaultSearchPath, state.transaction]);
  const found = known.get(statement);
  if (found !== undefined && found.catalog === catalog && found.state === key) return found.described;
  const described = describeSql(statement, catalog, state);
  known.set(statement, { catalog, state: key, described });
  return described;
}

type LookedAtFor = Pick<PreparedSql, "guarded" | "generated" | "targets" | "kind" | "opaque">;

const MAX_VERIFIED = 300;
/** Texts that held, with what they were looked at for. */
const held = new Map<string, LookedAtFor>();

async function verified(context: Context, prepared: PreparedSql, text: string): Promise<Refusal | null> {
  const { guarded, generated, targets, kind, opaque } = prepared;
  const own: LookedAtFor = { guarded, generated, targets, kind, opaque };
  const before = held.get(text);
  if (before !== undefined && JSON.stringify(before) === JSON.stringify(own)) return null;
  const trees = await context.parser.trees(text);
  await breath(text);
  const wrong = verifyRewrite(prepared, trees);
  if (wrong === null) {
    held.set(text, own);
    const [oldest] = held.keys();
    if (held.size > MAX_VERIFIED && oldest !== undefined) held.delete(oldest);
  }
  return wrong;
}

function protecting(guarded: Extract<ReturnType<typeof protectSql>, { ok: true }>): Obligation[] {
  return [
    ...guarded.masked.map(({ column, mask }): Obligation => ({ type: "mask", column, mask })),
    ...guarded.filtered.map(({ table, filter }): Obligation => ({ type: "filter-rows", table, filter })),
  ];
}

/** For a text of which nothing is known. */
export function undescribed(text: string, span: Described["span"], kind: "sql" | "shell" = "sql"): Described {
  return { kind, text, span, microActions: [], facts: {} };
}
