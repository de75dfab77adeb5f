import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { browser, openTab, signIn, startDoor } from "../../test/fixtures/browser.ts";
import { startHost } from "../../test/fixtures/host.ts";
import { PATIENT, type Replicas, startReplicas } from "../../test/fixtures/replicas.ts";
import { castHeader, castLine } from "../core/terminal/asciicast.ts";
import type { DemoHost } from "../demo/ssh-host.ts";
import { KeptTab } from "../gateway/kept-tab.ts";

/** A tab whose terminal is lost with its replica, and begins anew on another one. */

const CONFIGURATION = `
kind: policy
id: all
effect: permit
principals: { everyone: true }
actions: ["target:connect", "shell:exec", "shell:interactive", "file:read", "review:resolve"]
---
kind: policy
id: touching-waits
effect: review
principals: { everyone: true }
actions: ["file:write"]
obligations: { approvals: 1, reviewers: { users: [lead@acme.test] } }
`;
let replicas: Replicas;
let host: DemoHost;
let one: Awaited<ReturnType<typeof startDoor>>;
let two: Awaited<ReturnType<typeof startDoor>>;

beforeAll(async () => {
  replicas = await startReplicas({ shop: "SELECT 1", configuration: CONFIGURATION });
  const started = await startHost(replicas.folder, "web-1");
  host = started.host;
  await replicas.apply(started.target);
  one = await startDoor(replicas.one.gateway);
  two = await startDoor(replicas.two.gateway);
}, 60_000);
afterAll(async () => {
  one?.stop();
  two?.stop();
  await host?.stop();
  await replicas?.stop();
});

const pages: { readonly socket: { terminate(): void } }[] = [];
afterEach(() => {
  for (const { socket } of pages.splice(0)) socket.terminate();
});
async function open(where: typeof one, sid: string, tab: string, empty = false) {
  const page = await openTab(where.url, sid, tab, empty);
  pages.push(page);
  return page;
}
const sidOf = (email?: string) => signIn(replicas.one.gateway, email);
const plain = (page: { shown(): string }) => stripVTControlCharacters(page.shown()).replaceAll("\r", "");
const RULE = /── from before the connection was lost, [0-9]{2}:[0-9]{2} UTC ──/;
/** Long enough for the recorder to have written. */
const written = () => new Promise((resolve) => setTimeout(resolve, 1_200));

