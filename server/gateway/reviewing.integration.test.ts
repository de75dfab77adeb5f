import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startHost } from "../../test/fixtures/host.ts";
import { deriveKeys } from "../adapter/secret/keys.ts";
import { seal } from "../adapter/secret/secret-store.ts";
import type { AccessRequestBody } from "../contract/http.ts";
import { decide } from "../core/policy/index.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../demo/embedded-postgres.ts";
import type { DemoHost } from "../demo/ssh-host.ts";
import { type Started, startGateway } from "../main.ts";
import { principalOf } from "./principal-of.ts";
import type { GivenAnswer } from "./reviews.ts";
import { rowsAsText } from "./row-text.ts";
import type { OpenShellSession, OpenSqlSession, Person } from "./sessions.ts";
import type { RunObserver, StatementEnd } from "./sql-session.ts";

/** Two replicas on one real store, three people, and a database to guard. */
let folder: string;
let postgres: EmbeddedPostgres;
let store: pg.Client;
let one: Started;
let two: Started;

const ann: Person = { email: "ann@acme.test", name: "Ann", groups: ["engineers"] };
const bo: Person = { email: "bo@acme.test", name: "Bo", groups: ["leads"] };
const cy: Person = { email: "cy@acme.test", name: "Cy", groups: ["leads"] };
const dpo: Person = { email: "dpo@acme.test", name: "Dee", groups: ["privacy"] };
const admin: Person = { email: "admin@acme.test", name: "Admin", groups: ["admins"] };
/** Machines that do much else are slow. */
const PATIENT = { timeout: 10_000 };
const keys = deriveKeys("a secret for tests that is long enough to be one");

const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select", "sql:explain", "sql:transaction", "sql:insert", "sql:update"]
resources: { except: { tables: [public.salaries] } }
---
kind: policy
id: deletes
effect: review
principals: { everyone: true }
actions: ["sql:delete"]
obligations: { reviewers: { groups: [leads] }, grantFor: 30m, escalateTo: [privacy] }
---
kind: policy
id: leads-resolve
effect: permit
principals: { groups: [leads] }
actions: ["review:resolve"]
---
kind: policy
id: admins
effect: permit
principals: { groups: [admins] }
actions: ["admin:*", "audit:read"]
---
kind: policy
id: never-the-secrets
effect: forbid
principals: { everyone: true }
actions: ["sql:*"]
resources: { tables: [public.secrets] }
---
kind: policy
id: privacy-unmasks
effect: review
principals: { everyone: true }
actions: ["sql:unmask"]
resources: { columns: [public.customers.phone] }
obligations: { reviewers: { groups: [privacy] }, approvals: 1, grantFor: 15m }
---
kind: mask
id: hide
target: shop
columns: [public.customers.email, public.customers.phone]
mask: { type: redact }
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-reviewing-"));
  postgres = await startEmbeddedPostgres({ folder: join(folder, "postgres"), settings: { fsync: "off" } });
  await postgres.createDatabase("gatehouse");
  await postgres.createDatabase("shop");
  const shop = new pg.Client({ connectionString: postgres.connectionString("shop") });
  await shop.connect();
  await shop.query(`
    CREATE TABLE orders (id int PRIMARY KEY, customer int, total int);
    INSERT INTO orders SELECT g, g % 50, g FROM generate_series(1, 2000) g;
    CREATE TABLE customers (id int PRIMARY KEY, email text, phone text);
    INSERT INTO customers SELECT g, 'c' || g || '@acme.test', '555-' || g FROM generate_series(1, 50) g;
    CREATE TABLE salaries (id int PRIMARY KEY, amount int);
    INSERT INTO salaries VALUES (1, 100);
    CREATE TABLE secrets (id int);
    ANALYZE`);
  await shop.end();
  const start = () =>
    startGateway({
      storeUrl: postgres.connectionString("gatehouse"),
      keys,
      checkpoints: null,
      publicUrl: "https://gatehouse.acme.test",
      log: () => undefined,
    });
  one = await start();
  two = await start();
  store = new pg.Client({ connectionString: postgres.connectionString("gatehouse") });
  await store.connect();
  const { host, port } = postgres;
  const password = seal(postgres.password, keys.seal);
  const connection = { host, port, database: "shop", user: "postgres", password, tls: "disable" };
  const target = { kind: "target", id: "shop", type: "postgres", environment: "prod", postgres: connection };
  await one.gateway.context.configuration.apply(`${CONFIGURATION}\n---\n${JSON.stringify(target)}`, "test");
  await vi.waitFor(() => expect(two.gateway.context.configuration.set.targets.has("shop")).toBe(true), 5_000);
});

