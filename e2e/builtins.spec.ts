import { expect, type Page, test } from "@playwright/test";
import { screen, signIn, type } from "./people.ts";
import { atTerminal, lastLine, press, runs, shot } from "./terminal.ts";

/** What the gateway does itself, and the keys that end things. */

let engineer: Page;
test.beforeEach(async ({ browser }) => {
  engineer = await atTerminal(browser, "web-2");
});
test.afterEach(() => engineer.context().close());

test("cd, pushd, popd and dirs: the prompt says where one stands", async () => {
  const stands = (place: RegExp) => expect.poll(() => lastLine(engineer)).toMatch(place);
  await type(engineer, "cd shop-api/logs");
  await stands(/:~\/shop-api\/logs \$$/);
  await type(engineer, "cd ..");
  await stands(/:~\/shop-api \$$/);
  await type(engineer, "cd -");
  await stands(/:~\/shop-api\/logs \$$/);
  await type(engineer, "pushd /etc");
  await stands(/:\/etc \$$/);
  await type(engineer, "dirs");
  await expect.poll(() => screen(engineer)).toMatch(/\n\/etc .*shop-api\/logs\n/);
  await type(engineer, "popd");
  await stands(/:~\/shop-api\/logs \$$/);
  await type(engineer, "cd /no/such/place");
  await stands(/:~\/shop-api\/logs ✕1 \$$/);
  await type(engineer, "cd");
  await stands(/:~ \$$/);
});

test("export and unset hold from line to line", async ({ browser }) => {
  await runs(engineer, "export note='good morning' mood=calm");
  await runs(engineer, 'echo "[$note] [$mood]"');
  expect(await screen(engineer)).toContain("\n[good morning] [calm]\n");
  await type(engineer, "unset mood");
  await expect.poll(() => lastLine(engineer)).toMatch(/\$$|waiting for review/);
  if ((await lastLine(engineer)).includes("waiting")) {
    // Where policy wants another's eyes on what a program may notice, they are asked.
    const reviewer = await signIn(browser, "reviewer");
    await reviewer.goto("/reviews");
    await reviewer.locator("[data-review]", { hasText: "unset mood" }).first().click();
    await reviewer.locator("[data-approve]").click();
    await expect.poll(() => lastLine(engineer)).toMatch(/\$$/);
    await reviewer.context().close();
  }
  await runs(engineer, 'echo "<$note> <$mood>"');
  expect(await screen(engineer)).toContain("\n<good morning> <>\n");
  await type(engineer, "export LD_PRELOAD=/tmp/x.so");
  await expect.poll(() => screen(engineer)).toMatch(/✕ .*LD_PRELOAD/);
  await expect.poll(() => lastLine(engineer)).toMatch(/✕126 \$$/);
});

test("history, help, why and can explain; clear clears", async () => {
  await runs(engineer, "echo one of a kind");
  await runs(engineer, "history");
  expect(await screen(engineer)).toMatch(/\n +\d+ {2}echo one of a kind\n +\d+ {2}history\n/);
  await runs(engineer, "help");
  expect(await screen(engineer)).toContain("can COMMAND…");
  await shot(engineer, "help-dark");
  await runs(engineer, "clear");
  expect((await screen(engineer)).trim().split("\n")).toHaveLength(1);
  await type(engineer, "cat shop-api/.env");
  await expect.poll(() => lastLine(engineer)).toMatch(/✕126 \$$/);
  await runs(engineer, "clear");
  await runs(engineer, "why");
  expect(await screen(engineer)).toMatch(/ +cat shop-api\/\.env\n +\^+\n✕ .*no-secrets/);
  await runs(engineer, "can systemctl status shop-api");
  expect(await screen(engineer)).toContain("✓ ");
  await runs(engineer, "can tail -f /etc/shadow");
  expect(await screen(engineer)).toMatch(/ +tail -f \/etc\/shadow\n +\^+\n✕ /);
  await shot(engineer, "why-and-can-dark");
});

test("Ctrl-C, Ctrl-\\ and Ctrl-Z while a program runs", async () => {
  const tab = engineer.locator("[data-terminal-tab]:visible");
  await type(engineer, "sleep 300");
  await expect(tab).toHaveAttribute("data-running", "true");
  await press(engineer, "Control+z");
  await expect.poll(() => screen(engineer)).toContain("Ctrl-Z is off: a stopped program would wait where nobody sees it");
  await expect(tab).toHaveAttribute("data-running", "true");
  await press(engineer, "Control+c");
  await expect.poll(() => lastLine(engineer)).toMatch(/✕130 \$$/);
  await type(engineer, "sleep 301");
  await expect(tab).toHaveAttribute("data-running", "true");
  await press(engineer, "Control+\\");
  await expect.poll(() => lastLine(engineer)).toMatch(/✕131 \$$/);
  await expect(tab).not.toHaveAttribute("data-running", "true");
});

test("what is typed while a program runs stands at the next prompt, and nothing of it runs before", async () => {
  await type(engineer, "sleep 1; echo slept");
  await engineer.keyboard.type("echo typed ahead");
  await expect.poll(() => lastLine(engineer)).toMatch(/\$ echo typed ahead$/);
  expect(await screen(engineer)).toContain("\nslept\n");
  await press(engineer, "Enter");
  await expect.poll(() => screen(engineer)).toContain("\ntyped ahead\n");
});

test("exit and Ctrl-D close the tab's session, and it is opened again with a key", async () => {
  const ended = engineer.locator("[data-session-ended]");
  await type(engineer, "exit");
  await expect(ended).toContainText("closed by the person");
  await ended.getByRole("button", { name: "Open again" }).click();
  await expect(ended).toHaveCount(0);
  await expect.poll(() => lastLine(engineer)).toMatch(/\$$/);
  await engineer.keyboard.type("echo x");
  await press(engineer, "Control+d");
  await expect.poll(() => lastLine(engineer)).toMatch(/\$ echo x$/);
  await press(engineer, "Control+u", "Control+d");
  await expect(ended).toContainText("closed by the person");
  await shot(engineer, "session-ended-dark");
});
