import fc from "fast-check";
import { scanSync } from "libpg-query";
import { describe, expect, test } from "vitest";
import { CATALOG, MASKED, one, parse, STATE } from "../../../../test/fixtures/sql-guard.ts";
import { generate } from "../../../../test/twin/campaign.ts";
import { render } from "../../../../test/twin/piece.ts";
import type { Table, Type } from "../../../../test/twin/scope.ts";
import { type ConfigurationDocument, SCHEMA_OF_KIND } from "../../domain/configuration.ts";
import { resourceName } from "../../domain/micro-action.ts";
import { compilePolicySet, decide, type PolicySet } from "../../policy/index.ts";
import { describeSql, makeCatalog, protectSql, verifyRewrite } from "./index.ts";
import { OPEN, type Protection } from "./protection.ts";

/** What holds for every statement, on the statements of the twins' grammar. */

const FAMILIES: Readonly<Record<string, Type>> = { int4: "int", text: "text", jsonb: "jsonb", numeric: "num" };
const TABLES: readonly Table[] = CATALOG.relations
  .filter((relation) => relation.schema !== "pg_catalog" && !["shouting"].includes(relation.name) && relation.readable)
  .map(({ schema, name, kind, columns, primaryKey }) => ({
    schema,
    name,
    kind: kind === "view" ? "view" : "table",
    columns: columns.map((column) => ({ name: column.name, type: FAMILIES[column.type.base] ?? "text" })),
    key: primaryKey,
  }));
const KNOWN = makeCatalog({
  ...CATALOG,
  functions: [],
  types: [{ oid: 30_000, schema: "public", name: "mood", kind: "enum", runs: [] }],
});
const statements = fc.integer({ min: 0, max: 2 ** 30 }).map((seed) => render(generate(seed, TABLES)));
const RUNS = 200;

interface Token {
  readonly text: string;
  readonly name: string;
  readonly keyword: boolean;
}

function tokensOf(text: string): readonly Token[] {
  const bytes = Buffer.from(text);
  return scanSync(text).tokens.map((token) => ({
    text: bytes.subarray(token.start, token.end).toString(),
    name: token.tokenName,
    keyword: token.keywordKind !== 0,
  }));
}

const PLAIN_NAME = /^[a-z_][a-z0-9_]*$/i;
const BETWEEN = [" ", "  ", "\n", "\t", " /* FROM customers */ ", " -- 'x\n", ' /* /* ; */ " */ '];

/** The same statement in another dress. `choices` decides for each token. */
function dressed(text: string, choices: readonly number[]): string {
  return tokensOf(text)
    .map((token, index, all) => {
      const choice = choices[index % choices.length] ?? 0;
      // libpg-query looks one token ahead from these, and takes a comment for one: such a text is refused.
      const ahead = /^(?:not|nulls|with|without)$/i.test(all[index - 1]?.text ?? "");
      const between = ahead ? " " : (BETWEEN[choice % BETWEEN.length] ?? " ");
      if (!PLAIN_NAME.test(token.text)) return between + token.text;
      const quoting = token.name === "IDENT" && !token.keyword && choice % 3 === 0;
      if (quoting) return `${between}"${token.text.toLowerCase()}"`;
      return between + (choice % 2 === 0 ? token.text.toUpperCase() : token.text.toLowerCase());
    })
    .join("");
}

/** A text without what does not count. */
function undressed(text: string): string {
  return tokensOf(text)
    .filter((token) => !token.name.endsWith("COMMENT"))
    .map(({ text: own }) => {
      if (PLAIN_NAME.test(own)) return own.toLowerCase();
      return /^"[a-z_][a-z0-9_]*"$/.test(own) ? own.slice(1, -1) : own;
    })
    .join(" ");
}

/** What the guard makes of a text; places as numbers of tokens, so that they survive another dress. */
function judged(text: string, protection: Protection = MASKED) {
  const statement = one(text);
  const described = describeSql(statement, KNOWN, STATE);
  if ("refusal" in described) return { refused: described.refusal.message };
  const at = (offset: number) => statement.tokens.findIndex((token) => token[0] === offset);
  const until = (offset: number) => statement.tokens.findIndex((token) => token[1] === offset);
  const actions = described.microActions.map(
    ({ action, resource, span }) => `${action} ${resourceName(resource)} ${at(span[0])}–${until(span[1])}`,
  );
  const result = protectSql(described, protection, KNOWN, STATE);
  if (!result.ok) return { actions, refused: result.refusal.message };
  const { prepared, masked, filtered } = result;
  return { actions, masked, filtered, masks: prepared.resultMasks, sent: undressed(prepared.sent), prepared };
}

