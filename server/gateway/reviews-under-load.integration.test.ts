import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { PATIENT } from "../../test/fixtures/replicas.ts";
import { ann, approved, as, bo, no, one, recorded, run, store, two, withReviewing, yes } from "../../test/fixtures/reviewing.ts";
import { decide } from "../core/policy/index.ts";

withReviewing();

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
    const replica = (i: number) => (i % 2 === 0 ? one : two);
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
        const used = await (i % 2 === 0 ? one : two).gateway.context.grants.use(grant, { id: randomUUID(), session: "" });
        if (used && startedAfterEnd) late++;
        return used;
      }),
    );
    await one.gateway.verbs.endGrant(as(bo), grant);
    sure = true;
    const done = await uses;
    for (let i = 0; i < 50; i++) if (await two.gateway.context.grants.use(grant, { id: randomUUID(), session: "" })) late++;
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
