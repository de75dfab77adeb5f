import pg from "pg";
import { createPostgresConnector, createSqlParser } from "../../server/adapter/postgres/index.ts";
import {
  describeSql,
  type ParsedStatement,
  type PreparedSql,
  protectSql,
  verifyRewrite,
} from "../../server/core/guard/sql/index.ts";
import { decide, protectionFor } from "../../server/core/policy/index.ts";
import type { EmbeddedPostgres } from "../../server/demo/embedded-postgres.ts";
import type { Authorized } from "../../server/gateway/authorized.ts";
import type { SqlConnection, SqlParser } from "../../server/gateway/ports.ts";
import { rowsAsText } from "../../server/gateway/row-text.ts";
import { ATTACK_SETUP, type AttackCase, type AttackStep, isFiltered } from "./cases.ts";
import { attackedPolicies, attackedTarget, PRINCIPAL } from "./policies.ts";

/** Attacks on a real server through the whole of parse, describe, decide, protect and run. */

export interface Attacked {
  /** Extensions of the corpus that the server has not. */
  readonly extensionsMissing: readonly string[];
  attack(item: AttackCase): Promise<Verdict>;
  /** Single texts in one session, to the first refusal. */
  play(steps: readonly AttackStep[], filtered: boolean): Promise<Seen>;
  close(): Promise<void>;
}

export interface Verdict {
  readonly outcome: string;
  /** What came out and should not have. Null: nothing. */
  readonly leak: string | null;
  readonly said: string;
  readonly rows: Seen["rows"];
}

export interface Seen {
  readonly rows: (readonly (string | null)[])[][];
  readonly words: string[];
  readonly outcomes: string[];
  readonly milliseconds: number;
}

const TEMPLATE = "template_shop";
/** What the corpus' database needs of its server. */
export const ATTACKED_SETTINGS = {
  wal_level: "logical",
  shared_preload_libraries: "pg_stat_statements",
  fsync: "off",
  max_connections: "60",
};

export async function openAttacked(server: EmbeddedPostgres): Promise<Attacked> {
  const parser = createSqlParser();
  const connector = createPostgresConnector({ parser, now: () => performance.now() });
  const admin = new pg.Client({ connectionString: server.connectionString("postgres") });
  await admin.connect();
  await admin.query("CREATE ROLE gw LOGIN PASSWORD 'gw'; CREATE ROLE analyst NOLOGIN; GRANT analyst TO gw");
  await admin.query(`CREATE DATABASE ${TEMPLATE} OWNER gw`);
  const extensionsMissing = await setUp(server);
  const copies = new Copies(admin);

  const play = async (steps: readonly AttackStep[], filtered: boolean): Promise<Seen> => {
    const database = await copies.take();
    const target = attackedTarget(server, database);
    const session: Session = {
      parser,
      target,
      set: attackedPolicies(target, filtered),
      changed: () => copies.spoil(),
    };
    const open = () => connector.connect(target, { password: "gw" }, { id: PRINCIPAL.id, maskKey: "k" });
    let connection = await open();
    const seen = { rows: [] as Seen["rows"], words: [] as string[], outcomes: [] as string[] };
    const started = performance.now();
    for (const step of steps) {
      if (step.mode === "reconnect") {
        await connection.close();
        connection = await open();
      } else if (step.mode === "other-session-meanwhile") {
        await meanwhile(server.connectionString(database), step.sql ?? "");
      } else {
        const own: (readonly (string | null)[])[] = [];
        seen.rows.push(own);
        // There is no door for the fast path: its frame is not part of the wire.
        const outcome = step.mode === "fastpath" ? "deny" : await submit(connection, step, session, own, seen.words);
        seen.outcomes.push(outcome);
        // What follows a refusal would run without what it was to build on.
        if (outcome === "deny") break;
      }
    }
    const milliseconds = performance.now() - started;
    await connection.close();
    return { ...seen, milliseconds };
  };

  return {
    extensionsMissing,
    play,
    attack: async (item) => {
      const filtered = isFiltered(item);
      const seen = await play(item.steps, filtered);
      const { control } = item.leakCheck;
      const other = control === undefined ? null : await play(control, filtered);
      const outcome = ["alarm", "deny", "error-without-value"].find((name) => seen.outcomes.includes(name)) ?? "masked";
      return { outcome, leak: leaked(item, seen, other), said: seen.words.filter(Boolean).join(" · "), rows: seen.rows };
    },
    close: async () => {
      await connector.close();
      await parser.close();
      await admin.end();
    },
  };
}

/** The corpus' database. What the server lacks of extensions is left out. */
async function setUp(server: EmbeddedPostgres): Promise<readonly string[]> {
  const setup = new pg.Client({ connectionString: server.connectionString(TEMPLATE) });
  await setup.connect();
  const missing: string[] = [];
  let script = ATTACK_SETUP.replaceAll("55432", String(server.port));
  for (const [statement, name] of script.matchAll(/CREATE EXTENSION IF NOT EXISTS (\w+);/g)) {
    try {
      await setup.query(statement);
    } catch {
      missing.push(name ?? "");
      script = script.replace(statement, "");
    }
  }
  await setup.query(script);
  await setup.end();
  return missing;
}

