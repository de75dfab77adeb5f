import { expect, type Page, test } from "@playwright/test";
import { openTerminal, screen, signIn, type } from "./people.ts";

/** A terminal under the hands of somebody who knows `bash`, and a shell in which nothing is judged. In order. */
test.describe.configure({ mode: "serial" });

let engineer: Page;

test.beforeAll(async ({ browser }) => {
  const context = await browser.newContext({ colorScheme: "dark" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  engineer = await signIn(browser, "engineer", "dark", context);
  await openTerminal(engineer, "web-1");
});
test.afterAll(() => engineer.context().close());

const shot = (page: Page, name: string): Promise<unknown> => page.screenshot({ path: `test-results/screens/${name}.png` });
const lastLine = async () => (await screen(engineer)).trimEnd().split("\n").at(-1) ?? "";
const typed = async () => /\$ ?(.*)$/.exec(await lastLine())?.[1] ?? "";
const press = async (...keys: readonly string[]) => {
  for (const key of keys) await engineer.keyboard.press(key);
};

test("the keys of readline: words, ends of the line, kill and yank, undo, transpose", async () => {
  await engineer.keyboard.type("echo one two three");
  await press("Control+w");
  await expect.poll(typed).toBe("echo one two");
  await press("Alt+b", "Alt+d", "Control+a", "Alt+f", "Control+f");
  await expect.poll(typed).toBe("echo one");
  await press("Control+k");
  await expect.poll(typed).toBe("echo");
  await press("Control+y");
  await expect.poll(typed).toBe("echo one");
  await press("Control+e");
  await engineer.keyboard.type(" ab");
  await press("Control+t");
  await expect.poll(typed).toBe("echo one ba");
  await press("Control+_");
  await expect.poll(typed).toBe("echo one ab");
  await press("Control+c");
});

test("the history: the line before, by its beginning, and by search", async () => {
  await type(engineer, "echo first of all");
  await type(engineer, "seq 2 3");
  await expect.poll(() => screen(engineer)).toContain("\n2\n3\n");
  await press("ArrowUp");
  await expect.poll(typed).toBe("seq 2 3");
  await press("Control+c");
  await engineer.keyboard.type("echo f");
  await press("ArrowUp");
  await expect.poll(typed).toBe("echo first of all");
  await press("Control+c", "Control+r");
  await engineer.keyboard.type("of al");
  await expect.poll(lastLine).toContain("echo first of all");
  await shot(engineer, "history-search-dark");
  await press("Enter");
  await expect.poll(async () => (await screen(engineer)).match(/\nfirst of all\n/g)?.length).toBe(2);
});

test("a command goes on over several lines; what is pasted is shown whole and runs at Enter alone", async () => {
  await type(engineer, "for n in 7 8; do");
  await expect.poll(lastLine).toMatch(/^>/);
  await type(engineer, "echo n=$n");
  await type(engineer, "done");
  await expect.poll(() => screen(engineer)).toContain("\nn=7\nn=8\n");
  await engineer.evaluate(() => navigator.clipboard.writeText("echo pasted 1\necho pasted 2\n"));
  await press("Control+Shift+v");
  await expect.poll(() => screen(engineer)).toMatch(/echo pasted 1\n.*echo pasted 2/);
  expect(await screen(engineer)).not.toMatch(/\npasted 1\n/);
  await press("Enter");
  await expect.poll(() => screen(engineer)).toContain("\npasted 1\npasted 2\n");
});

test("the verdict stands under the line while it is typed, and `can` and `why` explain", async () => {
  await engineer.keyboard.type("cat shop-api/.env");
  const verdict = engineer.locator("[data-terminal-verdict]:visible, [data-line-verdict]:visible").first();
  await expect(verdict).toContainText("no-secrets");
  await shot(engineer, "verdict-while-typing-dark");
  await press("Control+c");
  await type(engineer, "can systemctl restart shop-api");
  await expect.poll(() => screen(engineer)).toMatch(/review/);
  await type(engineer, "cat shop-api/.env");
  await expect.poll(() => screen(engineer)).toContain("^^^^");
  await type(engineer, "clear");
  await type(engineer, "why");
  await expect.poll(() => screen(engineer)).toContain("no-secrets");
});

test("the gateway's own words: folders, exports, history, help", async () => {
  await type(engineer, "clear");
  await type(engineer, "pushd shop-api/logs");
  await type(engineer, "export STAGE=blue");
  await type(engineer, "echo $STAGE in $PWD");
  await expect.poll(() => screen(engineer)).toMatch(/\nblue in .*\/shop-api\/logs\n/);
  await type(engineer, "popd");
  await type(engineer, "unset STAGE");
  await type(engineer, "echo [$STAGE]");
  await expect.poll(() => screen(engineer)).toContain("\n[]\n");
  await type(engineer, "history");
  await expect.poll(() => screen(engineer)).toMatch(/echo first of all/);
  await type(engineer, "help");
  await expect.poll(() => screen(engineer)).toMatch(/raw-shell/);
  await type(engineer, "sleep 60");
  await press("Control+z");
  await expect.poll(() => screen(engineer)).toMatch(/Ctrl-Z|background|stopped/i);
  await press("Control+c");
  await expect.poll(lastLine).toMatch(/\$ ?$/);
});

test("what a program writes speaks neither to the clipboard nor to the title nor to the prompt", async () => {
  await type(engineer, "clear");
  const title = await engineer.title();
  await engineer.evaluate(() => navigator.clipboard.writeText("mine"));
  await type(engineer, String.raw`printf '\033]52;c;aGFja2Vk\007\033]0;owned\007\033[6n\033[21t\033P$qm\033\\said\n'`);
  await expect.poll(() => screen(engineer)).toContain("\nsaid\n");
  await expect.poll(lastLine).toMatch(/\$ ?$/);
  expect(await engineer.evaluate(() => navigator.clipboard.readText())).toBe("mine");
  expect(await engineer.title()).toBe(title);
});

test("wide letters are edited whole; what was shown is searched; screen readers and sizes are settings", async () => {
  await engineer.keyboard.insertText("echo 你好 👩‍💻x");
  await press("Backspace", "Backspace", "Backspace");
  await expect.poll(typed).toBe("echo 你好");
  await press("Enter");
  await expect.poll(() => screen(engineer)).toMatch(/\n你好\n/);
  await press("Control+Shift+f");
  await engineer.getByRole("textbox", { name: "search in the terminal" }).fill("said");
  await shot(engineer, "terminal-search-dark");
  await press("Escape");
  await engineer.locator('[aria-label="terminal settings"]:visible').click();
  await engineer.getByText("Screen reader mode").click();
  await expect(engineer.locator(".xterm:visible .xterm-accessibility")).toBeAttached();
  await engineer.getByText("Screen reader mode").click();
  await press("Escape");
  await engineer.locator(".xterm:visible").click();
});

test("a raw shell says what it is, is watched as it is, and is ended by who watches", async ({ browser }) => {
  const [admin, reviewer] = [await signIn(browser, "admin"), await signIn(browser, "reviewer")];
  const policy = {
    kind: "policy",
    id: "raw-on-staging",
    effect: "permit",
    principals: { groups: ["engineers"] },
    actions: ["shell:raw"],
    resources: { targets: ["web-2"] },
  };
  const saved = await admin.evaluate(async (text) => {
    const headers = { "content-type": "application/json" };
    return (await fetch("/api/configuration", { method: "POST", headers, body: JSON.stringify({ yaml: text }) })).status;
  }, JSON.stringify(policy));
  expect(saved).toBe(200);
  await openTerminal(engineer, "web-2");
  await type(engineer, "raw-shell");
  await expect(engineer.locator("[data-raw-shell]:visible")).toContainText("Single commands are not judged here");
  await type(engineer, "x=40; echo raw $((x + 2))");
  await expect.poll(() => screen(engineer)).toContain("raw 42");
  await type(engineer, "echo jane.doe@acme.test");
  await expect.poll(() => screen(engineer)).toMatch(/\n\*\*\*/);
  await shot(engineer, "raw-shell-dark");
  await reviewer.goto("/sessions");
  await reviewer.locator('[data-principal="engineer@acme.test"]', { hasText: "web-2" }).first().locator("[data-watch]").click();
  await expect(reviewer.locator('[data-watch-state="open"]')).toBeVisible();
  await type(engineer, "echo seen $((7 * 6))");
  await expect.poll(() => screen(reviewer)).toContain("seen 42");
  await expect(engineer.locator('[data-watcher="reviewer@acme.test"]:visible')).toBeVisible();
  await shot(reviewer, "raw-shell-watched-light");
  await type(engineer, "exit");
  await expect(engineer.locator("[data-raw-shell]:visible")).toHaveCount(0);
  await type(engineer, "whoami");
  await expect.poll(() => screen(engineer)).toContain("\ndeploy");
  await type(engineer, "raw-shell");
  await expect(engineer.locator("[data-raw-shell]:visible")).toBeVisible();
  await reviewer.locator("[data-terminate]").click();
  await reviewer.getByRole("textbox", { name: "why it is ended" }).fill("enough");
  await reviewer.locator("[data-confirm-terminate]").click();
  await expect(engineer.locator("[data-session-ended]:visible")).toContainText("reviewer@acme.test ended it: enough");
  await admin.evaluate(() => fetch("/api/configuration/policy/raw-on-staging", { method: "DELETE" }));
  await Promise.all([admin.context().close(), reviewer.context().close()]);
});
