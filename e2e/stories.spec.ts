import { readFile, rm, symlink } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import pg from "pg";
import { openSql, openTerminal, run, screen, signIn, type } from "./people.ts";

/** The day of three people, in order: each story stands on the one before. */
test.describe.configure({ mode: "serial" });

let engineer: Page;
let reviewer: Page;
let admin: Page;

test.beforeAll(async ({ browser }) => {
  [engineer, reviewer, admin] = [
    await signIn(browser, "engineer", "dark"),
    await signIn(browser, "reviewer"),
    await signIn(browser, "admin"),
  ];
});

test.afterAll(async () => {
  await Promise.all([engineer, reviewer, admin].map((page) => page.context().close()));
});

const shot = (page: Page, name: string): Promise<unknown> => page.screenshot({ path: `test-results/screens/${name}.png` });
const visibleGrid = (page: Page) => page.locator("[data-grid]:visible");

test("groups decide what a person is shown", async () => {
  await expect(engineer.getByRole("link", { name: "Admin" })).toHaveCount(0);
  await expect(admin.getByRole("link", { name: "Admin" })).toBeVisible();
  await expect(engineer.locator('[data-open-target="shop"]')).toBeVisible();
});

test("an engineer's select is masked at the source", async () => {
  await openSql(engineer, "shop");
  await run(engineer, "select id, name, email, card_number from customers order by id limit 50");
  await expect(visibleGrid(engineer)).toHaveAttribute("data-rows", "50");
  const rows = visibleGrid(engineer);
  await expect(rows).toContainText("•••@");
  await expect(rows).toContainText(/••••\d{4}/);
  await expect(rows).not.toContainText(/[a-z]+\.[a-z]+\d+@/);
  await expect(engineer.locator('[role="columnheader"][data-masked="email"]:visible')).toBeVisible();
  await shot(engineer, "sql-masked-dark");
});

test("a masked value cannot be found by asking for it", async () => {
  await run(engineer, "select count(*) as found from customers where email like '%ueda%'");
  await expect(visibleGrid(engineer).locator("[data-cell]")).toHaveText("0");
  await run(engineer, "select id from customers where email = 'mina.ueda1@example.com'");
  await expect(engineer.locator("[data-summary]:visible")).toContainText("0 rows");
});

test("a denied table shows a caret at its name and the policy", async () => {
  await run(engineer, "select * from payments");
  const denied = engineer.locator("[data-denied]:visible");
  await expect(denied).toContainText("no-payments");
  await expect(denied.locator("[data-caret-statement]")).toContainText("^^^^^^^^");
  await shot(engineer, "sql-denied-dark");
});

test("a denied column comes with the statement over the permitted ones, a click away", async () => {
  await run(engineer, "select * from addresses order by id limit 3");
  const denied = engineer.locator("[data-denied]:visible");
  await expect(denied).toContainText("no-streets");
  await expect(denied.locator("[data-permitted]")).toContainText("select id, customer_id, city, postal_code, country from");
  await shot(engineer, "sql-permitted-dark");
  await denied.locator("[data-use-permitted]").click();
  await engineer.keyboard.press("Control+Enter");
  await expect(visibleGrid(engineer)).toHaveAttribute("data-rows", "3");
  await expect(engineer.locator('[role="columnheader"]:visible', { hasText: "street" })).toHaveCount(0);
});

test("a cancelled query is cancelled on the server", async () => {
  await run(engineer, "select pg_sleep(60)");
  await expect(engineer.locator('[data-run="running"]:visible')).toBeVisible();
  await engineer.waitForTimeout(300);
  await engineer
    .getByRole("button", { name: /cancel/i })
    .first()
    .click();
  await expect(engineer.locator('[data-statement-state="cancelled"]:visible')).toBeVisible();
  await expect(engineer.locator('[data-run="ended"]:visible')).toBeVisible();
});

