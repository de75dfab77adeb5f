import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { openTerminal, screen, type } from "./people.ts";
import { atTerminal, lastLine, press, runs, selection, shot } from "./terminal.ts";

/** What makes a terminal pleasant: search, links, looks, screen readers, copying, panes, several hosts at once. */

let engineer: Page;
test.beforeEach(async ({ browser }) => {
  engineer = await atTerminal(browser, "web-2");
});
test.afterEach(() => engineer.context().close());

test("search: what is found is counted, and gone through both ways", async () => {
  await runs(engineer, "seq 100 140");
  await press(engineer, "Control+Shift+F");
  const bar = engineer.locator("[data-terminal-search]");
  await engineer.keyboard.type("13");
  // 113, 130 to 139, and nothing of what was typed.
  await expect(bar.getByRole("status")).toHaveText("11 of 11");
  await press(engineer, "Enter");
  await expect(bar.getByRole("status")).toHaveText("10 of 11");
  await press(engineer, "Shift+Enter", "Shift+Enter");
  await expect(bar.getByRole("status")).toHaveText("1 of 11");
  await shot(engineer, "terminal-search-dark");
  await engineer.keyboard.type("77");
  await expect(bar.getByRole("status")).toHaveText("not found");
  await press(engineer, "Escape");
  await expect(bar).toHaveCount(0);
  await type(engineer, "echo keys are back");
  await expect.poll(() => screen(engineer)).toContain("\nkeys are back\n");
});

test("links open with Ctrl in a page that does not learn from where, and only http and https are links", async () => {
  await engineer.context().route(/^https?:\/\/(?!localhost)/, (route) => route.fulfill({ body: "elsewhere" }));
  await runs(engineer, "clear");
  await runs(engineer, "echo see https://tickets.example.com/7 or 'javascript:alert(1)' file:///etc/issue");
  const box = await engineer.locator(".xterm-screen:visible").boundingBox();
  const at = async (text: string) => {
    const lines = (await screen(engineer)).split("\n");
    const row = lines.findIndex((line) => line.startsWith("see "));
    const { cols, rows } = await engineer.evaluate(() => {
      const terminal = [...(window.__terminals?.values() ?? [])].at(-1);
      if (terminal === undefined) throw new Error("no terminal");
      return { cols: terminal.cols, rows: terminal.rows };
    });
    const column = (lines[row] as string).indexOf(text) + 2;
    return {
      x: (box?.x ?? 0) + ((column + 0.5) * (box?.width ?? 0)) / cols,
      y: (box?.y ?? 0) + ((row + 0.5) * (box?.height ?? 0)) / rows,
    };
  };
  const opened: Page[] = [];
  engineer.context().on("page", (page) => opened.push(page));
  for (const text of ["javascript:", "file:"]) {
    const { x, y } = await at(text);
    await engineer.mouse.move(x, y);
    await engineer.keyboard.down("Control");
    await engineer.mouse.click(x, y);
    await engineer.keyboard.up("Control");
  }
  const { x, y } = await at("https:");
  await engineer.mouse.move(x, y);
  await expect(engineer.locator("[data-terminal]:visible")).toHaveAttribute("title", /Ctrl\+click/);
  await shot(engineer, "link-dark");
  await engineer.mouse.click(x, y);
  await engineer.keyboard.down("Control");
  await engineer.mouse.click(x, y);
  await engineer.keyboard.up("Control");
  await expect.poll(() => opened.length).toBe(1);
  await opened[0]?.waitForLoadState();
  expect(opened[0]?.url()).toBe("https://tickets.example.com/7");
  expect(await opened[0]?.evaluate(() => [window.opener, document.referrer])).toEqual([null, ""]);
});