afterAll(async () => {
  await store?.end();
  await one?.stop();
  await two?.stop();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

const as = (person: Person, on: Started = one) => principalOf(person, on.gateway.context.configuration.set);
const yes = (minutes: number | null = null): GivenAnswer => ({ verdict: "approve", comment: "", minutes, hold: null });
const no: GivenAnswer = { verdict: "reject", comment: "not today", minutes: null, hold: null };

function watched(options: { readonly onWaiting?: (id: string) => void; readonly onRows?: () => void } = {}) {
  const ends: StatementEnd["ended"][] = [];
  const rows: (readonly (string | null)[])[] = [];
  const messages: string[] = [];
  const observer: RunObserver = {
    decided: (_index, _span, decision) => messages.push(...decision.reasons.map((reason) => reason.message)),
    waiting: (_index, review) => options.onWaiting?.(review.id),
    columns: () => undefined,
    rows: (_index, batch) => {
      rows.push(...rowsAsText(batch));
      options.onRows?.();
    },
    notice: () => undefined,
    ended: (_index, end) => {
      ends.push(end.ended);
    },
  };
  return { ends, rows, messages, observer };
}

async function run(session: OpenSqlSession, text: string, wait = false, options: Parameters<typeof watched>[0] = {}) {
  const { observer, ...seen } = watched(options);
  const signal = new AbortController().signal;
  await session.sql.run(text, { parameters: null, reason: "", waitForReview: wait, signal }, observer);
  return seen;
}

/** Runs what needs a yes, and gives it. */
async function approved(session: OpenSqlSession, text: string, answer: GivenAnswer) {
  let id = "";
  const done = run(session, text, true, { onWaiting: (review) => (id = review) });
  await expect.poll(() => id, PATIENT).not.toBe("");
  const review = await two.gateway.verbs.answerReview(as(bo, two), id, answer);
  return { review, ends: (await done).ends };
}

async function asked(access: AccessRequestBody["access"], minutes = 30, person = ann) {
  return one.gateway.verbs.requestAccess(as(person), { target: "shop", access, minutes, reason: "ticket 7" });
}

const newRun = () => ({ id: randomUUID(), session: "" });

async function recorded(type: string, review: string) {
  const found = await store.query("SELECT payload FROM audit_event WHERE type = $1 AND payload LIKE $2 ORDER BY at, seq", [
    type,
    `%${review}%`,
  ]);
  return found.rows.map((row) => JSON.parse(row.payload).body);
}

async function endsSoon(grant: string, within: string) {
  await store.query(`UPDATE timed_grant SET ends_at = clock_timestamp() + $2::interval WHERE id = $1`, [grant, within]);
  await store.query(`SELECT pg_notify('gatehouse_changes', $1)`, [JSON.stringify({ topic: "grant", id: grant })]);
}

describe("grants by shape and time", () => {
  it("RV-9 RV-10 a yes for minutes lets the same shape run again with other values, and nothing else", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    const first = await approved(session, "delete from orders where id = 1", yes(10));
    expect(first.ends).toEqual(["done"]);
    expect(first.review.grant).toMatchObject({ ended: null, mayEnd: true });
    expect((await run(session, "DELETE  from orders where id = 2")).ends).toEqual(["review"]);
    expect((await run(session, "delete  from orders /* again */ where id = 2")).ends).toEqual(["done"]);
    expect((await run(session, "delete from orders where id > 2")).ends).toEqual(["review"]);
    expect((await run(session, "delete from customers where id = 2")).ends).toEqual(["review"]);
    // Independent of the session, and of the replica.
    const other = await two.gateway.sessions.openSql(ann, "shop");
    expect((await run(other, "delete from orders where id = 3")).ends).toEqual(["done"]);
    const stranger = await one.gateway.sessions.openSql({ ...cy, groups: ["engineers"] }, "shop");
    expect((await run(stranger, "delete from orders where id = 4")).ends).toEqual(["review"]);
    const [made] = await recorded("grant.made", first.review.id);
    expect(made).toMatchObject({ for: "ann@acme.test", statement: "delete from orders where id = 1" });
    expect(await recorded("grant.used", first.review.grant?.id ?? "?")).toHaveLength(2);
    await two.gateway.verbs.endGrant(as(bo, two), first.review.grant?.id ?? "");
    expect((await run(session, "delete from orders where id = 5")).ends).toEqual(["review"]);
    expect(await recorded("grant.ended", first.review.id)).toHaveLength(1);
    await Promise.all([session.close("done"), other.close("done"), stranger.close("done")]);
  });

  it("RV-9 never longer than policy's `grantFor`", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    let id = "";
    const abort = new AbortController();
    const { observer } = watched({ onWaiting: (review) => (id = review) });
    const options = { parameters: null, reason: "", waitForReview: true, signal: abort.signal };
    const done = session.sql.run("delete from orders where id = 6", options, observer);
    await expect.poll(() => id, PATIENT).not.toBe("");
    await expect(two.gateway.verbs.answerReview(as(bo, two), id, yes(31))).rejects.toThrow("for 30 minutes at most");
    expect(await recorded("review.answer-lost", id)).toMatchObject([
      { verdict: "approve", reason: expect.stringContaining("30") },
    ]);
    abort.abort(new Error("over"));
    await done;
    await session.close("done");
  });

  it("RV-12 it ends on time inside a running statement, and after its end nothing of it runs", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    const slow = (n: number) => `delete from orders where id = ${n} and total > (select 0 from pg_sleep(20))`;
    // pg_sleep stands in a subquery: no argument of it may change, so the shape has it as it is.
    let id = "";
    const abort = new AbortController();
    const { observer, ends } = watched({ onWaiting: (review) => (id = review) });
    const options = { parameters: null, reason: "", waitForReview: true, signal: abort.signal };
    const first = session.sql.run(slow(10), options, observer);
    await expect.poll(() => id, PATIENT).not.toBe("");
    const { grant } = await two.gateway.verbs.answerReview(as(bo, two), id, yes(10));
    await new Promise((resolve) => setTimeout(resolve, 400));
    abort.abort(new Error("the first is not what is looked at"));
    await session.sql.cancel();
    await first;
    expect(ends).toEqual(["cancelled"]);
    const running = run(session, slow(11));
    await new Promise((resolve) => setTimeout(resolve, 400));
    const before = Date.now();
    await endsSoon(grant?.id ?? "", "500 milliseconds");
    expect((await running).ends).toEqual(["cancelled"]);
    expect(Date.now() - before).toBeGreaterThan(300);
    expect(Date.now() - before).toBeLessThan(1_500);
    expect((await run(session, slow(12))).ends).toEqual(["review"]);
    await session.close("done");
  });

  it("RV-12 ending it on one replica cancels what runs because of it on the other", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    const { review } = await approved(session, "delete from orders where id = 20 and total >= 0", yes(10));
    await two.gateway.verbs.endGrant(as(ann, two), review.grant?.id ?? "");
    await expect(two.gateway.verbs.endGrant(as(bo, two), review.grant?.id ?? "")).rejects.toMatchObject({ code: "conflict" });
    await expect(two.gateway.verbs.endGrant(as(dpo, two), review.grant?.id ?? "")).rejects.toMatchObject({ code: "forbidden" });
    await session.close("done");
  });
});

