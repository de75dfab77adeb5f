import { expect, type Page, test } from "@playwright/test";
import { screen, type } from "./people.ts";
import { atTerminal, shot } from "./terminal.ts";

/** Drawing with the graphics card, and without. */

const renders = (page: Page) => page.locator("[data-terminal]:visible");

test("a graphics context that is lost leaves a terminal that draws", async ({ browser }) => {
  const engineer = await atTerminal(browser, "web-2");
  await expect(renders(engineer)).toHaveAttribute("data-renderer", "webgl");
  await engineer.evaluate(() => {
    for (const canvas of document.querySelectorAll<HTMLCanvasElement>(".xterm canvas"))
      canvas.getContext("webgl2")?.getExtension("WEBGL_lose_context")?.loseContext();
  });
  await expect(renders(engineer)).toHaveAttribute("data-renderer", "dom", { timeout: 20_000 });
  await type(engineer, "echo drawn by hand");
  await expect(engineer.locator(".xterm-rows:visible")).toContainText("drawn by hand");
  await shot(engineer, "webgl-lost-dark");
  await engineer.context().close();
});

test("without WebGL, and where the person does not want it, the browser draws the letters", async ({ browser }) => {
  const engineer = await atTerminal(browser, "web-2");
  await engineer.locator("[data-terminal-settings]:visible").click();
  await engineer.getByLabel("Draw with the graphics card").click({ force: true });
  await expect(renders(engineer)).toHaveAttribute("data-renderer", "dom");
  await expect(engineer.locator(".xterm-rows:visible")).toContainText("Every line is judged");
  await engineer.getByLabel("Draw with the graphics card").click({ force: true });
  await expect(renders(engineer)).toHaveAttribute("data-renderer", "webgl");
  await engineer.addInitScript(() => {
    const original = HTMLCanvasElement.prototype.getContext;
    Object.defineProperty(HTMLCanvasElement.prototype, "getContext", {
      value(this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
        return kind.startsWith("webgl") ? null : Reflect.apply(original, this, [kind, ...rest]);
      },
    });
  });
  await engineer.reload();
  await expect(renders(engineer)).toHaveAttribute("data-renderer", "dom");
  await engineer.locator(".xterm:visible").click();
  await type(engineer, "echo no card at all");
  await expect(engineer.locator(".xterm-rows:visible")).toContainText("no card at all");
  await expect.poll(() => screen(engineer)).toContain("\nno card at all");
  await engineer.context().close();
});
