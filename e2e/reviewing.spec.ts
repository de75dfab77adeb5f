import { expect, type Page, test } from "@playwright/test";
import { openSql, openTerminal, run, screen, signIn, type } from "./people.ts";
import { openStore } from "./store.ts";

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

test("not known whether it ran: said in the inbox and on the page, until somebody has looked", async () => {
  await held("update inventory set quantity = quantity - 0");
  const id = await engineer.locator("[data-held]:visible").getAttribute("data-held");
  await engineer.locator("[data-commit]:visible").click();
  await expect(reviewer.locator('[data-run-state="ended"]')).toBeVisible();
  // As a replica leaves it that was lost after it had used the yes.
  const store = await openStore();
  await store.query(
    `UPDATE granted_run SET state = 'started', body = '{"state": "started"}', session = 'lost', started_at = now() - interval '1 minute' WHERE id = $1`,
    [id],
  );
  await store.end();
  await expect(reviewer.locator("[data-unknown]")).toContainText("Not known whether it ran");
  await shot(reviewer, "unknown-light");
  await engineer.goto("/reviews");
  await expect(engineer.locator("[data-review]", { hasText: "quantity - 0" })).toContainText("not known whether it ran");
  await shot(engineer, "unknown-dark");
  await reviewer.getByRole("textbox", { name: "what you found" }).fill("the rows are as they were");
  await reviewer.locator("[data-it-ran]").click();
  await expect(reviewer.locator('[data-found="ran"]')).toContainText("reviewer@acme.test found that it ran");
  await engineer.goto("/");
  await expect(engineer.locator('[data-sql-tab="shop"][data-session="open"]')).toBeVisible();
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

/** Makes documents hold, as an admin does it. */
async function apply(admin: Page, yaml: string): Promise<void> {
  const saved = await admin.evaluate(
    async (text) =>
      (
        await fetch("/api/configuration", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ yaml: text }),
        })
      ).status,
    yaml,
  );
  expect(saved).toBe(200);
}
const remove = (admin: Page, policy: string) =>
  admin.evaluate((id) => fetch(`/api/configuration/policy/${id}`, { method: "DELETE" }), policy);

test("a watcher must be present: the statement waits, and goes on by itself", async ({ browser }) => {
  const admin = await signIn(browser, "admin");
  await apply(
    admin,
    `
kind: policy
id: tickets-are-watched
effect: permit
principals: { groups: [engineers] }
actions: ["sql:select"]
resources: { targets: [shop], tables: [public.support_tickets] }
obligations: { watched: true }`,
  );
  await engineer.locator('[data-workbench-tab="shop"]').first().click();
  await run(engineer, "select count(*) as tickets from support_tickets");
  await expect(engineer.locator("[data-paused]:visible")).toContainText("somebody has to watch");
  await expect(engineer.locator("[data-verdict-watched]:visible")).toContainText("tickets-are-watched");
  await shot(engineer, "paused-dark");
  await watch("sql", "shop");
  await expect(engineer.locator("[data-grid]:visible [data-cell]")).toHaveText(/\d+/);
  await expect(engineer.locator("[data-paused]:visible")).toHaveCount(0);
  // When the watcher leaves, what runs is ended, and the tab says why.
  await run(engineer, "select count(*) from support_tickets a, support_tickets b, support_tickets c");
  await expect(engineer.locator('[data-statement-state="running"]:visible')).toBeVisible();
  await reviewer.goto("/reviews");
  await expect(engineer.locator("[data-paused]:visible")).toBeVisible();
  await expect(engineer.locator('[data-statement-state="failed"]:visible')).toContainText("nobody watched any more");
  await shot(engineer, "unwatched-dark");
  await remove(admin, "tickets-are-watched");
  await admin.context().close();
});

