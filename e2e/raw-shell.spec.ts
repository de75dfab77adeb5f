import { expect, type Page, test } from "@playwright/test";
import { applyPolicy, removePolicy, screen, signIn, type } from "./people.ts";
import { atTerminal, lastLine, press, shot } from "./terminal.ts";

/** The honest exception: permitted by name, said to be what it is, watched, ended by the watcher, on the record. */

let engineer: Page;
let reviewer: Page;
let admin: Page;

const POLICY = `kind: policy
id: story-raw-shell
description: A raw shell on staging
effect: permit
principals: { groups: [engineers] }
actions: ["shell:raw"]
resources: { targets: [web-2] }
`;
test.beforeAll(async ({ browser }) => {
  [reviewer, admin] = [await signIn(browser, "reviewer"), await signIn(browser, "admin")];
});
test.afterAll(() => Promise.all([reviewer, admin].map((page) => page.context().close())));
test.beforeEach(async ({ browser }) => {
  engineer = await atTerminal(browser, "web-2");
});
test.afterEach(async () => {
  await removePolicy(admin, "story-raw-shell");
  await engineer.context().close();
});

test("a raw shell is not to be had, until an admin permits it by name; then it is watched and ended, on the record", async () => {
  const banner = engineer.locator("[data-raw-shell]");
  await type(engineer, "raw-shell");
  await expect.poll(() => screen(engineer)).toMatch(/✕ .*shell:raw/);
  await expect(banner).toHaveCount(0);

  expect(await applyPolicy(admin, POLICY)).toBe(200);
  await type(engineer, "raw-shell");
  await expect(banner).toContainText("Single commands are not judged here");
  await expect.poll(() => screen(engineer)).toContain("RAW SHELL");
  // The prompt is bash's own, and so is the line editor.
  await expect.poll(() => lastLine(engineer)).toMatch(/[$#]$/);
  await engineer.keyboard.type("echo nine$((4+5)) two");
  await press(engineer, "Control+w", "Control+a", "Alt+f", "Alt+d", "Control+y", "Enter");
  await expect.poll(() => screen(engineer)).toMatch(/\nnine9\s*\n/);
  await shot(engineer, "raw-shell-dark");

  await reviewer.goto("/sessions");
  const item = reviewer.locator('[data-principal="engineer@acme.test"]', { hasText: "web-2" }).first();
  await item.locator("[data-watch]").click();
  await expect(reviewer.locator('[data-watch-state="open"]')).toBeVisible();
  await expect(engineer.locator('[data-watcher="reviewer@acme.test"]')).toBeVisible();
  await engineer.locator(".xterm:visible").click();
  await type(engineer, "echo seen$((6*7)); sleep 300");
  await expect.poll(() => screen(reviewer)).toContain("\nseen42");
  await shot(engineer, "raw-shell-watched-dark");
  await shot(reviewer, "raw-shell-watching-light");
  await reviewer.locator("[data-terminate]").click();
  await reviewer
    .locator("form", { has: reviewer.locator("[data-confirm-terminate]") })
    .getByRole("textbox")
    .fill("not now");
  await reviewer.locator("[data-confirm-terminate]").click();
  await expect(engineer.locator("[data-session-ended]")).toContainText("not now");
  await expect(banner).toHaveCount(0);
  await shot(engineer, "raw-shell-ended-dark");

  await admin.goto("/record");
  await admin.getByPlaceholder("Type").fill("session.terminated");
  await admin.keyboard.press("Enter");
  await expect(admin.locator('[data-event="session.terminated"]').first()).toContainText(/reviewer@acme\.test.*web-2/);
});

test("what is typed in a raw shell that was left is judged again", async () => {
  expect(await applyPolicy(admin, POLICY)).toBe(200);
  await type(engineer, "raw-shell");
  await expect(engineer.locator("[data-raw-shell]:visible")).toBeVisible();
  await expect.poll(() => lastLine(engineer)).toMatch(/[$#]$/);
  await type(engineer, "exit");
  await expect(engineer.locator("[data-raw-shell]")).toHaveCount(0);
  await type(engineer, "cat shop-api/.env");
  await expect.poll(() => screen(engineer)).toContain("no-secrets");
});
