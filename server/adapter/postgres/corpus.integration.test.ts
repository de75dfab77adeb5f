import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ConfigurationDocument, type PostgresTarget, SCHEMA_OF_KIND, Target } from "../../core/domain/configuration.ts";
import { describeSql, type ParsedStatement, type PreparedSql, protectSql, verifyRewrite } from "../../core/guard/sql/index.ts";
import { compilePolicySet, decide, type PolicySet, protectionFor } from "../../core/policy/index.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../demo/embedded-postgres.ts";
import type { Authorized } from "../../gateway/authorized.ts";
import type { SqlConnection, SqlConnector, SqlParser } from "../../gateway/ports.ts";
import { createPostgresConnector, createSqlParser } from "./index.ts";

/** Every known way round, on a real server, through the whole of parse, describe, decide, protect and run. */

interface Step {
  readonly mode: string;
  readonly sql?: string;
  readonly params?: readonly string[];
}
interface Case {
  readonly id: string;
  readonly engine: string;
  readonly steps: readonly Step[];
  readonly runAs: string;
  readonly acceptable: readonly string[];
  readonly leakCheck: {
    readonly type: string;
    readonly values?: readonly string[];
    readonly control?: readonly Step[];
    readonly raw?: readonly (readonly string[])[];
    readonly minMs?: number;
  };
  readonly twinRows?: readonly (readonly (readonly (string | null)[])[])[];
}
/** Values that no twin can have in common: places in storage, sizes in storage, transaction numbers. */
const NOT_COMPARED = /\bctid\b|JSON_OBJECT|pg_column_size/;
interface Corpus {
  readonly setup: { readonly postgresql: string };
  readonly cases: readonly Case[];
}

const corpus = JSON.parse(await readFile(new URL("../../../test/corpus/sql-attacks.json", import.meta.url), "utf8")) as Corpus;
const cases = corpus.cases.filter((item) => item.engine === "postgresql");

const LONG = "t234567890123456789012345678901234567890123456789012345678901bc";
const READABLE = [
  "public.customers",
  "public.payments",
  "public.orders",
  "hr.staff",
  "hr.paylog",
  "public.scratch",
  "public.events",
  "public.people",
  "public.by_email",
  `public.${LONG}`,
  "public.customer_contacts",
  "public.nested_contacts",
  "public.barrier_contacts",
  "public.v_checked",
  "public.mv_customers",
];
const WRITABLE: Readonly<Record<string, readonly string[]>> = {
  "public.scratch": ["insert", "update", "delete"],
  "public.customers": ["insert", "update"],
  "public.people": ["delete"],
  "public.payments": ["insert", "update"],
  "public.by_email": ["insert"],
};
const everyone = { everyone: true };
const mask = (id: string, columns: readonly string[], shown: unknown) => ({
  kind: "mask",
  id,
  target: "shop",
  columns,
  mask: shown,
});
const DOCUMENTS: readonly unknown[] = [
  {
    kind: "policy",
    id: "read",
    effect: "permit",
    principals: everyone,
    actions: ["sql:select", "sql:explain", "sql:transaction", "sql:set"],
    resources: { tables: READABLE, columns: READABLE.map((table) => `${table}.*`) },
  },
  ...Object.entries(WRITABLE).map(([table, verbs], index) => ({
    kind: "policy",
    id: `write-${index}`,
    effect: "permit",
    principals: everyone,
    actions: [...verbs.map((verb) => `sql:${verb}`), ...(table === "public.scratch" ? ["sql:merge"] : [])],
    resources: { tables: [table], columns: [`${table}.*`] },
  })),
  // The corpus' positive control calls it: what it sees is masked already.
  {
    kind: "policy",
    id: "noisy",
    effect: "permit",
    principals: everyone,
    actions: ["sql:call"],
    resources: { functions: ["public.noisy"] },
  },
  mask("email", ["public.customers.email", "public.events.email", "public.by_email.email"], {
    type: "constant",
    value: "***@***",
  }),
  mask("ssn", ["public.customers.ssn", "public.people.ssn", `public.${LONG}.ssn`], { type: "constant", value: "***-**-****" }),
  mask("phone", ["public.customers.phone"], { type: "constant", value: "***" }),
  mask("profile", ["public.customers.profile"], { type: "constant", value: "{}" }),
  mask("card", ["public.payments.card_number"], { type: "expression", sql: "'****-****-****-' || right(value, 4)" }),
  mask("salary", ["hr.staff.salary", "hr.paylog.salary"], { type: "constant", value: 0 }),
];
const FILTER = {
  kind: "row-filter",
  id: "eu",
  target: "shop",
  table: "public.orders",
  where: "region = 'EU'",
  principals: everyone,
};