test("break glass: a reason first, then at once, with an alarm in sight and a review that others close", async ({ browser }) => {
  const admin = await signIn(browser, "admin");
  await apply(
    admin,
    `
kind: policy
id: on-call
description: At night, what nothing else permits
effect: permit
principals: { groups: [engineers] }
actions: ["sql:update", "sql:select"]
resources: { targets: [shop], tables: [public.addresses] }
obligations: { reviewAfter: 24h, reviewers: { groups: [sre-leads] } }
---
kind: policy
id: on-call-shell
effect: permit
principals: { groups: [engineers] }
actions: ["shell:exec", "file:write"]
resources: { targets: [web-1] }
obligations: { reviewAfter: 24h, reviewers: { groups: [sre-leads] } }`,
  );
  await run(engineer, "update addresses set city = city where id = 1");
  const asked = engineer.locator("[data-glass-asked]:visible");
  await expect(asked).toContainText("update addresses");
  await shot(engineer, "glass-asked-dark");
  await asked.locator("[data-break-glass]").click();
  await expect(asked).toContainText("10 characters or more");
  await asked.locator("[data-glass-reason]").fill("parcels go to the wrong city, nobody answers");
  await asked.locator("[data-break-glass]").click();
  await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  await expect(engineer.locator("[data-glass-broken]:visible")).toContainText("parcels go to the wrong city");
  await shot(engineer, "glass-broken-dark");
  await run(engineer, "update addresses set city = city where id = 2");
  await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  await expect(engineer.locator("[data-glass-asked]:visible")).toHaveCount(0);
  await reviewer.goto("/reviews");
  const link = await engineer.locator("[data-glass-broken]:visible a").getAttribute("href");
  const listed = reviewer.locator(`[data-review="${link?.split("/").at(-1)}"]`);
  await expect(listed.locator("[data-glass-review]")).toContainText("close in");
  await listed.click();
  await reviewer.waitForURL(`**${link}`);
  const detail = reviewer.locator("[data-review-detail]");
  await expect(detail).toContainText("broke the glass");
  await expect(detail.locator("[data-session-before]")).toContainText("where id = 2");
  // Its time is over: said where it is seen, and it is still to be closed.
  const store = await openStore();
  await store.query("UPDATE review SET expires_at = now() - interval '90 minutes' WHERE id = $1", [link?.split("/").at(-1)]);
  await store.end();
  await expect(detail.locator('[data-due="over"]')).toContainText("overdue for 1 h 30 min");
  await expect(listed.locator("[data-glass-review]")).toContainText("glass: overdue");
  await shot(reviewer, "glass-overdue-light");
  await reviewer.locator("[data-approve]").click();
  await expect(detail.getByRole("alert")).toContainText("Say what you found");
  await shot(reviewer, "glass-review-light");
  await detail.locator("textarea").first().fill("two addresses, as the report says");
  await reviewer.locator("[data-approve]").click();
  await expect(detail).toHaveAttribute("data-review-state", "approved");
  await openTerminal(engineer, "web-1");
  await engineer.locator(".xterm:visible").click();
  await type(engineer, "touch shop-api/maintenance");
  await expect(engineer.locator("[data-glass-asked]:visible")).toContainText("touch shop-api");
  await shot(engineer, "glass-terminal-dark");
  await engineer.locator("[data-leave-glass]:visible").click();
  await expect.poll(() => screen(engineer)).toContain("given up; nothing was run");
  await remove(admin, "on-call");
  await remove(admin, "on-call-shell");
  await admin.context().close();
});

test("a command's review says what it would do to services and files", async () => {
  await reviewer.goto("/reviews");
  await engineer.locator('[data-workbench-tab="web-1"]').last().click();
  await engineer.locator(".xterm:visible").click();
  await type(engineer, "cat shop-api/package.json && systemctl restart shop-api");
  await expect.poll(() => screen(engineer)).toContain("waiting for review");
  const listed = reviewer.locator("[data-review]", { hasText: "systemctl restart shop-api" });
  await listed.click();
  await expect(reviewer.locator('[data-effect="services"]')).toContainText("systemctl restart shop-api");
  await expect(reviewer.locator('[data-effect="reads"]')).toContainText("shop-api/package.json");
  await shot(reviewer, "review-shell-light");
  await engineer.locator(".xterm:visible").click();
  await engineer.keyboard.press("Control+c");
});

test("nothing is approved by following a link, from another site, or without saying where one comes from", async () => {
  await engineer.locator('[data-workbench-tab="shop"]').first().click();
  await run(engineer, "delete from shipments");
  const waiting = engineer.locator("[data-review-waiting]:visible");
  await expect(waiting).toBeVisible();
  const id = await waiting.getAttribute("data-review-waiting");
  const path = `/api/reviews/${id}/answer`;
  const origin = new URL(reviewer.url()).origin;
  const data = { verdict: "approve" };
  const asked = { get: await reviewer.request.get(`${path}?verdict=approve`), head: await reviewer.request.head(path) };
  expect([asked.get.status(), asked.head.status()]).toEqual([405, 405]);
  const elsewhere: Record<string, string>[] = [
    {},
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin, "sec-fetch-site": "cross-site" },
    { origin, "sec-fetch-site": "same-site" },
    { origin: `${origin}.evil.example` },
  ];
  for (const headers of elsewhere) expect((await reviewer.request.post(path, { headers, data })).status()).toBe(403);
  // A form of another site can send this without a question beforehand.
  const form = await reviewer.request.post(path, {
    headers: { origin: "https://evil.example", "content-type": "text/plain" },
    data: JSON.stringify(data),
  });
  expect(form.status()).toBe(403);
  // Neither is one's own, with everything right but the person.
  expect((await engineer.request.post(path, { headers: { origin }, data })).status()).toBe(403);
  await expect(waiting).toHaveAttribute("data-review-state", "open");
  expect((await reviewer.request.post(path, { headers: { origin }, data: { ...data, hold: false } })).status()).toBe(200);
  await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  // Twice is refused.
  expect((await reviewer.request.post(path, { headers: { origin }, data })).status()).toBe(409);
});

