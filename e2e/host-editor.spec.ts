import { expect, type Page, test } from "@playwright/test";
import { openTerminal, screen, signIn, type } from "./people.ts";

/** A file of the host under the hands of somebody who would have typed `vim`. */

let engineer: Page;

test.beforeAll(async ({ browser }) => {
  engineer = await signIn(browser, "engineer", "dark");
  await openTerminal(engineer, "web-1");
});
test.afterAll(() => engineer.context().close());

test("`edit` opens a file with the keys in it, and asks before it drops what was typed", async () => {
  await type(engineer, "edit shop-api/config/app.yaml");
  const editor = engineer.locator("[data-file-editor]");
  await expect(editor.locator("textarea, .native-edit-context").first()).toBeFocused();
  await engineer.keyboard.press("Control+End");
  await engineer.keyboard.type("# of the night");
  const close = engineer.locator(".mantine-Modal-close");
  await close.click();
  const asks = engineer.locator("[data-leaving]");
  await expect(asks).toContainText("not saved");
  await engineer.setViewportSize({ width: 390, height: 800 });
  const save = engineer.locator("[data-file-save]");
  await expect(save).toBeInViewport({ ratio: 1 });
  await engineer.screenshot({ path: "test-results/screens/edit-phone-dark.png" });
  await engineer.setViewportSize({ width: 1440, height: 900 });
  await asks.getByRole("button", { name: "Go on editing" }).click();
  await expect(asks).toBeHidden();
  await editor.locator(".view-lines").click();
  await engineer.keyboard.press("Control+s");
  const waiting = engineer.getByRole("dialog").locator("[data-review-waiting]");
  await expect(waiting).toBeVisible();
  await waiting.getByRole("button", { name: "Withdraw" }).click();
  await expect(waiting).toBeHidden();
  await close.click();
  await asks.locator("[data-discard]").click();
  await expect(editor).toBeHidden();
  await engineer.locator('[aria-label="close the files"]').click();
  await engineer.locator(".xterm:visible").click();
  await type(engineer, "tail -n 1 shop-api/config/app.yaml");
  await expect.poll(() => screen(engineer)).toMatch(/\n {2}refunds: true\n/);
  expect(await screen(engineer)).not.toContain("of the night");
});