test("transactions live in the tab's own connection", async () => {
  const transaction = engineer.locator('[data-status="transaction"]');
  await run(engineer, "begin");
  await shot(engineer, "begin");
  await expect(transaction).toHaveAttribute("data-transaction", "open");
  await run(engineer, "update orders set total = total + 1 where id = 42");
  await expect(engineer.locator("[data-summary]:visible")).toContainText("1");
  await run(engineer, "rollback");
  await expect(transaction).toHaveAttribute("data-transaction", "idle");
});

test("a delete without where waits; the reviewer's yes lets the tab go on by itself", async () => {
  await reviewer.goto("/reviews");
  await expect(reviewer.locator("[data-reviews-page]")).toBeVisible();
  await run(engineer, "delete from shipments");
  await expect(engineer.locator("[data-review-waiting]:visible")).toBeVisible();
  const listed = reviewer.locator("[data-review]", { hasText: "delete from shipments" });
  await expect(listed).toBeVisible();
  await listed.click();
  await expect(reviewer.locator("[data-review-detail]")).toContainText("change-without-where");
  await expect(reviewer.locator("[data-review-detail]")).toContainText("engineer@acme.test");
  await shot(reviewer, "review-light");
  await reviewer
    .locator("[data-review-detail] textarea, [data-review-detail] input")
    .first()
    .fill("agreed in the incident channel");
  await reviewer.locator("[data-approve]").click();
  await expect(engineer.locator("[data-held]:visible")).toContainText("not committed");
  await expect(reviewer.locator("[data-held]")).toContainText("not committed");
  await reviewer.locator("[data-commit]").click();
  await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  await expect(engineer.locator("[data-summary]:visible")).toContainText(/\d/);
});

test("nobody resolves their own", async () => {
  await reviewer.goto("/");
  await openSql(reviewer, "shop");
  await run(reviewer, "delete from inventory");
  await expect(reviewer.locator("[data-review-waiting]:visible")).toBeVisible();
  const own = await reviewer.locator("[data-review-waiting]:visible").getAttribute("data-review-waiting");
  const answer = await reviewer.evaluate(async (id) => {
    const response = await fetch(`/api/reviews/${id}/answer`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ verdict: "approve", comment: "" }),
    });
    return { status: response.status, body: await response.text() };
  }, own);
  expect(answer.status).toBe(403);
  expect(answer.body).toContain("your own");
  await reviewer.locator("[data-withdraw]:visible").click();
  await expect(reviewer.locator('[data-statement-state="withdrawn"]:visible')).toBeVisible();
});

test("a masked column is asked for where it is masked, and is masked again when the grant ends", async () => {
  if ((await engineer.locator(".monaco-editor:visible").count()) === 0) await openSql(engineer, "shop");
  const select = "select id, email from customers order by id limit 3";
  await run(engineer, select);
  await expect(visibleGrid(engineer)).toContainText("•••@");
  await engineer.locator('button[data-mask="email"]:visible').click();
  await engineer.locator("[data-ask-column]").click();
  await engineer.getByRole("textbox", { name: "Why" }).fill("a letter came back, see https://tickets.example.com/7");
  await engineer.locator("[data-send-ask]").click();
  await expect(engineer.locator("[data-asked]")).toBeVisible();
  await shot(engineer, "ask-dark");
  const asked = await engineer.locator("[data-asked]").getAttribute("data-asked");
  await reviewer.goto(`/reviews/${asked}`);
  const detail = reviewer.locator("[data-review-detail]");
  await expect(detail).toContainText("see public.customers.email as it is stored");
  await expect(detail.getByRole("link", { name: "https://tickets.example.com/7" })).toBeVisible();
  await shot(reviewer, "review-access-light");
  await reviewer.locator("[data-approve]").click();
  await expect(engineer.locator('[data-grant="holds"]')).toBeVisible();
  await engineer.keyboard.press("Escape");
  await run(engineer, select);
  await expect(visibleGrid(engineer)).toContainText(/[a-z]+\.[a-z]+\d*@/);
  await reviewer.locator("[data-end-grant]").click();
  await expect(reviewer.locator('[data-grant="over"]')).toBeVisible();
  await run(engineer, select);
  await expect(visibleGrid(engineer)).toContainText("•••@");
});

