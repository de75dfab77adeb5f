import { isCatalogueSchema } from "../../server/core/guard/sql/catalogues.ts";
import type { DescribedSql } from "../../server/core/guard/sql/describe.ts";
import {
  type Catalog,
  describeSql,
  type ParsedStatement,
  protectSql,
  type SqlSessionState,
  verifyRewrite,
} from "../../server/core/guard/sql/index.ts";
import { OPEN, type Protection } from "../../server/core/guard/sql/protection.ts";
import type { SqlParser } from "../../server/gateway/ports.ts";
import type { ScriptStatement } from "./script.ts";
import type { RawAnswer, ScriptSession } from "./session.ts";

/** What a replay needs of a session. */
export type ReplaySession = Pick<ScriptSession, "transaction" | "stale" | "known" | "run" | "read" | "prepared" | "cursors">;

/** Each statement of a script is judged before it runs as the script would run it; what only reads is compared. */

export interface Replayed {
  readonly counts: Record<Outcome, number>;
  /** Statements that the server runs and the guard does not let through, by reason. */
  readonly refused: Record<string, number>;
  /** The guard broke, let pass what writes, or changed what is seen: each with its statement. */
  readonly defects: string[];
  /** One statement for each reason. */
  readonly examples: Record<string, string>;
}

/**
 * `syntax`: not read, by the server neither. `invalid`: the server refuses it too. `reads`: select alone, and compared.
 * `unlike`: select alone, but no two runs are alike. `more`: understood, and more than a select.
 */
const OUTCOMES = ["syntax", "invalid", "reads", "unlike", "more", "refused", "opaque", "refused masked"] as const;
type Outcome = (typeof OUTCOMES)[number];

const GUARD_LIMIT_MS = 600;
const WRITES_IN_READ_ONLY = "25006";
const TIMED_OUT = "57014";
/** SQLSTATEs that NULL in the place of a value can lead to (data exceptions), and being late. */
const OF_VALUES = /^22|^57014$/;

interface Known {
  readonly catalog: Catalog;
  readonly state: SqlSessionState;
}

export async function replay(
  statements: readonly ScriptStatement[],
  session: ReplaySession,
  parser: SqlParser,
): Promise<Replayed> {
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  const result: Replayed = { counts, refused: {}, defects: [], examples: {} };
  for (const statement of statements) {
    const parsed = await parser.parse(statement.text);
    if (!parsed.ok) {
      const raw = await session.run(statement, false);
      if (raw.ok) tell(result, "refused", parsed.refusal.message, statement.text);
      else counts.syntax += 1;
      continue;
    }
    const [only] = parsed.statements;
    const known = await session.known(false);
    if (only === undefined || parsed.statements.length > 1 || known === null) {
      await session.run(statement, false);
      continue;
    }
    await judge(result, { statement, only, known, session, parser });
  }
  return result;
}

/** Where the catalog may be old and that could count, the statement is described again by a new one. */
async function described(item: Case): Promise<readonly [Known, ReturnType<typeof describeSql>]> {
  const { only, known, session } = item;
  const began = performance.now();
  const first = describeSql(only, known.catalog, known.state);
  if (performance.now() - began > GUARD_LIMIT_MS) throw new Error("the guard takes too long");
  const counts = "refusal" in first || first.microActions.some(({ action }) => action === "sql:opaque") || reads(first);
  const fresh = session.stale && counts ? await session.known(true) : null;
  return fresh === null ? [known, first] : [fresh, describeSql(only, fresh.catalog, fresh.state)];
}

function tell(result: Replayed, outcome: Outcome, why: string, text: string): void {
  const reason = `${outcome}: ${kindOf(why)}`;
  result.counts[outcome] += 1;
  result.refused[reason] = (result.refused[reason] ?? 0) + 1;
  result.examples[reason] ??= text.slice(0, 300);
}

