import { rm, writeFile } from "node:fs/promises";
import { expect, type Page, test, type WebSocketRoute } from "@playwright/test";
import { openTerminal, screen, signIn, type } from "./people.ts";

/** Hosts: what hands know of a terminal, and what becomes of it when something between breaks. In order. */
test.describe.configure({ mode: "serial" });

let engineer: Page;
/** While set, no connection to the gateway comes about. */
let cut = false;
let socket: { readonly page: WebSocketRoute; readonly server: WebSocketRoute } | null = null;

test.beforeAll(async ({ browser }) => {
  const context = await browser.newContext({ colorScheme: "dark" });
  engineer = await signIn(browser, "engineer", "dark", context);
  await engineer.routeWebSocket(/\/socket$/, (page) => {
    if (cut) return void page.close();
    socket = { page, server: page.connectToServer() };
  });
  await engineer.reload();
  await openTerminal(engineer, "web-1");
});
test.afterAll(() => engineer.context().close());

const HOME = ".data/e2e/host/host/home/deploy";
const shot = (name: string): Promise<unknown> => engineer.screenshot({ path: `test-results/screens/${name}.png` });
const tab = () => engineer.locator('[data-terminal-tab="web-1"]');
const lastLine = async () => (await screen(engineer)).trimEnd().split("\n").at(-1) ?? "";
/** Types a beginning and Tab; then all is taken back. */
const completes = async (typed: string, whole: RegExp) => {
  await engineer.keyboard.type(typed);
  await engineer.keyboard.press("Tab");
  await expect.poll(lastLine).toMatch(whole);
  await engineer.keyboard.press("Control+c");
  await expect.poll(lastLine).toMatch(/\$$/);
};

test("Tab completes programs, subcommands, options, services and paths", async () => {
  await completes("journalc", /\$ journalctl$/);
  await completes("systemctl resta", /\$ systemctl restart$/);
  await completes("systemctl restart sho", /\$ systemctl restart shop-api\.service$/);
  await completes("journalctl -u sh", /-u shop-api\.service$/);
  await completes("tail --ret", /--retry$/);
  await completes("cat shop-api/lo", /shop-api\/logs\/$/);
  await engineer.keyboard.type("git st");
  await engineer.keyboard.press("Tab");
  await expect.poll(lastLine).toMatch(/git sta$/);
  await engineer.keyboard.press("Tab");
  await expect.poll(() => screen(engineer)).toMatch(/stash +status/);
  await shot("completion-dark");
  await engineer.keyboard.press("Control+c");
});

test("less shows a file and takes keys; it starts nothing", async () => {
  await type(engineer, "less shop-api/logs/app.log");
  await expect.poll(() => screen(engineer)).toContain("level=");
  await engineer.keyboard.type("!");
  await expect.poll(() => screen(engineer)).toMatch(/not available/i);
  await shot("less-dark");
  await engineer.keyboard.press("Enter");
  await engineer.keyboard.type("q");
  await expect.poll(lastLine).toMatch(/\$$/);
});

test("a connection that is gone for longer than a terminal waits: the tab begins where it stood", async () => {
  test.setTimeout(150_000);
  await type(engineer, "cd shop-api/logs");
  await type(engineer, "export note='kept as it was'");
  await type(engineer, "echo before the cut");
  await expect.poll(() => screen(engineer)).toContain("\nbefore the cut");
  const session = await tab().getAttribute("data-session-id");
  cut = true;
  await socket?.server.close();
  await socket?.page.close();
  await expect(engineer.locator('[data-banner="offline"]')).toBeVisible();
  await engineer.waitForTimeout(33_000);
  cut = false;
  await engineer.getByRole("button", { name: "Try now" }).click();
  await expect(tab()).toHaveAttribute("data-session", "open");
  expect(await tab().getAttribute("data-session-id")).not.toBe(session);
  // What was shown stays in sight, and says where the new one begins.
  await expect
    .poll(() => screen(engineer))
    .toMatch(/before the cut[\s\S]*a new session[\s\S]*as before: directory .*logs, variable note/);
  await expect.poll(lastLine).toMatch(/~\/shop-api\/logs.*\$$/);
  await engineer.locator(".xterm:visible").click();
  await type(engineer, 'echo "[$note]"');
  await expect.poll(() => screen(engineer)).toContain("\n[kept as it was]");
  await engineer.keyboard.press("ArrowUp");
  await engineer.keyboard.press("ArrowUp");
  await expect.poll(lastLine).toContain("echo before the cut");
  await engineer.keyboard.press("Control+c");
  await shot("terminal-again-where-it-stood-dark");
});

