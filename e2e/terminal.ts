import { type Browser, expect, type Page } from "@playwright/test";
import { openTerminal, screen, signIn } from "./people.ts";

/** What is asked of a page's newest terminal, from xterm's own buffer. */

/** An engineer with a terminal of their own, and leave to read the clipboard. */
export async function atTerminal(browser: Browser, target: string): Promise<Page> {
  const context = await browser.newContext({ colorScheme: "dark" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await signIn(browser, "engineer", "dark", context);
  await openTerminal(page, target);
  return page;
}

export const lastLine = async (page: Page): Promise<string> => (await screen(page)).trimEnd().split("\n").at(-1) ?? "";

/** What stands behind the prompt. */
export const typed = async (page: Page): Promise<string> => /\$ ?(.*)$/.exec(await lastLine(page))?.[1] ?? "";

export async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

/** Runs a line, and waits until the prompt is there again. */
export async function runs(page: Page, line: string): Promise<void> {
  await page.keyboard.type(line);
  // Before its echo the prompt that is there is the one before.
  await expect.poll(async () => (await lastLine(page)).endsWith(line)).toBe(true);
  await page.keyboard.press("Enter");
  await expect.poll(() => lastLine(page)).toMatch(/\$$/);
  await expect(page.locator("[data-terminal-tab]:visible")).not.toHaveAttribute("data-running", "true");
}

/** As a person's paste: the browser's own event, which xterm puts into brackets. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData("text/plain", pasted);
    document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  }, text);
}

export interface Place {
  readonly columns: number;
  readonly rows: number;
  readonly x: number;
  readonly y: number;
  readonly screen: "normal" | "alternate";
  readonly top: number;
}

export const place = (page: Page): Promise<Place> =>
  page.evaluate(() => {
    const terminal = [...(window.__terminals?.values() ?? [])].at(-1);
    if (terminal === undefined) throw new Error("no terminal");
    const { baseY, cursorX, cursorY, type, viewportY } = terminal.buffer.active;
    return { columns: terminal.cols, rows: terminal.rows, x: cursorX, y: baseY + cursorY, screen: type, top: viewportY };
  });

/** The cells of a row of the whole buffer, those that only continue a wide one left out: text and first column. */
export const cells = (page: Page, y: number): Promise<readonly { readonly text: string; readonly at: number }[]> =>
  page.evaluate((row) => {
    const terminal = [...(window.__terminals?.values() ?? [])].at(-1);
    if (terminal === undefined) throw new Error("no terminal");
    const line = terminal.buffer.active.getLine(row);
    const found = [];
    for (let at = 0; at < terminal.cols; at++) {
      const cell = line?.getCell(at);
      if (cell !== undefined && cell.getWidth() > 0) found.push({ text: cell.getChars(), at });
    }
    return found;
  }, y);

export const selection = (page: Page): Promise<string> =>
  page.evaluate(() => [...(window.__terminals?.values() ?? [])].at(-1)?.getSelection() ?? "");

export const shot = (page: Page, name: string): Promise<unknown> => page.screenshot({ path: `test-results/screens/${name}.png` });
