import { expect, type Page, test } from "@playwright/test";
import { openSql, run, signIn } from "./people.ts";
import { type Replicas, startReplicas } from "./replicas.ts";

/** Three people in three browsers, two replicas behind one balancer. */
test.describe.configure({ mode: "serial" });

let replicas: Replicas;
let engineer: Page;
let reviewer: Page;
let admin: Page;

test.beforeAll(async ({ browser }) => {
  test.setTimeout(240_000);
  replicas = await startReplicas();
  const there = async (scheme: "light" | "dark") => browser.newContext({ colorScheme: scheme, baseURL: replicas.url });
  engineer = await signIn(browser, "engineer", "dark", await there("dark"));
  reviewer = await signIn(browser, "reviewer", "light", await there("light"));
  admin = await signIn(browser, "admin", "light", await there("light"));
});
test.afterAll(async () => {
  await Promise.all([engineer, reviewer, admin].map((page) => page?.context().close()));
  await replicas?.stop();
});

const shot = (page: Page, name: string): Promise<unknown> => page.screenshot({ path: `test-results/screens/${name}.png` });

async function cookieOf(page: Page): Promise<string> {
  const cookies = await page.context().cookies();
  return cookies.find(({ name }) => name.endsWith("next-auth.session-token"))?.value ?? "";
}

/** The replica that holds the page's WebSocket; null: it has none. */
async function replicaOf(page: Page): Promise<number | null> {
  const cookie = await cookieOf(page);
  return replicas.balancer.sockets().findLast(({ head }) => head.includes(cookie))?.replica ?? null;
}

/** Loads the page until its turn has come on that replica. */
async function landOn(page: Page, replica: number, path: string): Promise<void> {
  await expect(async () => {
    await page.goto(path);
    await expect(page.locator('[data-status="link"][data-link="open"]')).toBeVisible();
    expect(await replicaOf(page)).toBe(replica);
  }).toPass({ intervals: [0] });
}

/** Makes documents hold through one replica, as the admin's browser would. */
async function applyOn(replica: number, yaml: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${replica}/api/configuration`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      origin: replicas.url,
      cookie: `next-auth.session-token=${await cookieOf(admin)}`,
    },
    body: JSON.stringify({ yaml }),
  });
  expect(answer.status).toBe(200);
}

const BY_TWO = `
kind: policy
id: shipments-by-two
description: Shipments are changed when two others have agreed
effect: review
principals: { groups: [engineers] }
actions: ["sql:delete", "sql:update"]
resources: { targets: [shop], tables: [public.shipments] }
obligations: { approvals: 2, reviewers: { groups: [sre-leads, gatehouse-admins] } }`;

test("each is signed in through whatever replica was next, and they sit on different ones", async () => {
  await applyOn(replicas.first, BY_TWO);
  await landOn(engineer, replicas.second, "/");
  await landOn(reviewer, replicas.first, "/reviews");
  await landOn(admin, replicas.second, "/reviews");
  await openSql(engineer, "shop");
});

test("a statement waits on one replica, is seen and talked about on the other, and runs at the second yes", async () => {
  await run(engineer, "update shipments set carrier = carrier where id <= 3 returning id");
  const waiting = engineer.locator("[data-review-waiting]:visible");
  await expect(waiting).toBeVisible();
  const id = await waiting.getAttribute("data-review-waiting");
  const listed = reviewer.locator(`[data-review="${id}"]`);
  await expect(listed).toBeVisible();
  await listed.click();
  const detail = reviewer.locator("[data-review-detail]");
  await detail.locator("[data-say]").fill("why these three?");
  await detail.getByRole("button", { name: "Send" }).click();
  await expect(waiting.locator('[data-comment="reviewer@acme.test"]')).toContainText("why these three?");
  await waiting.locator("[data-say]").fill("they are stuck");
  await waiting.getByRole("button", { name: "Send" }).click();
  await expect(detail.locator('[data-comment="engineer@acme.test"]')).toContainText("they are stuck");
  await detail.locator("[data-hold]").uncheck();
  await detail.locator("[data-approve]").click();
  await expect(waiting).toContainText("1 of 2 approvals");
  await shot(engineer, "replicas-one-of-two-dark");
  await admin.locator(`[data-review="${id}"]`).click();
  await expect(admin.locator('[data-review-detail] [data-answer="approve"]').first()).toContainText("reviewer@acme.test");
  await shot(admin, "replicas-second-yes-light");
  await admin.locator("[data-hold]").uncheck();
  await admin.locator("[data-approve]").click();
  await expect(engineer.locator("[data-grid]:visible [data-cell]").first()).toHaveText("1");
  await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  await expect(detail).toHaveAttribute("data-review-state", "approved");
});

test("a policy that is changed on one replica cancels on the other within a second", async () => {
  await run(engineer, "select count(*) from order_items a, order_items b, order_items c, order_items d");
  await expect(engineer.locator('[data-statement-state="running"]:visible')).toBeVisible();
  const before = Date.now();
  await applyOn(
    replicas.first,
    `
kind: policy
id: freeze
effect: forbid
principals: { groups: [engineers] }
actions: ["sql:select"]
resources: { targets: [shop], tables: [public.order_items] }`,
  );
  await expect(engineer.locator('[data-statement-state="cancelled"]:visible')).toBeVisible({ timeout: 1_000 });
  expect(Date.now() - before).toBeLessThan(1_000);
});

test("a replica is lost while a review waits: the tab comes back on the other, and the yes is used once", async () => {
  const statement = "update shipments set carrier = carrier where id <= 5 returning id";
  await run(engineer, statement);
  const waiting = engineer.locator("[data-review-waiting]:visible");
  await expect(waiting).toBeVisible();
  const id = await waiting.getAttribute("data-review-waiting");
  expect(await replicaOf(engineer)).toBe(replicas.second);
  await replicas.killSecond();
  const goOn = engineer.locator(`[data-go-on="${id}"]:visible`);
  await expect(goOn).toBeEnabled();
  expect(await replicaOf(engineer)).toBe(replicas.first);
  await expect(engineer.locator('[data-sql-tab="shop"][data-session="open"]')).toBeVisible();
  await shot(engineer, "replicas-cut-off-dark");
  for (const page of [reviewer, admin]) {
    await expect(page.locator('[data-status="link"][data-link="open"]')).toBeVisible();
    await page.locator(`[data-review="${id}"]`).click();
    await expect(page.locator("[data-review-detail]")).toHaveAttribute("data-review-detail", id ?? "");
    await page.locator("[data-hold]").uncheck();
    await page.locator("[data-approve]").click();
    await expect(page.locator('[data-review-detail] [data-answer="approve"]').first()).toBeVisible();
  }
  await goOn.click();
  await expect(engineer.locator("[data-grid]:visible [data-cell]").first()).toBeVisible();
  await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  const used = await replicas.store.query("SELECT state FROM granted_run WHERE review = $1", [id]);
  expect(used.rows).toEqual([{ state: "ended" }]);
  // The yes was for one run: the same text again is another review.
  await run(engineer, statement);
  await expect(waiting).toBeVisible();
  expect(await waiting.getAttribute("data-review-waiting")).not.toBe(id);
  await engineer.locator("[data-withdraw]:visible").click();
});
