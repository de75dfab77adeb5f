import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { keys } from "../../test/fixtures/gateway.ts";
import { PATIENT } from "../../test/fixtures/replicas.ts";
import {
  admin,
  ann,
  approved,
  as,
  asked,
  bo,
  one,
  recorded,
  store,
  two,
  withReviewing,
  yes,
} from "../../test/fixtures/reviewing.ts";
import { seal } from "../adapter/secret/secret-store.ts";

withReviewing();

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