test("a reviewer sees what it would touch, asks, and says yes for some minutes", async () => {
  await run(engineer, "update orders set total = total + 0");
  const waiting = engineer.locator("[data-review-waiting]:visible");
  await expect(waiting).toBeVisible();
  await reviewer.goto(`/reviews/${await waiting.getAttribute("data-review-waiting")}`);
  await expect(reviewer.locator("[data-blast-rows]")).toBeVisible();
  await expect(reviewer.locator("[data-blast-radius]")).toContainText("public.orders");
  await reviewer.locator("[data-say]").fill("why all of them?");
  await reviewer.getByRole("button", { name: "Send" }).click();
  await expect(waiting.locator('[data-comment="reviewer@acme.test"]')).toContainText("why all of them?");
  await waiting.locator("[data-say]").fill("it changes nothing");
  await waiting.getByRole("button", { name: "Send" }).click();
  await expect(reviewer.locator('[data-comment="engineer@acme.test"]')).toBeVisible();
  await shot(reviewer, "review-blast-light");
  await reviewer.locator("[data-lasts]").click();
  await reviewer.getByRole("option", { name: "for 15 minutes" }).click();
  await reviewer.locator("[data-approve]").click();
  await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  await run(engineer, "update orders set total = total + 0.00");
  await expect(engineer.locator('[data-statement-state="done"]:visible')).toBeVisible();
  await expect(engineer.locator("[data-review-waiting]:visible")).toHaveCount(0);
  await reviewer.locator("[data-end-grant]").click();
  await expect(reviewer.locator('[data-grant="over"]')).toBeVisible();
});

test("a terminal runs what policy allows, in colour and in place", async () => {
  await openTerminal(engineer, "web-1");
  await type(engineer, "ls shop-api");
  await expect.poll(() => screen(engineer)).toContain("package.json");
  await type(engineer, "cd shop-api/logs");
  await expect.poll(() => screen(engineer)).toContain("~/shop-api/logs");
  await type(engineer, "cat app.log | grep -c email");
  await expect.poll(() => screen(engineer)).toMatch(/\n\d+\n/);
});

test("a denied command is underlined and explained", async () => {
  await type(engineer, "cat ../.env");
  await expect.poll(() => screen(engineer)).toContain("no-secrets");
  await expect.poll(() => screen(engineer)).toContain("^^^^");
  await expect.poll(() => screen(engineer)).not.toMatch(/SECRET=|PASSWORD=/);
});

test("a link to a secret file is judged as what it leads to", async () => {
  const link = ".data/e2e/host/host/home/deploy/shop-api/logs/yesterday.log";
  await rm(link, { force: true });
  await symlink("../.env", link);
  await type(engineer, "clear");
  await type(engineer, "cat yesterday.log");
  await expect.poll(() => screen(engineer)).toContain("no-secrets");
  await rm(link);
});

test("tail -f streams masked and ends with Ctrl-C", async () => {
  await type(engineer, "tail -n 3 -f app.log");
  await expect.poll(() => screen(engineer)).toContain("email=***");
  await engineer.keyboard.press("Control+c");
  await expect(engineer.locator('[data-terminal-tab="web-1"]')).not.toHaveAttribute("data-running", "true");
  expect(await screen(engineer)).not.toMatch(/email=[a-z]/);
  await shot(engineer, "terminal-dark");
});

test("each command is a block: jump to it, copy its output, run it again, find it in the recording", async () => {
  await engineer.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await type(engineer, "seq 3 5 | tac");
  await expect.poll(() => screen(engineer)).toContain("\n5\n4\n3\n");
  await type(engineer, "false");
  await expect(engineer.locator("[data-exit-code]:visible")).toHaveText("exit 1");
  await engineer.keyboard.press("Control+Shift+ArrowUp");
  const bar = engineer.locator("[data-block-bar]");
  await expect(bar).toContainText("exit 1");
  await engineer.keyboard.press("Control+Shift+ArrowUp");
  await expect(bar).toContainText("seq 3 5 | tac");
  await shot(engineer, "block-dark");
  await bar.locator("[data-copy-output]").click();
  await expect.poll(() => engineer.evaluate(() => navigator.clipboard.readText())).toBe("5\n4\n3");
  await bar.locator("[data-again]").click();
  await expect.poll(() => screen(engineer)).toMatch(/\$ seq 3 5 \| tac\s*$/);
  await engineer.keyboard.press("Enter");
  await expect.poll(() => screen(engineer)).toMatch(/5\n4\n3\n.*5\n4\n3\n/s);
});

