import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browser as browserOf, openTab, signIn as signInOf, startDoor } from "../../test/fixtures/browser.ts";
import { startTestGateway } from "../../test/fixtures/gateway.ts";
import { startHost } from "../../test/fixtures/host.ts";
import type { DemoHost } from "../demo/ssh-host.ts";
import { principalOf } from "../gateway/principal-of.ts";

/** A browser's connection that breaks, over a real socket to a real host. */

const CONFIGURATION = `
kind: policy
id: all
effect: permit
principals: { everyone: true }
actions: ["target:connect", "shell:exec", "file:read"]
`;
let guarded: Awaited<ReturnType<typeof startTestGateway>>;
let host: DemoHost;
let door: Awaited<ReturnType<typeof startDoor>>;

beforeAll(async () => {
  guarded = await startTestGateway({ shop: "SELECT 1", configuration: CONFIGURATION });
  const started = await startHost(guarded.folder, "web-1");
  host = started.host;
  await guarded.gateway.context.configuration.apply(started.target, "test");
  door = await startDoor(guarded.gateway);
});
afterAll(async () => {
  door?.stop();
  await host?.stop();
  await guarded?.stop();
});

const signIn = (email?: string) => signInOf(guarded.gateway, email);
const browser = (sid: string) => browserOf(door.url, sid);
const opened = (sid: string, tab: string) => openTab(door.url, sid, tab);

/** A terminal in which a program runs that says `alive` every half second. */
async function running(sid: string) {
  const first = await browser(sid);
  first.send({ type: "session.open", request: "o", target: "web-1", kind: "terminal", columns: 80, rows: 24 });
  await expect.poll(() => first.found("session.opened"), { timeout: 10_000 }).toBeDefined();
  await expect.poll(first.shown).toContain("$ ");
  first.keys("while sleep 0.5; do echo alive; done\r");
  await expect.poll(first.shown, { timeout: 10_000 }).toMatch(/alive\r\n/);
  const session = first.found("session.opened")?.session ?? "";
  return { first, session };
}

const count = (text: string) => text.split("alive\r\n").length - 1;

describe("a terminal whose socket is gone", () => {
  test("goes on in the next one of the same sign-in, with what was shown, and keys reach it", async () => {
    const sid = await signIn();
    const { first, session } = await running(sid);
    first.socket.terminate();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const second = await browser(sid);
    expect(await second.resume(session)).toMatchObject({ session, resumed: true });
    await expect.poll(() => count(second.shown())).toBeGreaterThanOrEqual(3);
    expect(second.shown()).toContain("while sleep 0.5");
    // Who watches is said in the new one, too.
    expect(second.found("session.watched")).toMatchObject({ watchers: [], paused: false });
    expect(second.found("session.glass")).toMatchObject({ asked: null, broken: [] });
    expect(second.found("terminal.state")).toMatchObject({ running: true });
    expect(second.found("terminal.block")?.block).toMatchObject({ line: "while sleep 0.5; do echo alive; done", ended: null });
    second.keys("\u0003");
    await expect.poll(() => second.found("terminal.state")?.running, { timeout: 8_000 }).toBe(false);
    second.send({ type: "session.close", session });
    second.socket.close();
  });

  test("is not another's: not another person's, nor another sign-in's of the same person", async () => {
    const sid = await signIn();
    const { first, session } = await running(sid);
    first.socket.terminate();
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const other of [await signIn("other@acme.test"), await signIn()]) {
      const thief = await browser(other);
      expect(await thief.resume(session)).toBeUndefined();
      expect(thief.shown()).not.toContain("alive");
      thief.socket.close();
    }
    const owner = await browser(sid);
    expect(await owner.resume(session)).toBeDefined();
    owner.socket.close();
  });

  test("is not taken out of a browser that still has it", async () => {
    const sid = await signIn();
    const { first, session } = await running(sid);
    const second = await browser(sid);
    expect(await second.resume(session)).toBeUndefined();
    const before = count(first.shown());
    await expect.poll(() => count(first.shown())).toBeGreaterThan(before);
    second.socket.close();
    first.socket.close();
  }, 20_000);

  test("P6 ends with its sign-in, and when policy no longer lets it connect", async () => {
    for (const end of [
      (sid: string) => guarded.gateway.context.signIns.revoke(sid),
      () =>
        guarded.gateway.context.configuration.apply(
          "kind: policy\nid: no-host\neffect: forbid\nprincipals: { everyone: true }\nactions: [target:connect]\nresources: { targets: [web-1] }\n",
          "test",
        ),
    ]) {
      const sid = await signIn();
      const { first, session } = await running(sid);
      first.socket.terminate();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await end(sid);
      const ended = async () =>
        (await guarded.store.query("SELECT FROM audit_event WHERE type = 'session.closed' AND payload LIKE $1", [`%${session}%`]))
          .rowCount;
      await expect.poll(ended, { timeout: 5_000 }).toBe(1);
      const left = await guarded.store.query("SELECT ended_at FROM recording WHERE session = $1", [session]);
      expect(left.rows[0].ended_at).not.toBeNull();
    }
    await guarded.gateway.context.configuration.remove("policy", "no-host", "test");
  }, 30_000);
});