describe("what a lost tab had shown", () => {
  test("comes first, in its colours, above a rule; full screens and what was typed are left out", async () => {
    const sid = await sidOf();
    const first = await open(one, sid, "t1");
    await first.line("cd shop-api", /shop-api/);
    await first.line("printf 'one \\033[31mred\\033[0m ünï日本\\ntwo\\n'", /two/);
    await first.line("printf 'no end of line'", /no end of line/);
    first.keys("less logs/app.log\r");
    await expect.poll(first.shown, PATIENT).toContain("\x1b[?1049h");
    first.keys("q");
    await expect.poll(() => plain(first), PATIENT).toMatch(/\$ $/);
    await first.line("echo typwo\x7f\x7fo", /typo/);
    await written();
    first.socket.terminate();
    const second = await open(two, sid, "t1", true);
    await expect.poll(second.shown, PATIENT).toContain("as before: directory");
    const [above = "", below = ""] = plain(second).split(RULE);
    expect(above).toMatch(/deploy@web-1:~\/shop-api \$ printf .*\none red ünï日本\ntwo\n/);
    expect(above).toMatch(/no end of line\n/);
    expect(above).toMatch(/\$ echo typo\ntypo\n/);
    expect(above).not.toContain("typwo");
    expect(above).toMatch(/\$ less logs\/app\.log\n prod /);
    expect(second.shown()).toMatch(/\x1b\[31mred/);
    expect(below).toContain("as before: directory");
    await second.line("pwd", /shop-api/);
    const seen = await replicas.recorded("recording.watched", first.session);
    expect(seen).toEqual([{ of: "engineer@acme.test", shownAgainIn: second.session }]);
    // Lost once more: of both, in their order.
    await written();
    second.socket.terminate();
    const third = await open(one, sid, "t1", true);
    await expect.poll(third.shown, PATIENT).toMatch(RULE);
    expect(plain(third).match(/one red/g)).toHaveLength(1);
    expect(plain(third)).toMatch(/typo\n[\s\S]*\$ pwd\n[\s\S]*shop-api\n── from/);
  }, 40_000);

  test("is not written twice where it is still in sight, nor after the tab was closed", async () => {
    const sid = await sidOf();
    const first = await open(one, sid, "t2");
    await first.line("echo marker-two", /marker-two/);
    await written();
    first.socket.terminate();
    const second = await open(two, sid, "t2");
    expect(second.shown()).not.toMatch(RULE);
    second.send({ type: "session.close", session: second.session });
    await written();
    const third = await open(two, sid, "t2", true);
    expect(third.shown()).not.toContain("marker-two");
  }, 30_000);

  test("is nobody else's: by the tab's name, or by a session's that stands in their tab", async () => {
    const first = await open(one, await sidOf(), "t3");
    await first.line("echo marker-three", /marker-three/);
    await written();
    const other = await sidOf("other@acme.test");
    const byName = await open(two, other, "t3", true);
    expect(byName.shown()).not.toMatch(/marker-three|from before/);
    const { context } = replicas.two.gateway;
    const place = { cwd: host.home, previous: host.home, stack: [], environment: {} };
    const tab = { principal: "other@acme.test", target: "web-1", tab: "t3b" };
    await context.terminalTabs.keep(tab, { place, sessions: [first.session] });
    const bySession = await open(two, other, "t3b", true);
    expect(bySession.shown()).not.toMatch(/marker-three|from before/);
    expect(await replicas.recorded("recording.watched", first.session)).toEqual([]);
  }, 30_000);

  test("P6 is judged and masked as it would be now: a line that is not allowed any more shows nothing", async () => {
    const sid = await sidOf();
    const first = await open(one, sid, "t4");
    await first.line("cd shop-api", /shop-api/);
    await first.line("head -n 1 logs/app.log", /\d/);
    await first.line("cd /", /:\/ \$/);
    await first.line("echo order=4711-secretive", /secretive/);
    await first.line("uname -s", /Linux/);
    const [logged = ""] = readFileSync(`${host.home}/shop-api/logs/app.log`, "utf8").split(" ");
    expect(plain(first)).toContain(`\n${logged} `);
    await written();
    first.socket.terminate();
    await replicas.apply(`
kind: policy
id: no-logs
effect: forbid
principals: { everyone: true }
actions: ["file:read"]
resources: { paths: ["**/logs/app.log"] }
---
kind: detector
id: orders
pattern: 'order=[0-9]+-[a-z]+'
literal: order=
`);
    try {
      const second = await open(two, sid, "t4", true);
      await expect.poll(second.shown, PATIENT).toMatch(RULE);
      const above = plain(second).split(RULE)[0] ?? "";
      // The path was relative, and the tab stands elsewhere now.
      expect(above).toMatch(/head -n 1 logs\/app\.log\n\(what it showed is left out/);
      expect(above).not.toContain(logged);
      expect(above).toContain("uname -s\nLinux\n");
      expect(above).not.toContain("secretive");
    } finally {
      await replicas.one.gateway.context.configuration.remove("policy", "no-logs", "test");
      await replicas.one.gateway.context.configuration.remove("detector", "orders", "test");
    }
  }, 30_000);

  test("of what a recording holds nothing but text and colours comes out", async () => {
    const { context } = replicas.two.gateway;
    const session = "hostile";
    const recorded = { session, principal: "engineer@acme.test", target: "web-1", environment: "prod", startedAt: Date.now() };
    await context.recordings.open(recorded);
    const where = JSON.stringify({ cwd: host.home, environment: {} });
    const hostile = [
      "\x1b]52;c;ZXZpbA==\x07",
      "\x1b]0;title\x07",
      "\x1b[21t\x1b[c\x1b[6n\x1b[5n\x1bP$qm\x1b\\\x1b_apc\x1b\\",
      "\x1b[?1000h\x1b[?2004h\x1b[?1049hHIDDEN\x1b[?1049l",
      "\u009b31mc1\u009d52;c;eA==\u009c",
      "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
      "\x1b]133;A\x07fake \x1b[3J\x1b[2;5r\x1b[4h\x1b#8",
      "\x1b[31mopen \x1b[",
    ].join("text ");
    await context.recordings.append(
      session,
      0,
      castHeader({ ...recorded, columns: 80, rows: 24, title: "" }) +
        castLine(1, "r", "99999x1") +
        castLine(1, "m", "true") +
        castLine(1, "p", where) +
        castLine(2, "o", hostile) +
        castLine(3, "m", "a marker of nobody's") +
        castLine(3, "o", "of no command") +
        castLine(4, "x", "0"),
    );
    const place = { cwd: host.home, previous: host.home, stack: [], environment: {} };
    const tab = { principal: "engineer@acme.test", target: "web-1", tab: "t5" };
    await context.terminalTabs.keep(tab, { place, sessions: [session] });
    const page = await open(two, await sidOf(), "t5", true);
    await expect.poll(page.shown, PATIENT).toMatch(RULE);
    const above = page.shown().slice(0, page.shown().search(RULE));
    expect(above).not.toContain("HIDDEN");
    const escapes = above.match(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f](?:\[[0-9;:]*[A-Za-z])?/g) ?? [];
    expect(escapes.filter((each) => !/^\x1b\[[0-9;:]*[mCX]$/.test(each))).toEqual([]);
  }, 20_000);
});

describe("a line that waited when its replica was lost", () => {
  test("goes on waiting by itself, is approved, and runs once; the lost one neither runs nor withdraws it", async () => {
    const sid = await sidOf();
    const first = await open(one, sid, "w1");
    await first.line("cd shop-api", /shop-api/);
    first.keys("touch waited && date +ran-%N\r");
    await expect.poll(first.shown, PATIENT).toContain("waiting for review");
    const review = first.found("terminal.state")?.review?.id ?? "";
    await written();
    first.socket.terminate();
    const second = await open(two, sid, "w1", true);
    await expect.poll(second.shown, PATIENT).toContain("its review still stands");
    await expect.poll(() => second.found("terminal.state")?.review?.id, PATIENT).toBe(review);
    // The first one ends where it waited, as it would after its half minute.
    await expect.poll(async () => (await replicas.recorded("review.taken-up", review)).length, PATIENT).toBe(1);
    const back = await browser(one.url, sid);
    pages.push(back);
    await back.resume(first.session);
    await expect.poll(() => stripVTControlCharacters(back.shown()), PATIENT).toContain("gone on with in another tab");
    back.send({ type: "session.close", session: first.session });
    const lead = replicas.as({ email: "lead@acme.test", name: "", groups: [] });
    const given = { verdict: "approve", comment: "", minutes: null, hold: null } as const;
    await replicas.one.gateway.reviews.answer(lead, review, given);
    await expect.poll(() => plain(second).match(/ran-[0-9]+/g) ?? [], PATIENT).toHaveLength(1);
    const runs = await replicas.store.query("SELECT state FROM granted_run WHERE review = $1", [review]);
    expect(runs.rows).toHaveLength(1);
    // The yes was for one run: what it showed is not shown again without another.
    await expect.poll(() => plain(second), PATIENT).toMatch(/\$ $/);
    await written();
    second.socket.terminate();
    const third = await open(one, sid, "w1", true);
    await expect.poll(third.shown, PATIENT).toMatch(RULE);
    expect(plain(third)).toMatch(/touch waited && date \+ran-%N\n\(what it showed is left out/);
    expect(plain(third)).not.toMatch(/ran-[0-9]/);
  }, 40_000);

  test("where the tab cannot be led back, it is said and not run", async () => {
    const sid = await sidOf();
    const { context } = replicas.one.gateway;
    const first = await open(one, sid, "w2");
    first.keys("touch elsewhere\r");
    await expect.poll(first.shown, PATIENT).toContain("waiting for review");
    const tab = { principal: "engineer@acme.test", target: "web-1", tab: "w2" };
    const place = { cwd: "/no/such/folder", previous: host.home, stack: [], environment: {} };
    await context.terminalTabs.keep(tab, { place, sessions: [first.session] });
    const second = await open(two, sid, "w2", true);
    await expect.poll(() => plain(second), PATIENT).toContain("`touch elsewhere` still waits for a reviewer, for the place");
    expect(second.found("terminal.state")?.review).toBeNull();
  }, 30_000);
});

test("a tab's last sessions are kept, not all of them", async () => {
  const { context } = replicas.one.gateway;
  const tab = { principal: "engineer@acme.test", target: "web-1", tab: "k" };
  const place = { cwd: "/", previous: "/", stack: [], environment: {} };
  for (let i = 0; i < 8; i++) {
    const known = await context.terminalTabs.find(tab);
    new KeptTab(context, { tab, session: `s${i}`, known }).keep(place);
    await expect.poll(async () => (await context.terminalTabs.find(tab))?.sessions.at(-1)).toBe(`s${i}`);
  }
  expect((await context.terminalTabs.find(tab))?.sessions).toEqual(["s3", "s4", "s5", "s6", "s7"]);
});

test("a session that was lost, and goes on somewhere, neither forgets the tab nor takes it back", async () => {
  const { context } = replicas.one.gateway;
  const tab = { principal: "engineer@acme.test", target: "web-1", tab: "kept" };
  const at = (cwd: string) => ({ cwd, previous: "/", stack: [], environment: {} });
  const kept = async (sessions: readonly string[], cwd: string) =>
    expect.poll(() => context.terminalTabs.find(tab)).toEqual({ place: at(cwd), sessions });
  const lost = new KeptTab(context, { tab, session: "lost", known: null });
  lost.keep(at("/a"));
  await kept(["lost"], "/a");
  const present = new KeptTab(context, { tab, session: "present", known: await context.terminalTabs.find(tab) });
  present.keep(at("/b"));
  await kept(["lost", "present"], "/b");
  lost.keep(at("/c"));
  lost.forget();
  await written();
  await kept(["lost", "present"], "/b");
  present.forget();
  await expect.poll(() => context.terminalTabs.find(tab)).toBeNull();
});
