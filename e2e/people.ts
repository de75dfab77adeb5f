import { type Browser, type BrowserContext, expect, type Page } from "@playwright/test";

export type Person = "engineer" | "reviewer" | "admin";

/** A person in a browser of their own, signed in through the identity provider. Errors of the page fail the story. */
export async function signIn(
  browser: Browser,
  person: Person,
  colorScheme: "light" | "dark" = "light",
  own?: BrowserContext,
): Promise<Page> {
  const context = own ?? (await browser.newContext({ colorScheme }));
  await context.addInitScript(() => localStorage.setItem("gatehouseTest", "1"));
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto("/");
  await page.locator("[data-sign-in]").click();
  await page.getByRole("button", { name: `${person}@acme.test` }).click();
  await expect(page.locator("[data-person]")).toBeVisible();
  return page;
}

export async function openSql(page: Page, target: string): Promise<void> {
  await page.locator(`[data-open-target="${target}"]`).first().click();
  await expect(page.locator(`[data-sql-tab="${target}"][data-session="open"]`)).toBeVisible();
  await expect(page.locator(".monaco-editor textarea, .monaco-editor .native-edit-context").first()).toBeAttached();
}

/** Replaces what stands in the editor and runs it. */
export async function run(page: Page, statement: string): Promise<void> {
  await page.locator(".monaco-editor:visible .view-lines").first().click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(statement);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Enter");
}

/** Opens one more tab on the target, and waits until keys go to it. */
export async function openTerminal(page: Page, target: string): Promise<void> {
  const tabs = page.locator("[data-workbench-tab]");
  const before = await tabs.count();
  await page.locator(`[data-open-target="${target}"]`).first().click();
  await expect(tabs).toHaveCount(before + 1);
  await expect(page.locator(`[data-terminal-tab="${target}"][data-session="open"]:visible .xterm`)).toBeVisible();
  await expect.poll(() => screen(page)).toContain("$");
}

/** What the terminal with the keys shows, or the one that is watched or played: from xterm's own buffer. */
export async function screen(page: Page): Promise<string> {
  return page.evaluate(() => {
    const terminals = window.__terminals;
    const tabs = [...document.querySelectorAll<HTMLElement>("[data-session-id]")].filter((tab) => tab.checkVisibility());
    const active = tabs.find((tab) => tab.closest("[data-active]") !== null) ?? tabs[0];
    const here = terminals?.get(active?.dataset.sessionId ?? "") ?? [...(terminals?.values() ?? [])].at(-1);
    if (here === undefined) return "";
    const { active: lines } = here.buffer;
    let text = "";
    for (let i = 0; i < lines.length; i++) {
      const line = lines.getLine(i);
      if (line !== undefined) text += (line.isWrapped || i === 0 ? "" : "\n") + line.translateToString(true);
    }
    return text;
  });
}

export async function type(page: Page, line: string): Promise<void> {
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}

/** Applies a policy as the admin whose page it is; the answer's status. */
export const applyPolicy = (admin: Page, yaml: string): Promise<number> =>
  admin.evaluate(async (text) => {
    const headers = { "content-type": "application/json" };
    return (await fetch("/api/configuration", { method: "POST", headers, body: JSON.stringify({ yaml: text }) })).status;
  }, yaml);

export const removePolicy = (admin: Page, id: string): Promise<number> =>
  admin.evaluate(async (policy) => (await fetch(`/api/configuration/policy/${policy}`, { method: "DELETE" })).status, id);