test("files of the host: taken masked, opened, and changed as a reviewed difference", async () => {
  await engineer.locator("[data-open-files]:visible").click();
  const files = engineer.locator("[data-files]");
  await expect(files.locator('[data-file="app.log"]')).toBeVisible();
  const [log] = await Promise.all([
    engineer.waitForEvent("download"),
    files.locator('[data-file="app.log"]').getByRole("button", { name: "download app.log" }).click(),
  ]);
  const text = await readFile(await log.path(), "utf8");
  expect(text).toContain("email=***");
  expect(text).not.toMatch(/email=[a-z]/);
  await files.getByRole("button", { name: "the folder above" }).click();
  await expect(files.locator('[data-file="README"]')).toBeVisible();
  await shot(engineer, "files-dark");
  await files.locator('[data-file=".env"] button').first().click();
  await expect(files.locator("[data-file-error]")).toContainText("no-secrets");
  await files.locator('[data-file="config"] button').first().click();
  await files.locator('[data-file="nginx.conf"] button').first().click();
  const editor = engineer.locator("[data-file-editor]");
  await expect(editor.locator(".view-lines")).toBeVisible();
  await editor.locator(".view-lines").click();
  await engineer.keyboard.press("Control+End");
  await engineer.keyboard.insertText("\n# checked at night\n");
  const dialog = engineer.getByRole("dialog");
  await dialog.getByLabel("reason").fill("a note for the morning");
  await dialog.locator("[data-file-save]").click();
  await expect(dialog.locator("[data-review-waiting]")).toBeVisible();
  await shot(engineer, "file-save-dark");
  await reviewer.goto("/reviews");
  await reviewer.locator("[data-review]", { hasText: "nginx.conf" }).first().click();
  await expect(reviewer.locator("[data-review-detail]")).toContainText("+# checked at night");
  await shot(reviewer, "review-file-light");
  await reviewer.locator("[data-approve]").click();
  await expect(dialog.locator("[data-file-saved]")).toBeVisible();
  await engineer.keyboard.press("Escape");
  await engineer.locator('[aria-label="close the files"]').click();
  await engineer.locator(".xterm:visible").click();
  await type(engineer, "tail -n 1 ../config/nginx.conf");
  await expect.poll(() => screen(engineer)).toMatch(/\n# checked at night\n/);
});

test("two tabs stand side by side, and keys go to the one that has focus", async () => {
  await engineer.locator("[data-split]").click();
  await expect(engineer.locator('[data-side="left"]')).toBeVisible();
  await expect(engineer.locator('[data-side="right"]')).toBeVisible();
  await engineer.locator("[data-terminal-tab]:visible .xterm").click();
  await type(engineer, "echo beside $((40 + 2))");
  await expect.poll(() => screen(engineer)).toContain("beside 42");
  await run(engineer, "select count(*) as beside from products");
  await expect(visibleGrid(engineer)).toHaveAttribute("data-rows", "1");
  const border = engineer.getByRole("separator", { name: "border between the tabs" });
  await border.focus();
  await engineer.keyboard.press("ArrowRight");
  await expect(border).toHaveAttribute("aria-valuenow", "54");
  await shot(engineer, "split-dark");
  await engineer.locator("[data-terminal-tab]:visible .xterm").click();
  await engineer.locator("[data-split]").click();
  await expect(engineer.locator("[data-side]")).toHaveCount(0);
  await expect(engineer.locator("[data-terminal-tab]")).toBeVisible();
});

test("one line on two hosts: judged on each, and what came of it in a table", async () => {
  await engineer.locator("[data-open-broadcast]").click();
  const dialog = engineer.getByRole("dialog");
  await dialog.getByLabel("Hosts").click();
  await engineer.getByRole("option", { name: /web-1/ }).click();
  await engineer.getByRole("option", { name: /web-2/ }).click();
  await dialog.getByLabel("Line").fill("grep email= shop-api/logs/app.log | tail -n 1; ls shop-api | wc -l");
  await dialog.locator("[data-run]").click();
  for (const host of ["web-1", "web-2"]) {
    const row = dialog.locator(`[data-broadcast-target="${host}"]`);
    await expect(row).toHaveAttribute("data-state", "ended");
    await expect(row).toContainText("exit 0");
    await expect(row.locator("pre")).toContainText("email=***");
    await expect(row.locator("pre")).not.toContainText(/email=[a-z]/);
  }
  await dialog.getByLabel("Line").fill("systemctl restart shop-api");
  await dialog.locator("[data-run]").click();
  const prod = dialog.locator('[data-broadcast-target="web-1"]');
  await expect(prod).toHaveAttribute("data-state", "waiting");
  await shot(engineer, "broadcast-dark");
  await dialog.locator("[data-stop]").click();
  await expect(prod).toHaveAttribute("data-state", "ended");
  await expect(prod).toContainText("withdrawn");
  await engineer.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await engineer.locator(".xterm:visible").click();
});

test("a page that is loaded again goes on with what runs in its terminal", async () => {
  const tab = engineer.locator('[data-terminal-tab="web-1"]');
  await type(engineer, "tail -n 1 -f app.log");
  await expect(tab).toHaveAttribute("data-running", "true");
  const session = await tab.getAttribute("data-session-id");
  await engineer.reload();
  await expect(tab).toHaveAttribute("data-session-id", session ?? "");
  await expect(tab).toHaveAttribute("data-running", "true");
  // What was shown before is there, and what comes is.
  await expect.poll(() => screen(engineer)).toContain("$ seq 3 5 | tac");
  const lines = async () => (await screen(engineer)).split("order placed").length;
  const before = await lines();
  await expect.poll(lines, { timeout: 20_000 }).toBeGreaterThan(before);
  await shot(engineer, "terminal-again-dark");
  await engineer.locator(".xterm:visible").click();
  await engineer.keyboard.press("Control+c");
  await expect(tab).not.toHaveAttribute("data-running", "true");
  await type(engineer, "pwd");
  await expect.poll(() => screen(engineer)).toMatch(/shop-api\/logs\n.*\$ \s*$/s);
  await expect(engineer.locator('[data-block-meaning="allow"]').first()).toBeVisible();
});

test("a window's size reaches the program", async () => {
  const columns = Number((await engineer.evaluate(() => [...(window.__terminals?.values() ?? [])].at(-1)?.cols)) ?? 0);
  await type(engineer, "tput cols");
  await expect.poll(() => screen(engineer)).toContain(`\n${columns}\n`);
});

test("top takes keys, follows the window's size, and leaves the prompt as it was", async () => {
  await type(engineer, "top -s");
  await expect.poll(() => screen(engineer)).toContain("load average");
  await engineer.setViewportSize({ width: 1100, height: 700 });
  await engineer.waitForTimeout(1_000);
  await shot(engineer, "top-dark");
  await engineer.keyboard.press("q");
  await expect.poll(() => screen(engineer)).toMatch(/logs \$\s*$/);
  await engineer.setViewportSize({ width: 1440, height: 900 });
});

test("a restart waits for review and goes on after the yes", async () => {
  await type(engineer, "systemctl restart shop-api");
  await expect.poll(() => screen(engineer)).toContain("waiting for review");
  await reviewer.goto("/reviews");
  await reviewer.locator("[data-review]", { hasText: "systemctl restart shop-api" }).first().click();
  await reviewer.locator("[data-approve]").click();
  await expect.poll(() => screen(engineer)).toContain("approved");
});

test("an admin's change bites in open sessions at once, and an error is shown in place", async () => {
  await admin.goto("/admin");
  await expect(admin.locator("[data-admin-page]")).toBeVisible();
  await shot(admin, "admin-light");
  const save = (yaml: string) =>
    admin.evaluate(async (text) => {
      const response = await fetch("/api/configuration", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ yaml: text }),
      });
      return { status: response.status, body: await response.json() };
    }, yaml);
  const wrong = await save(
    "kind: policy\nid: x\neffect: permit\nprincipals: { everyone: true }\nactions: [sql:select]\nwhen: acton == 'x'\n",
  );
  expect(wrong.status).toBe(422);
  expect(wrong.body.error.details[0]).toMatchObject({ path: "when", line: 6 });
  const right = await save(
    'kind: policy\nid: no-staff\ndescription: Not today\neffect: forbid\nprincipals: { everyone: true }\nactions: ["sql:*"]\nresources: { tables: ["hr.*"] }\n',
  );
  expect(right.status).toBe(200);
  await engineer.locator("[data-workbench-tab]", { hasText: "shop" }).first().click();
  await run(engineer, "select name from hr.staff limit 3");
  await expect(engineer.locator("[data-denied]:visible")).toContainText("no-staff");
});

