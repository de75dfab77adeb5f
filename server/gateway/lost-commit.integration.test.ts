import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keys } from "../../test/fixtures/gateway.ts";
import { PATIENT, type Replicas, start, startReplicas } from "../../test/fixtures/replicas.ts";
import { seal } from "../adapter/secret/secret-store.ts";
import type { Person } from "./sessions.ts";

/** The connection to the target breaks in the moment of the commit: nobody can know whether it was committed. */
let replicas: Replicas;
let cut: Cut;
const ann: Person = { email: "ann@acme.test", name: "Ann", groups: ["engineers"] };
const bo: Person = { email: "bo@acme.test", name: "Bo", groups: ["leads"] };

const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select"]
---
kind: policy
id: deletes
effect: review
principals: { groups: [engineers] }
actions: ["sql:delete"]
obligations: { reviewers: { groups: [leads] } }
`;

/** Where a connection is cut: COMMIT reaches the server and its answer does not come back, or COMMIT does not reach it. */
type Place = "after" | "before";
interface Cut {
  readonly port: number;
  /** Of the next COMMIT that comes by; null: none. */
  place: Place | null;
  readonly server: Server;
}

/** A proxy on loopback that looks for a COMMIT in what the client sends. */
async function startCut(to: { readonly host: string; readonly port: number }): Promise<Cut> {
  const server = createServer((client) => {
    const upstream = connect(to.port, to.host);
    for (const socket of [client, upstream]) socket.on("error", () => undefined);
    client.on("close", () => upstream.end());
    upstream.on("close", () => client.destroy());
    upstream.on("data", (bytes) => client.write(bytes));
    client.on("data", (bytes) => {
      const { place } = made;
      if (place === null || !bytes.includes("COMMIT")) return void upstream.write(bytes);
      made.place = null;
      if (place === "before") {
        upstream.destroy();
        client.destroy();
      } else upstream.write(bytes, () => client.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const made: Cut = { port: (server.address() as AddressInfo).port, place: null, server };
  return made;
}

beforeAll(async () => {
  replicas = await startReplicas({
    configuration: CONFIGURATION,
    shop: "CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 100); ANALYZE",
  });
  const { host, port, password } = replicas.shop;
  cut = await startCut({ host, port });
  const postgres = {
    host: "127.0.0.1",
    port: cut.port,
    database: "shop",
    user: "postgres",
    password: seal(String(password), keys.seal),
    tls: "disable",
  };
  await replicas.apply(JSON.stringify({ kind: "target", id: "far-shop", type: "postgres", environment: "prod", postgres }));
});
afterAll(async () => {
  cut?.server.close();
  await replicas?.stop();
});

const rowsLeft = async (id: number) =>
  (await replicas.shop.query("SELECT count(*)::int AS n FROM orders WHERE id = $1", [id])).rows[0].n;

describe.each<[Place, boolean, number, number]>([
  ["after", true, 1, 0],
  ["after", false, 2, 0],
  ["before", true, 3, 1],
  ["before", false, 4, 1],
])("RV-16 the connection is cut %s COMMIT has gone out, held: %s", (place, hold, id, left) => {
  it("not known whether it ran, on the record and in the review; it is not run again", async () => {
    const session = await replicas.one.gateway.sessions.openSql(ann, "far-shop");
    const over = new Promise((resolve) => session.onEnded(resolve));
    const sql = `delete from orders where id = ${id}`;
    const seen = start(session, sql);
    await expect.poll(() => seen.review, PATIENT).not.toBe("");
    const reviewer = replicas.as(bo, replicas.two);
    const { verbs } = replicas.two.gateway;
    if (!hold) cut.place = place;
    await verbs.answerReview(reviewer, seen.review, { verdict: "approve", comment: "", minutes: null, hold });
    if (hold) {
      await expect.poll(() => seen.held, PATIENT).not.toBeNull();
      cut.place = place;
      await verbs.settleRun(reviewer, seen.held?.id ?? "", { verdict: "commit" });
    }
    await seen.done;
    expect(seen.ends).toMatchObject([{ ended: "failed", error: { code: "08007" } }]);
    await over;
    await expect
      .poll(async () => (await verbs.review(reviewer, seen.review)).runs, PATIENT)
      .toMatchObject([{ state: "unknown", found: null }]);
    expect(await replicas.recorded("run.unknown", seen.review)).toMatchObject([{ requester: ann.email, statement: sql }]);
    expect(await replicas.recorded("statement.executed", seen.review)).toMatchObject([{ ended: "failed", error: "08007" }]);
    const pending = await verbs.reviews(replicas.as(ann), "open");
    expect(pending.reviews.map((each) => each.id)).toContain(seen.review);
    // The same statement again is another review: the yes was used.
    await expect.poll(() => rowsLeft(id), PATIENT).toBe(left);
    const again = await replicas.two.gateway.sessions.openSql(ann, "far-shop");
    const second = start(again, sql);
    await expect.poll(() => second.review, PATIENT).not.toBe("");
    expect(second.review).not.toBe(seen.review);
    await again.close("done");
    await second.done;
    expect(await replicas.recorded("grant.used", seen.review)).toHaveLength(1);
    expect(await rowsLeft(id)).toBe(left);
  });
});
