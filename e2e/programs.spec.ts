import { expect, type Page, test } from "@playwright/test";
import { applyPolicy, removePolicy, screen, signIn, type } from "./people.ts";
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
  await type(engineer, "top -s");
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
  await runs(engineer, "echo after top");
  expect(await screen(engineer)).toContain("\nafter top\n");
});

test("less pages on a screen of its own, and quits to the one before", async () => {
  await runs(engineer, "echo before less");
  await type(engineer, "less shop-api/logs/app.log");
  await expect.poll(async () => (await place(engineer)).screen).toBe("alternate");
  const top = async () => (await screen(engineer)).slice(0, "2026-01-05T08:00:00Z".length);
  await expect.poll(top).toBe("2026-01-05T08:00:00Z");
  await press(engineer, "Space");
  await expect.poll(top).toMatch(/^2026-01-05T08:(?!00:00)/);
  await press(engineer, "b");
  await expect.poll(top).toBe("2026-01-05T08:00:00Z");
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
  await type(engineer, "seq -f '%g goes on' 1 1000000000");
  await expect.poll(() => screen(engineer)).toMatch(/\n\d+ goes on\n\d+ goes on\n/);
  const began = Date.now();
  await press(engineer, "Control+c");
  await running(false);
  expect(Date.now() - began).toBeLessThan(2_000);
  await atPrompt();
  await runs(engineer, "echo calm again");
  expect(await screen(engineer)).toContain("\ncalm again\n");
});

test("a command that goes on for longer than a policy lets it is ended, and says by which", async ({ browser }) => {
  const admin = await signIn(browser, "admin");
  const yaml = `kind: policy
id: story-short
description: Nothing goes on for long on staging
effect: permit
principals: { groups: [engineers] }
actions: ["shell:exec"]
resources: { targets: [web-2], programs: [sleep, seq] }
obligations: { timeLimit: 2s, limitOutput: 20000 }
`;
  expect(await applyPolicy(admin, yaml)).toBe(200);
  await type(engineer, "sleep 60");
  await expect.poll(() => screen(engineer)).toMatch(/✕ ended: 2 s are over, which is all that policy `story-short` allows/);
  await atPrompt();
  await running(false);
  await type(engineer, "seq 1 1000000");
  await expect.poll(() => screen(engineer)).toMatch(/✕ ended: 20,000 bytes are shown/);
  await atPrompt();
  await shot(engineer, "limits-dark");
  expect(await removePolicy(admin, "story-short")).toBe(200);
  await admin.context().close();
});
