import { expect, type Page, test } from "@playwright/test";
import { openSql, run, signIn } from "./people.ts";

/** What becomes of a change after the yes: two people, one open transaction. */
test.describe.configure({ mode: "serial" });

let engineer: Page;
let reviewer: Page;

test.beforeAll(async ({ browser }) => {
  [engineer, reviewer] = [await signIn(browser, "engineer", "dark"), await signIn(browser, "reviewer")];
  await openSql(engineer, "shop");
});
test.afterAll(async () => {
  await Promise.all([engineer, reviewer].map((page) => page.context().close()));
});

const shot = (page: Page, name: string): Promise<unknown> => page.screenshot({ path: `test-results/screens/${name}.png` });

/** Submits a change, says yes to it in the reviewer's browser, and waits until it is held in both. */
async function held(statement: string): Promise<void> {
  await run(engineer, statement);
  const waiting = engineer.locator("[data-review-waiting]:visible");
  await expect(waiting).toBeVisible();
  await reviewer.goto(`/reviews/${await waiting.getAttribute("data-review-waiting")}`);
  await expect(reviewer.locator("[data-hold]")).toBeChecked();
  await reviewer.locator("[data-approve]").click();
  await expect(engineer.locator("[data-held]:visible")).toBeVisible();
  await expect(reviewer.locator("[data-held]")).toBeVisible();
}

test("safe run: both see the real number of rows before the commit, and either commits", async () => {
  await held("update inventory set quantity = quantity");
  const rows = await engineer.locator("[data-held]:visible").getAttribute("data-held-rows");
  expect(Number(rows)).toBeGreaterThan(0);
  await expect(reviewer.locator("[data-held]")).toHaveAttribute("data-held-rows", rows ?? "");
  await expect(engineer.locator("[data-held-left]:visible")).toContainText(/rolled back in \d/);
  await shot(engineer, "held-engineer-dark");
  await shot(reviewer, "held-reviewer-light");
  await reviewer.setViewportSize({ width: 390, height: 844 });
  await shot(reviewer, "held-reviewer-390");
  await reviewer.setViewportSize({ width: 1440, height: 900 });
  await engineer.locator("[data-commit]:visible").click();
  await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  await expect(reviewer.locator('[data-run-state="ended"]')).toContainText("Done by engineer@acme.test");
});

test("safe run: the reviewer rolls back, and the engineer is told", async () => {
  await held("delete from order_items");
  await reviewer.locator("[data-roll-back]").click();
  const ended = engineer.locator('[data-statement-state="rolled-back"]:visible');
  await expect(ended).toContainText("Rolled back. Nothing was changed.");
  await expect(ended).toContainText("reviewer@acme.test");
  await shot(engineer, "rolled-back-dark");
  await run(engineer, "select count(*) > 0 as there from order_items");
  await expect(engineer.locator("[data-grid]:visible [data-cell]")).toHaveText("t");
});