test("an admin tries a mask on real rows before it holds", async () => {
  const write = async (yaml: string) => {
    await admin.locator(".monaco-editor:visible .view-lines").first().click();
    await admin.keyboard.press("Control+A");
    await admin.keyboard.insertText(yaml);
  };
  await admin.goto("/admin?kind=mask&new");
  const preview = admin.locator("[data-mask-preview]");
  await write(
    "kind: mask\nid: names\ntarget: shop\ncolumns: [public.customers.name]\nmask: { type: expression, sql: \"left(value, 1) || '.'\" }\n",
  );
  await preview.locator("[data-try]").click();
  const row = preview.locator('[data-previewed="public.customers.name"] tbody tr').first();
  await expect(row.locator("td").nth(1)).toHaveText(/^[^ ]\.$/);
  await expect(row.locator("td").first()).toHaveText(/^\S+ \S+/);
  await shot(admin, "mask-preview-light");
  // What is masked for the admin stays masked: a mask that shows the value would show it.
  await write("kind: mask\nid: email\ntags: [pii.email]\nmask: { type: expression, sql: value }\n");
  await preview.locator("[data-try]").click();
  await expect(preview).toContainText("is masked for you");
  await expect(preview.locator("table")).toHaveCount(0);
});

test("the record holds it all, and proves it", async () => {
  await admin.goto("/record");
  await expect(admin.locator('[data-event="statement.decided"]').first()).toBeVisible();
  await admin.locator("[data-verify]").click();
  await expect(admin.locator('[data-verification="intact"]')).toBeVisible();
  await shot(admin, "record-light");
});