describe("asking for access", () => {
  const email = { action: "sql:unmask", resource: "public.customers.email" } as const;
  const phone = { action: "sql:unmask", resource: "public.customers.phone" } as const;

  it("RV-14 a column is raw after the yes, and masked again after the end; what still reads it is cancelled", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    const select = "select email from customers where id = 7";
    const masked = (await run(session, select)).rows;
    expect(masked).not.toEqual([["c7@acme.test"]]);
    const review = await asked([email]);
    expect(review).toMatchObject({ kind: "access", state: "open", mayAnswer: false, asks: { minutes: 30 } });
    await expect(one.gateway.verbs.answerReview(as(ann), review.id, yes())).rejects.toMatchObject({ code: "forbidden" });
    const answered = await two.gateway.verbs.answerReview(as(bo, two), review.id, yes(20));
    expect(answered.grant).toMatchObject({ ended: null });
    expect(Math.round(((answered.grant?.until ?? 0) - (answered.grant?.from ?? 0)) / 60_000)).toBe(20);
    await expect.poll(async () => (await run(session, select)).rows, PATIENT).toEqual([["c7@acme.test"]]);
    const tree = await one.gateway.verbs.tree(as(ann), "shop");
    expect(tree.tables.find((table) => table.name === "customers")?.columns.map((column) => column.mask)).toEqual([
      null,
      null,
      "hide",
    ]);
    const reading = run(session, "select email, pg_sleep(20) from customers");
    const other = await two.gateway.sessions.openSql(ann, "shop");
    const beside = run(other, "select id, pg_sleep(0.05) from customers");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = Date.now();
    await endsSoon(answered.grant?.id ?? "", "400 milliseconds");
    expect((await reading).ends).toEqual(["cancelled"]);
    expect(Date.now() - before).toBeLessThan(1_500);
    // What reads no such column goes on.
    expect((await beside).ends).toEqual(["done"]);
    expect((await run(session, select)).rows).toEqual(masked);
    await Promise.all([session.close("done"), other.close("done")]);
  });

  it("PE-17 RV-14 a review policy says who resolves it, and how long at most", async () => {
    const review = await asked([phone], 60);
    expect(review.asks?.minutes).toBe(15);
    await expect(two.gateway.verbs.answerReview(as(bo, two), review.id, yes())).rejects.toMatchObject({ code: "not-found" });
    await two.gateway.verbs.answerReview(as(dpo, two), review.id, yes());
    const session = await one.gateway.sessions.openSql(ann, "shop");
    await expect
      .poll(async () => (await run(session, "select phone from customers where id = 7")).rows, PATIENT)
      .toEqual([["555-7"]]);
    await session.close("done");
  });

  it("RV-14 a reviewer leaves out part of what was asked", async () => {
    const salaries = { action: "sql:select", resource: "public.salaries" } as const;
    const session = await one.gateway.sessions.openSql(ann, "shop");
    const review = await asked([email, salaries]);
    await expect(two.gateway.verbs.answerReview(as(bo, two), review.id, { ...yes(), access: [] })).rejects.toThrow(
      "nothing of what was asked would be left",
    );
    const answered = await two.gateway.verbs.answerReview(as(bo, two), review.id, { ...yes(), access: [0] });
    expect(answered.asks?.access.map(({ resource, left }) => [resource, left])).toEqual([
      ["public.customers.email", true],
      ["public.salaries", false],
    ]);
    await expect
      .poll(async () => (await run(session, "select email from customers where id = 7")).rows, PATIENT)
      .toEqual([["c7@acme.test"]]);
    expect((await run(session, "select * from salaries")).ends).toEqual(["denied"]);
    await one.gateway.verbs.endGrant(as(ann), answered.grant?.id ?? "");
    await session.close("done");
  });

  it("a table that no policy permits is open while the grant lasts; other people are not concerned", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    expect((await run(session, "select * from salaries")).ends).toEqual(["denied"]);
    const review = await asked([{ action: "sql:select", resource: "public.salaries" }]);
    const { grant } = await two.gateway.verbs.answerReview(as(bo, two), review.id, yes());
    await expect.poll(async () => (await run(session, "select * from salaries")).rows, PATIENT).toEqual([["1", "100"]]);
    expect((await run(session, "update salaries set amount = 2")).ends).toEqual(["denied"]);
    const other = await one.gateway.sessions.openSql({ ...cy, groups: ["engineers"] }, "shop");
    expect((await run(other, "select * from salaries")).ends).toEqual(["denied"]);
    const decided = await recorded("statement.decided", grant?.id ?? "?");
    expect(decided.some((body) => body.grants.includes(grant?.id))).toBe(true);
    await one.gateway.verbs.endGrant(as(ann), grant?.id ?? "");
    await expect.poll(async () => (await run(session, "select * from salaries")).ends, PATIENT).toEqual(["denied"]);
    await Promise.all([session.close("done"), other.close("done")]);
  });

  it("RV-12 who was let in for some time is out when it ends", async () => {
    const guest: Person = { email: "guest@acme.test", name: "Guest", groups: [] };
    await expect(one.gateway.sessions.openSql(guest, "shop")).rejects.toMatchObject({ code: "forbidden" });
    const review = await asked([{ action: "target:connect", resource: "target" }], 30, guest);
    const { grant } = await two.gateway.verbs.answerReview(as(bo, two), review.id, yes());
    await vi.waitFor(() => expect(one.gateway.context.standing.holds(grant?.id ?? "")).toBe(true), PATIENT);
    const session = await one.gateway.sessions.openSql(guest, "shop");
    const ended = new Promise<string>((resolve) => session.onEnded(resolve));
    await endsSoon(grant?.id ?? "", "200 milliseconds");
    expect(await ended).toContain("target:connect");
  });

  it.each<[string, AccessRequestBody["access"], string, string]>([
    ["what a forbid denies", [{ action: "sql:select", resource: "public.secrets" }], "forbidden", "never-the-secrets"],
    ["what is permitted", [{ action: "sql:select", resource: "public.orders" }], "conflict", "already"],
    ["many tables", [{ action: "sql:select", resource: "public.*" }], "invalid", "name one table or column"],
    ["a program on a database", [{ action: "shell:exec", resource: "ls" }], "invalid", "nothing for target"],
    ["a table unmasked", [{ action: "sql:unmask", resource: "public.customers" }], "invalid", "name one column"],
  ])("RV-14 is refused: %s", async (_name, access, code, message) => {
    await expect(asked(access)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("the expiry holds on a replica whose clock is minutes behind", async () => {
    const behind = await startGateway({
      storeUrl: postgres.connectionString("gatehouse"),
      keys,
      checkpoints: null,
      log: () => undefined,
      now: () => Date.now() - 10 * 60_000,
    });
    const session = await behind.gateway.sessions.openSql(ann, "shop");
    const review = await asked([email]);
    const { grant } = await two.gateway.verbs.answerReview(as(bo, two), review.id, yes(1));
    const select = "select email from customers where id = 7";
    await expect.poll(async () => (await run(session, select)).rows, PATIENT).toEqual([["c7@acme.test"]]);
    await endsSoon(grant?.id ?? "", "300 milliseconds");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await run(session, select)).rows).not.toEqual([["c7@acme.test"]]);
    await session.close("done");
    await behind.stop();
  });
});