let folder: string;
let server: EmbeddedPostgres;
let connector: SqlConnector;
let parser: SqlParser;
let admin: pg.Client;
const missing: string[] = [];
const counts: Record<string, number> = {};
const leaks: string[] = [];
const unacceptable: string[] = [];

function targetFor(database: string): PostgresTarget {
  return Target.parse({
    kind: "target",
    id: "shop",
    type: "postgres",
    environment: "prod",
    postgres: { host: server.host, port: server.port, database, user: "gw", password: { env: "X" }, tls: "disable" },
  }) as PostgresTarget;
}

function policies(target: PostgresTarget, filtered: boolean): PolicySet {
  const documents = [...DOCUMENTS, ...(filtered ? [FILTER] : [])].map((document) => {
    const { kind } = document as { kind: keyof typeof SCHEMA_OF_KIND };
    return SCHEMA_OF_KIND[kind].parse(document) as ConfigurationDocument;
  });
  const compiled = compilePolicySet([target, ...documents], 1);
  if (!("set" in compiled) && !("principals" in compiled)) expect(compiled).toBe("a policy set");
  return ("set" in compiled ? compiled.set : compiled) as PolicySet;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-corpus-"));
  server = await startEmbeddedPostgres({
    folder: join(folder, "postgres"),
    settings: { wal_level: "logical", shared_preload_libraries: "pg_stat_statements", fsync: "off", max_connections: "60" },
  });
  parser = createSqlParser();
  connector = createPostgresConnector({ parser, now: () => performance.now() });
  admin = new pg.Client({ connectionString: server.connectionString("postgres") });
  await admin.connect();
  await admin.query("CREATE ROLE gw LOGIN PASSWORD 'gw'; CREATE ROLE analyst NOLOGIN; GRANT analyst TO gw");
  await admin.query("CREATE DATABASE template_shop OWNER gw");
  const setup = new pg.Client({ connectionString: server.connectionString("template_shop") });
  await setup.connect();
  let script = corpus.setup.postgresql.replaceAll("55432", String(server.port));
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
});

afterAll(async () => {
  await connector?.close();
  await parser?.close();
  await admin?.end();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
  const summary = { cases: cases.length, leaks, outcomes: counts, unacceptable, extensionsMissing: missing };
  process.stdout.write(`${JSON.stringify(summary, null, 1)}\n`);
});

interface Seen {
  readonly rows: (readonly (string | null)[])[][];
  readonly words: string[];
  readonly outcomes: string[];
  readonly milliseconds: number;
}

async function play(database: string, steps: readonly Step[], filtered: boolean): Promise<Seen> {
  const target = targetFor(database);
  const set = policies(target, filtered);
  const principal = { id: "bob@acme.test", name: "Bob", groups: ["analysts"], attributes: {} };
  const open = () => connector.connect(target, { password: "gw" }, { id: principal.id, maskKey: "k" });
  let connection = await open();
  const rows: (readonly (string | null)[])[][] = [];
  const words: string[] = [];
  const outcomes: string[] = [];
  const started = performance.now();
  for (const step of steps) {
    const own: (readonly (string | null)[])[] = [];
    if (step.mode === "reconnect") {
      await connection.close();
      connection = await open();
      continue;
    }
    if (step.mode === "other-session-meanwhile") {
      const other = new pg.Client({ connectionString: server.connectionString(database) });
      await other.connect();
      void other
        .query(step.sql ?? "")
        .catch(() => {})
        .then(() => other.end());
      await new Promise((settle) => setTimeout(settle, 150));
      continue;
    }
    if (step.mode === "fastpath") {
      outcomes.push("deny");
      continue;
    }
    rows.push(own);
    outcomes.push(await submit(connection, step, { set, target, principal }, own, words));
    // What follows a refusal would run without what it was to build on.
    if (outcomes.at(-1) === "deny") break;
  }
  const milliseconds = performance.now() - started;
  await connection.close();
  return { rows, words, outcomes, milliseconds };
}

interface Asker {
  readonly set: PolicySet;
  readonly target: PostgresTarget;
  readonly principal: {
    readonly id: string;
    readonly name: string;
    readonly groups: readonly string[];
    readonly attributes: Record<string, string>;
  };
}