type Opened = Awaited<ReturnType<typeof opened>>;
const cwdOf = (page: Opened) => page.found("terminal.state")?.cwd;

describe("a tab whose terminal is gone", () => {
  test("begins where it stood, with its variables, judged anew and on the record", async () => {
    await guarded.gateway.context.configuration.apply(
      "kind: policy\nid: settings\neffect: permit\nprincipals: { everyone: true }\nactions: [shell:opaque]\nresources: { settings: [EDITOR] }\n",
      "test",
    );
    const sid = await signIn();
    const first = await opened(sid, "tab-1");
    await first.line("cd shop-api", /shop-api/);
    await first.line('export note="it\'s \\$HOME"', /export/);
    await first.line("export EDITOR=cat", /export/);
    await first.line("pushd logs", /logs/);
    first.socket.terminate();
    // Permitted then, not any more.
    await guarded.gateway.context.configuration.remove("policy", "settings", "test");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = await opened(sid, "tab-1");
    expect(second.session).not.toBe(first.session);
    expect(cwdOf(second)).toMatch(/shop-api\/logs$/);
    expect(second.shown()).toMatch(/variable EDITOR: not as before/);
    await second.line('echo "[$note] [$EDITOR]"', /\[it's \$HOME\] \[\]/);
    await second.line("popd", /shop-api/);
    expect(cwdOf(second)).toMatch(/shop-api$/);
    const events = await guarded.store.query(
      "SELECT payload FROM audit_event WHERE type = 'statement.decided' AND payload LIKE $1 ORDER BY at",
      [`%${second.session}%`],
    );
    const statements = events.rows.map(({ payload }) => JSON.parse(payload).body.statement as string);
    expect(statements[0]).toMatch(/^cd '.*shop-api\/logs'$/);
    expect(statements).toContain("export note='it'\\''s $HOME'");
    expect(statements.join()).not.toContain("EDITOR=");
    second.send({ type: "session.close", session: second.session });
    second.socket.close();
  }, 30_000);

  test("is another's by name alone: another person, or a tab that was closed, begins at home", async () => {
    const sid = await signIn();
    const first = await opened(sid, "tab-2");
    await first.line("cd shop-api", /shop-api/);
    const other = await opened(await signIn("other@acme.test"), "tab-2");
    expect(cwdOf(other)).toBe(host.home);
    other.socket.close();
    first.send({ type: "session.close", session: first.session });
    await new Promise((resolve) => setTimeout(resolve, 300));
    first.socket.close();
    const again = await opened(sid, "tab-2");
    expect(cwdOf(again)).toBe(host.home);
    await again.line("cd shop-api", /shop-api/);
    again.keys("exit\r");
    await expect.poll(() => again.found("session.closed")).toMatchObject({ lost: false });
    const third = await opened(sid, "tab-2");
    expect(cwdOf(third)).toBe(host.home);
    third.socket.close();
    again.socket.close();
  }, 30_000);

  test("is told when its host was lost, and begins where it stood when the host is back", async () => {
    const sid = await signIn();
    const first = await opened(sid, "tab-3");
    await first.line("cd shop-api", /shop-api/);
    const person = principalOf({ email: "engineer@acme.test", name: "", groups: [] }, guarded.gateway.context.configuration.set);
    guarded.gateway.sessions.shellOf(person, first.session)?.connection.close();
    await expect.poll(() => first.found("session.closed"), { timeout: 5_000 }).toMatchObject({ lost: true });
    const second = await opened(sid, "tab-3");
    expect(cwdOf(second)).toMatch(/shop-api$/);
    second.socket.close();
    first.socket.close();
  }, 30_000);

  test("a folder that is gone is said to be, and the tab begins at home", async () => {
    const sid = await signIn();
    const saved = { cwd: `${host.home}/gone`, previous: host.home, stack: [], environment: {} };
    const tab = { principal: "engineer@acme.test", target: "web-1", tab: "tab-4" };
    await guarded.gateway.context.terminalTabs.keep(tab, { place: saved, sessions: [] });
    const page = await opened(sid, "tab-4");
    expect(page.shown()).toContain("no such directory");
    expect(cwdOf(page)).toBe(host.home);
    page.socket.close();
  });
});