test("of several things that are asked for, a reviewer leaves one out", async () => {
  await run(engineer, "select id, email, phone from customers order by id limit 3");
  await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  const access = ["email", "phone"].map((column) => ({ action: "sql:unmask", resource: `public.customers.${column}` }));
  const origin = new URL(engineer.url()).origin;
  const answer = await engineer.request.post("/api/reviews/access", {
    headers: { origin },
    data: { target: "shop", access, minutes: 30, reason: "two letters came back" },
  });
  const { id } = await answer.json();
  await reviewer.goto(`/reviews/${id}`);
  await reviewer.locator("[data-narrow]").getByLabel("public.customers.phone").uncheck();
  await shot(reviewer, "narrow-light");
  await reviewer.locator("[data-approve]").click();
  await expect(reviewer.locator('[data-asks] [data-left="false"]')).toContainText("public.customers.phone");
  await run(engineer, "select email, phone from customers order by id limit 1");
  const cells = engineer.locator("[data-grid]:visible [data-cell]");
  await expect(cells.first()).not.toContainText("•");
  await expect(cells.nth(1)).toContainText("•");
  await reviewer.locator("[data-end-grant]").click();
});

test("the same statement on two targets is approved at once", async ({ browser }) => {
  const admin = await signIn(browser, "admin");
  const shop = await admin.evaluate(async () => {
    const answer = await fetch("/api/configuration");
    const { items }: { items: { kind: string; id: string; yaml: string }[] } = await answer.json();
    return items.find(({ kind, id }) => kind === "target" && id === "shop")?.yaml ?? "";
  });
  await apply(
    admin,
    `${shop.replace(/^id: shop$/m, "id: shop-copy")}
---
kind: policy
id: engineers-use-the-copy
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select", "sql:update"]
resources: { targets: [shop-copy] }`,
  );
  await engineer.context().close();
  engineer = await signIn(browser, "engineer", "dark");
  for (const target of ["shop", "shop-copy"]) {
    await openSql(engineer, target);
    await run(engineer, "update inventory set quantity = quantity + 0");
    await expect(engineer.locator("[data-review-waiting]:visible")).toBeVisible();
  }
  await reviewer.goto("/reviews");
  await reviewer.locator("[data-review]", { hasText: "quantity + 0" }).first().click();
  await expect(reviewer.locator("[data-siblings]")).toHaveAttribute("data-siblings", "1");
  await reviewer.locator("[data-siblings] input").check();
  await reviewer.locator("[data-hold]").uncheck();
  await shot(reviewer, "batch-light");
  await reviewer.locator("[data-approve]").click();
  for (const target of ["shop-copy", "shop"]) {
    await engineer.locator(`[data-workbench-tab="${target}"]`).last().click();
    await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  }
  await remove(admin, "engineers-use-the-copy");
  await admin.evaluate(() => fetch("/api/configuration/target/shop-copy", { method: "DELETE" }));
  await admin.context().close();
});

test("a browser that wants it is told of a review while it is in the background, without the statement; not in quiet hours", async ({
  browser,
}) => {
  const context = await browser.newContext({ permissions: ["notifications"] });
  // What the browser would show is kept: a headless one shows nothing.
  await context.addInitScript(() => {
    const shown: string[] = [];
    class Kept {
      static readonly permission = "granted";
      static requestPermission = async () => "granted";
      constructor(title: string, options: { body: string }) {
        shown.push(`${title}: ${options.body}`);
      }
    }
    Object.assign(window, { Notification: Kept, shown });
    Object.defineProperty(document, "hidden", { get: () => true });
  });
  const told = await signIn(browser, "reviewer", "light", context);
  const shown = () => told.evaluate(() => (window as unknown as { shown: string[] }).shown);
  await told.goto("/reviews");
  await told.getByRole("switch", { name: "Browser notification" }).check({ force: true });
  await engineer.locator('[data-workbench-tab="shop"]').first().click();
  await run(engineer, "delete from shipments");
  await expect.poll(shown).toEqual(["A review waits for you: engineer@acme.test on shop"]);
  await engineer.locator("[data-withdraw]:visible").click();
  await told.getByRole("switch", { name: "Quiet hours" }).check({ force: true });
  await told.getByLabel("quiet from").fill("00:00");
  await told.getByLabel("quiet until").fill("23:59");
  await shot(told, "quiet-light");
  await run(engineer, "delete from order_items");
  await expect(told.locator("[data-review]", { hasText: "delete from order_items" })).toBeVisible();
  await told.waitForTimeout(500);
  expect(await shown()).toHaveLength(1);
  await engineer.locator("[data-withdraw]:visible").click();
  await context.close();
});
