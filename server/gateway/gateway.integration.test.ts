import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keys } from "../../test/fixtures/gateway.ts";
import { type Replica, type Replicas, startReplicas } from "../../test/fixtures/replicas.ts";
import type { Decision } from "../core/domain/decision.ts";
import type { Span } from "../core/domain/span.ts";
import { startGateway } from "../main.ts";
import { verifyRecord } from "./record.ts";
import { rowsAsText } from "./row-text.ts";
import type { OpenSqlSession } from "./sessions.ts";
import type { RunObserver } from "./sql-session.ts";
import type { StatementEnd } from "./statement-end.ts";

let replicas: Replicas;
let one: Replica;
let two: Replica;

const engineer = { email: "engineer@acme.test", name: "Engineer", groups: ["engineers"] };
const reviewer = { email: "reviewer@acme.test", name: "Reviewer", groups: ["leads"] };

const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select", "sql:transaction", "sql:insert", "sql:explain"]
---
kind: policy
id: own-tables
effect: permit
principals: { groups: [engineers] }
actions: ["sql:ddl", "sql:insert", "sql:update", "sql:delete"]
resources: { tables: ["pg_temp.*"] }
---
kind: policy
id: large-results
effect: review
principals: { everyone: true }
actions: ["sql:select"]
resources: { tables: [public.orders] }
when: "statement.estimatedRows > 5000"
---
kind: policy
id: no-totals
effect: forbid
principals: { groups: [narrow] }
actions: ["sql:select"]
resources: { columns: [public.orders.total] }
---
kind: policy
id: clerks
effect: permit
principals: { groups: [clerks] }
actions: ["target:connect", "sql:select"]
resources: { targets: [shop], columns: [public.tickets.id] }
---
kind: policy
id: clerks-connect
effect: permit
principals: { groups: [clerks] }
actions: ["target:connect"]
---
kind: policy
id: deletes
effect: review
principals: { everyone: true }
actions: ["sql:delete"]
obligations: { reviewers: { groups: [leads] } }
`;

const SHOP = `
  CREATE TABLE tickets (id int PRIMARY KEY, body text);
  CREATE TABLE orders (id int PRIMARY KEY, total int);
  INSERT INTO orders SELECT g, g FROM generate_series(1, 1000) g`;

beforeAll(async () => {
  replicas = await startReplicas({ shop: SHOP, configuration: CONFIGURATION });
  ({ one, two } = replicas);
});

afterAll(() => replicas?.stop());

/** Machines that run tests are busy. */
const SLOW = { timeout: 20_000 };

/** Runs a text and says how each statement ended. */
async function run(
  session: OpenSqlSession,
  text: string,
  options: {
    readonly wait?: boolean;
    readonly signal?: AbortSignal;
    readonly onWaiting?: (id: string) => void;
    readonly onDecided?: (span: Span, decision: Decision) => void;
  } = {},
) {
  const ends: StatementEnd["ended"][] = [];
  const rows: (readonly (string | null)[])[] = [];
  const observer: RunObserver = {
    decided: (_index, span, decision) => options.onDecided?.(span, decision),
    waiting: (_index, review) => options.onWaiting?.(review.id),
    columns: () => undefined,
    rows: (_index, batch) => {
      rows.push(...rowsAsText(batch));
    },
    notice: () => undefined,
    ended: (_index, end) => {
      ends.push(end.ended);
    },
  };
  await session.sql.run(
    text,
    {
      parameters: null,
      reason: "",
      waitForReview: options.wait === true,
      signal: options.signal ?? new AbortController().signal,
    },
    observer,
  );
  return { ends, rows };
}

describe("reviews over two replicas", () => {
  it("RV-4 a yes on one replica lets the statement run once on the other", async () => {
    const session = await one.gateway.sessions.openSql(engineer, "shop");
    let id = "";
    const done = run(session, "delete from orders where id <= 10", { wait: true, onWaiting: (review) => (id = review) });
    await expect.poll(() => id, SLOW).not.toBe("");
    await two.gateway.verbs.answerReview(replicas.as(reviewer, two), id, {
      verdict: "approve",
      comment: "yes",
      minutes: null,
      hold: null,
    });
    expect((await done).ends).toEqual(["done"]);
    const review = await two.gateway.reviews.find(id);
    expect(review.state).toMatchObject({ state: "approved" });
    const again = await one.gateway.reviews.use(
      review,
      { principal: replicas.as(engineer, one), session: "" },
      review.fingerprint,
      review.decision,
    );
    expect(again).toEqual({ ok: false, reason: "the grant was used already" });
    await session.close("done");
  });

  it("RV-1 nobody answers their own, also not as a reviewer", async () => {
    const both = { ...reviewer, groups: ["leads", "engineers"] };
    const session = await one.gateway.sessions.openSql(both, "shop");
    let id = "";
    const abort = new AbortController();
    const done = run(session, "delete from orders", { wait: true, signal: abort.signal, onWaiting: (review) => (id = review) });
    await expect.poll(() => id, SLOW).not.toBe("");
    await expect(
      two.gateway.verbs.answerReview(replicas.as(both, two), id, { verdict: "approve", comment: "", minutes: null, hold: null }),
    ).rejects.toMatchObject({ code: "forbidden" });
    abort.abort(new Error("given up"));
    expect((await done).ends).toEqual(["withdrawn"]);
    await session.close("done");
  });

  it("RV-4 of 200 attempts at once to use a grant, one succeeds", async () => {
    const session = await one.gateway.sessions.openSql(engineer, "shop");
    let id = "";
    const abort = new AbortController();
    const waiting = run(session, "delete from orders where id = 77", {
      wait: true,
      signal: abort.signal,
      onWaiting: (review) => (id = review),
    });
    await expect.poll(() => id, SLOW).not.toBe("");
    const opened = await one.gateway.reviews.find(id);
    // The tab itself is one of those who use it.
    await two.gateway.verbs.answerReview(replicas.as(reviewer, two), id, {
      verdict: "approve",
      comment: "",
      minutes: null,
      hold: null,
    });
    const approved = await two.gateway.reviews.find(id);
    const attempts = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        (i % 2 === 0 ? one : two).gateway.reviews.use(
          approved,
          { principal: replicas.as(engineer, one), session: "" },
          opened.fingerprint,
          opened.decision,
        ),
      ),
    );
    const { ends } = await Promise.race([
      waiting,
      new Promise<{ ends: string[] }>((resolve) => setTimeout(() => resolve({ ends: [] }), 3_000)),
    ]);
    expect(attempts.filter((attempt) => attempt.ok).length + ends.filter((end) => end === "done").length).toBe(1);
    abort.abort(new Error("over"));
    await session.close("done");
  });

  it("one no ends it, whoever said yes before", async () => {
    const session = await one.gateway.sessions.openSql(engineer, "shop");
    let id = "";
    const done = run(session, "delete from orders where id = 78", { wait: true, onWaiting: (review) => (id = review) });
    await expect.poll(() => id, SLOW).not.toBe("");
    await two.gateway.verbs.answerReview(replicas.as(reviewer, two), id, {
      verdict: "reject",
      comment: "not today",
      minutes: null,
      hold: null,
    });
    expect((await done).ends).toEqual(["rejected"]);
    await expect(
      two.gateway.verbs.answerReview(replicas.as(reviewer, two), id, {
        verdict: "approve",
        comment: "",
        minutes: null,
        hold: null,
      }),
    ).rejects.toMatchObject({ code: "conflict" });
    await session.close("done");
  });
});

describe("P6 revocation", () => {
  it("a change on one replica cancels what runs on the other within a second", async () => {
    const session = await two.gateway.sessions.openSql(engineer, "shop");
    let decided = false;
    const running = run(session, "select pg_sleep(20), count(*) from orders", { onDecided: () => (decided = true) });
    await expect.poll(() => decided, SLOW).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = Date.now();
    await one.gateway.context.configuration.apply(
      'kind: policy\nid: no-orders\neffect: forbid\nprincipals: { everyone: true }\nactions: ["sql:*"]\nresources: { tables: [public.orders] }',
      "test",
    );
    expect((await running).ends).toEqual(["cancelled"]);
    expect(Date.now() - before).toBeLessThan(1_500);
    await one.gateway.context.configuration.remove("policy", "no-orders", "test");
    await expect
      .poll(() => two.gateway.context.configuration.set.policies.some((policy) => policy.id === "no-orders"))
      .toBe(false);
    await session.close("done");
  });

  it("who may no longer connect loses the session", async () => {
    const session = await two.gateway.sessions.openSql(engineer, "shop");
    const ended = new Promise<string>((resolve) => session.onEnded(resolve));
    await one.gateway.context.configuration.apply(
      'kind: policy\nid: closed\neffect: forbid\nprincipals: { everyone: true }\nactions: ["target:connect"]',
      "test",
    );
    expect(await ended).toContain("closed");
    await one.gateway.context.configuration.remove("policy", "closed", "test");
    await expect
      .poll(() => two.gateway.context.configuration.set.policies.some((policy) => policy.id === "closed"), SLOW)
      .toBe(false);
  });
});

describe("the record", () => {
  it("is append-only, intact, and tells what was changed behind its back", async () => {
    expect(await verifyRecord(one.gateway.context)).toMatchObject({ intact: true, findings: [] });
    const database = replicas.store;
    await expect(database.query("UPDATE audit_event SET payload = '{}'")).rejects.toThrow("append-only");
    await expect(database.query("DELETE FROM audit_event")).rejects.toThrow("append-only");
    // Who owns the database can switch triggers off; the chain and the checkpoints still tell.
    await database.query("ALTER TABLE audit_event DISABLE TRIGGER ALL");
    const taken = await database.query(
      "UPDATE audit_event SET payload = replace(payload, 'engineer@', 'somebody@') WHERE type = 'statement.decided' AND seq = (SELECT min(seq) FROM audit_event WHERE type = 'statement.decided' AND chain = (SELECT chain FROM audit_event WHERE type = 'statement.decided' LIMIT 1)) RETURNING chain, seq",
    );
    expect(taken.rowCount).toBeGreaterThan(0);
    const altered = await verifyRecord(one.gateway.context);
    expect(altered.intact).toBe(false);
    expect(altered.findings.join()).toContain("was changed");
    await database.query(
      "UPDATE audit_event SET payload = replace(payload, 'somebody@', 'engineer@') WHERE payload LIKE '%somebody@%'",
    );
    expect((await verifyRecord(one.gateway.context)).intact).toBe(true);
    await database.query(
      "BEGIN; DELETE FROM audit_event WHERE type = 'session.opened' AND ctid = (SELECT min(ctid) FROM audit_event WHERE type = 'session.opened')",
    );
    await database.query("COMMIT");
    const removed = await verifyRecord(one.gateway.context);
    expect(removed.findings.join()).toMatch(/is missing|does not follow/);
  });

  it("a text with a NUL is refused, and the record still holds it", async () => {
    const session = await one.gateway.sessions.openSql(engineer, "shop");
    expect((await run(session, "select 1\0; select 2")).ends).toEqual(["denied"]);
    expect((await run(session, "select 'x")).ends).toEqual(["denied"]);
    expect((await run(session, `select '${"x".repeat(1_000_000)}'`)).ends).toEqual(["denied"]);
    expect((await run(session, "select 1")).rows).toEqual([["1"]]);
    await session.close("done");
  });
});

it("a table that somebody else made a moment ago is there", async () => {
  const session = await one.gateway.sessions.openSql(engineer, "shop");
  const { shop } = replicas;
  for (let round = 0; round < 5; round += 1) {
    // The catalog is fresh, and does not have it.
    expect((await run(session, "select id from orders where id = 1")).ends).toEqual(["done"]);
    await shop.query(`CREATE TABLE made_${round} (id int)`);
    const said: string[] = [];
    await run(session, `select id from made_${round}`, {
      onDecided: (_span, decision) => said.push(decision.outcome, ...decision.reasons.map((reason) => reason.message)),
    });
    expect(said.length).toBeGreaterThan(0);
    expect(said.join()).not.toContain("does not exist");
  }
  await shop.query("DROP TABLE made_0, made_1, made_2, made_3, made_4");
  await session.close("done");
});

describe("how large a statement is, by the plan", () => {
  it.each([
    ["select * from orders", "done"],
    ["select a.id from orders a, orders b", "review"],
    ["select a.id from orders a, orders b where a.id = b.id and a.id = 3", "done"],
    ["insert into orders select a.id + 9000, 1 from orders a, orders b", "review"],
    ["explain select a.id from orders a, orders b", "done"],
  ])("%s: %s", async (text, expected) => {
    const session = await one.gateway.sessions.openSql(engineer, "shop");
    expect((await run(session, text)).ends).toEqual([expected]);
    await session.close("done");
  });
});

describe("columns that are denied", () => {
  const narrow = { ...engineer, groups: ["engineers", "narrow"] };
  const clerk = { email: "clerk@acme.test", name: "Clerk", groups: ["clerks"] };

  it.each([
    ["forbidden", narrow, "select 1; select o.* from orders o limit 3", "select o.id from orders o limit 3"],
    ["permitted by nothing", clerk, "select * from tickets", "select id from tickets"],
    ["in a condition too", narrow, "select * from orders where total > 3", null],
    ["beside a table", clerk, "select * from tickets, pg_class", null],
    ["beside what no policy permits to be run", narrow, "select *, pg_read_file('/etc/passwd') from orders", null],
    ["the guard's own refusal", narrow, "select total from orders, nowhere", null],
  ])("are left out of what is proposed: %s", async (_name, person, text, expected) => {
    const session = await one.gateway.sessions.openSql(person, "shop");
    const decisions: { readonly span: Span; readonly decision: Decision }[] = [];
    const { ends } = await run(session, text, { onDecided: (span, decision) => decisions.push({ span, decision }) });
    const typed = (await session.sql.judge(text)).at(-1)?.decision;
    const { span, decision } = decisions.at(-1) ?? {};
    expect(ends.at(-1)).toBe("denied");
    expect(decision?.outcome).toBe("deny");
    expect(typed?.suggestion).toEqual(decision?.suggestion);
    if (expected === null) {
      expect(decision?.suggestion).toBeUndefined();
      expect(JSON.stringify(decision)).not.toContain("permitted columns");
    } else {
      expect(decision?.suggestion).toEqual({ span, text: expected });
      expect(text.slice(...(span ?? [0, 0]))).toMatch(/^select .* (orders|tickets)/);
      expect(decision?.reasons.flatMap(({ hint }) => hint ?? [])).toEqual(["name the permitted columns: `id`"]);
      expect((await run(session, expected)).ends).toEqual(["done"]);
    }
    await session.close("done");
  });
});

describe("P6 rows that a session keeps", () => {
  it("temporary tables and cursors go when what they were made from may no longer be seen", async () => {
    const session = await two.gateway.sessions.openSql(engineer, "shop");
    expect((await run(session, "create temp table kept as select id from orders where id in (500, 501)")).ends).toEqual(["done"]);
    expect((await run(session, "select count(*) from kept")).rows).toEqual([["2"]]);
    await one.gateway.context.configuration.apply(
      'kind: policy\nid: no-orders\neffect: forbid\nprincipals: { everyone: true }\nactions: ["sql:*"]\nresources: { tables: [public.orders] }',
      "test",
    );
    const present = () => two.gateway.context.configuration.set.policies.some((policy) => policy.id === "no-orders");
    await expect.poll(present, SLOW).toBe(true);
    await expect.poll(async () => (await run(session, "select count(*) from kept")).ends, SLOW).toEqual(["denied"]);
    await one.gateway.context.configuration.remove("policy", "no-orders", "test");
    await expect.poll(present, SLOW).toBe(false);
    // It is not hidden: it is gone.
    expect((await run(session, "create temp table kept as select 7 as id")).ends).toEqual(["done"]);
    expect((await run(session, "select id from kept")).rows).toEqual([["7"]]);
    await session.close("done");
  });
});

describe("P3 without a store nothing runs", () => {
  it("a statement is refused when its decision cannot be written, and nothing of it happened", async () => {
    const lonely = await startGateway({ storeUrl: replicas.storeUrl, keys, checkpoints: null, log: () => undefined });
    const session = await lonely.gateway.sessions.openSql(engineer, "shop");
    const database = replicas.store;
    await database.query("ALTER TABLE audit_event RENAME TO audit_event_away");
    await expect(run(session, "insert into orders values (5000, 1)")).rejects.toMatchObject({ code: "unavailable" });
    await database.query("ALTER TABLE audit_event_away RENAME TO audit_event");
    expect((await run(session, "select count(*) from orders where id = 5000")).rows).toEqual([["0"]]);
    await session.close("done");
    await lonely.stop();
  });

  it("a session ends when the end of what ran cannot be written, and its transaction is rolled back", async () => {
    const lonely = await startGateway({ storeUrl: replicas.storeUrl, keys, checkpoints: null, log: () => undefined });
    const session = await lonely.gateway.sessions.openSql(engineer, "shop");
    const ended = new Promise<string>((resolve) => session.onEnded(resolve));
    expect((await run(session, "begin")).ends).toEqual(["done"]);
    const database = replicas.store;
    let decided = false;
    const running = run(session, "insert into orders select 6000, 1 from pg_sleep(3)", { onDecided: () => (decided = true) });
    await expect.poll(() => decided, SLOW).toBe(true);
    await database.query("ALTER TABLE audit_event RENAME TO audit_event_away");
    await expect(running).rejects.toMatchObject({ code: "unavailable" });
    await database.query("ALTER TABLE audit_event_away RENAME TO audit_event");
    await ended;
    const again = await lonely.gateway.sessions.openSql(engineer, "shop");
    expect((await run(again, "select count(*) from orders where id = 6000")).rows).toEqual([["0"]]);
    await again.close("done");
    await lonely.stop();
  });
});
