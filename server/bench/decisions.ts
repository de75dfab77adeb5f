import { type ConfigurationDocument, SCHEMA_OF_KIND } from "../core/domain/configuration.ts";
import type { Principal } from "../core/domain/principal.ts";
import { compilePolicySet, decide } from "../core/policy/index.ts";
import { round } from "./percentile.ts";

const FOR_MS = 1_000;
const person: Principal = { id: "bench@acme.test", name: "Bench", groups: ["engineers"], attributes: {} };

/** Decisions on a statement of two tables and six columns, for sets of several sizes. */
export function decisionsPerSecond() {
  return Object.fromEntries([10, 1_000, 10_000].map((size) => [`${size} policies`, measure(size)]));
}

function measure(size: number) {
  const target = SCHEMA_OF_KIND.target.parse({
    kind: "target",
    id: "shop",
    type: "postgres",
    environment: "prod",
    postgres: { host: "h", database: "d", user: "u" },
  });
  const documents: readonly ConfigurationDocument[] = [
    target,
    ...Array.from({ length: size }, (_, i) => SCHEMA_OF_KIND.policy.parse(policy(i))),
  ];
  const { set } = compilePolicySet(documents, 1);
  const microActions = ["orders", "customers"].flatMap((table) => [
    { action: "sql:select", resource: { kind: "table", schema: "public", table }, span: [0, 1] } as const,
    ...["id", "total", "name"].map(
      (column) =>
        ({ action: "sql:select", resource: { kind: "column", schema: "public", table, column }, span: [0, 1] }) as const,
    ),
  ]);
  const request = { principal: person, target, microActions, facts: { kind: "select", hasWhere: true } };
  let count = 0;
  const began = performance.now();
  while (performance.now() - began < FOR_MS) {
    for (let i = 0; i < 50; i++) decide(set, request, 0);
    count += 50;
  }
  const perSecond = (count / (performance.now() - began)) * 1_000;
  return {
    statementsPerSecond: Math.round(perSecond),
    microActionsPerSecond: Math.round(perSecond * microActions.length),
    microsecondsPerStatement: round(1e6 / perSecond),
  };
}

/** Those that this person's group has: one of all tables, some with a condition; the others name a table each and are spread over 50 groups. */
function policy(i: number) {
  const general = i === 0;
  const resources = general ? { targets: ["shop"], tables: ["public.*"] } : { targets: ["shop"], tables: [`public.table_${i}`] };
  return {
    kind: "policy",
    id: `p-${i}`,
    effect: "permit",
    principals: { groups: general || i % 20 === 5 ? ["engineers"] : [`group-${i % 50}`] },
    actions: ["sql:select"],
    resources,
    ...(i % 10 === 5 ? { when: "statement.hasWhere" } : {}),
  };
}
