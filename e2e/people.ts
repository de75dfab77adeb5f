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

export async function openTerminal(page: Page, target: string): Promise<void> {
  await page.locator(`[data-open-target="${target}"]`).first().click();
  await expect(page.locator(".xterm:visible")).toBeVisible();
  await expect.poll(() => screen(page)).toContain("$");
}

/** What the terminal shows, from xterm's own buffer. */
export async function screen(page: Page): Promise<string> {
  return page.evaluate(() => {
    const terminals = (
      window as unknown as {
        __terminals?: Map<
          string,
          {
            buffer: {
              active: {
                length: number;
                getLine(i: number): { translateToString(trim: boolean): string; isWrapped: boolean } | undefined;
              };
            };
          }
        >;
      }
    ).__terminals;
    const last = [...(terminals?.values() ?? [])].at(-1);
    if (last === undefined) return "";
    const { active } = last.buffer;
    let text = "";
    for (let i = 0; i < active.length; i++) {
      const line = active.getLine(i);
      if (line !== undefined) text += (line.isWrapped || i === 0 ? "" : "\n") + line.translateToString(true);
    }
    return text;
  });
}

export async function type(page: Page, line: string): Promise<void> {
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}