describe("in a terminal", () => {
  let host: DemoHost;
  const principals = { groups: ["engineers"] };
  const resources = { targets: ["web-1"], programs: ["date"] };
  const review = { kind: "policy", id: "dates", effect: "review", principals, actions: ["shell:exec"], resources };
  beforeAll(async () => {
    const started = await startHost(folder, "web-1");
    host = started.host;
    const documents = [JSON.parse(started.target), { ...review, obligations: { reviewers: { groups: ["leads"] } } }];
    await one.gateway.context.configuration.apply(documents.map((each) => JSON.stringify(each)).join("\n---\n"), "test");
    await vi.waitFor(() => expect(two.gateway.context.configuration.set.targets.has("web-1")).toBe(true), 5_000);
  });
  afterAll(async () => {
    await one.gateway.context.configuration.remove("target", "web-1", "test");
    await host?.stop();
  });

  const where = (session: OpenShellSession, cwd = "/") => {
    const { home, user } = session.connection;
    return { cwd, home, user, environment: {} };
  };
  async function line(session: OpenShellSession, text: string, cwd?: string, onReview: (id: string) => void = () => undefined) {
    const submitted = await session.judge.submit(text, where(session, cwd), {
      waitForReview: onReview.length > 0,
      onReview: (review) => onReview(review.id),
      signal: new AbortController().signal,
      reason: "",
    });
    return submitted.allowed ? "allowed" : submitted.ended;
  }

  it("RV-10 a yes for minutes is for this exact line in its place", async () => {
    const session = await one.gateway.sessions.openShell(ann, "web-1");
    expect(await line(session, "date -u")).toBe("review");
    let id = "";
    const done = line(session, "date -u", "/", (review) => {
      id = review;
    });
    await expect.poll(() => id, PATIENT).not.toBe("");
    const { grant, shapeIsOpen } = await two.gateway.verbs.answerReview(as(bo, two), id, yes(10));
    expect(shapeIsOpen).toBe(false);
    expect(await done).toBe("allowed");
    expect(await line(session, "date -u")).toBe("allowed");
    expect(await line(session, "date  -u")).toBe("review");
    expect(await line(session, "date -u +%s")).toBe("review");
    expect(await line(session, "date -u", "/tmp")).toBe("review");
    await two.gateway.verbs.endGrant(as(bo, two), grant?.id ?? "");
    expect(await line(session, "date -u")).toBe("review");
    await session.close("done");
  });

  it("RV-22 a line that waited in a lost session goes on with its review: in its place, with the same requirements, once", async () => {
    const session = await one.gateway.sessions.openShell(ann, "web-1");
    const waits = (on: OpenShellSession, text: string, cwd?: string) => {
      const seen = { review: "", ended: "" };
      void line(on, text, cwd, (id) => {
        seen.review = id;
      }).then((ended) => {
        seen.ended = ended;
      });
      return seen;
    };
    const first = waits(session, "date -R");
    await expect.poll(() => first.review, PATIENT).not.toBe("");
    // As if its replica were gone.
    await store.query("UPDATE live_session SET replica = 'gone' WHERE id = $1", [session.id]);
    const other = await two.gateway.sessions.openShell(ann, "web-1");
    const elsewhere = waits(other, "date -R", "/tmp");
    await expect.poll(() => elsewhere.review, PATIENT).not.toBe("");
    expect(elsewhere.review).not.toBe(first.review);
    const again = waits(other, "date -R");
    await expect.poll(() => again.review, PATIENT).toBe(first.review);
    await two.gateway.verbs.answerReview(as(bo, two), first.review, yes());
    await expect.poll(() => [first.ended, again.ended], PATIENT).toEqual(["withdrawn", "allowed"]);
    // Where policy asks for more by now, it is another review.
    const second = waits(other, "date -I");
    await expect.poll(() => second.review, PATIENT).not.toBe("");
    await store.query("UPDATE live_session SET replica = 'gone' WHERE id = $1", [other.id]);
    const changed = async (document: object) => {
      const { version } = await one.gateway.context.configuration.apply(JSON.stringify(document), "test");
      await vi.waitFor(() => expect(two.gateway.context.configuration.set.version).toBeGreaterThanOrEqual(version), PATIENT);
    };
    const by = { reviewers: { groups: ["leads"] } };
    const policy = (approvals: number) => ({ ...review, obligations: { ...by, approvals } });
    await changed(policy(2));
    const third = await two.gateway.sessions.openShell(ann, "web-1");
    const more = waits(third, "date -I");
    await expect.poll(() => more.review, PATIENT).not.toBe("");
    expect(more.review).not.toBe(second.review);
    await changed(policy(1));
    await Promise.all([session, other, third].map((each) => each.close("done")));
    for (const review of [elsewhere.review, second.review, more.review])
      await one.gateway.verbs.withdrawReview(as(ann), review).catch(() => undefined);
  });

  it("RV-12 a program that was granted is interrupted when the grant ends", async () => {
    const session = await one.gateway.sessions.openShell(ann, "web-1");
    expect(await line(session, "sleep 30")).toBe("denied");
    const review = await one.gateway.verbs.requestAccess(as(ann), {
      target: "web-1",
      access: [{ action: "shell:exec", resource: "sleep" }],
      minutes: 5,
      reason: "",
    });
    const { grant } = await two.gateway.verbs.answerReview(as(bo, two), review.id, yes());
    await vi.waitFor(() => expect(one.gateway.context.standing.holds(grant?.id ?? "")).toBe(true), PATIENT);
    expect(await line(session, "sleep 30 | id")).toBe("denied");
    const interrupted = new Promise<string>((resolve) => session.onInterrupt(resolve));
    expect(await line(session, "sleep 30")).toBe("allowed");
    await endsSoon(grant?.id ?? "", "200 milliseconds");
    expect(await interrupted).toContain("no longer allowed");
    await session.close("done");
  });
});

