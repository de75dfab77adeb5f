import pg from "pg";
import { describe, expect, it, vi } from "vitest";
import { PATIENT } from "../../test/fixtures/replicas.ts";
import {
  admin,
  ann,
  as,
  bo,
  cy,
  dpo,
  no,
  one,
  recorded,
  replicas,
  run,
  two,
  watched,
  withReviewing,
  yes,
} from "../../test/fixtures/reviewing.ts";
import type { OpenSqlSession, Person } from "./sessions.ts";

withReviewing();

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
    const blocker = new pg.Client({ connectionString: replicas.storeUrl });
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
      await replicas.shop.query("BEGIN");
      const real = await replicas.shop.query(text);
      await replicas.shop.query("ROLLBACK");
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
