import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway } from "../../test/fixtures/gateway.ts";
import { Retention } from "./retention.ts";

/** Recordings that are older than they are to be, in a real store. */

const DAY_MS = 86_400_000;
let guarded: Awaited<ReturnType<typeof startTestGateway>>;

beforeAll(async () => {
  guarded = await startTestGateway({ shop: "SELECT 1", configuration: "" });
});
afterAll(() => guarded?.stop());

/** `endedDaysAgo` null: it has not. */
async function recorded(session: string, beganDaysAgo: number, endedDaysAgo: number | null): Promise<void> {
  const { recordings } = guarded.gateway.context;
  const person = { session, principal: "engineer@acme.test", target: "web-1", environment: "dev" };
  await recordings.open({ ...person, startedAt: Date.now() - beganDaysAgo * DAY_MS });
  await recordings.append(session, 0, `what ${session} showed\n`);
  if (endedDaysAgo === null) return;
  const sums = { bytes: 1, chunks: 1, commands: 0, digest: "d" };
  await recordings.close(session, { ...sums, endedAt: Date.now() - endedDaysAgo * DAY_MS });
}

const kept = async () => {
  const found = await guarded.store.query("SELECT session FROM recording ORDER BY session");
  const chunks = await guarded.store.query("SELECT session FROM recording_chunk ORDER BY session");
  expect(chunks.rows).toEqual(found.rows);
  return found.rows.map(({ session }) => session as string);
};
const forgotten = async () => {
  const found = await guarded.store.query("SELECT payload FROM audit_event WHERE type = 'recording.forgotten'");
  return found.rows.map(({ payload }) => JSON.parse(payload));
};

test("what is older than it is to be is gone, once, with its name on the record", async () => {
  await recorded("old", 40, 39);
  await recorded("long", 40, 2);
  await recorded("new", 1, 1);
  await recorded("lost", 50, null);
  await recorded("open", 60, null);
  const session = { id: "open", principal: "p", name: "P", target: "web-1", kind: "terminal", identity: "d@w" } as const;
  await guarded.gateway.context.presence.opened({ ...session, replica: "here" });
  const both = [new Retention(guarded.gateway.context, 30), new Retention(guarded.gateway.context, 30)];
  await Promise.all(both.map((each) => each.close()));
  expect(await kept()).toEqual(["long", "new", "open"]);
  const events = await forgotten();
  expect(events.flatMap(({ body }) => body.sessions).sort()).toEqual(["lost", "old"]);
  expect(events[0]).toMatchObject({ principal: "system", body: { days: 30 } });
  const again = new Retention(guarded.gateway.context, 30);
  await again.close();
  expect(await forgotten()).toHaveLength(events.length);
});

test("P3 what cannot go on the record is not taken away", async () => {
  await recorded("stays", 40, 39);
  const { context } = guarded.gateway;
  const said: string[] = [];
  const audit = { append: () => Promise.reject(new Error("the record is away")) };
  const retention = new Retention({ ...context, audit, log: (line) => said.push(line) }, 30);
  await retention.close();
  expect(await kept()).toContain("stays");
  expect(said).toEqual(["old recordings: cannot forget old recordings: the record is away"]);
});