describe("talking, handing on, and what the record says", () => {
  it("comments go both ways; the group it was handed to may answer; the reviewer sees what went before", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    await run(session, "select count(*) from orders");
    let id = "";
    const done = run(session, "delete from orders where id = 30", true, { onWaiting: (review) => (id = review) });
    await expect.poll(() => id, PATIENT).not.toBe("");
    await two.gateway.verbs.commentReview(as(bo, two), id, "which ticket?");
    const heard = new Promise<number>((resolve) => {
      const stop = two.gateway.reviews.onChange((review) => {
        if (review.id !== id || review.comments.length < 2) return;
        stop();
        resolve(review.comments.length);
      });
    });
    await one.gateway.verbs.commentReview(as(ann), id, "https://tickets.acme.test/7");
    expect(await heard).toBe(2);
    await expect(two.gateway.verbs.review(as(dpo, two), id)).rejects.toMatchObject({ code: "not-found" });
    await expect(two.gateway.verbs.escalateReview(as(bo, two), id, "friends")).rejects.toMatchObject({ code: "conflict" });
    const handed = await two.gateway.verbs.escalateReview(as(bo, two), id, "privacy");
    expect(handed).toMatchObject({ escalations: [{ group: "privacy", by: "bo@acme.test" }], escalateTo: [] });
    expect((await two.gateway.verbs.reviewContext(as(dpo, two), id)).statements.map((item) => item.statement)).toContain(
      "select count(*) from orders",
    );
    await two.gateway.verbs.answerReview(as(dpo, two), id, yes());
    expect((await done).ends).toEqual(["done"]);
    expect(await recorded("review.commented", id)).toHaveLength(2);
    expect(await recorded("review.escalated", id)).toMatchObject([{ group: "privacy" }]);
    let again = "";
    const second = run(session, "delete from orders where id = 31", true, { onWaiting: (review) => (again = review) });
    await expect.poll(() => again, PATIENT).not.toBe("");
    const { alike } = await two.gateway.verbs.reviewContext(as(bo, two), again);
    expect(alike).toContainEqual(expect.objectContaining({ id, state: "approved", by: ["dpo@acme.test"] }));
    await one.gateway.verbs.withdrawReview(as(ann), again);
    expect((await second).ends).toEqual(["withdrawn"]);
    await session.close("done");
  });

  it("RV-15 of a yes and a no at the same moment one counts, and the record says that the other was lost", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    for (const [first, second] of [
      [yes(), no],
      [no, yes()],
    ] as const) {
      let id = "";
      const done = run(session, `delete from orders where id = 40`, true, { onWaiting: (review) => (id = review) });
      await expect.poll(() => id, PATIENT).not.toBe("");
      const both = await Promise.allSettled([
        one.gateway.reviews.answer(as(bo), id, first),
        two.gateway.reviews.answer(as(cy, two), id, second),
      ]);
      const counted = both.filter((answer) => answer.status === "fulfilled");
      expect(counted).toHaveLength(1);
      const review = await one.gateway.reviews.find(id);
      expect(review.answers).toHaveLength(1);
      expect((await done).ends).toEqual([review.answers[0]?.verdict === "approve" ? "done" : "rejected"]);
      const said = await recorded("review.answered", id);
      const lost = await recorded("review.answer-lost", id);
      expect(said.length - lost.length).toBe(1);
    }
    await session.close("done");
  });

  it("RV-5 a yes that waited behind a lock until the review had run out does not count", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    let id = "";
    const done = run(session, "delete from orders where id = 41", true, { onWaiting: (review) => (id = review) });
    await expect.poll(() => id, PATIENT).not.toBe("");
    const blocker = new pg.Client({ connectionString: postgres.connectionString("gatehouse") });
    await blocker.connect();
    await blocker.query("BEGIN");
    await blocker.query("UPDATE review SET expires_at = clock_timestamp() + interval '300 milliseconds' WHERE id = $1", [id]);
    const answer = two.gateway.reviews.answer(as(bo, two), id, yes());
    answer.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 600));
    await blocker.query("COMMIT");
    await blocker.end();
    await expect(answer).rejects.toMatchObject({ code: "conflict" });
    expect((await done).ends).toEqual(["expired"]);
    await session.close("done");
  });
});

