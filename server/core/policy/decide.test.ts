import { describe, expect, it } from "vitest";
import { type ConfigurationDocument, SCHEMA_OF_KIND } from "../domain/configuration.ts";
import type { AccessGrant } from "../domain/grant.ts";
import type { Action, MicroAction, Resource } from "../domain/micro-action.ts";
import type { Principal } from "../domain/principal.ts";
import { compilePolicySet, decide, permits, protectionFor } from "./index.ts";

const engineer: Principal = { id: "engineer@acme.test", name: "Engineer", groups: ["engineers"], attributes: { region: "EU" } };
const stranger: Principal = { id: "stranger@acme.test", name: "Stranger", groups: [], attributes: {} };

const shop = {
  kind: "target",
  id: "shop",
  type: "postgres",
  environment: "prod",
  postgres: { host: "h", database: "d", user: "u" },
};
const web = { kind: "target", id: "web-1", type: "ssh", environment: "prod", ssh: { host: "h", user: "u" } };

function documents(...raw: readonly object[]): readonly ConfigurationDocument[] {
  return raw.map((document) => SCHEMA_OF_KIND[(document as { kind: keyof typeof SCHEMA_OF_KIND }).kind].parse(document));
}

function setOf(...raw: readonly object[]) {
  const { set, issues } = compilePolicySet(documents(shop, web, ...raw), 7);
  expect(issues).toEqual([]);
  return set;
}

const table = (name: string): Resource => ({ kind: "table", schema: "public", table: name });
const column = (name: string, of = "customers"): Resource => ({ kind: "column", schema: "public", table: of, column: name });
const act = (action: Action, resource: Resource, context?: MicroAction["context"]): MicroAction => ({
  action,
  resource,
  span: [0, 1],
  context,
});
const policy = (id: string, effect: string, rest: object) => ({
  kind: "policy",
  id,
  effect,
  principals: { groups: ["engineers"] },
  ...rest,
});

const readShop = policy("read", "permit", {
  actions: ["sql:select"],
  resources: { targets: ["shop"], tables: ["public.*"], except: { tables: ["public.payments"] } },
});

function outcome(set: ReturnType<typeof setOf>, action: MicroAction, principal = engineer, facts: DecideFacts = {}): string {
  const target = set.targets.get(action.action.startsWith("sql") ? "shop" : "web-1");
  if (target === undefined) throw new Error("no target");
  const decision = decide(set, { principal, target, microActions: [action], facts }, 0);
  return `${decision.outcome}:${decision.reasons.map((reason) => reason.policy ?? "-").join()}`;
}
type DecideFacts = Parameters<typeof decide>[1]["facts"];

const path = (of: string, pattern = false): Resource => ({ kind: "path", path: of, pattern });

