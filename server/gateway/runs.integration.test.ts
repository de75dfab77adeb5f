import { type ChildProcess, spawn } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SECRET } from "../../test/fixtures/gateway.ts";
import { PATIENT, type Replicas, type Seen, start, startReplicas } from "../../test/fixtures/replicas.ts";
import type { WireRun } from "../contract/socket.ts";
import type { OpenSqlSession, Person } from "./sessions.ts";

/** What becomes of a statement after its grant was used: held runs, and those of which the end is not known. */
let replicas: Replicas;
const ann: Person = { email: "ann@acme.test", name: "Ann", groups: ["engineers"] };
const bo: Person = { email: "bo@acme.test", name: "Bo", groups: ["leads"] };
const cy: Person = { email: "cy@acme.test", name: "Cy", groups: ["leads"] };
const stranger: Person = { email: "eve@acme.test", name: "Eve", groups: ["engineers"] };

const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select", "sql:transaction", "sql:insert", "sql:update"]
---
kind: policy
id: deletes
effect: review
principals: { everyone: true }
actions: ["sql:delete"]
resources: { tables: [public.orders, public.slow] }
obligations: { reviewers: { groups: [leads] } }
---
kind: policy
id: short-deletes
effect: review
principals: { everyone: true }
actions: ["sql:delete"]
resources: { tables: [public.brief] }
obligations: { reviewers: { groups: [leads] }, holdFor: 1500ms }
`;

const TABLES = `
  CREATE TABLE orders (id int PRIMARY KEY, total int);
  INSERT INTO orders SELECT g, g FROM generate_series(1, 200) g;
  CREATE TABLE brief (id int PRIMARY KEY);
  INSERT INTO brief SELECT generate_series(1, 50);
  CREATE TABLE slow (id int PRIMARY KEY);
  INSERT INTO slow SELECT generate_series(1, 50);
  CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(20); RETURN NULL; END';
  CREATE CONSTRAINT TRIGGER at_commit AFTER DELETE ON slow DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
  ANALYZE`;

beforeAll(async () => {
  replicas = await startReplicas({ configuration: CONFIGURATION, shop: TABLES });
});
afterAll(() => replicas?.stop());

const open = (person: Person = ann) => replicas.one.gateway.sessions.openSql(person, "shop");
const rowsLeft = async (where: string) => Number((await replicas.shop.query(`SELECT count(*) FROM ${where}`)).rows[0].count);

/** Says yes on the other replica, and gives the review. */
async function approve(seen: Seen, hold: boolean | null = null) {
  await expect.poll(() => seen.review, PATIENT).not.toBe("");
  const { verbs } = replicas.two.gateway;
  return verbs.answerReview(replicas.as(bo, replicas.two), seen.review, { verdict: "approve", comment: "", minutes: null, hold });
}

async function held(session: OpenSqlSession, text: string) {
  const seen = start(session, text);
  await approve(seen);
  await expect.poll(() => seen.held, PATIENT).not.toBeNull();
  if (seen.held === null) throw new Error("not held");
  return { seen, run: seen.held };
}

const settle = (person: Person, run: string, verdict: "commit" | "roll-back", on = replicas.two) =>
  on.gateway.verbs.settleRun(replicas.as(person, on), run, { verdict });
const runOf = async (review: string): Promise<WireRun | undefined> =>
  (await replicas.two.gateway.verbs.review(replicas.as(bo, replicas.two), review)).runs[0];

describe("held in an open transaction", () => {
  it.each([
    ["the reviewer", bo],
    ["the requester", ann],
  ] as const)("RV-17 RV-20 is committed by %s, on another replica; the record has each step", async (_who, person) => {
    const session = await open();
    const id = person === bo ? 1 : 2;
    const { seen, run } = await held(session, `delete from orders where id in (${id}, ${id + 100})`);
    expect(run.rows).toBe(2);
    const review = await replicas.two.gateway.verbs.review(replicas.as(bo, replicas.two), seen.review);
    expect(review).toMatchObject({ estimatedRows: 2, safeRun: "wanted", maySettle: true });
    expect(review.runs).toMatchObject([{ state: "held", rows: 2 }]);
    const pending = await replicas.two.gateway.verbs.reviews(replicas.as(cy, replicas.two), "open");
    expect(pending.reviews.map((each) => each.id)).toContain(seen.review);
    // Nobody else sees it yet.
    expect(await rowsLeft(`orders WHERE id IN (${id}, ${id + 100})`)).toBe(2);
    await settle(person, run.id, "commit");
    await seen.done;
    expect(seen.ends).toMatchObject([{ ended: "done", rowCount: 2 }]);
    expect(await rowsLeft(`orders WHERE id IN (${id}, ${id + 100})`)).toBe(0);
    expect(await runOf(seen.review)).toMatchObject({
      state: "ended",
      ended: "done",
      verdict: { verdict: "commit", by: person.email },
    });
    expect(await replicas.recorded("run.held", run.id)).toMatchObject([{ review: seen.review, rows: 2 }]);
    expect(await replicas.recorded("run.settled", run.id)).toMatchObject([{ verdict: "commit", rows: 2 }]);
    expect(await replicas.recorded("statement.executed", run.id)).toMatchObject([
      { review: seen.review, ended: "done", rowCount: 2 },
    ]);
    await session.close("done");
  });

  it("is rolled back by the reviewer, and the requester's tab goes on", async () => {
    const session = await open();
    const { seen, run } = await held(session, "delete from orders where id = 5");
    await settle(bo, run.id, "roll-back");
    await seen.done;
    expect(seen.ends).toMatchObject([{ ended: "rolled-back", rowCount: 1 }]);
    expect(await rowsLeft("orders WHERE id = 5")).toBe(1);
    const next = start(session, "select count(*) from orders where id = 5");
    await next.done;
    expect(next.rows).toEqual([["1"]]);
    await session.close("done");
  });

  it("RV-17 of a commit and a roll-back at the same moment, from two replicas, one holds; twice is refused", async () => {
    const session = await open();
    for (const id of [6, 7, 8, 9]) {
      const { seen, run } = await held(session, `delete from orders where id = ${id}`);
      const decisions = await Promise.allSettled([
        settle(bo, run.id, "commit", replicas.one),
        settle(cy, run.id, "roll-back", replicas.two),
        settle(ann, run.id, "commit", replicas.two),
      ]);
      expect(decisions.filter((each) => each.status === "fulfilled")).toHaveLength(1);
      await seen.done;
      const end = await runOf(seen.review);
      expect(seen.ends[0]?.ended).toBe(end?.verdict?.verdict === "commit" ? "done" : "rolled-back");
      expect(await rowsLeft(`orders WHERE id = ${id}`)).toBe(end?.verdict?.verdict === "commit" ? 0 : 1);
      await expect(settle(bo, run.id, "commit")).rejects.toMatchObject({ code: "conflict" });
      expect(await replicas.recorded("run.settled", run.id)).toHaveLength(1);
    }
    await session.close("done");
  });

  it("RV-17 of 1,000 decisions at once, on two replicas, one holds", async () => {
    const session = await open();
    const { seen, run } = await held(session, "delete from orders where id = 26");
    const decisions = await Promise.allSettled(
      Array.from({ length: 1_000 }, (_, i) =>
        settle(i % 3 === 0 ? bo : cy, run.id, i % 2 === 0 ? "commit" : "roll-back", i % 2 === 0 ? replicas.one : replicas.two),
      ),
    );
    expect(decisions.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await seen.done;
    const end = await runOf(seen.review);
    expect(await rowsLeft("orders WHERE id = 26")).toBe(end?.verdict?.verdict === "commit" ? 0 : 1);
    expect(await replicas.recorded("run.settled", run.id)).toHaveLength(1);
    expect(await replicas.recorded("statement.executed", run.id)).toHaveLength(1);
    await session.close("done");
  });

  it("RV-17 of a commit and the requester's cancelling at the same moment the first holds, and the record says the same", async () => {
    const session = await open();
    for (const id of [20, 21, 22, 23]) {
      const { seen, run } = await held(session, `delete from orders where id = ${id}`);
      await Promise.allSettled([settle(bo, run.id, "commit"), session.sql.cancel()]);
      await seen.done;
      const end = await runOf(seen.review);
      const committed = end?.verdict?.verdict === "commit";
      expect(seen.ends[0]?.ended).toBe(committed ? "done" : "rolled-back");
      expect(await rowsLeft(`orders WHERE id = ${id}`)).toBe(committed ? 0 : 1);
      expect(await replicas.recorded("run.settled", run.id)).toMatchObject([{ verdict: committed ? "commit" : "roll-back" }]);
    }
    await session.close("done");
  });

  it("RV-17 only by its requester and its reviewers, also not by a second account of the requester", async () => {
    const session = await open();
    const { seen, run } = await held(session, "delete from orders where id = 10");
    await expect(settle(stranger, run.id, "commit")).rejects.toMatchObject({ code: "not-found" });
    const second: Person = { email: "ann+lead@acme.test", name: "Ann", groups: ["leads"] };
    await expect(settle(second, run.id, "commit")).rejects.toMatchObject({ code: "not-found" });
    await settle(cy, run.id, "roll-back");
    await seen.done;
    await session.close("done");
  });

  it("RV-18 is rolled back when its time is over, and is not committed after it", async () => {
    const session = await open();
    const { seen, run } = await held(session, "delete from brief where id = 1");
    await replicas.store.query("UPDATE granted_run SET body = jsonb_set(body, '{until}', to_jsonb(0)) WHERE id = $1", [run.id]);
    await expect(settle(bo, run.id, "commit")).rejects.toThrow("its time is over");
    await seen.done;
    expect(seen.ends).toMatchObject([{ ended: "rolled-back" }]);
    expect(await runOf(seen.review)).toMatchObject({ verdict: { by: "system", because: "nobody decided in time" } });
    expect(await rowsLeft("brief WHERE id = 1")).toBe(1);
    await session.close("done");
  });

  it("RV-18 is rolled back at once when policy no longer lets it run, whoever asks to commit", async () => {
    const session = await open();
    const { seen, run } = await held(session, "delete from orders where id = 11");
    const forbid = { kind: "policy", id: "freeze", effect: "forbid", principals: { everyone: true }, actions: ["sql:delete"] };
    await replicas.apply(JSON.stringify(forbid));
    await seen.done;
    expect(seen.ends).toMatchObject([{ ended: "rolled-back" }]);
    expect(await replicas.recorded("run.settled", run.id)).toMatchObject([
      { because: expect.stringContaining("no longer allowed") },
    ]);
    await expect(settle(bo, run.id, "commit")).rejects.toMatchObject({ code: "conflict" });
    expect(await rowsLeft("orders WHERE id = 11")).toBe(1);
    await replicas.one.gateway.context.configuration.remove("policy", "freeze", "test");
    await expect.poll(() => replicas.two.gateway.context.configuration.set.policies.length, PATIENT).toBe(3);
    await session.close("done");
  });

  it("RV-18 a commit that came when it was no longer allowed is overruled, and the record says so", async () => {
    const session = await open();
    const review = start(session, "delete from orders where id = 25");
    await expect.poll(() => review.review, PATIENT).not.toBe("");
    const { runs } = replicas.one.gateway.reviews;
    const id = "overruled";
    await replicas.store.query(
      `INSERT INTO granted_run (id, review, session, started_at, state, body) VALUES ($1, $2, $3, now(), 'started', '{"state": "started"}')`,
      [id, review.review, session.id],
    );
    const verdict = runs.held(
      { id, review: review.review },
      { rows: 1, forMs: 60_000 },
      new AbortController().signal,
      () => false,
      () => undefined,
    );
    await expect.poll(async () => (await replicas.one.gateway.context.runs.find(id))?.state.state, PATIENT).toBe("held");
    await settle(bo, id, "commit");
    expect(await verdict).toBe("roll-back");
    expect(await replicas.recorded("run.settled", id)).toMatchObject([
      { verdict: "roll-back", overrules: `commit by ${bo.email}`, because: expect.stringContaining("no longer allowed") },
    ]);
    await session.close("done");
    await review.done;
    // Nobody waits for it any more.
    expect(review.ends).toMatchObject([{ ended: "withdrawn" }]);
  });

  it("RV-18 is rolled back when its session ends, and when its requester cancels", async () => {
    const session = await open();
    const first = await held(session, "delete from orders where id = 12");
    await session.sql.cancel();
    await first.seen.done;
    expect(first.seen.ends).toMatchObject([{ ended: "rolled-back" }]);
    const second = await held(session, "delete from orders where id = 13");
    await session.close("the browser went away");
    await second.seen.done.catch(() => undefined);
    await expect.poll(() => runOf(second.seen.review), PATIENT).toMatchObject({ state: "ended", ended: "rolled-back" });
    expect(await rowsLeft("orders WHERE id IN (12, 13)")).toBe(2);
  });

  it("in the requester's own open transaction it is kept there, and goes with it", async () => {
    const session = await open();
    await start(session, "begin").done;
    const kept = await held(session, "delete from orders where id = 14");
    await settle(bo, kept.run.id, "commit");
    await kept.seen.done;
    expect(await runOf(kept.seen.review)).toMatchObject({ state: "ended", ended: "kept" });
    const taken = await held(session, "delete from orders where id = 15");
    await settle(bo, taken.run.id, "roll-back");
    await taken.seen.done;
    expect(session.sql.transaction).toBe("open");
    await start(session, "commit").done;
    expect(await rowsLeft("orders WHERE id IN (14, 15)")).toBe(1);
    await session.close("done");
  });

  it("RV-20 is committed at once where the reviewer waives it, and every run where policy asks for it", async () => {
    const session = await open();
    const waived = start(session, "delete from orders where id = 16");
    await approve(waived, false);
    await waived.done;
    expect(waived).toMatchObject({ held: null, ends: [{ ended: "done" }] });
    const insisted = start(session, "delete from orders where id = 17", { safeRun: false });
    await approve(insisted, true);
    await expect.poll(() => insisted.held, PATIENT).not.toBeNull();
    await settle(bo, insisted.held?.id ?? "", "commit");
    await insisted.done;
    const byPolicy = start(session, "delete from brief where id = 2", { safeRun: false });
    await approve(byPolicy, false);
    await byPolicy.done;
    expect(byPolicy.ends).toMatchObject([{ ended: "rolled-back" }]);
    await session.close("done");
  });

  it("RV-18 without the store nothing is committed", async () => {
    const session = await open();
    const { seen } = await held(session, "delete from brief where id = 3");
    await replicas.store.query("ALTER TABLE granted_run RENAME TO granted_run_away");
    await seen.done.catch(() => undefined);
    await replicas.store.query("ALTER TABLE granted_run_away RENAME TO granted_run");
    expect(await rowsLeft("brief WHERE id = 3")).toBe(1);
    // What the store did not hear then it hears now.
    await expect.poll(() => runOf(seen.review), PATIENT).toMatchObject({ state: "ended", ended: "rolled-back" });
    await session.close("done");
  });
});

describe("a replica that is killed", () => {
  let child: ChildProcess | null = null;
  beforeAll(async () => {
    await replicas.store.query(`
      CREATE TABLE stalled (type text);
      CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        WHILE EXISTS (SELECT FROM stalled WHERE type = NEW.type) LOOP PERFORM pg_sleep(0.1); END LOOP; RETURN NEW; END $$;
      CREATE TRIGGER stall BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION stall()`);
  });
  afterEach(async () => {
    child?.kill("SIGKILL");
    child = null;
    await replicas.store.query("DELETE FROM stalled");
  });

  /** The command line is a replica like any other: it submits, waits for the yes, and runs. */
  async function submitted(sql: string): Promise<string> {
    const known = new Set((await replicas.one.gateway.reviews.list("all")).map(({ id }) => id));
    child = spawn("node", ["bin/gatehouse.mjs", "run", "--wait", "60"], {
      env: { ...process.env, DATABASE_URL: replicas.storeUrl, GATEHOUSE_SECRET: SECRET, GATEHOUSE_DATA: replicas.folder },
      stdio: ["pipe", "ignore", "inherit"],
    });
    child.stdin?.write(`${JSON.stringify({ principal: ann.email, groups: ann.groups, target: "shop", sql })}\n`);
    const fresh = async () => (await replicas.one.gateway.reviews.list("open")).find(({ id }) => !known.has(id))?.id ?? "";
    await expect.poll(fresh, { timeout: 60_000 }).not.toBe("");
    return fresh();
  }
  const yes = (review: string, hold: boolean | null = null) =>
    replicas.two.gateway.verbs.answerReview(replicas.as(bo, replicas.two), review, {
      verdict: "approve",
      comment: "",
      minutes: null,
      hold,
    });
  async function killed(): Promise<void> {
    const gone = new Promise((resolve) => child?.once("exit", resolve));
    child?.kill("SIGKILL");
    await gone;
    // Time passes: what was not seen for a while is gone.
    await replicas.store.query(
      "UPDATE replica SET seen_at = now() - interval '1 minute' WHERE id IN (SELECT replica FROM live_session WHERE ended_at IS NULL)",
    );
    await replicas.store.query("UPDATE granted_run SET started_at = started_at - interval '1 minute'");
  }
  /** From now on a replica that writes an event of that type waits. */
  const stall = (type: string) => replicas.store.query("INSERT INTO stalled VALUES ($1)", [type]);
  const state = async (review: string) => (await runOf(review))?.state;

  it("RV-16 between using the grant and running: not known whether it ran, in record and inbox, and never run again", async () => {
    const review = await submitted("delete from orders where id = 30");
    await stall("grant.used");
    await yes(review);
    await expect.poll(() => state(review), PATIENT).toBe("started");
    await killed();
    await replicas.store.query("DELETE FROM stalled");
    await expect.poll(() => state(review), PATIENT).toBe("unknown");
    expect(await rowsLeft("orders WHERE id = 30")).toBe(1);
    expect(await replicas.recorded("run.unknown", review)).toMatchObject([{ requester: ann.email }]);
    const inbox = await replicas.one.gateway.verbs.reviews(replicas.as(ann), "open");
    expect(inbox.reviews.find(({ id }) => id === review)).toMatchObject({
      maySettle: true,
      runs: [{ state: "unknown", found: null }],
    });
    const known = await replicas.one.gateway.reviews.find(review);
    const requester = { principal: replicas.as(ann), session: "" };
    expect(await replicas.one.gateway.reviews.use(known, requester, known.fingerprint, known.decision)).toMatchObject({
      ok: false,
    });
    const run = known.runs[0]?.id ?? "";
    const found = { ran: false, note: "the row is there" };
    await expect(replicas.one.gateway.verbs.foundRun(replicas.as(stranger), run, found)).rejects.toMatchObject({
      code: "not-found",
    });
    await replicas.one.gateway.verbs.foundRun(replicas.as(ann), run, found);
    await expect(replicas.one.gateway.verbs.foundRun(replicas.as(bo), run, { ran: true, note: "" })).rejects.toMatchObject({
      code: "conflict",
    });
    expect((await replicas.one.gateway.verbs.reviews(replicas.as(ann), "open")).reviews.map(({ id }) => id)).not.toContain(
      review,
    );
    expect(await replicas.recorded("run.found", review)).toMatchObject([{ ran: false, note: "the row is there" }]);
  });

  it("RV-16 between running and its record: not known, though it ran", async () => {
    const review = await submitted("delete from orders where id = 31");
    await stall("statement.executed");
    await yes(review);
    await expect.poll(() => rowsLeft("orders WHERE id = 31"), PATIENT).toBe(0);
    await killed();
    await expect.poll(() => state(review), PATIENT).toBe("unknown");
  });

  it("RV-22 while it waited: the same statement goes on with the same review, and its yes is used once", async () => {
    const sql = "delete from orders where id = 33";
    const review = await submitted(sql);
    const again = (session: OpenSqlSession, text = sql) => start(session, text, { safeRun: false });
    const [session, other] = [await open(), await open()];
    // While its session is there, it is that session's.
    const own = again(other);
    await expect.poll(() => own.review, PATIENT).not.toBe("");
    expect(own.review).not.toBe(review);
    await other.sql.cancel();
    await other.close("done");
    await killed();
    await yes(review, false);
    const edited = again(session, sql.replace("where", "where "));
    await expect.poll(() => edited.review, PATIENT).not.toBe("");
    expect(edited.review).not.toBe(review);
    await replicas.one.gateway.verbs.withdrawReview(replicas.as(ann), edited.review);
    await edited.done;
    const tabs = await Promise.all(Array.from({ length: 5 }, () => replicas.two.gateway.sessions.openSql(ann, "shop")));
    const runs = [session, ...tabs].map((tab) => again(tab));
    await expect.poll(() => runs.filter(({ review: of }) => of === review).length, PATIENT).toBe(1);
    await expect.poll(() => runs.filter(({ ends }) => ends[0]?.ended === "done").length, PATIENT).toBe(1);
    expect(await rowsLeft("orders WHERE id = 33")).toBe(0);
    expect(await replicas.recorded("grant.used", review)).toHaveLength(1);
    expect(await replicas.recorded("review.taken-up", review)).toHaveLength(1);
    await Promise.all([session, ...tabs].map((tab) => tab.close("done")));
    await Promise.all(runs.map(({ done }) => done.catch(() => undefined)));
    expect(await state(review)).toBe("ended");
  });

  it("RV-22 whoever knows that the session was lost goes on at once; only their own, and one run", async () => {
    const sql = "delete from orders where id = 34";
    const review = await submitted(sql);
    const others = [await open(), await replicas.two.gateway.sessions.openSql({ ...bo, groups: ["engineers", "leads"] }, "shop")];
    const foreign = others.map((tab, i) => start(tab, i === 0 ? `${sql} and true` : sql, { goesOnWith: review }));
    for (const seen of foreign) await expect.poll(() => seen.review, PATIENT).not.toBe("");
    expect(foreign.map((seen) => seen.review)).not.toContain(review);
    const session = await open();
    const seen = start(session, sql, { goesOnWith: review, safeRun: false });
    await expect.poll(() => seen.review, PATIENT).toBe(review);
    // The one that was taken for lost is still there: both wait for the same yes.
    await yes(review, false);
    await expect.poll(() => rowsLeft("orders WHERE id = 34"), PATIENT).toBe(0);
    await expect.poll(() => state(review), PATIENT).toBe("ended");
    expect(await replicas.recorded("grant.used", review)).toHaveLength(1);
    await Promise.all([...others, session].map((tab) => tab.close("done")));
    await Promise.all([...foreign, seen].map(({ done }) => done.catch(() => undefined)));
  });

  it("RV-19 while it held: rolled back, by the target itself", async () => {
    const review = await submitted("delete from orders where id = 32");
    await yes(review, true);
    await expect.poll(() => state(review), PATIENT).toBe("held");
    await killed();
    await expect.poll(() => state(review), PATIENT).toBe("ended");
    expect(await runOf(review)).toMatchObject({ ended: "rolled-back", verdict: { by: "system" } });
    expect(await rowsLeft("orders WHERE id = 32")).toBe(1);
    // The row's lock is gone too.
    await replicas.shop.query("SET lock_timeout = '3s'; UPDATE orders SET total = 0 WHERE id = 32");
  });

  it("RV-19 while it committed: not known", async () => {
    const review = await submitted("delete from slow where id = 1");
    await yes(review, true);
    await expect.poll(() => state(review), PATIENT).toBe("held");
    await settle(bo, (await runOf(review))?.id ?? "", "commit");
    const committing = "SELECT FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'";
    await expect.poll(async () => (await replicas.shop.query(committing)).rowCount, PATIENT).toBe(1);
    await killed();
    await expect.poll(() => state(review), PATIENT).toBe("unknown");
  });
});