describe("blast radius", () => {
  const lead: Person = { email: "lead@acme.test", name: "Lead", groups: ["leads", "engineers"] };

  async function counted(text: string, person: Person, session: OpenSqlSession) {
    let id = "";
    const abort = new AbortController();
    const { observer } = watched({ onWaiting: (review) => (id = review) });
    const options = { parameters: null, reason: "", waitForReview: true, signal: abort.signal };
    const done = session.sql.run(text, options, observer);
    await expect.poll(() => id, PATIENT).not.toBe("");
    const report = await two.gateway.verbs.blastRadius(as(person, two), id).catch((error: unknown) => String(error));
    abort.abort(new Error("looked at"));
    await done;
    return report;
  }

  it("counts what a real run touches, samples the keys, and estimates", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    const rows = [
      ["delete from orders where id > 1900", 100],
      ["delete from public.orders o using customers c where c.id = o.customer and c.id = 7", 40],
      ["with few as (select id from customers where id < 3) delete from orders where customer in (select id from few)", 80],
    ] as const;
    for (const [text, expected] of rows) {
      const report = await counted(text, lead, session);
      expect(report).toMatchObject({
        table: "public.orders",
        counted: { state: "yes", of: "target" },
        sample: { columns: ["id"] },
        locks: [{ table: "public.orders", mode: "ROW EXCLUSIVE" }],
      });
      if (typeof report === "string" || report.counted.state !== "yes") throw new Error("not counted");
      expect(report.sample?.rows).toHaveLength(10);
      expect(report.plan?.cost).toBeGreaterThan(0);
      expect(report.plan?.nodes.map(({ what }) => what).join("\n")).toMatch(/Scan.* on orders/);
      // Conditions hold values.
      expect(JSON.stringify(report.plan)).not.toContain("1900");
      // The oracle: what the statement itself says that it did.
      const shop = new pg.Client({ connectionString: postgres.connectionString("shop") });
      await shop.connect();
      await shop.query("BEGIN");
      const real = await shop.query(text);
      await shop.query("ROLLBACK");
      await shop.end();
      expect(report.counted.rows).toBe(real.rowCount);
      expect(Math.abs(report.counted.rows - expected)).toBeLessThan(5);
    }
    await session.close("done");
  });

  it("is read as the reviewer: who may not read the table counts nothing, and who does not answer may not ask", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    expect(await counted("delete from orders where id > 1900", bo, session)).toMatchObject({
      counted: { state: "no", reason: expect.stringContaining("may not connect") },
    });
    expect(await counted("delete from orders where id > 1900", ann, session)).toContain("for those who are to answer");
    const masked = await counted("delete from customers c using customers d where d.id = c.id and c.id < 4", lead, session);
    expect(masked).toMatchObject({ counted: { state: "yes", rows: 3 } });
    await session.close("done");
  });
});