describe("properties", { timeout: 60_000 }, () => {
  test("P1 comments, case, spacing and quoting change nothing", () => {
    let understood = 0;
    fc.assert(
      fc.property(statements, fc.array(fc.nat(41), { minLength: 1, maxLength: 60 }), (text, choices) => {
        const other = dressed(text, choices);
        expect(undressed(other)).toBe(undressed(text));
        const { prepared, ...plain } = judged(text);
        const { prepared: _, ...worn } = judged(other);
        if (prepared !== undefined) understood += 1;
        expect(worn).toEqual(plain);
      }),
      { numRuns: RUNS },
    );
    expect(understood).toBeGreaterThan(RUNS * 0.8);
  });

  test("W1 W2 what was sent is sent again as it is", () => {
    fc.assert(
      fc.property(statements, (text) => {
        const { prepared } = judged(text);
        if (prepared === undefined) return;
        expect(verifyRewrite(prepared, parse(prepared.sent))).toBeNull();
        const again = judged(prepared.sent, OPEN);
        expect(again.sent).toBe(undressed(prepared.sent));
      }),
      { numRuns: RUNS },
    );
  });

  test("R1 spans stand on the text that names the thing", () => {
    const names = new Set(TABLES.flatMap((table) => table.columns.map((column) => column.name)));
    fc.assert(
      fc.property(statements, (text) => {
        const described = describeSql(one(text), KNOWN, STATE);
        if ("refusal" in described) return;
        for (const { resource, span } of described.microActions) {
          const written = undressed(text.slice(...span)).split(" . ");
          const last = (written.at(-1) ?? "").replace(/^"(.*)"$/, "$1");
          if (resource.kind === "table") expect(last).toBe(resource.table);
          if (resource.kind !== "column" || last === "*") continue;
          // A row and an alias's column list name something else; USING with a subquery has no place.
          if (names.has(last) && !TABLES.some((table) => table.name === last)) expect(last).toBe(resource.column);
          else if (text.slice(...span) !== text) expect(written.join(".")).toMatch(/^[\w ".]+$/);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("P2 one more forbid never allows more", () => {
    const order = { allow: 0, review: 1, deny: 2 } as const;
    const names = TABLES.map((table) => resourceName({ kind: "table", schema: table.schema, table: table.name }));
    const policy = fc.record({
      effect: fc.constantFrom("permit", "permit", "review", "forbid"),
      tables: fc.subarray([...names, "public.*", "*"], { minLength: 1 }),
    });
    const documents = (list: readonly { readonly effect: string; readonly tables: readonly string[] }[]) =>
      list.map(({ effect, tables }, index) =>
        SCHEMA_OF_KIND.policy.parse({
          kind: "policy",
          id: `p${index}`,
          effect,
          principals: { everyone: true },
          actions: ["sql:select"],
          resources: { tables, columns: tables.map((table) => `${table}.*`) },
        }),
      );
    const target = SCHEMA_OF_KIND.target.parse({
      kind: "target",
      id: "shop",
      type: "postgres",
      environment: "prod",
      postgres: { host: "127.0.0.1", port: 5432, database: "shop", user: "gw", password: { env: "X" }, tls: "disable" },
    });
    const principal = { id: "bob@acme.test", name: "Bob", groups: [], attributes: {} };
    let allowed = 0;
    fc.assert(
      fc.property(statements, fc.array(policy, { minLength: 1, maxLength: 4 }), policy, (text, list, added) => {
        const described = describeSql(one(text), KNOWN, STATE);
        if ("refusal" in described) return;
        const { microActions, facts } = described;
        const outcome = (own: readonly ConfigurationDocument[]) => {
          const compiled = compilePolicySet([target, ...own], 1);
          const set = ("set" in compiled ? compiled.set : compiled) as PolicySet;
          return decide(set, { principal, target, microActions, facts }, 0).outcome;
        };
        const before = outcome(documents(list));
        const after = outcome(documents([...list, { ...added, effect: "forbid" }]));
        if (before !== "deny") allowed += 1;
        expect(order[after]).toBeGreaterThanOrEqual(order[before]);
      }),
      { numRuns: RUNS },
    );
    expect(allowed).toBeGreaterThan(0);
  });
});