describe("decide", () => {
  const rows: readonly [
    title: string,
    policies: readonly object[],
    action: MicroAction,
    expected: string,
    principal?: Principal,
    facts?: DecideFacts,
  ][] = [
    ["PE-1 what nothing matches is denied", [], act("sql:select", table("orders")), "deny:-"],
    [
      "PE-2 forbid beats review and permit",
      [readShop, policy("f", "forbid", { actions: ["sql:*"] }), policy("r", "review", { actions: ["sql:*"] })],
      act("sql:select", table("orders")),
      "deny:f",
    ],
    [
      "PE-2 review beats permit",
      [readShop, policy("r", "review", { actions: ["sql:select"] })],
      act("sql:select", table("orders")),
      "review:r",
    ],
    [
      "PE-2 review alone is review",
      [policy("r", "review", { actions: ["sql:select"] })],
      act("sql:select", table("orders")),
      "review:r",
    ],
    [
      "PE-4 a broken condition denies, also in a permit",
      [policy("p", "permit", { actions: ["sql:select"], when: 'target.labels["team"] == "shop"' })],
      act("sql:select", table("orders")),
      "deny:p",
    ],
    [
      "PE-5 a permit's glob does not reach unmask",
      [policy("p", "permit", { actions: ["sql:*", "*"] })],
      act("sql:unmask", column("email")),
      "deny:-",
    ],
    [
      "PE-5 a permit's glob does not reach opaque",
      [policy("p", "permit", { actions: ["sql:*"] })],
      act("sql:opaque", { kind: "opaque", what: "DO" }),
      "deny:-",
    ],
    [
      "PE-5 a forbid's glob reaches opaque",
      [policy("f", "forbid", { actions: ["sql:*"] })],
      act("sql:opaque", { kind: "opaque", what: "DO" }),
      "deny:f",
    ],
    ["PE-5 unmask by name", [policy("p", "permit", { actions: ["sql:unmask"] })], act("sql:unmask", column("email")), "allow:p"],
    [
      "PE-6 tables do not speak of functions",
      [policy("p", "permit", { actions: ["sql:*"], resources: { tables: ["public.*"] } })],
      act("sql:call", { kind: "function", schema: "public", name: "f" }),
      "deny:-",
    ],
    [
      "PE-6 the target itself matches beside kind lists",
      [policy("p", "permit", { actions: ["sql:explain"], resources: { tables: ["public.*"] } })],
      act("sql:explain", { kind: "target" }),
      "allow:p",
    ],
    [
      "PE-6 a forbid on tables does not forbid the target",
      [
        policy("p", "permit", { actions: ["sql:*"] }),
        policy("f", "forbid", { actions: ["sql:*"], resources: { tables: ["public.payments"] } }),
      ],
      act("sql:transaction", { kind: "target" }),
      "allow:p",
    ],
    ["PE-7 tables speak of their columns", [readShop], act("sql:select", column("email")), "allow:read"],
    [
      "PE-7 a permit on columns permits the mention of the table",
      [policy("p", "permit", { actions: ["sql:select"], resources: { columns: ["public.customers.id"] } })],
      act("sql:select", table("customers")),
      "allow:p",
    ],
    [
      "PE-7 but not another column",
      [policy("p", "permit", { actions: ["sql:select"], resources: { columns: ["public.customers.id"] } })],
      act("sql:select", column("email")),
      "deny:-",
    ],
    [
      "PE-7 a forbid on a column leaves the table",
      [readShop, policy("f", "forbid", { actions: ["sql:select"], resources: { columns: ["public.customers.ssn"] } })],
      act("sql:select", table("customers")),
      "allow:read",
    ],
    [
      "PE-7 a forbid by tag",
      [
        readShop,
        { kind: "classification", id: "c", target: "shop", columns: ["public.customers.ssn"], tag: "pii.ssn" },
        policy("f", "forbid", { actions: ["sql:select"], resources: { tags: ["pii.*"] } }),
      ],
      act("sql:select", column("ssn")),
      "deny:f",
    ],
    ["PE-8 except takes away", [readShop], act("sql:select", table("payments")), "deny:-"],
    [
      "PE-8 except takes a column of the excepted table away",
      [readShop],
      act("sql:select", column("card", "payments")),
      "deny:-",
    ],
    [
      "PE-9 a command's glob that could mean a forbidden path",
      [
        policy("p", "permit", { actions: ["file:read"] }),
        policy("f", "forbid", { actions: ["file:read"], resources: { paths: ["/etc/shadow*"] } }),
      ],
      act("file:read", path("/etc/*", true)),
      "deny:f",
    ],
    [
      "PE-9 a command's glob beside the forbidden path",
      [
        policy("p", "permit", { actions: ["file:read"] }),
        policy("f", "forbid", { actions: ["file:read"], resources: { paths: ["/etc/shadow*"] } }),
      ],
      act("file:read", path("/etc/host*", true)),
      "allow:p",
    ],
    [
      "PE-9 a permit has to hold all of the glob",
      [policy("p", "permit", { actions: ["file:read"], resources: { paths: ["/var/log/*.log"] } })],
      act("file:read", path("/var/log/*", true)),
      "deny:-",
    ],
    [
      "PE-9 a permit that holds all of the glob",
      [policy("p", "permit", { actions: ["file:read"], resources: { paths: ["/var/log/**"] } })],
      act("file:read", path("/var/log/a*/b?.log", true)),
      "allow:p",
    ],
    [
      "PE-10 a star does not cross a slash",
      [policy("p", "permit", { actions: ["file:read"], resources: { paths: ["/var/*"] } })],
      act("file:read", path("/var/log/x")),
      "deny:-",
    ],
    [
      "PE-10 a deep star matches nothing between slashes",
      [policy("f", "forbid", { actions: ["file:read"], resources: { paths: ["**/.env*"] } })],
      act("file:read", path("/.env")),
      "deny:f",
    ],
    ["PE-11 somebody else", [readShop], act("sql:select", table("orders")), "deny:-", stranger],
    [
      "PE-11 by attribute",
      [policy("p", "permit", { principals: { attributes: { region: "E*" } }, actions: ["sql:select"] })],
      act("sql:select", table("orders")),
      "allow:p",
    ],
    [
      "a condition over facts",
      [policy("r", "review", { actions: ["sql:delete"], when: "!statement.hasWhere || statement.estimatedRows > 100" })],
      act("sql:delete", table("orders")),
      "review:r",
      engineer,
      { hasWhere: false },
    ],
    [
      "a condition that does not hold",
      [policy("r", "review", { actions: ["sql:delete"], when: "!statement.hasWhere || statement.estimatedRows > 100" })],
      act("sql:delete", table("orders")),
      "deny:-",
      engineer,
      { hasWhere: true, estimatedRows: 3 },
    ],
    [
      "a condition over the command",
      [
        policy("r", "review", {
          actions: ["shell:exec"],
          resources: { targets: { type: "ssh" }, programs: ["systemctl"] },
          when: 'command.subcommand in ["restart"]',
        }),
      ],
      act(
        "shell:exec",
        { kind: "program", program: "systemctl" },
        { command: { program: "systemctl", subcommand: "restart", flags: [], arguments: [] } },
      ),
      "review:r",
    ],
  ];
  it.each(rows)("%s", (_title, policies, action, expected, principal, facts) => {
    expect(outcome(setOf(...policies), action, principal, facts)).toBe(expected);
  });

  it("PE-3 the strictest micro-action decides", () => {
    const set = setOf(readShop);
    const target = set.targets.get("shop");
    if (target === undefined) throw new Error("no target");
    const decision = decide(
      set,
      {
        principal: engineer,
        target,
        microActions: [act("sql:select", table("orders")), act("sql:select", table("payments"))],
        facts: {},
      },
      0,
    );
    expect(decision.outcome).toBe("deny");
    expect(decision.policyVersion).toBe(7);
  });

  it("PE-13 each review policy adds its requirement", () => {
    const set = setOf(
      policy("a", "review", {
        actions: ["sql:delete"],
        obligations: { approvals: 2, reviewers: { groups: ["leads"] }, expireAfter: "30m" },
      }),
      policy("b", "review", { actions: ["sql:delete"] }),
    );
    const target = set.targets.get("shop");
    if (target === undefined) throw new Error("no target");
    const decision = decide(
      set,
      { principal: engineer, target, microActions: [act("sql:delete", table("orders"))], facts: {} },
      0,
    );
    expect(decision.obligations).toEqual([
      {
        type: "approvals",
        policy: "a",
        approvals: 2,
        reviewers: { groups: ["leads"], users: [] },
        expireAfterMs: 1_800_000,
        grantForMs: 3_600_000,
        escalateTo: [],
        holdForMs: null,
      },
      {
        type: "approvals",
        policy: "b",
        approvals: 1,
        reviewers: { groups: [], users: [] },
        expireAfterMs: 3_600_000,
        grantForMs: 3_600_000,
        escalateTo: [],
        holdForMs: null,
      },
    ]);
  });
});

