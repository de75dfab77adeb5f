import { describe, expect, it, vi } from "vitest";
import { keys } from "../../test/fixtures/gateway.ts";
import { PATIENT } from "../../test/fixtures/replicas.ts";
import {
  ann,
  approved,
  as,
  asked,
  bo,
  cy,
  dpo,
  endsSoon,
  one,
  recorded,
  replicas,
  run,
  two,
  watched,
  withReviewing,
  yes,
} from "../../test/fixtures/reviewing.ts";
import type { AccessRequestBody } from "../contract/http.ts";
import { startGateway } from "../main.ts";
import type { Person } from "./sessions.ts";

withReviewing();

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
    expect(decided.some(({ grants }) => Array.isArray(grants) && grants.includes(grant?.id))).toBe(true);
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
      storeUrl: replicas.storeUrl,
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