test("font, size and colours are a person's own, and kept over a reload", async () => {
  const looks = () =>
    engineer.evaluate(() => {
      const terminal = [...(window.__terminals?.values() ?? [])].at(-1);
      const { fontSize, fontFamily, theme } = terminal?.options ?? {};
      return { fontSize, jetbrains: fontFamily?.includes("JetBrains"), background: theme?.background, columns: terminal?.cols };
    });
  const before = await looks();
  expect(before).toMatchObject({ fontSize: 13, jetbrains: true, background: "#1b1e22" });
  await engineer.locator("[data-terminal-settings]:visible").click();
  await engineer.getByLabel("Font size").fill("20");
  await engineer.getByLabel("Font", { exact: true }).selectOption("system");
  await engineer.getByLabel("Colours").selectOption("light");
  await shot(engineer, "terminal-settings-dark");
  await expect.poll(looks).toMatchObject({ fontSize: 20, jetbrains: false, background: expect.stringMatching(/^#(fff){1,2}$/) });
  expect((await looks()).columns ?? 0).toBeLessThan(before.columns ?? 0);
  await engineer.reload();
  await expect(engineer.locator('[data-terminal-tab][data-session="open"]')).toBeVisible();
  await expect.poll(looks).toMatchObject({ fontSize: 20, jetbrains: false, background: expect.stringMatching(/^#(fff){1,2}$/) });
  await shot(engineer, "terminal-light-in-dark");
});

test("a screen reader reads the lines, and the page around the terminal has no fault", async () => {
  await engineer.locator("[data-terminal-settings]:visible").click();
  await engineer.getByLabel("Screen reader mode").click({ force: true });
  await press(engineer, "Escape");
  await engineer.locator(".xterm:visible").click();
  await runs(engineer, "echo read me aloud");
  await expect(engineer.getByRole("listitem").filter({ hasText: /^read me aloud$/ })).toBeAttached();
  await expect(engineer.getByRole("textbox", { name: "terminal on web-2, staging" })).toBeFocused();
  const { violations } = await new AxeBuilder({ page: engineer }).withTags(["wcag2a", "wcag2aa"]).exclude(".xterm").analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
});

test("what is selected is copied where the person wants it, and with Ctrl+Shift+C where not", async () => {
  const clipboard = () => engineer.evaluate(() => navigator.clipboard.readText());
  const select = async (word: string) => {
    await runs(engineer, "clear");
    await runs(engineer, `echo ${word}`);
    const box = await engineer.locator(".xterm-screen:visible").boundingBox();
    // In the second row, below the prompt.
    await engineer.mouse.dblclick((box?.x ?? 0) + 20, (box?.y ?? 0) + 28);
    await expect.poll(() => selection(engineer)).toBe(word);
  };
  await engineer.evaluate(() => navigator.clipboard.writeText("mine"));
  await select("unforeseen");
  expect(await clipboard()).toBe("mine");
  await press(engineer, "Control+Shift+C");
  await expect.poll(clipboard).toBe("unforeseen");
  await engineer.locator("[data-terminal-settings]:visible").click();
  await engineer.getByLabel("Copy what is selected").click({ force: true });
  await press(engineer, "Escape");
  await engineer.locator(".xterm:visible").click();
  await select("convenient");
  await expect.poll(clipboard).toBe("convenient");
});

test("panes by keyboard: split, there and back, wider, and one again", async () => {
  const side = (name: string) => engineer.locator(`[data-side="${name}"]`);
  await press(engineer, "Control+Shift+\\");
  await expect(side("right").locator('[data-session="open"]')).toBeVisible();
  await expect(side("right")).toHaveAttribute("data-active");
  await expect.poll(() => lastLine(engineer)).toMatch(/\$$/);
  await type(engineer, "echo on the right");
  await expect.poll(() => screen(engineer)).toContain("\non the right\n");
  await press(engineer, "F6");
  await expect(side("left")).toHaveAttribute("data-active");
  await type(engineer, "echo on the left");
  await expect.poll(() => screen(engineer)).toContain("\non the left\n");
  expect(await screen(engineer)).not.toContain("on the right");
  await shot(engineer, "terminal-split-dark");
  await press(engineer, "Control+Shift+\\");
  await expect(engineer.locator("[data-side]")).toHaveCount(0);
  await type(engineer, "echo alone");
  await expect.poll(() => screen(engineer)).toContain("\nalone\n");
});

test("one line to two hosts: allowed on one, waiting on the other, each with its outcome", async () => {
  await openTerminal(engineer, "web-1");
  await engineer.locator("[data-open-broadcast]").click();
  const dialog = engineer.getByRole("dialog");
  await dialog.getByLabel("Hosts").click();
  await engineer.getByRole("option", { name: /web-1/ }).click();
  await engineer.getByRole("option", { name: /web-2/ }).click();
  const row = (host: string) => dialog.locator(`[data-broadcast-target="${host}"]`);
  await dialog.getByLabel("Line").fill("cat shop-api/.env");
  await press(engineer, "Enter");
  for (const host of ["web-1", "web-2"]) await expect(row(host)).toHaveAttribute("data-outcome", "deny");
  await expect(row("web-1")).toContainText("no-secrets");
  await dialog.getByLabel("Line").fill("systemctl restart shop-api");
  await press(engineer, "Enter");
  await expect(row("web-1")).toHaveAttribute("data-outcome", "review");
  await expect(row("web-1")).toHaveAttribute("data-state", "waiting");
  await expect(row("web-2")).toHaveAttribute("data-state", "ended");
  await expect(row("web-2")).not.toHaveAttribute("data-outcome", "review");
  await shot(engineer, "broadcast-mixed-dark");
  await dialog.locator("[data-stop]").click();
  await expect(row("web-1")).toHaveAttribute("data-state", "ended");
});