describe("issues", () => {
  it.each([
    ["PE-14 an unknown variable", { when: "acton == 'x'" }, "Unknown variable: acton"],
    ["PE-14 not a boolean", { when: "1 + 1" }, "a condition gives true or false"],
    ["PE-14 matches", { when: 'action.matches("(a+)+$")' }, "`matches` is not available"],
    ["a table of three parts", { resources: { tables: ["a.b.c"] } }, "is not a name"],
  ])("%s", (_title, rest, message) => {
    const { issues, set } = compilePolicySet(documents(policy("p", "permit", { actions: ["sql:select"], ...rest })), 1);
    expect(issues[0]?.message).toContain(message);
    expect(set.policies).toEqual([]);
  });
});

describe("protectionFor", () => {
  const masking = [
    {
      kind: "classification",
      id: "emails",
      target: "shop",
      columns: ["public.customers.email", "public.*.contact_email"],
      tag: "pii.email",
    },
    { kind: "mask", id: "email", tags: ["pii.email"], mask: { type: "partial-email" } },
    { kind: "mask", id: "ssn", target: "shop", columns: ["public.customers.ssn"], mask: { type: "redact" } },
    {
      kind: "row-filter",
      id: "own-region",
      target: "shop",
      table: "public.orders",
      where: "region = principal.attributes.region AND note <> 'principal.id'",
      principals: { everyone: true },
    },
    policy("see-ssn", "permit", { actions: ["sql:unmask"], resources: { columns: ["public.customers.ssn"] } }),
  ];
  const set = setOf(...masking);
  const target = set.targets.get("shop");
  if (target === undefined) throw new Error("no target");

  it("PE-15 masks by tag and by column, and whom a policy lets see", () => {
    const forStranger = protectionFor(set, stranger, target, 0);
    expect(forStranger.mask({ schema: "public", table: "customers", column: "email" })?.id).toBe("email");
    expect(forStranger.mask({ schema: "public", table: "orders", column: "contact_email" })?.id).toBe("email");
    expect(forStranger.mask({ schema: "public", table: "customers", column: "ssn" })?.id).toBe("ssn");
    expect(forStranger.mask({ schema: "public", table: "customers", column: "id" })).toBeNull();
    expect(protectionFor(set, engineer, target, 0).mask({ schema: "public", table: "customers", column: "ssn" })).toBeNull();
  });

  it("PE-16 fills in the person, and NULL for what the person does not have", () => {
    const orders = { schema: "public", table: "orders" };
    expect(protectionFor(set, engineer, target, 0).rowFilters(orders)[0]?.where).toBe("region = 'EU' AND note <> 'principal.id'");
    expect(protectionFor(set, stranger, target, 0).rowFilters(orders)[0]?.where).toBe("region = NULL AND note <> 'principal.id'");
    const quoted = { ...engineer, attributes: { region: "O'Brien\\" } };
    expect(protectionFor(set, quoted, target, 0).rowFilters(orders)[0]?.where).toBe(
      "region = 'O''Brien\\' AND note <> 'principal.id'",
    );
  });
});