test("a page of another origin has no socket, and a frame that is no message closes it", async ({ request }) => {
  const refused = await request
    .get("/socket", { headers: { connection: "upgrade", upgrade: "websocket", origin: "http://elsewhere.test" } })
    .catch(() => null);
  expect(refused === null || refused.status() >= 400).toBe(true);
  const code = await engineer.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`${location.origin.replace("http", "ws")}/socket`);
        socket.onopen = () => socket.send("{]");
        socket.onclose = (event) => resolve(event.code);
      }),
  );
  expect(code).toBe(4400);
});

test("a browser that goes away takes its query and its transaction with it", async ({ browser }) => {
  const folder = ".data/e2e/postgres";
  const [port, password] = await Promise.all([readFile(`${folder}/port`, "utf8"), readFile(`${folder}/password`, "utf8")]);
  const database = new pg.Client({
    host: "127.0.0.1",
    port: Number(port),
    user: "postgres",
    password: password.trim(),
    database: "shop",
  });
  await database.connect();
  const activity = async () =>
    (
      await database.query(
        "SELECT state, query FROM pg_stat_activity WHERE query LIKE '%pg_sleep(45)%' AND pid <> pg_backend_pid()",
      )
    ).rows.length;
  const leaving = await signIn(browser, "engineer");
  await openSql(leaving, "shop");
  await run(leaving, "begin");
  await expect(leaving.locator('[data-status="transaction"]')).toHaveAttribute("data-transaction", "open");
  await run(leaving, "update orders set note = 'half done' where id = 43");
  await expect(leaving.locator('[data-statement-state="done"]:visible')).toBeVisible();
  await run(leaving, "select pg_sleep(45)");
  await expect.poll(activity).toBe(1);
  await leaving.context().close();
  await expect.poll(activity).toBe(0);
  const kept = await database.query("SELECT note FROM orders WHERE id = 43");
  expect(kept.rows[0].note).not.toBe("half done");
  await database.end();
});

