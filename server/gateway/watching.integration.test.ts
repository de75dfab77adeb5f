import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startHost } from "../../test/fixtures/host.ts";
import { PATIENT, type Replicas, start, startReplicas } from "../../test/fixtures/replicas.ts";
import { terminalOf } from "../../test/fixtures/terminal.ts";
import type { WatchFrame } from "../contract/watch.ts";
import type { DemoHost } from "../demo/ssh-host.ts";
import type { OpenSqlSession, Person } from "./sessions.ts";
import type { ShowState } from "./show.ts";
import type { OpenWatch } from "./watches.ts";

/** Sessions on replica one, watched from replica two. */
let replicas: Replicas;
const ann: Person = { email: "ann@acme.test", name: "Ann", groups: ["engineers"] };
const lead: Person = { email: "lead@acme.test", name: "Lee", groups: ["leads", "readers"] };
const blind: Person = { email: "blind@acme.test", name: "Bea", groups: ["leads"] };
const stranger: Person = { email: "eve@acme.test", name: "Eve", groups: ["engineers"] };

const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select", "sql:transaction", "sql:ddl", "sql:insert", "shell:exec", "file:read", "shell:interactive"]
---
kind: policy
id: engineers-see-phones
effect: permit
principals: { groups: [engineers] }
actions: ["sql:unmask"]
resources: { columns: [public.customers.phone] }
---
kind: policy
id: readers
effect: permit
principals: { groups: [readers] }
actions: ["target:connect", "sql:select"]
---
kind: policy
id: leads-watch
effect: permit
principals: { groups: [leads] }
actions: ["session:watch", "session:terminate"]
---
kind: policy
id: secrets-are-watched
effect: permit
principals: { groups: [engineers] }
actions: ["sql:select", "sql:update"]
resources: { tables: [public.ledger] }
obligations: { watched: true }
---
kind: policy
id: keys-are-watched
effect: permit
principals: { groups: [engineers] }
actions: ["shell:exec", "shell:interactive"]
resources: { programs: [top] }
obligations: { watched: true }
---
kind: mask
id: hide
target: shop
columns: [public.customers.email, public.customers.phone]
mask: { type: redact }
`;
const SHOP = `
  CREATE TABLE customers (id int PRIMARY KEY, email text, phone text);
  INSERT INTO customers SELECT g, 'c' || g || '@acme.test', '555-' || g FROM generate_series(1, 300) g;
  CREATE TABLE ledger (id int PRIMARY KEY);
  INSERT INTO ledger VALUES (1);
  CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NEW; END';
  CREATE TRIGGER slow AFTER UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION slowly();
  ANALYZE`;

beforeAll(async () => {
  replicas = await startReplicas({ configuration: CONFIGURATION, shop: SHOP });
});
afterAll(() => replicas?.stop());

const open = (person: Person = ann) => replicas.one.gateway.sessions.openSql(person, "shop");

interface Watching {
  readonly frames: WatchFrame[];
  readonly ends: string[];
  readonly watch: OpenWatch;
}
async function watch(person: Person, session: string, on = replicas.two): Promise<Watching> {
  const frames: WatchFrame[] = [];
  const ends: string[] = [];
  const sink = {
    frames: (more: readonly WatchFrame[]) => void frames.push(...more),
    ended: (reason: string) => void ends.push(reason),
  };
  return { frames, ends, watch: await on.gateway.watches.start(person, session, sink) };
}
/** The states that the session's person is told, the newest last. */
function told(session: Pick<OpenSqlSession, "onWatched">): ShowState[] {
  const states: ShowState[] = [];
  session.onWatched((state) => states.push(state));
  return states;
}
const watchers = (states: readonly ShowState[]) => states.at(-1)?.watchers.map(({ id }) => id);
const of = <Type extends WatchFrame["type"]>(seen: Watching, type: Type) =>
  seen.frames.filter((frame): frame is Extract<WatchFrame, { type: Type }> => frame.type === type);

describe("watching", () => {
  it("shows statements, decisions, counts and rows on another replica; the person is told by whom, and the record", async () => {
    const session = await open();
    const states = told(session);
    await start(session, "select id from customers where id < 0").done;
    const listed = await replicas.two.gateway.verbs.sessions(replicas.as(lead, replicas.two));
    expect(listed.sessions).toMatchObject([
      { id: session.id, principal: ann.email, target: "shop", own: false, mayTerminate: true },
    ]);
    const seen = await watch(lead, session.id);
    await expect.poll(() => watchers(states), PATIENT).toEqual([lead.email]);
    // What there was is shown first.
    await expect
      .poll(() => of(seen, "decided").map(({ text }) => text), PATIENT)
      .toEqual(["select id from customers where id < 0"]);
    await start(session, "select id, email from customers order by id limit 2").done;
    await start(session, "update customers set id = 1").done;
    await expect.poll(() => of(seen, "decided").map(({ outcome }) => outcome), PATIENT).toEqual(["allow", "allow", "deny"]);
    await expect.poll(() => of(seen, "ended").at(-1), PATIENT).toMatchObject({ ended: "done", rowCount: 2 });
    const [columns] = of(seen, "columns");
    expect(columns?.columns.map(({ name, masked }) => [name, masked])).toEqual([
      ["id", null],
      ["email", "hide"],
    ]);
    expect(of(seen, "rows").flatMap(({ rows }) => rows.map(([id]) => id))).toEqual(["1", "2"]);
    expect(JSON.stringify(seen.frames)).not.toContain("c1@acme.test");
    await seen.watch.stop();
    await expect.poll(() => watchers(states), PATIENT).toEqual([]);
    expect(await replicas.recorded("session.watched", session.id)).toMatchObject([{ of: ann.email }]);
    expect(await replicas.recorded("session.unwatched", session.id)).toHaveLength(1);
    await session.close("done");
  });

  it.each<[string, Person, string]>([
    ["what is masked for the watcher and raw for the person", lead, "select phone from customers where id = 7"],
    ["what the watcher may not read", blind, "select id from customers where id = 7"],
    ["what was kept when it was raw", lead, "create temp table mine as select phone from customers; select * from mine"],
    ["a cursor", lead, "begin; declare c cursor for select phone from customers; fetch 3 from c; rollback"],
  ])("rows are left out: %s", async (_name, person, text) => {
    const session = await open();
    const states = told(session);
    const seen = await watch(person, session.id);
    await expect.poll(() => watchers(states), PATIENT).toEqual([person.email]);
    await start(session, text).done;
    await expect.poll(() => of(seen, "omitted").length, PATIENT).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(of(seen, "rows")).toEqual([]);
    expect(JSON.stringify(seen.frames)).not.toContain("555-7");
    await seen.watch.stop();
    await session.close("done");
  });

  it("of many rows the first are shown", async () => {
    const session = await open();
    const states = told(session);
    const seen = await watch(lead, session.id);
    await expect.poll(() => watchers(states), PATIENT).toEqual([lead.email]);
    await start(session, "select id from customers").done;
    await expect.poll(() => of(seen, "omitted").at(-1)?.because, PATIENT).toContain("first 200 rows");
    expect(of(seen, "rows").flatMap(({ rows }) => rows)).toHaveLength(200);
    await seen.watch.stop();
    await session.close("done");
  });

  it.each<[string, Person]>([
    ["whom no policy permits it", stranger],
    ["a second account of the same mailbox", { ...lead, email: "ann+lead@acme.test" }],
    ["the person themselves", { ...ann, groups: ["engineers", "leads"] }],
  ])("is refused to %s, and the session is not listed for them", async (_who, person) => {
    const session = await open();
    await expect(watch(person, session.id)).rejects.toMatchObject({ code: "forbidden" });
    const { sessions } = await replicas.two.gateway.verbs.sessions(replicas.as(person, replicas.two));
    expect(sessions.filter(({ own }) => !own)).toEqual([]);
    await expect(
      replicas.two.gateway.verbs.commentSession(replicas.as(stranger, replicas.two), session.id, "hello"),
    ).rejects.toMatchObject({ code: "not-found" });
    expect(await replicas.recorded("session.watched", session.id)).toEqual([]);
    await session.close("done");
  });

  it("P6 ends when policy no longer permits it, and nothing more is shown", async () => {
    const session = await open();
    const states = told(session);
    const seen = await watch(lead, session.id);
    await expect.poll(() => watchers(states), PATIENT).toEqual([lead.email]);
    const forbid = {
      kind: "policy",
      id: "nobody-watches",
      effect: "forbid",
      principals: { everyone: true },
      actions: ["session:watch"],
    };
    const before = Date.now();
    await replicas.apply(JSON.stringify(forbid));
    await expect.poll(() => watchers(states), { ...PATIENT, interval: 20 }).toEqual([]);
    expect(Date.now() - before).toBeLessThan(1_000);
    await start(session, "select id from customers where id = 3").done;
    await expect.poll(() => seen.ends, PATIENT).toHaveLength(1);
    expect(seen.ends[0]).toContain("no policy permits you");
    expect(JSON.stringify(seen.frames)).not.toContain("id = 3");
    await replicas.one.gateway.context.configuration.remove("policy", "nobody-watches", "test");
    await expect.poll(() => replicas.two.gateway.context.configuration.set.policies.length, PATIENT).toBe(6);
    await session.close("done");
  });

  it("comments go both ways and are on the record; ending it from another replica ends it, with the reason", async () => {
    const session = await open();
    const states = told(session);
    const ended = new Promise<string>((resolve) => session.onEnded(resolve));
    const seen = await watch(lead, session.id);
    const { verbs } = replicas.two.gateway;
    await verbs.commentSession(replicas.as(lead, replicas.two), session.id, "what are you looking for?");
    await expect
      .poll(() => states.at(-1)?.comments, PATIENT)
      .toMatchObject([{ by: lead.email, text: "what are you looking for?" }]);
    await replicas.one.gateway.verbs.commentSession(replicas.as(ann), session.id, "the broken row");
    await expect.poll(() => of(seen, "comment").map(({ text }) => text), PATIENT).toContain("the broken row");
    expect(await replicas.recorded("session.commented", session.id)).toHaveLength(2);
    const later = await watch(lead, session.id);
    await expect.poll(() => of(later, "comment"), PATIENT).toHaveLength(2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(states.at(-1)?.comments).toHaveLength(2);
    await later.watch.stop();
    await expect(verbs.terminateSession(replicas.as(stranger, replicas.two), session.id, "because")).rejects.toMatchObject({
      code: "not-found",
    });
    const before = Date.now();
    await verbs.terminateSession(replicas.as(lead, replicas.two), session.id, "wrong database");
    expect(await ended).toBe("lead@acme.test ended it: wrong database");
    expect(Date.now() - before).toBeLessThan(1_000);
    await expect.poll(() => seen.ends, PATIENT).toHaveLength(1);
    await expect(verbs.terminateSession(replicas.as(lead, replicas.two), session.id, "again")).rejects.toMatchObject({
      code: "not-found",
    });
    expect(await replicas.recorded("session.terminated", session.id)).toMatchObject([
      { reason: "wrong database", of: ann.email },
    ]);
  });
});

describe("a watcher must be present", () => {
  it("PE-18 statements wait until somebody watches, and wait again when they leave", async () => {
    const session = await open();
    const states = told(session);
    const first = start(session, "select id from ledger");
    await expect.poll(() => states.at(-1)?.paused, PATIENT).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(first.rows).toEqual([]);
    expect(await replicas.recorded("statement.decided", session.id)).toEqual([]);
    const seen = await watch(lead, session.id);
    await first.done;
    expect(first.rows).toEqual([["1"]]);
    expect(states.at(-1)?.paused).toBe(false);
    await start(session, "select id from ledger where id = 1").done;
    await seen.watch.stop();
    await expect.poll(() => watchers(states), PATIENT).toEqual([]);
    const second = start(session, "select id from ledger where id > 0");
    await expect.poll(() => states.at(-1)?.paused, PATIENT).toBe(true);
    // What needs no watcher is another tab's; this one is given up.
    const other = await open();
    const free = start(other, "select id from customers where id = 1");
    await free.done;
    expect(free.rows).toEqual([["1"]]);
    await other.close("done");
    await session.close("done");
    await second.done.catch(() => undefined);
    expect(second.rows).toEqual([]);
  });

  it("PE-18 a watcher whose replica is gone is not there", async () => {
    const session = await open();
    const states = told(session);
    const seen = await watch(lead, session.id);
    await expect.poll(() => watchers(states), PATIENT).toEqual([lead.email]);
    await replicas.store.query(
      "UPDATE session_watch SET replica = 'gone' WHERE id IN (SELECT id FROM session_watch WHERE session = $1)",
      [session.id],
    );
    await expect.poll(() => watchers(states), PATIENT).toEqual([]);
    const waiting = start(session, "select id from ledger");
    await expect.poll(() => states.at(-1)?.paused, PATIENT).toBe(true);
    await seen.watch.stop();
    await session.close("done");
    await waiting.done.catch(() => undefined);
    expect(waiting.rows).toEqual([]);
  });

  const under = async (text: string) => {
    const session = await open();
    const states = told(session);
    const seen = await watch(lead, session.id);
    await expect.poll(() => watchers(states), PATIENT).toEqual([lead.email]);
    return { session, states, seen, running: start(session, text) };
  };
  const active = async (text: string) =>
    (
      await replicas.shop.query(
        "SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()",
        [text],
      )
    ).rowCount;

  it.each([
    ["by itself", "update ledger set id = 1 where id = 1"],
    ["in an open transaction", "begin; update ledger set id = 1 where id = 1"],
  ])("PE-18 when the last watcher leaves, a statement that runs is cancelled and rolled back: %s", async (_name, text) => {
    const { session, seen, running } = await under(text);
    await expect.poll(() => active("%UPDATE%ledger%SET%".toLowerCase()), PATIENT).toBe(1);
    const before = Date.now();
    await seen.watch.stop();
    await running.done;
    expect(Date.now() - before).toBeLessThan(8_000);
    expect(running.ends.at(-1)).toMatchObject({
      ended: "failed",
      error: { code: "GH004", message: expect.stringContaining("nobody watched any more") },
    });
    expect(session.sql.transaction).toBe(text.startsWith("begin") ? "failed" : "idle");
    expect(await replicas.recorded("statement.executed", "nobody watched any more")).not.toEqual([]);
    expect((await replicas.recorded("session.unwatched", session.id)).length).toBe(1);
    await session.close("done");
  });

  it("PE-18 rows stand still while the watcher loads the page again, and go on", async () => {
    const { session, seen, running, states } = await under("select g from ledger, generate_series(1, 3000000) g");
    await expect.poll(() => running.rows.length, PATIENT).toBeGreaterThan(0);
    await seen.watch.stop();
    await expect.poll(() => states.at(-1)?.paused, PATIENT).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const then = running.rows.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(running.rows.length).toBe(then);
    expect(then).toBeLessThan(3_000_000);
    const again = await watch(lead, session.id);
    await running.done;
    expect(running.ends).toMatchObject([{ ended: "done" }]);
    expect(running.rows.length).toBe(3_000_000);
    await again.watch.stop();
    await session.close("done");
  });

  it.each([
    ["a temporary table", "create temp table mine as select id as kept from ledger", "select kept from mine"],
    ["a cursor", "begin; declare c cursor for select id as kept from ledger", "fetch all from c"],
    ["a prepared statement", "prepare p as select id as kept from ledger; execute p", "execute p"],
  ])("PE-18 what was read under a watcher is not shown when they have left: %s", async (_name, keep, show) => {
    const { session, states, seen, running } = await under(keep);
    await running.done;
    expect(running.ends.every(({ ended }) => ended === "done")).toBe(true);
    await seen.watch.stop();
    await expect.poll(() => watchers(states), PATIENT).toEqual([]);
    const unwatched = start(session, show);
    await expect.poll(() => states.at(-1)?.paused, PATIENT).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(unwatched.rows).toEqual([]);
    const again = await watch(lead, session.id);
    await unwatched.done;
    expect(unwatched.rows).toEqual([["1"]]);
    await again.watch.stop();
    await session.close("done");
  });

  it("PE-18 where nobody waits, it is not run", async () => {
    const session = await open();
    const seen = start(session, "select id from ledger", { waitForReview: false });
    await seen.done;
    expect(seen).toMatchObject({ rows: [], ends: [{ ended: "review" }] });
    await session.close("done");
  });
});

describe("a terminal", () => {
  let host: DemoHost;
  beforeAll(async () => {
    const started = await startHost(replicas.folder, "web-1");
    host = started.host;
    await replicas.apply(started.target);
  });
  afterAll(() => host?.stop());

  it("PE-18 is shown as its person sees it; keys are held while nobody watches, Ctrl-C is not", async () => {
    const session = await replicas.one.gateway.sessions.openShell(ann, "web-1");
    const states = told(session);
    const { terminal, keys, screen, running } = terminalOf(session);
    keys("top -s\r");
    await expect.poll(screen, PATIENT).toContain("somebody has to watch");
    const seen = await watch(lead, session.id);
    const shown = () =>
      of(seen, "output")
        .map(({ bytes }) => Buffer.from(bytes, "base64").toString())
        .join("");
    await expect.poll(shown, PATIENT).toContain("load average");
    expect(of(seen, "size")[0]).toMatchObject({ columns: 80, rows: 24 });
    await seen.watch.stop();
    await expect.poll(() => session.show.isWatched, PATIENT).toBe(false);
    expect(states.at(-1)?.paused).toBe(true);
    keys("q");
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(running.at(-1)).toBe(true);
    const again = await watch(lead, session.id);
    await expect.poll(() => running.at(-1), PATIENT).toBe(false);
    keys("top -s\r");
    await expect.poll(() => running.at(-1), PATIENT).toBe(true);
    await again.watch.stop();
    await expect.poll(() => session.show.isWatched, PATIENT).toBe(false);
    keys("\x03");
    await expect.poll(() => running.at(-1), PATIENT).toBe(false);
    // Nobody presses a key, and nobody comes back.
    const last = await watch(lead, session.id);
    keys("top -s\r");
    await expect.poll(() => running.at(-1), PATIENT).toBe(true);
    await last.watch.stop();
    await expect.poll(() => session.show.isWatched, PATIENT).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const shownBefore = screen().length;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(screen().length).toBe(shownBefore);
    expect(running.at(-1)).toBe(true);
    await expect.poll(() => running.at(-1), PATIENT).toBe(false);
    expect(screen()).toContain("has to watch this command, and nobody watched any more");
    expect(await replicas.recorded("statement.executed", "nobody watched any more")).toContainEqual(
      expect.objectContaining({ kind: "shell", because: "nobody watched any more" }),
    );
    terminal.close();
    await session.close("done");
  });
});
