import { expect, type Page, test } from "@playwright/test";
import { screen, type } from "./people.ts";
import { atTerminal, lastLine, press, shot, typed } from "./terminal.ts";

/** What stands under the prompt while a line is typed. */

let engineer: Page;
test.beforeEach(async ({ browser }) => {
  engineer = await atTerminal(browser, "web-1");
});
test.afterEach(() => engineer.context().close());

test("allowed, waiting and denied: the reason and the words that make it so, while it is typed, and gone after", async () => {
  const verdict = engineer.locator("[data-terminal-verdict]");
  await expect(verdict).toHaveCount(0);
  await engineer.keyboard.type("tail -n 2 shop-api/logs/app.log");
  await expect(verdict).toHaveAttribute("data-terminal-verdict", "allow");
  await expect(verdict.locator("mark")).toHaveCount(0);
  await shot(engineer, "verdict-allowed-dark");
  await engineer.keyboard.type(" shop-api/.env");
  await expect(verdict).toHaveAttribute("data-terminal-verdict", "deny");
  await expect(verdict.locator("mark")).toHaveText(["shop-api/.env"]);
  await expect(verdict).toContainText("policy no-secrets");
  expect(await verdict.locator("mark").evaluate((mark) => getComputedStyle(mark).textDecorationLine)).toBe("underline");
  await shot(engineer, "verdict-denied-dark");
  // The word taken out again, it may run again.
  await press(engineer, "Control+w");
  await expect(verdict).toHaveAttribute("data-terminal-verdict", "allow");
  await expect(verdict.locator("mark")).toHaveCount(0);
  await press(engineer, "Control+u");
  await expect(verdict).toHaveCount(0);
  await engineer.keyboard.type("ls shop-api; systemctl restart shop-api");
  await expect(verdict).toHaveAttribute("data-terminal-verdict", "review");
  await expect(verdict.locator("mark").first()).toContainText("systemctl");
  await expect(verdict).toContainText("restart-needs-review");
  await shot(engineer, "verdict-review-dark");
  await press(engineer, "Control+c");
  await expect(verdict).toHaveCount(0);
  // Nothing of it has run.
  expect(await screen(engineer)).not.toContain("package.json");
  await engineer.keyboard.type("rm -rf /");
  await expect(verdict).toHaveAttribute("data-terminal-verdict", "deny");
});

test("while a line waits it is its own verdict that stands, however fast it was typed", async () => {
  await type(engineer, "systemctl restart shop-api");
  await expect(engineer.locator("[data-review-waiting]")).toBeVisible();
  const verdict = engineer.locator("[data-terminal-verdict]");
  await expect(verdict).toHaveAttribute("data-terminal-verdict", "review");
  await expect(verdict.locator("> code")).toHaveText("systemctl restart shop-api");
  await press(engineer, "Control+c");
  await expect(engineer.locator("[data-review-waiting]")).toHaveCount(0);
});

test("a text that is not understood says where it stops to be", async () => {
  const verdict = engineer.locator("[data-terminal-verdict]");
  await engineer.keyboard.type("echo fine ) and not");
  await expect(verdict).toHaveAttribute("data-terminal-verdict", "deny");
  await shot(engineer, "verdict-not-understood-dark");
  await press(engineer, "Control+u");
});

test("no key waits for the verdict: a fast hand's line stands whole, and so does its verdict", async () => {
  const line = `echo ${"abcdefghij ".repeat(40)}`.trim();
  await engineer.keyboard.type(line, { delay: 0 });
  await expect.poll(() => typed(engineer)).toBe(line);
  await expect(engineer.locator("[data-terminal-verdict] code")).toHaveText(line);
  await press(engineer, "Control+c");
  await type(engineer, "echo done");
  await expect.poll(() => screen(engineer)).toContain("\ndone\n");
  await expect.poll(() => lastLine(engineer)).toMatch(/\$$/);
});