test("the pages have no serious fault of accessibility, light and dark", async () => {
  for (const [page, paths] of [
    [engineer, ["/", "/reviews"]],
    [reviewer, ["/sessions"]],
    [admin, ["/admin", "/record", "/people"]],
  ] as const) {
    for (const path of paths) {
      await page.goto(path);
      await page.waitForLoadState("networkidle");
      const { violations } = await new AxeBuilder({ page })
        .withTags(["wcag2a", "wcag2aa"])
        .exclude(".monaco-editor")
        .exclude(".xterm")
        .analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${path} ${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
  }
});

test("a terminal's recording is played, is as it was, and is others' to see only by policy", async () => {
  await engineer.goto("/");
  await expect(engineer.locator('[data-terminal-tab="web-1"]')).toHaveAttribute("data-session", "open");
  await engineer.locator('[data-close-tab="web-1"]').click();
  await engineer.goto("/recordings");
  const item = engineer.locator("[data-recording-item]", { hasText: /\d\d commands/ }).first();
  await expect(item).toContainText("engineer@acme.test");
  await item.getByRole("link").click();
  const player = engineer.locator("[data-player]");
  await expect(player.locator("[data-command]").first()).toBeVisible();
  await player.locator("[data-command]", { hasText: "tail -n 3 -f app.log" }).click();
  await expect(player.locator("[data-at]")).not.toHaveText(/^0 s/);
  await shot(engineer, "recording-dark");
  const url = engineer.url();
  await reviewer.goto(url);
  await reviewer.locator("[data-verify-recording]").click();
  await expect(reviewer.locator("[data-recording-verdict]")).toHaveAttribute("data-recording-verdict", "intact");
  await shot(reviewer, "recording-light");
  await admin.goto("/record");
  await admin.getByPlaceholder("Type").fill("recording.watched");
  await admin.keyboard.press("Enter");
  await expect(admin.locator('[data-event="recording.watched"]').first()).toBeVisible();
});

test("an admin signs somebody out everywhere", async ({ browser }) => {
  const other = await signIn(browser, "engineer");
  await admin.goto("/people");
  const person = admin.locator('[data-person-item="engineer@acme.test"]');
  await expect(person).toBeVisible();
  await shot(admin, "people-light");
  await person.locator("[data-disable]").click();
  await admin.getByRole("textbox", { name: "Why" }).fill("a lost laptop");
  await admin.locator("[data-confirm]").click();
  await expect(other.locator(`[data-banner="signed-out"]`)).toBeVisible();
  await expect(person).toContainText("a lost laptop");
  await person.locator("[data-disable]").click();
  await admin.locator("[data-confirm]").click();
  await expect(person).not.toContainText("a lost laptop");
  await other.context().close();
  await engineer.context().close();
  engineer = await signIn(browser, "engineer", "dark");
});

test("signing out ends the session everywhere", async ({ browser }) => {
  const again = await signIn(browser, "engineer");
  await again.locator("[data-person]").click();
  await again.getByRole("menuitem", { name: /sign out/i }).click();
  await again.waitForURL(/sign-in/);
  await again.goto("/");
  await expect(again).toHaveURL(/sign-in/);
  await again.context().close();
});
