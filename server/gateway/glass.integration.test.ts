import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PATIENT, type Replicas, start, startReplicas } from "../../test/fixtures/replicas.ts";
import type { GlassState } from "./glass.ts";
import type { OpenSqlSession, Person } from "./sessions.ts";

/** Acting at once, for a reason, with an alarm, and reviewed by others afterwards. */
let replicas: Replicas;
let receiver: Server;
const told: Record<string, unknown>[] = [];
const ann: Person = { email: "ann@acme.test", name: "Ann", groups: ["engineers", "on-call"] };
const bo: Person = { email: "bo@acme.test", name: "Bo", groups: ["leads"] };
const eve: Person = { email: "eve@acme.test", name: "Eve", groups: ["engineers"] };

const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select", "sql:transaction"]
resources: { except: { tables: [public.vault] } }
---
kind: policy
id: on-call
effect: permit
principals: { groups: [on-call] }
actions: ["sql:select", "sql:update", "sql:delete"]
obligations: { reviewAfter: 24h, reviewers: { groups: [leads] } }
---
kind: policy
id: deletes-are-reviewed
effect: review
principals: { everyone: true }
actions: ["sql:delete"]
obligations: { reviewers: { groups: [leads] } }
---
kind: policy
id: leads-resolve
effect: permit
principals: { groups: [leads] }
actions: ["review:resolve"]
---
kind: policy
id: never
effect: forbid
principals: { everyone: true }
actions: ["sql:*"]
resources: { tables: [public.keys] }
---
kind: mask
id: hide
target: shop
columns: [public.vault.secret]
mask: { type: redact }
`;
const SHOP = `
  CREATE TABLE orders (id int PRIMARY KEY, total int);
  INSERT INTO orders SELECT g, g FROM generate_series(1, 20) g;
  CREATE TABLE vault (id int PRIMARY KEY, secret text);
  INSERT INTO vault VALUES (1, 'swordfish');
  CREATE TABLE keys (id int);
  ANALYZE`;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      told.push(JSON.parse(body));
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const hook = { kind: "notification", id: "alarm", events: ["glass.broken"], webhook: { url, loopback: true } };
  replicas = await startReplicas({ configuration: `${CONFIGURATION}\n---\n${JSON.stringify(hook)}`, shop: SHOP });
});
afterAll(async () => {
  await replicas?.stop();
  await new Promise((resolve) => receiver.close(resolve));
});

const open = (person: Person = ann) => replicas.one.gateway.sessions.openSql(person, "shop");
function glassOf(session: Pick<OpenSqlSession, "onGlass">): GlassState[] {
  const states: GlassState[] = [];
  session.onGlass((state) => states.push(state));
  return states;
}
const WHY = "the shop is down and nobody answers";
const answer = (person: Person, id: string, comment: string, verdict: "approve" | "reject" = "approve") =>
  replicas.two.gateway.verbs.answerReview(replicas.as(person, replicas.two), id, { verdict, comment, minutes: null, hold: null });

describe("break glass", () => {
  it("RV-21 waits for a reason before the first statement; alarm, record and review come before it runs", async () => {
    const session = await open();
    const states = glassOf(session);
    const update = start(session, "update orders set total = 0 where id = 1");
    await expect.poll(() => states.at(-1)?.asked, PATIENT).toMatchObject({ policies: ["on-call"] });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(update.ends).toEqual([]);
    expect(await replicas.recorded("statement.decided", session.id)).toEqual([]);
    await expect(session.breakGlass("  why?   ")).rejects.toMatchObject({ code: "invalid" });
    // A double click breaks it once.
    const twice = await Promise.allSettled([session.breakGlass(WHY), session.breakGlass(WHY)]);
    expect(twice.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await update.done;
    expect(update.ends).toMatchObject([{ ended: "done", rowCount: 1 }]);
    const review = states.at(-1)?.broken[0]?.review ?? "";
    // The next ones need no reason, and stand on the same review.
    const second = start(session, "update orders set total = 0 where id = 2");
    await second.done;
    expect(second.ends).toMatchObject([{ ended: "done" }]);
    expect(await replicas.recorded("glass.broken", session.id)).toMatchObject([{ reason: WHY, policies: ["on-call"] }]);
    expect((await replicas.recorded("statement.decided", review)).map(({ glass }) => glass)).toEqual([[review], [review]]);
    await expect
      .poll(() => told.find((body) => body.review === review), PATIENT)
      .toMatchObject({
        event: "glass.broken",
        requester: ann.email,
        target: "shop",
      });
    const seen = await replicas.two.gateway.verbs.review(replicas.as(bo, replicas.two), review);
    expect(seen).toMatchObject({ kind: "glass", state: "open", reason: WHY, mayAnswer: true });
    const context = await replicas.two.gateway.verbs.reviewContext(replicas.as(bo, replicas.two), review);
    expect(context.statements.map(({ statement }) => statement)).toEqual([
      "update orders set total = 0 where id = 2",
      "update orders set total = 0 where id = 1",
    ]);
    await session.close("done");
  });

  it("RV-21 is closed by somebody else, with a comment; it neither expires nor is withdrawn, and its yes lets nothing run", async () => {
    const session = await open();
    const states = glassOf(session);
    const update = start(session, "update orders set total = 0 where id = 3");
    await expect.poll(() => states.at(-1)?.asked, PATIENT).toMatchObject({ policies: ["on-call"] });
    await session.breakGlass(WHY);
    await update.done;
    await session.close("done");
    const review = states.at(-1)?.broken[0]?.review ?? "";
    await replicas.store.query("UPDATE review SET expires_at = now() - interval '1 day' WHERE id = $1", [review]);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const { reviews } = await replicas.two.gateway.verbs.reviews(replicas.as(bo, replicas.two), "open");
    expect(reviews.map(({ id }) => id)).toContain(review);
    await expect(replicas.one.gateway.verbs.withdrawReview(replicas.as(ann), review)).rejects.toThrow(
      "somebody else has to look",
    );
    await expect(answer({ ...ann, groups: ["leads"] }, review, "fine")).rejects.toMatchObject({ code: "forbidden" });
    await expect(answer({ ...bo, email: "ann+lead@acme.test" }, review, "fine")).rejects.toMatchObject({ code: "forbidden" });
    await expect(answer(bo, review, " ")).rejects.toThrow("say what you found");
    const closed = await answer(bo, review, "a row was wrong; the report is written");
    expect(closed).toMatchObject({ state: "approved", grant: null });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const found = await replicas.one.gateway.reviews.find(review);
    expect(found.state.state).toBe("approved");
    const requester = { principal: replicas.as(ann), session: "" };
    expect(await replicas.one.gateway.reviews.use(found, requester, "", found.decision)).toMatchObject({ ok: false });
  });

  it("PE-19 is not asked where another policy permits, and is each session's own", async () => {
    const session = await open();
    const states = glassOf(session);
    await start(session, "select count(*) from orders").done;
    expect(states).toEqual([{ asked: null, broken: [] }]);
    const read = start(session, "select secret from vault");
    await expect.poll(() => states.at(-1)?.asked, PATIENT).toMatchObject({ policies: ["on-call"] });
    await session.breakGlass(WHY);
    await read.done;
    // What is masked stays masked.
    expect(read.rows).toHaveLength(1);
    expect(JSON.stringify(read.rows)).not.toContain("swordfish");
    const other = await open();
    const again = glassOf(other);
    const abort = new AbortController();
    const waiting = start(other, "select id from vault", { signal: abort.signal });
    await expect.poll(() => again.at(-1)?.asked, PATIENT).toMatchObject({ policies: ["on-call"] });
    abort.abort(new Error("left whole"));
    await waiting.done;
    expect(waiting).toMatchObject({ rows: [], ends: [{ ended: "cancelled" }] });
    await expect(other.breakGlass(WHY)).rejects.toMatchObject({ code: "conflict" });
    await Promise.all([session.close("done"), other.close("done")]);
  });

  it("what breaks glass can be asked for instead, and then does not", async () => {
    const access = [{ action: "sql:select", resource: "public.vault" } as const];
    const review = await replicas.one.gateway.verbs.requestAccess(replicas.as(ann), {
      target: "shop",
      access,
      minutes: 5,
      reason: "",
    });
    expect(review).toMatchObject({ kind: "access", state: "open", asks: { minutes: 5 } });
    const { grant } = await answer(bo, review.id, "yes");
    await expect.poll(() => replicas.one.gateway.context.standing.holds(grant?.id ?? ""), PATIENT).toBe(true);
    const session = await open();
    const states = glassOf(session);
    const read = start(session, "select id from vault");
    await read.done;
    expect(read.rows).toEqual([["1"]]);
    expect(states.at(-1)).toEqual({ asked: null, broken: [] });
    await replicas.one.gateway.verbs.endGrant(replicas.as(ann), grant?.id ?? "");
    await session.close("done");
  });

  it("PE-19 forbid and review beat it; who has no such policy is denied", async () => {
    const session = await open();
    const states = glassOf(session);
    const forbidden = start(session, "select * from keys");
    const reviewed = await forbidden.done.then(() => start(session, "delete from orders where id = 4", { waitForReview: false }));
    await reviewed.done;
    expect(forbidden.ends).toMatchObject([{ ended: "denied" }]);
    expect(reviewed.ends).toMatchObject([{ ended: "review" }]);
    expect(states).toEqual([{ asked: null, broken: [] }]);
    const stranger = await open(eve);
    const denied = start(stranger, "update orders set total = 1 where id = 4");
    await denied.done;
    expect(denied.ends).toMatchObject([{ ended: "denied" }]);
    await Promise.all([session.close("done"), stranger.close("done")]);
  });

  it("P3 nothing runs when the alarm cannot be stored, and after the session's end nothing waits", async () => {
    const session = await open();
    const states = glassOf(session);
    const update = start(session, "update orders set total = -1 where id = 5");
    await expect.poll(() => states.at(-1)?.asked, PATIENT).toMatchObject({ policies: ["on-call"] });
    await replicas.store.query("ALTER TABLE notification RENAME TO notification_away");
    await expect(session.breakGlass(WHY)).rejects.toMatchObject({ code: "unavailable" });
    await replicas.store.query("ALTER TABLE notification_away RENAME TO notification");
    expect(states.at(-1)?.broken).toEqual([]);
    await session.close("the browser went away");
    await update.done.catch(() => undefined);
    expect((await replicas.shop.query("SELECT total FROM orders WHERE id = 5")).rows).toEqual([{ total: 5 }]);
  });

  it.each<[string, string]>([
    ["a review policy", "effect: review\nactions: [sql:delete]"],
    ["connecting", "effect: permit\nactions: [target:connect, sql:select]"],
    ["unmasking", "effect: permit\nactions: [sql:unmask]"],
    ["answering reviews", "effect: permit\nactions: [review:resolve]"],
    ["everything", 'effect: permit\nactions: ["*"]'],
  ])("PE-19 is refused as an obligation of %s", async (_name, rest) => {
    const yaml = `kind: policy\nid: wide\nprincipals: { everyone: true }\nobligations: { reviewAfter: 1h }\n${rest}`;
    await expect(replicas.one.gateway.context.configuration.apply(yaml, "test", { dryRun: true })).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining("reviewAfter"),
    });
  });
});

describe("overdue", () => {
  it("RV-21 a second alarm goes out once, whatever number of replicas look; it is on the record, and the review stays open", async () => {
    const session = await open();
    const states = glassOf(session);
    const update = start(session, "update orders set total = 0 where id = 8");
    await expect.poll(() => states.at(-1)?.asked, PATIENT).not.toBeNull();
    await session.breakGlass(WHY);
    await update.done;
    const review = states.at(-1)?.broken.at(-1)?.review ?? "";
    const ofIt = () => told.filter((body) => body.review === review).map(({ event }) => event);
    await expect.poll(ofIt, PATIENT).toEqual(["glass.broken"]);
    await replicas.store.query("UPDATE review SET expires_at = now() - interval '1 second' WHERE id = $1", [review]);
    await expect.poll(ofIt, PATIENT).toEqual(["glass.broken", "glass.overdue"]);
    expect(told.findLast((body) => body.review === review)?.subject).toContain("nobody has closed the review in time");
    // Both replicas look again.
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    expect(ofIt()).toEqual(["glass.broken", "glass.overdue"]);
    expect(await replicas.recorded("glass.overdue", review)).toMatchObject([{ requester: ann.email, reason: WHY }]);
    const inbox = await replicas.two.gateway.verbs.reviews(replicas.as(bo, replicas.two), "open");
    expect(inbox.reviews.find(({ id }) => id === review)).toMatchObject({ state: "open", mayAnswer: true });
    await answer(bo, review, "late, but right");
    await session.close("done");
  });
});

describe("quiet hours", () => {
  /** Around now, whatever the time is. */
  function aroundNow() {
    const clock = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
    return { from: clock(-2), until: clock(2), timeZone: "UTC" };
  }

  it("a review that waits is told afterwards, uncounted; broken glass at once", async () => {
    const { port } = receiver.address() as AddressInfo;
    const webhook = { url: `http://127.0.0.1:${port}/night`, loopback: true };
    const events = ["review.opened", "glass.broken"];
    const night = { kind: "notification", id: "night", events, webhook, quiet: aroundNow() };
    await replicas.apply(JSON.stringify(night));
    const session = await open();
    const states = glassOf(session);
    const abort = new AbortController();
    const reviewed = start(session, "delete from orders where id = 6", { signal: abort.signal });
    await expect.poll(() => reviewed.review, PATIENT).not.toBe("");
    const waiting = async () =>
      (
        await replicas.store.query(
          "SELECT attempts, next_at > now() + interval '1 hour' AS later FROM notification WHERE channel = 'night' AND state = 'waiting'",
        )
      ).rows;
    await expect.poll(waiting, PATIENT).toEqual([{ attempts: 0, later: true }]);
    expect(told.find((body) => body.review === reviewed.review)).toBeUndefined();
    abort.abort(new Error("looked at"));
    await reviewed.done;
    const before = told.length;
    const update = start(session, "update orders set total = 0 where id = 7");
    await expect.poll(() => states.at(-1)?.asked, PATIENT).toMatchObject({ policies: ["on-call"] });
    await session.breakGlass(WHY);
    await update.done;
    // Both channels: the one that sleeps, too.
    await expect.poll(() => told.slice(before).map(({ event }) => event), PATIENT).toEqual(["glass.broken", "glass.broken"]);
    // When they are over.
    await replicas.apply(JSON.stringify({ ...night, quiet: undefined }));
    await replicas.store.query("UPDATE notification SET next_at = now() WHERE channel = 'night' AND state = 'waiting'");
    await expect.poll(() => told.some((body) => body.review === reviewed.review), PATIENT).toBe(true);
    await session.close("done");
  });
});