describe("PE-17 timed grants of access", () => {
  const grant = (access: AccessGrant["access"], answered: AccessGrant["answered"] = [], until = 100): AccessGrant => ({
    id: "g",
    access,
    answered,
    until,
  });
  const orders = [{ action: "sql:select", resource: table("orders") }] as const;
  const email = [{ action: "sql:select", resource: column("email") }] as const;
  const forbidden = policy("f", "forbid", { actions: ["sql:*"] });
  const reviewed = policy("r", "review", { actions: ["sql:select"], obligations: { approvals: 2, limitRows: 5 } });
  const broken = policy("b", "permit", { actions: ["sql:select"], when: "statement.tables[5] == 'x'" });

  it.each<[string, readonly object[], readonly AccessGrant[], MicroAction, string]>([
    ["its table", [], [grant(orders)], act("sql:select", table("orders")), "allow:-"],
    ["its table's columns", [], [grant(orders)], act("sql:select", column("id", "orders")), "allow:-"],
    ["another table", [], [grant(orders)], act("sql:select", table("customers")), "deny:-"],
    ["another action", [], [grant(orders)], act("sql:delete", table("orders")), "deny:-"],
    ["not unmasked", [], [grant(orders)], act("sql:unmask", column("id", "orders")), "deny:-"],
    ["over at its time", [], [grant(orders, [], 50)], act("sql:select", table("orders")), "deny:-"],
    ["its column", [], [grant(email)], act("sql:select", column("email")), "allow:-"],
    ["the mention of its column's table", [], [grant(email)], act("sql:select", table("customers")), "allow:-"],
    ["another column", [], [grant(email)], act("sql:select", column("ssn")), "deny:-"],
    ["a forbid wins", [forbidden], [grant(orders)], act("sql:select", table("orders")), "deny:f"],
    ["a policy that cannot be evaluated wins", [broken], [grant(orders)], act("sql:select", table("orders")), "deny:b"],
    ["a review that was not answered stays", [reviewed], [grant(orders)], act("sql:select", table("orders")), "review:r"],
    [
      "a review that was answered by too few stays",
      [reviewed],
      [grant(orders, [{ policy: "r", approvals: 1 }])],
      act("sql:select", table("orders")),
      "review:r",
    ],
    [
      "a review that was answered",
      [reviewed],
      [grant(orders, [{ policy: "r", approvals: 2 }])],
      act("sql:select", table("orders")),
      "allow:r,-",
    ],
  ])("%s", (_name, policies, grants, action, expected) => {
    const set = setOf(...policies);
    const target = set.targets.get("shop");
    if (target === undefined) throw new Error("no target");
    const facts = { tables: [], kind: "select", hasWhere: false, hasLimit: false, estimatedRows: -1 };
    const decision = decide(set, { principal: engineer, target, microActions: [action], facts, grants }, 50);
    expect(`${decision.outcome}:${decision.reasons.map((reason) => reason.policy ?? "-").join()}`).toBe(expected);
    const given = decision.reasons.some((reason) => reason.grant === "g");
    expect(given).toBe(decision.outcome === "allow");
    expect(decision.obligations.some((obligation) => obligation.type === "approvals")).toBe(decision.outcome === "review");
  });

  it("unmasks its column, until it ends", () => {
    const set = setOf({
      kind: "mask",
      id: "hide",
      target: "shop",
      columns: ["public.customers.*"],
      mask: { type: "redact" },
    });
    const target = set.targets.get("shop");
    if (target === undefined) throw new Error("no target");
    const grants = [grant([{ action: "sql:unmask", resource: column("email") }])];
    const masks = (now: number) => {
      const protection = protectionFor(set, engineer, target, now, grants);
      return ["email", "ssn"].map((name) => protection.mask({ schema: "public", table: "customers", column: name })?.id ?? "raw");
    };
    expect(masks(99)).toEqual(["raw", "hide"]);
    expect(masks(100)).toEqual(["hide", "hide"]);
  });
});

