import { expect, type Page, test } from "@playwright/test";
import { screen, type } from "./people.ts";
import { atTerminal, lastLine, place, press, runs, shot } from "./terminal.ts";

/** Programs that own the screen, and those that do not stop by themselves. */

let engineer: Page;
test.beforeEach(async ({ browser }) => {
  engineer = await atTerminal(browser, "web-2");
});
test.afterEach(() => engineer.context().close());

const tab = () => engineer.locator("[data-terminal-tab]:visible");
const running = (yes: boolean) =>
  yes ? expect(tab()).toHaveAttribute("data-running", "true") : expect(tab()).not.toHaveAttribute("data-running", "true");
const atPrompt = () => expect.poll(() => lastLine(engineer)).toMatch(/\$$/);

test("top draws, fills the window when it changes, and leaves the prompt as it was", async () => {
  await runs(engineer, "echo before top");
  await type(engineer, "top");
  await expect.poll(() => screen(engineer)).toContain("load average");
  for (const width of [900, 1300]) {
    await engineer.setViewportSize({ width, height: 700 });
    await expect.poll(async () => (await place(engineer)).columns).toBeGreaterThan(width / 16);
    const { columns, rows } = await place(engineer);
    // The row of titles is drawn over all the width.
    const titles = async () => (await screen(engineer)).split("\n").find((line) => /^ *PID USER/.test(line)) ?? "";
    await expect.poll(async () => (await titles()).length).toBeGreaterThan(columns - 16);
    expect((await screen(engineer)).split("\n").length).toBeLessThanOrEqual(rows + (await place(engineer)).top + 1);
  }
  await shot(engineer, "top-resized-dark");
  await press(engineer, "Control+z");
  await expect.poll(() => screen(engineer)).toContain("load average");
  await running(true);
  await press(engineer, "q");
  await running(false);
  await atPrompt();
  expect(await screen(engineer)).toContain("\nbefore top\n");
  await runs(engineer, "echo after top");
  expect(await screen(engineer)).toContain("\nafter top\n");
});

test("less pages on a screen of its own, and quits to the one before", async () => {
  await runs(engineer, "echo before less");
  await type(engineer, "less shop-api/logs/app.log");
  await expect.poll(async () => (await place(engineer)).screen).toBe("alternate");
  const first = await screen(engineer);
  await press(engineer, "Space");
  await expect.poll(() => screen(engineer)).not.toBe(first);
  await press(engineer, "b");
  await expect.poll(() => screen(engineer)).toBe(first);
  await engineer.keyboard.type("/ERROR");
  await press(engineer, "Enter");
  await press(engineer, "Control+z");
  await running(true);
  await press(engineer, "q");
  await running(false);
  await expect.poll(async () => (await place(engineer)).screen).toBe("normal");
  await atPrompt();
  const after = await screen(engineer);
  expect(after).toContain("\nbefore less\n");
  expect(after).not.toContain("level=");
});

test("Ctrl-C under a flood brings the prompt back", async () => {
  await type(engineer, "yes this goes on and on");
  await expect.poll(() => screen(engineer)).toContain("\nthis goes on and on\nthis goes on and on\n");
  const began = Date.now();
  await press(engineer, "Control+c");
  await running(false);
  expect(Date.now() - began).toBeLessThan(2_000);
  await atPrompt();
  await runs(engineer, "echo calm again");
  expect(await screen(engineer)).toContain("\ncalm again\n");
});

test("a command that goes on for longer than a policy lets it is ended, and says by which", async ({ browser }) => {
  const context = await browser.newContext();
  const { signIn } = await import("./people.ts");
  const admin = await signIn(browser, "admin", "light", context);
  const configure = (path: string, method: string, body?: string) =>
    admin.evaluate(
      async ([where, how, sent]) =>
        (await fetch(where, { method: how, headers: { "content-type": "application/json" }, ...(sent ? { body: sent } : {}) }))
          .status,
      [path, method, body ?? ""] as const,
    );
  const yaml = `kind: policy
id: story-short
description: Nothing goes on for long on staging
effect: permit
principals: { groups: [engineers] }
actions: ["shell:exec"]
resources: { targets: [web-2], programs: [sleep, seq] }
obligations: { timeLimit: 2s, outputLimit: 20000 }
`;
  expect(await configure("/api/configuration", "POST", JSON.stringify({ yaml }))).toBe(200);
  await type(engineer, "sleep 60");
  await expect.poll(() => screen(engineer)).toMatch(/✕ .*2 s.*story-short/);
  await atPrompt();
  await running(false);
  await type(engineer, "seq 1 1000000");
  await expect.poll(() => screen(engineer)).toMatch(/✕ .*20,000 bytes.*story-short/);
  await atPrompt();
  await shot(engineer, "limits-dark");
  expect(await configure("/api/configuration/policy/story-short", "DELETE")).toBe(200);
  await context.close();
});