/** A message without what is particular to its statement. Names of the server's own functions, settings and catalogues stay. */
function kindOf(message: string): string {
  if (/^function \w+$|^setting `|^system catalogue `/.test(message)) return message;
  return message
    .replaceAll(/`[^`]*`|"[^"]*"(\."[^"]*")*/g, "…")
    .replaceAll(/\b(function|column|relation|type|operator|view|rules of) [\w.]+/g, "$1 …");
}

interface Case {
  readonly statement: ScriptStatement;
  readonly only: ParsedStatement;
  readonly known: Known;
  readonly session: ReplaySession;
  readonly parser: SqlParser;
}

async function judge(result: Replayed, item: Case): Promise<void> {
  const { statement, session } = item;
  const { text } = statement;
  const defect = (what: string) => result.defects.push(`${what}: ${text.slice(0, 1_000)}`);
  let known: Known;
  let found: ReturnType<typeof describeSql>;
  try {
    [known, found] = await described(item);
  } catch (error) {
    defect(`crash: ${error instanceof Error ? (error.stack ?? "").slice(0, 300) : String(error)}`);
    await session.run(statement, false);
    return;
  }
  if ("refusal" in found) {
    const raw = await session.run(statement, false);
    if (raw.ok) tell(result, "refused", found.refusal.message, text);
    else result.counts.invalid += 1;
    return;
  }
  const opaque = found.microActions.find(({ action }) => action === "sql:opaque");
  if (opaque !== undefined) {
    const raw = await session.run(statement, false);
    if (raw.ok) tell(result, "opaque", opaque.resource.kind === "opaque" ? opaque.resource.what : "", text);
    else result.counts.invalid += 1;
    return;
  }
  if (!reads(found)) {
    const raw = await session.run(statement, false);
    remember(session, found, raw);
    if (raw.ok) result.counts.more += 1;
    else result.counts.invalid += 1;
    return;
  }
  await compare(result, { ...item, known }, found, defect);
}

function reads({ analysis, microActions, sqlKind, through }: DescribedSql): boolean {
  return (
    sqlKind === "select" && through === null && !analysis.writes && microActions.every(({ action }) => action === "sql:select")
  );
}

async function compare(result: Replayed, item: Case, described: DescribedSql, defect: (what: string) => void): Promise<void> {
  const { statement, known, session, parser } = item;
  const open = protectSql(described, OPEN, known.catalog, known.state);
  if (!open.ok) {
    tell(result, "refused", `without a mask: ${open.refusal.message}`, statement.text);
    return;
  }
  const masked = protectSql(described, oneOfEach(known.catalog), known.catalog, known.state);
  const texts = [statement.text, open.prepared.sent, statement.text, ...(masked.ok ? [masked.prepared.sent] : [])];
  for (const found of masked.ok ? [open, masked] : [open]) {
    const net = verifyRewrite(found.prepared, await parser.trees(found.prepared.sent));
    if (net !== null) defect(`second net (${net.message}): ${found.prepared.sent}`);
  }
  const [raw, sent, again, hidden] = await session.read(texts);
  if (raw === undefined || sent === undefined || again === undefined) return;
  if (!raw.ok && raw.code === WRITES_IN_READ_ONLY) defect("writes");
  // As in the script: the open transaction has failed.
  if (!raw.ok && session.transaction === "open") await session.run(statement, true);
  if (!alike(raw, again) || isLate(raw) || isLate(sent)) {
    result.counts.unlike += 1;
    return;
  }
  // Some columns of the server's own catalogues are closed, and constants of definitions are, whatever the masks.
  const { uses, shown: definitions } = described.analysis;
  const closed = definitions.length > 0 || uses.some(({ relation }) => isCatalogueSchema(relation.schema));
  if (!closed && !alike(raw, sent)) defect(`differs: ${shown(raw)} ≠ ${shown(sent)} by ${open.prepared.sent}`);
  if (raw.ok && !masked.ok) tell(result, "refused masked", masked.refusal.message, statement.text);
  else if (raw.ok && hidden !== undefined && !hidden.ok && !OF_VALUES.test(hidden.code))
    defect(`fails with masks: ${shown(hidden)} by ${masked.ok ? masked.prepared.sent : ""}`);
  result.counts[raw.ok ? "reads" : "invalid"] += 1;
}

function alike(one: RawAnswer, other: RawAnswer): boolean {
  if (one.ok && other.ok) return one.columns === other.columns && one.rows.join("\n") === other.rows.join("\n");
  return !one.ok && !other.ok && one.code === other.code;
}

function isLate(answer: RawAnswer): boolean {
  return !answer.ok && answer.code === TIMED_OUT;
}

function shown(answer: RawAnswer): string {
  return answer.ok ? `[${answer.columns}] ${answer.rows.join(" ").slice(0, 200)}` : `${answer.code} ${answer.message}`;
}

/** The first text column of each table is masked, by nothing: no value of it can be an error. */
function oneOfEach(catalog: Catalog): Protection {
  return {
    mask: ({ schema, table, column }) => {
      const first = catalog
        .relation(schema, table)
        ?.columns.find(({ type }) => type.base === "text" && !type.array && !type.domain);
      return first?.name === column && schema !== "pg_catalog" ? { id: "first", mask: { type: "null" } } : null;
    },
    rowFilters: () => [],
  };
}

/** PREPARE and DECLARE leave statements that others name. */
function remember(session: ReplaySession, { effect }: DescribedSql, raw: RawAnswer): void {
  if (!raw.ok || effect === null) return;
  if ("keeps" in effect && effect.keeps === "prepared") session.prepared.set(effect.name, effect.statement);
  if ("keeps" in effect && effect.keeps === "cursor") session.cursors.set(effect.name, effect.statement);
  if ("drops" in effect && effect.drops !== "rows" && effect.name !== null) {
    (effect.drops === "prepared" ? session.prepared : session.cursors).delete(effect.name);
  }
}