describe("PE-18 PE-19 what has to be watched, and what breaks glass", () => {
  const glass = { reviewAfter: "24h", reviewers: { groups: ["leads"] }, approvals: 2 };
  const onCall = policy("on-call", "permit", { actions: ["sql:select", "sql:update"], obligations: glass });
  const target = setOf().targets.get("shop");
  if (target === undefined) throw new Error("no target");
  const obligations = (set: ReturnType<typeof setOf>, actions: readonly MicroAction[], grants: readonly AccessGrant[] = []) =>
    decide(set, { principal: engineer, target, microActions: actions, facts: {}, grants }, 0).obligations.map(({ type }) => type);

  it("is needed where nothing else permits, with who closes it and until when", () => {
    const decision = decide(
      setOf(onCall),
      { principal: engineer, target, microActions: [act("sql:update", table("orders"))], facts: {} },
      0,
    );
    expect(decision).toMatchObject({
      outcome: "allow",
      obligations: [
        { type: "review-after", policy: "on-call", approvals: 2, reviewers: { groups: ["leads"] }, withinMs: 86_400_000 },
      ],
    });
  });

  it.each<[string, readonly object[], readonly MicroAction[], readonly string[]]>([
    ["not where another permits", [onCall, readShop], [act("sql:select", table("orders"))], []],
    [
      "for the micro-action that nothing else permits",
      [onCall, readShop],
      [act("sql:select", table("orders")), act("sql:update", table("orders"))],
      ["review-after"],
    ],
    [
      "not where it is reviewed anyway",
      [onCall, readShop, policy("r", "review", { actions: ["sql:select"] })],
      [act("sql:select", table("orders"))],
      ["approvals"],
    ],
    [
      "watched by any that matches",
      [readShop, policy("w", "permit", { actions: ["sql:select"], obligations: { watched: true } })],
      [act("sql:select", table("orders"))],
      ["watched"],
    ],
    [
      "watched by a review, too",
      [policy("w", "review", { actions: ["sql:update"], obligations: { watched: true } })],
      [act("sql:update", table("orders"))],
      ["approvals", "watched"],
    ],
  ])("%s", (_name, policies, actions, expected) => expect(obligations(setOf(...policies), actions)).toEqual(expected));

  it("not where a grant covers it", () => {
    const access = [{ action: "sql:select", resource: table("orders") } as const];
    const grant: AccessGrant = { id: "g", access, answered: [], until: 10 };
    expect(obligations(setOf(onCall), [act("sql:select", table("orders"))], [grant])).toEqual([]);
  });

  it("permits nothing outright", () => {
    expect(permits(setOf(onCall), engineer, target, act("sql:select", table("orders")), 0)).toBe(false);
    expect(permits(setOf(readShop), engineer, target, act("sql:select", table("orders")), 0)).toBe(true);
  });
});