async function submit(
  connection: SqlConnection,
  step: Step,
  asker: Asker,
  rows: (readonly (string | null)[])[],
  words: string[],
): Promise<string> {
  const parsed = await parser.parse(step.sql ?? "");
  if (!parsed.ok) {
    words.push(parsed.refusal.message);
    return "deny";
  }
  for (const statement of parsed.statements) {
    const outcome = await one(connection, statement, step.params ?? null, asker, rows, words);
    if (outcome !== "masked") return outcome;
  }
  return "masked";
}

async function one(
  connection: SqlConnection,
  statement: ParsedStatement,
  parameters: readonly string[] | null,
  asker: Asker,
  rows: (readonly (string | null)[])[],
  words: string[],
): Promise<string> {
  const catalog = await connection.catalog();
  const described = describeSql(statement, catalog, connection.state);
  if ("refusal" in described) {
    words.push(described.refusal.message, described.refusal.hint ?? "");
    return "deny";
  }
  const { microActions, facts } = described;
  const decision = decide(asker.set, { principal: asker.principal, target: asker.target, microActions, facts }, 0);
  if (decision.outcome !== "allow") {
    words.push(...decision.reasons.map((reason) => reason.message));
    return "deny";
  }
  const guarded = protectSql(described, protectionFor(asker.set, asker.principal, asker.target, 0), catalog, connection.state);
  if (!guarded.ok) {
    words.push(guarded.refusal.message, guarded.refusal.hint ?? "");
    return "deny";
  }
  const prepared: PreparedSql = { ...guarded.prepared, parameters };
  expect(verifyRewrite(prepared, await parser.parse(prepared.sent)), prepared.sent).toBeNull();
  const authorized = prepared as Authorized<PreparedSql>;
  const end = await connection.run(
    authorized,
    { readOnly: false, rows: 10_000, timeoutMs: 20_000, lockTimeoutMs: 2_000 },
    {
      columns: (columns) => words.push(...columns.map((column) => column.name)),
      rows: (batch) => {
        rows.push(...batch);
      },
      notice: (notice) => words.push(notice.message),
    },
  );
  if (end.ended === "done") return "masked";
  words.push(end.ended === "failed" ? `${end.error.message} ${end.error.hint ?? ""}` : end.ended === "alarm" ? end.message : "");
  return end.ended === "alarm" ? "alarm" : "error-without-value";
}

let copies = 0;

async function inCopy<T>(work: (database: string) => Promise<T>): Promise<T> {
  copies += 1;
  const database = `shop_${copies}`;
  await admin.query(`CREATE DATABASE ${database} TEMPLATE template_shop OWNER gw`);
  try {
    return await work(database);
  } finally {
    await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
  }
}

function leaked(item: Case, seen: Seen, control: Seen | null): string | null {
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

describe("known ways round (P4)", () => {
  test.each(cases.map((item) => [item.id, item] as const))("%s", { timeout: 15_000 }, async (id, item) => {
    const filtered = id.startsWith("pg-rf");
    const seen = await inCopy((database) => play(database, item.steps, filtered));
    const { control } = item.leakCheck;
    const other = control === undefined ? null : await inCopy((database) => play(database, control, filtered));
    const leak = leaked(item, seen, other);
    if (leak !== null) leaks.push(`${id}: ${leak}`);
    const outcome = ["alarm", "deny", "error-without-value"].find((name) => seen.outcomes.includes(name)) ?? "masked";
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    const said = seen.words.filter(Boolean).join(" · ");
    if (!item.acceptable.includes(outcome)) unacceptable.push(`${id}: ${outcome} (${said})`);
    expect(leak, said).toBeNull();
    expect(item.acceptable, said).toContain(outcome);
    const comparable = outcome === "masked" && item.acceptable.length === 1 && item.twinRows !== undefined && !filtered;
    if (comparable && item.steps.every((step) => !NOT_COMPARED.test(step.sql ?? ""))) {
      const ordered = /order by/i.test(item.steps.at(-1)?.sql ?? "");
      const sorted = (list: readonly (readonly (string | null)[])[]) => {
        const texts = list.map((row) => JSON.stringify(row.map((value) => (value === "t" ? "true" : value))));
        return ordered ? texts : texts.sort();
      };
      expect(sorted(seen.rows.flat())).toEqual(sorted(item.twinRows?.flat() ?? []));
    }
  });
});
