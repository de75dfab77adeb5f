import { expect, type Page, test } from "@playwright/test";
import { screen, type } from "./people.ts";
import { atTerminal, lastLine, place, press, runs, shot } from "./terminal.ts";

/** Commands as blocks: gone through by keyboard, copied, linked to, run again. */

let engineer: Page;
test.beforeEach(async ({ browser }) => {
  engineer = await atTerminal(browser, "web-2");
});
test.afterEach(() => engineer.context().close());

const bar = () => engineer.locator("[data-block-bar]");
const clipboard = () => engineer.evaluate(() => navigator.clipboard.readText());

test("from command to command by keyboard, however far up, and back", async () => {
  await runs(engineer, "echo the first");
  await runs(engineer, "seq 1 200");
  await runs(engineer, "cat /no/such/file");
  const end = await place(engineer);
  await press(engineer, "Control+Shift+ArrowUp");
  await expect(bar()).toContainText("cat /no/such/file");
  await expect(bar()).toContainText("exit 1");
  await press(engineer, "Control+Shift+ArrowUp");
  await expect(bar()).toContainText("seq 1 200");
  await press(engineer, "Control+Shift+ArrowUp");
  await expect(bar()).toContainText("echo the first");
  await expect.poll(async () => (await place(engineer)).top).toBeLessThan(end.top);
  await shot(engineer, "block-first-dark");
  await press(engineer, "c");
  await expect.poll(clipboard).toBe("the first");
  await press(engineer, "ArrowDown");
  await expect(bar()).toContainText("seq 1 200");
  await bar().getByRole("button", { name: "Copy output" }).click();
  await expect.poll(clipboard).toBe(Array.from({ length: 200 }, (_, i) => String(i + 1)).join("\n"));
  await press(engineer, "Escape");
  await expect(bar()).toHaveCount(0);
  await engineer.keyboard.type("echo typed");
  await expect.poll(() => lastLine(engineer)).toMatch(/\$ echo typed$/);
});

test("a command of several lines is run again as one, after Enter", async () => {
  await type(engineer, "for n in 1 2; do");
  await type(engineer, "echo round $n");
  await runs(engineer, "done");
  await press(engineer, "Control+Shift+ArrowUp");
  await press(engineer, "a");
  await expect.poll(() => lastLine(engineer)).toBe("> done");
  expect((await screen(engineer)).match(/\nround 1\n/g)).toHaveLength(1);
  await press(engineer, "Enter");
  await expect.poll(async () => (await screen(engineer)).match(/\nround 1\nround 2\n/g)?.length).toBe(2);
});

test("a link to a command shows it in the recording, where it was run", async () => {
  await runs(engineer, "echo long before");
  await runs(engineer, "sleep 1.2");
  await runs(engineer, "echo look at this");
  await runs(engineer, "sleep 1.2");
  await runs(engineer, "echo long after");
  await press(engineer, "Control+Shift+ArrowUp", "Control+Shift+ArrowUp", "Control+Shift+ArrowUp");
  await expect(bar()).toContainText("echo look at this");
  await bar().locator("[data-copy-link]").click();
  await expect.poll(clipboard).toMatch(/^http.*\/recordings\/\S+\?command=3$/);
  const page = await engineer.context().newPage();
  await page.goto(await clipboard());
  const current = page.locator('[data-player] [data-command][aria-current="true"]');
  await expect(current).toContainText("echo look at this");
  await expect(page.locator("[data-player]")).toHaveAttribute("data-player", "paused");
  await shot(page, "linked-command-dark");
});
