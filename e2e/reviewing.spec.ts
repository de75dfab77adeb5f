import { expect, type Page, test } from "@playwright/test";
import { openSql, openTerminal, run, screen, signIn, type } from "./people.ts";

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

/** Opens the engineer's session of that kind in the reviewer's list. */
async function watch(kind: "sql" | "terminal", target: string): Promise<void> {
  await reviewer.goto("/sessions");
  const item = reviewer.locator('[data-principal="engineer@acme.test"]', { hasText: kind === "sql" ? `${target} prod` : target });
  await expect(item.first()).toBeVisible();
  await shot(reviewer, "sessions-light");
  await item.first().locator("[data-watch]").click();
  await expect(reviewer.locator('[data-watch-state="open"]')).toBeVisible();
}

test("watching: statements and rows as the engineer sees them, who is told; remarks go both ways", async () => {
  await watch("sql", "shop");
  await expect(engineer.locator('[data-watcher="reviewer@acme.test"]:visible')).toBeVisible();
  await run(engineer, "select id, email from customers order by id limit 3");
  const statement = reviewer.locator("[data-watched-statement]").first();
  await expect(statement).toContainText("select id, email from customers");
  await expect(statement).toContainText("•••@");
  await expect(statement).toContainText("3 rows");
  await reviewer.locator("[data-say-remark]").fill("which customer?");
  await reviewer.getByRole("button", { name: "Send" }).click();
  await expect(engineer.locator('[data-remark="reviewer@acme.test"]:visible')).toContainText("which customer?");
  await engineer.locator("[data-say-remark]:visible").fill("the third");
  await engineer.locator("[data-say-remark]:visible").press("Enter");
  await expect(reviewer.locator('[data-remark="engineer@acme.test"]')).toContainText("the third");
  await shot(engineer, "watched-dark");
  await shot(reviewer, "watching-light");
  await reviewer.setViewportSize({ width: 390, height: 844 });
  await shot(reviewer, "watching-390");
  await reviewer.setViewportSize({ width: 1440, height: 900 });
});

test("watching: a review of the session is answered in place", async () => {
  await run(engineer, "delete from shipments");
  await expect(reviewer.locator("[data-pending-review]")).toContainText("delete from shipments");
  await reviewer.locator("[data-pending-review] textarea").first().fill("not in the middle of the day");
  await reviewer.locator("[data-pending-review] [data-reject]").click();
  await expect(engineer.locator('[data-statement-state="rejected"]:visible')).toBeVisible();
  await expect(reviewer.locator("[data-pending-review]")).toHaveCount(0);
});

test("watching: whoever leaves is no longer said to watch; a terminal is seen as it is; it is ended with a reason", async () => {
  await reviewer.goto("/reviews");
  await expect(engineer.locator("[data-watcher]:visible")).toHaveCount(0);
  await openTerminal(engineer, "web-1");
  await watch("terminal", "web-1");
  await expect(engineer.locator('[data-watcher="reviewer@acme.test"]:visible')).toBeVisible();
  await engineer.locator(".xterm:visible").click();
  await type(engineer, "ls shop-api");
  await expect.poll(() => screen(reviewer)).toContain("package.json");
  await shot(reviewer, "watching-terminal-light");
  await shot(engineer, "watched-terminal-dark");
  await reviewer.locator("[data-terminate]").click();
  await reviewer.getByRole("textbox", { name: "why it is ended" }).fill("wrong host");
  await reviewer.locator("[data-confirm-terminate]").click();
  await expect(engineer.locator("[data-session-ended]:visible")).toContainText("reviewer@acme.test ended it: wrong host");
  await expect(reviewer.locator("[data-watch-ended]")).toBeVisible();
});

test("a watcher must be present: the statement waits, and goes on by itself", async ({ browser }) => {
  const admin = await signIn(browser, "admin");
  const policy = `kind: policy\nid: tickets-are-watched\neffect: permit\nprincipals: { groups: [engineers] }\nactions: ["sql:select"]\nresources: { targets: [shop], tables: [public.support_tickets] }\nobligations: { watched: true }`;
  const saved = await admin.evaluate(
    async (yaml) =>
      (
        await fetch("/api/configuration", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ yaml }),
        })
      ).status,
    policy,
  );
  expect(saved).toBe(200);
  await engineer.locator('[data-workbench-tab="shop"]').click();
  await run(engineer, "select count(*) as tickets from support_tickets");
  await expect(engineer.locator("[data-paused]:visible")).toContainText("somebody has to watch");
  await shot(engineer, "paused-dark");
  await watch("sql", "shop");
  await expect(engineer.locator("[data-grid]:visible [data-cell]")).toHaveText(/\d+/);
  await expect(engineer.locator("[data-paused]:visible")).toHaveCount(0);
  await admin.evaluate(() => fetch("/api/configuration/policy/tickets-are-watched", { method: "DELETE" }));
  await admin.context().close();
});