test("a lost host is reached again by itself, and the tab begins where it stood", async () => {
  const session = (await tab().getAttribute("data-session-id")) ?? "";
  // The gateway's own words for it; the host itself stays.
  socket?.page.send(
    JSON.stringify({ type: "session.closed", session, reason: "the connection to the host is lost", lost: true }),
  );
  await expect(engineer.locator("[data-again]")).toContainText("Opening it again");
  await shot("host-lost-dark");
  await expect(tab()).not.toHaveAttribute("data-session-id", session);
  await expect(tab()).toHaveAttribute("data-session", "open");
  await expect(engineer.locator("[data-session-ended]")).toHaveCount(0);
  await expect.poll(lastLine).toMatch(/~\/shop-api\/logs.*\$$/);
});

test("a file that is no text is not taken, and a download goes on where it was cut off", async () => {
  await engineer.locator(".xterm:visible").click();
  await type(engineer, "cd ~/shop-api/logs");
  await expect.poll(lastLine).toMatch(/~\/shop-api\/logs.*\$$/);
  await writeFile(`${HOME}/shop-api/logs/heap.bin`, Buffer.from("\0ann.smith@example.com"));
  await engineer.locator("[data-open-files]:visible").click();
  const files = engineer.locator("[data-files]");
  await files.locator('[data-file="heap.bin"]').getByRole("button", { name: "download heap.bin" }).click();
  await expect(files.locator("[data-file-error]")).toContainText("is no text, so nothing in it could be masked");
  await shot("no-text-dark");
  await rm(`${HOME}/shop-api/logs/heap.bin`);
  const session = await tab().getAttribute("data-session-id");
  const got = await engineer.evaluate(async (id) => {
    const folder = await (await fetch(`/api/files/${id}?path=`)).json();
    const body = JSON.stringify({ path: `${folder.path}/shop-api/logs/access.log`, act: { way: "download" } });
    const ask = async () =>
      (await (await fetch(`/api/files/${id}`, { method: "POST", headers: { "content-type": "application/json" }, body })).json())
        .ticket as string;
    const take = (ticket: string, headers: Record<string, string>) => fetch(`/api/files/content/${ticket}`, { headers });
    const whole = await take(await ask(), {});
    const all = await whole.arrayBuffer();
    const etag = whole.headers.get("etag") ?? "";
    const rest = await take(await ask(), { range: "bytes=100000-", "if-range": etag });
    const other = await take(await ask(), { range: "bytes=100000-", "if-range": '"0123"' });
    return {
      ranges: whole.headers.get("accept-ranges"),
      all: all.byteLength,
      // How far it has come is known to the browser, of the rest too.
      lengths: [whole, rest].map((answer) => Number(answer.headers.get("content-length"))),
      status: rest.status,
      range: rest.headers.get("content-range"),
      same: new TextDecoder().decode(await rest.arrayBuffer()) === new TextDecoder().decode(all.slice(100_000)),
      other: other.status,
    };
  }, session);
  expect(got).toMatchObject({ ranges: "bytes", status: 206, same: true, other: 409 });
  expect(got.lengths).toEqual([got.all, got.all - 100_000]);
  expect(got.range).toBe(`bytes 100000-${got.all - 1}/${got.all}`);
});

test("on a telephone the files lie over the terminal, which keeps its size, and one tab is in sight", async () => {
  const columns = () => engineer.evaluate(() => [...(window.__terminals?.values() ?? [])].at(-1)?.cols ?? 0);
  await engineer.setViewportSize({ width: 390, height: 844 });
  await shot("files-390-dark");
  await expect(engineer.locator('[data-files] [data-file="app.log"]')).toBeVisible();
  await expect.poll(columns).toBeGreaterThan(30);
  const wide = await engineer.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(390);
  await engineer.locator('[aria-label="close the files"]').click();
  await shot("terminal-390-dark");
  await engineer.setViewportSize({ width: 1440, height: 900 });
  await engineer.locator("[data-split]").click();
  await expect(engineer.locator('[data-side="right"]')).toBeVisible();
  await engineer.setViewportSize({ width: 390, height: 844 });
  await expect(engineer.locator("[data-terminal-tab]:visible")).toHaveCount(1);
  await shot("split-390-dark");
});
