import { expect, type Page, test } from "@playwright/test";
import { openTerminal, screen, signIn, type } from "./people.ts";

/** A terminal under the hands of somebody who knows `bash`. */

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

test("the keys of readline: words, ends of the line, kill and yank, transpose", async () => {
  await engineer.keyboard.type("echo one two three");
  await press("Control+w");
  await expect.poll(typed).toBe("echo one two");
  await press("Alt+b", "Alt+d", "Control+a", "Alt+f", "Control+f");
  await expect.poll(typed).toBe("echo one");
  await press("Control+k");
  await expect.poll(typed).toBe("echo");
  await press("Control+y");
  await expect.poll(typed).toMatch(/^echo one *$/);
  await press("Control+e");
  await engineer.keyboard.type(" ab");
  await press("Control+t");
  await expect.poll(typed).toMatch(/echo one +ba$/);
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

test("a command goes on over several lines", async () => {
  await type(engineer, "for n in 7 8; do");
  await expect.poll(lastLine).toMatch(/^>/);
  await type(engineer, "echo n=$n");
  await type(engineer, "done");
  await expect.poll(() => screen(engineer)).toContain("\nn=7\nn=8\n");
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