describe("notifications", () => {
  const taken: Record<string, unknown>[] = [];
  let status = 200;
  let receiver: Server;
  beforeAll(async () => {
    receiver = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        taken.push(JSON.parse(body));
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const events = ["review.opened", "review.approved"];
    const document = { kind: "notification", id: "hook", events, webhook: { url, loopback: true, secret: seal("s", keys.seal) } };
    await one.gateway.context.configuration.apply(JSON.stringify(document), "test");
    await vi.waitFor(() => expect(two.gateway.context.configuration.set.notifications).toHaveLength(1), 5_000);
  });
  afterAll(async () => {
    await one.gateway.context.configuration.remove("notification", "hook", "test");
    await new Promise((resolve) => receiver.close(resolve));
  });
  const about = (id: string) => taken.filter((body) => body.review === id);
  const hurry = async () => {
    await store.query("UPDATE notification SET next_at = now() WHERE state = 'waiting'");
    await store.query("SELECT pg_notify('gatehouse_changes', $1)", [JSON.stringify({ topic: "outbox" })]);
  };

  it("each is told once, whatever replica it happened on, without the statement", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    const { review } = await approved(session, "delete from orders where id = 90", yes());
    await expect.poll(() => about(review.id).length, PATIENT).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(about(review.id)).toMatchObject([
      { event: "review.opened", statement: null, link: `https://gatehouse.acme.test/reviews/${review.id}` },
      { event: "review.approved", by: bo.email },
    ]);
    await session.close("done");
  });

  it("a receiver that is down for a while gets it later; one that refuses it is given up, on the record, until an admin tries again", async () => {
    status = 503;
    const down = await asked([{ action: "sql:select", resource: "public.salaries" }]);
    await expect.poll(() => about(down.id).length, PATIENT).toBe(1);
    await expect
      .poll(
        async () =>
          (await store.query("SELECT 1 FROM notification WHERE last_error LIKE '%503%' AND state = 'waiting'")).rowCount,
      )
      .toBe(1);
    status = 200;
    await hurry();
    await expect.poll(() => about(down.id).length, PATIENT).toBe(2);
    await one.gateway.verbs.withdrawReview(as(ann), down.id);
    status = 410;
    const gone = await asked([{ action: "sql:select", resource: "public.salaries" }]);
    await expect.poll(async () => (await one.gateway.verbs.deadNotifications(as(admin))).dead.length, PATIENT).toBe(1);
    expect(await recorded("notification.dead", gone.id)).toMatchObject([{ channel: "hook", attempts: 1 }]);
    const [dead] = (await one.gateway.verbs.deadNotifications(as(admin))).dead;
    expect(dead).toMatchObject({ channel: "hook", review: gone.id, error: expect.stringContaining("410") });
    await expect(one.gateway.verbs.retryNotification(as(bo), dead?.id ?? "")).rejects.toMatchObject({ code: "forbidden" });
    status = 200;
    await one.gateway.verbs.retryNotification(as(admin), dead?.id ?? "");
    await expect.poll(() => about(gone.id).length, PATIENT).toBe(2);
    expect((await one.gateway.verbs.deadNotifications(as(admin))).dead).toEqual([]);
    await one.gateway.verbs.withdrawReview(as(ann), gone.id);
  });

  it("what a replica had taken when it died is sent by another when its lease is over", async () => {
    await store.query(
      "INSERT INTO notification (channel, body, attempts, next_at) VALUES ('hook', $1, 1, now() + interval '1 second')",
      [JSON.stringify({ event: "review.opened", review: "left-behind", kind: "sql" })],
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(about("left-behind")).toHaveLength(0);
    await expect.poll(() => about("left-behind").length, PATIENT).toBe(1);
  });
});

describe("P6 people", () => {
  it("who is disabled is out within a second on every replica, and stays out", async () => {
    const signedIn = await one.gateway.context.signIns.create(
      { email: ann.email, name: "Ann", groups: ["engineers"], attributes: {} },
      60_000,
    );
    const here = await one.gateway.sessions.openSql(ann, "shop");
    const there = await two.gateway.sessions.openSql(ann, "shop");
    const ended = Promise.all([here, there].map((session) => new Promise<string>((resolve) => session.onEnded(resolve))));
    const running = run(there, "select pg_sleep(20)");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(one.gateway.verbs.changePerson(as(bo), { id: ann.email, change: "disable", reason: "" })).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(
      one.gateway.verbs.changePerson(as(admin), { id: "Admin+x@acme.test", change: "disable", reason: "" }),
    ).rejects.toMatchObject({ code: "invalid" });
    const before = Date.now();
    await one.gateway.verbs.changePerson(as(admin), { id: "Ann@acme.test", change: "disable", reason: "left" });
    expect((await ended).every((reason) => reason.includes("disabled"))).toBe(true);
    expect(Date.now() - before).toBeLessThan(1_500);
    await running.catch(() => undefined);
    expect(await one.gateway.context.signIns.find(signedIn.sid)).toBeNull();
    await expect(two.gateway.sessions.openSql(ann, "shop")).rejects.toMatchObject({ code: "forbidden" });
    await expect(
      two.gateway.context.signIns.create({ email: ann.email, name: "Ann", groups: [], attributes: {} }, 60_000),
    ).rejects.toThrow("disabled");
    const { people } = await two.gateway.verbs.people(as(admin, two));
    expect(people.find((person) => person.id === ann.email)).toMatchObject({ signIns: 0, disabled: { reason: "left" } });
    await one.gateway.verbs.changePerson(as(admin), { id: ann.email, change: "enable", reason: "" });
    await vi.waitFor(() => expect(two.gateway.context.standing.isDisabled(ann.email)).toBe(false), PATIENT);
    const back = await two.gateway.sessions.openSql(ann, "shop");
    await back.close("done");
  });
});