/** Copies of the corpus' database: a new one after something was changed in it. */
class Copies {
  readonly #admin: pg.Client;
  #count = 0;
  #current: string | null = null;
  #spoilt = false;

  constructor(admin: pg.Client) {
    this.#admin = admin;
  }

  spoil(): void {
    this.#spoilt = true;
  }

  async take(): Promise<string> {
    if (this.#current !== null && !this.#spoilt) return this.#current;
    if (this.#current !== null) await this.#admin.query(`DROP DATABASE ${this.#current} WITH (FORCE)`);
    this.#count += 1;
    this.#current = `shop_${this.#count}`;
    this.#spoilt = false;
    await this.#admin.query(`CREATE DATABASE ${this.#current} TEMPLATE ${TEMPLATE} OWNER gw`);
    return this.#current;
  }
}

async function meanwhile(connectionString: string, sql: string): Promise<void> {
  const other = new pg.Client({ connectionString });
  await other.connect();
  void other
    .query(sql)
    .catch(() => {})
    .then(() => other.end());
  await new Promise((settle) => setTimeout(settle, 150));
}

interface Session {
  readonly parser: SqlParser;
  readonly set: ReturnType<typeof attackedPolicies>;
  readonly target: ReturnType<typeof attackedTarget>;
  readonly changed: () => void;
}

async function submit(
  connection: SqlConnection,
  step: AttackStep,
  session: Session,
  rows: (readonly (string | null)[])[],
  words: string[],
): Promise<string> {
  const parsed = await session.parser.parse(step.sql ?? "");
  if (!parsed.ok) {
    words.push(parsed.refusal.message);
    return "deny";
  }
  for (const statement of parsed.statements) {
    const outcome = await one(connection, statement, { step, session, rows, words });
    if (outcome !== "masked") return outcome;
  }
  return "masked";
}

interface Telling {
  readonly step: AttackStep;
  readonly session: Session;
  readonly rows: (readonly (string | null)[])[];
  readonly words: string[];
}

async function one(connection: SqlConnection, statement: ParsedStatement, telling: Telling): Promise<string> {
  const { step, session, rows, words } = telling;
  const { set, target } = session;
  const catalog = await connection.catalog();
  const described = describeSql(statement, catalog, connection.state);
  if ("refusal" in described) {
    words.push(described.refusal.message, described.refusal.hint ?? "");
    return "deny";
  }
  const { microActions, facts } = described;
  const decision = decide(set, { principal: PRINCIPAL, target, microActions, facts }, 0);
  if (decision.outcome !== "allow") {
    words.push(...decision.reasons.map((reason) => reason.message));
    return "deny";
  }
  const guarded = protectSql(described, protectionFor(set, PRINCIPAL, target, 0), catalog, connection.state);
  if (!guarded.ok) {
    words.push(guarded.refusal.message, guarded.refusal.hint ?? "");
    return "deny";
  }
  const prepared: PreparedSql = { ...guarded.prepared, parameters: step.params ?? null };
  const net = verifyRewrite(prepared, await session.parser.trees(prepared.sent));
  if (net !== null) throw new Error(`the second net: ${net.message}: ${prepared.sent}`);
  if (prepared.writes || prepared.definitions || prepared.opaque) session.changed();
  const end = await connection.run(
    prepared as Authorized<PreparedSql>,
    { readOnly: false, rows: 10_000, timeoutMs: 20_000, lockTimeoutMs: 2_000 },
    {
      columns: (columns) => words.push(...columns.map((column) => column.name)),
      rows: (batch) => {
        rows.push(...rowsAsText(batch));
      },
      notice: (notice) => words.push(notice.message),
    },
  );
  if (end.ended === "done") return "masked";
  words.push(end.ended === "failed" ? `${end.error.message} ${end.error.hint ?? ""}` : end.ended === "alarm" ? end.message : "");
  return end.ended === "alarm" ? "alarm" : "error-without-value";
}

function leaked(item: AttackCase, seen: Seen, control: Seen | null): string | null {
  const { leakCheck } = item;
  const all = JSON.stringify([seen.rows, seen.words]);
  switch (leakCheck.type) {
    case "contains":
      return leakCheck.values?.find((value) => all.includes(value)) ?? null;
    case "same-rows-as-raw":
      return JSON.stringify(seen.rows.at(-1)) === JSON.stringify(leakCheck.raw) ? "the raw rows" : null;
    case "differential": {
      const normal = (text: string) => text.replaceAll("901-11-1001", "?").replaceAll("900-00-0000", "?");
      const other = JSON.stringify([control?.rows, control?.words]);
      return normal(all) === normal(other) ? null : "an answer that depends on the guess";
    }
    case "timing":
      return seen.milliseconds - (control?.milliseconds ?? 0) > (leakCheck.minMs ?? 0) ? "time that depends on the guess" : null;
    default:
      return null;
  }
}
