import {
  type ConfigurationDocument,
  type PostgresTarget,
  SCHEMA_OF_KIND,
  Target,
} from "../../server/core/domain/configuration.ts";
import { compilePolicySet, type PolicySet } from "../../server/core/policy/index.ts";

/** What the corpus of attacks supposes: which tables may be read and written, which columns are masked. */

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

export const PRINCIPAL = { id: "bob@acme.test", name: "Bob", groups: ["analysts"], attributes: {} };

export function attackedTarget(server: { readonly host: string; readonly port: number }, database: string): PostgresTarget {
  return Target.parse({
    kind: "target",
    id: "shop",
    type: "postgres",
    environment: "prod",
    postgres: { host: server.host, port: server.port, database, user: "gw", password: { env: "X" }, tls: "disable" },
  }) as PostgresTarget;
}

/** `filtered`: with a filter on the rows of `public.orders`. */
export function attackedPolicies(target: PostgresTarget, filtered: boolean): PolicySet {
  const documents = [...DOCUMENTS, ...(filtered ? [FILTER] : [])].map((document) => {
    const { kind } = document as { kind: keyof typeof SCHEMA_OF_KIND };
    return SCHEMA_OF_KIND[kind].parse(document) as ConfigurationDocument;
  });
  return compilePolicySet([target, ...documents], 1).set;
}