describe("under load", () => {
  it("RV-2 RV-4 of 1,000 answers one counts, and of 1,000 uses one, on two replicas", async () => {
    const target = one.gateway.context.configuration.set.targets.get("shop");
    if (target === undefined) throw new Error("no target");
    const action = {
      action: "sql:delete",
      resource: { kind: "table", schema: "public", table: "orders" },
      span: [0, 6],
    } as const;
    const asks = { principal: as(ann), target, microActions: [action], facts: {} };
    const decision = decide(one.gateway.context.configuration.set, asks, Date.now());
    const review = await one.gateway.reviews.open({
      principal: as(ann),
      target,
      session: "",
      described: { kind: "sql", text: "delete from orders", span: [0, 18], microActions: [action] },
      decision,
      fingerprint: "f",
      shape: "",
      shapeIsOpen: false,
      asks: null,
      safeRun: "not-possible",
      estimatedRows: null,
      reason: "",
    });
    const replica = (i: number): Started => (i % 2 === 0 ? one : two);
    const lead = (i: number) => as({ email: `lead${i}@acme.test`, name: "", groups: ["leads"] });
    const answers = await Promise.allSettled(
      Array.from({ length: 1_000 }, (_, i) => replica(i).gateway.reviews.answer(lead(i), review.id, yes())),
    );
    expect(answers.filter((answer) => answer.status === "fulfilled")).toHaveLength(1);
    const approvedNow = await one.gateway.reviews.find(review.id);
    expect(approvedNow.answers).toHaveLength(1);
    // One that cannot reach the store in time throws, and has used nothing.
    const uses = await Promise.allSettled(
      Array.from({ length: 1_000 }, (_, i) =>
        replica(i).gateway.reviews.use(approvedNow, { principal: as(ann), session: "" }, "f", decision),
      ),
    );
    expect(uses.filter((use) => use.status === "fulfilled" && use.value.ok)).toHaveLength(1);
    expect(await recorded("grant.used", review.id)).toHaveLength(1);
  });

  it("RV-11 a timed grant that ends while 1,000 use it: none is used after its end", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    const { review } = await approved(session, "delete from orders where id = 60 and customer >= 0", yes(10));
    const grant = review.grant?.id ?? "";
    let sure = false;
    let late = 0;
    const uses = Promise.all(
      Array.from({ length: 1_000 }, async (_, i) => {
        const startedAfterEnd = sure;
        const used = await (i % 2 === 0 ? one : two).gateway.context.grants.use(grant, newRun());
        if (used && startedAfterEnd) late++;
        return used;
      }),
    );
    await one.gateway.verbs.endGrant(as(bo), grant);
    sure = true;
    const done = await uses;
    for (let i = 0; i < 50; i++) if (await two.gateway.context.grants.use(grant, newRun())) late++;
    expect(late).toBe(0);
    const counted = await one.gateway.context.grants.find(grant);
    expect(counted?.uses).toBe(done.filter(Boolean).length);
    await session.close("done");
  });

  it("500 pending reviews are listed quickly", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    const { review } = await approved(session, "delete from orders where id = 70", yes());
    await session.close("done");
    await store.query(
      `INSERT INTO review (id, requester, target, fingerprint, shape, state, body, answers, opened_at, expires_at)
       SELECT 'many-' || g, requester, target, fingerprint, shape, 'open', jsonb_set(body, '{id}', to_jsonb('many-' || g)), '[]', now(), now() + interval '1 hour'
       FROM review, generate_series(1, 500) g WHERE review.id = $1`,
      [review.id],
    );
    const before = performance.now();
    const { reviews } = await two.gateway.verbs.reviews(as(bo, two), "open");
    const took = performance.now() - before;
    expect(reviews.length).toBeGreaterThanOrEqual(500);
    expect(took).toBeLessThan(1_000);
    await store.query("DELETE FROM review WHERE id LIKE 'many-%'");
  });

  it("a store that is away during an answer: no yes, and the waiting statement does not run", async () => {
    const session = await one.gateway.sessions.openSql(ann, "shop");
    let id = "";
    const done = run(session, "delete from orders where id = 80", true, { onWaiting: (review) => (id = review) });
    await expect.poll(() => id, PATIENT).not.toBe("");
    await store.query("ALTER TABLE review RENAME TO review_away");
    await expect(two.gateway.verbs.answerReview(as(bo, two), id, yes())).rejects.toMatchObject({ code: "unavailable" });
    await store.query("ALTER TABLE review_away RENAME TO review");
    expect((await one.gateway.reviews.find(id)).state.state).toBe("open");
    await two.gateway.verbs.answerReview(as(bo, two), id, no);
    expect((await done).ends).toEqual(["rejected"]);
    await session.close("done");
  });
});
