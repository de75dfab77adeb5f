import { expect, type Page, test } from "@playwright/test";
import { openTerminal, screen, signIn, type } from "./people.ts";
import { databasePort } from "./store.ts";

/** A tab that comes back after its terminal is gone, files beside it, and a statement that belongs into a SQL tab. */

test.describe.configure({ mode: "serial" });

let engineer: Page;

test.beforeAll(async ({ browser }) => {
  engineer = await signIn(browser, "engineer", "dark");
  await openTerminal(engineer, "web-1");
});
test.afterAll(() => engineer.context().close());

const shot = (name: string): Promise<unknown> => engineer.screenshot({ path: `test-results/screens/${name}.png` });
const instead = () => engineer.locator("[data-instead]:visible");

test("after a pager the prompt is under what was shown before", async () => {
  await type(engineer, "cd shop-api");
  await type(engineer, "echo above-the-pager");
  await expect.poll(() => screen(engineer)).toContain("\nabove-the-pager\n");
  await type(engineer, "less logs/app.log");
  await expect.poll(() => screen(engineer)).toContain("order placed");
  await engineer.keyboard.press("q");
  await expect.poll(() => screen(engineer)).toMatch(/\nabove-the-pager\n.*less logs\/app\.log\n.*\$ *\n*$/);
});

test("a page that was away for longer than the terminal waits shows again what was shown, above a rule", async () => {
  await type(engineer, "ls");
  await expect.poll(() => screen(engineer)).toMatch(/\$ ls\n.*logs/);
  await engineer.goto("/api/me");
  await engineer.waitForTimeout(33_000);
  await engineer.goto("/");
  await expect(engineer.locator(".xterm:visible")).toBeVisible();
  const rule = /── from before the connection was lost, \d\d:\d\d UTC ──/;
  await expect.poll(() => screen(engineer)).toMatch(rule);
  await expect.poll(() => screen(engineer)).toMatch(/~\/shop-api \$ *\n*$/);
  const [above = "", below = ""] = (await screen(engineer)).split(rule);
  expect(above).toContain("$ echo above-the-pager\nabove-the-pager\n");
  expect(above).toMatch(/\$ ls\n.*logs/);
  expect(above).not.toContain("order placed");
  expect(below).toContain("as before: directory");
  await shot("terminal-shown-before-dark");
});

test("where an editor would not run, `edit` is offered and opens the file, masked", async () => {
  await engineer.locator(".xterm:visible").click();
  await engineer.keyboard.type("vim logs/app.log");
  await expect(instead()).toContainText("edit logs/app.log");
  await shot("terminal-edit-offered-dark");
  await instead().click();
  const editor = engineer.locator("[data-file-editor]");
  await expect(editor).toHaveAttribute("data-file-editor", /shop-api\/logs\/app\.log$/);
  await expect(editor).toHaveAttribute("data-locked", "true");
  await expect(editor).toContainText("order placed");
  await shot("terminal-edit-dark");
  await engineer.keyboard.press("Escape");
  await expect(editor).toHaveCount(0);
  expect(await screen(engineer)).toContain("is opened beside the terminal");
  await engineer.getByRole("button", { name: "close the files" }).click();
});

test("a refused statement of psql opens in a SQL tab of its target, filled in", async () => {
  await engineer.locator(".xterm:visible").click();
  await type(engineer, `psql -h localhost -p ${await databasePort()} -d shop -c 'select id, email from customers limit 3'`);
  await expect(instead()).toHaveText("Open it in a SQL tab of shop");
  await instead().click();
  await expect(engineer.locator('[data-sql-tab="shop"][data-session="open"]')).toBeVisible();
  await expect(engineer.locator(".monaco-editor:visible .view-lines")).toContainText("select id, email from customers limit 3");
  await engineer.locator(".monaco-editor:visible .view-lines").first().click();
  await engineer.keyboard.press("Control+Enter");
  await expect(engineer.locator("[data-grid]:visible")).toContainText("•••@");
  await shot("psql-in-a-sql-tab-dark");
});
