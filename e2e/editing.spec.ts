import { expect, type Page, test } from "@playwright/test";
import { screen, type } from "./people.ts";
import { atTerminal, cells, lastLine, paste, place, press, runs, shot, typed } from "./terminal.ts";

/** Lines under the hands of somebody who knows `bash`: several of them, wide ones, and what is taken back. */

let engineer: Page;
test.beforeEach(async ({ browser }) => {
  engineer = await atTerminal(browser, "web-2");
});
test.afterEach(() => engineer.context().close());

const tail = async (lines: number) => (await screen(engineer)).trimEnd().split("\n").slice(-lines);

test("a paste of several lines is shown whole and judged whole, and runs with Enter alone", async () => {
  const before = (await screen(engineer)).length;
  await paste(engineer, "echo first\ncat shop-api/.env\necho last\n");
  await expect.poll(() => tail(3)).toEqual([expect.stringMatching(/\$ echo first$/), "> cat shop-api/.env", "> echo last"]);
  const verdict = engineer.locator("[data-terminal-verdict]");
  await expect(verdict).toHaveAttribute("data-terminal-verdict", "deny");
  await expect(verdict.locator("mark")).toHaveText("shop-api/.env");
  await shot(engineer, "paste-dark");
  await press(engineer, "Enter");
  await expect.poll(() => lastLine(engineer)).toMatch(/✕126 \$$/);
  // Nothing of it has run, not even what alone would be allowed.
  expect((await screen(engineer)).slice(before)).not.toContain("\nfirst\n");
  await paste(engineer, "echo first\necho last\n");
  await expect.poll(() => tail(2)).toEqual([expect.stringMatching(/\$ echo first$/), "> echo last"]);
  await press(engineer, "Enter");
  await expect.poll(() => screen(engineer)).toContain("\nfirst\nlast\n");
});

test("the end of a paste in the middle of it lets nothing of it run", async () => {
  await paste(engineer, "echo one\x1b[201~\recho two\r\x1b[200~echo three\r");
  await expect.poll(() => tail(3)).toEqual([expect.stringMatching(/\$ echo one\[201~$/), "> echo two", "> [200~echo three"]);
  await press(engineer, "Control+c");
  await expect.poll(() => lastLine(engineer)).toMatch(/\$$/);
  expect(await screen(engineer)).not.toMatch(/\ntwo\n/);
});

test("a here-document, an open quote and a backslash go on in the next line", async () => {
  await type(engineer, "cat <<END");
  await type(engineer, "in the $HOME document");
  await expect.poll(() => lastLine(engineer)).toMatch(/^>$/);
  await type(engineer, "END");
  await expect.poll(() => screen(engineer)).toMatch(/\nin the \/\S+ document\n/);
  await type(engineer, "echo 'an open");
  await type(engineer, "quote'");
  await expect.poll(() => screen(engineer)).toContain("\nan open\nquote\n");
  await type(engineer, "echo goes \\");
  await type(engineer, "  on");
  await expect.poll(() => screen(engineer)).toContain("\ngoes on\n");
  // It comes back as one, and the arrows go through its lines.
  await press(engineer, "ArrowUp", "ArrowUp", "ArrowUp");
  await expect.poll(() => tail(2)).toEqual([expect.stringMatching(/\$ echo 'an open$/), "> quote'"]);
  await press(engineer, "Home", "ArrowUp", "End");
  await engineer.keyboard.type("ed");
  await press(engineer, "Enter");
  await expect.poll(() => screen(engineer)).toContain("\nan opened\nquote\n");
});

test("what was typed is taken back: Ctrl-_, Ctrl-X Ctrl-U, Alt-r", async () => {
  await engineer.keyboard.type("echo one two three");
  await press(engineer, "Control+w", "Control+w");
  await expect.poll(() => typed(engineer)).toBe("echo one");
  await press(engineer, "Control+x", "Control+u");
  await expect.poll(() => typed(engineer)).toBe("echo one two");
  await press(engineer, "Control+Shift+_");
  await expect.poll(() => typed(engineer)).toBe("echo one two three");
  await press(engineer, "Alt+r");
  await expect.poll(() => typed(engineer)).toBe("");
});

test("the ring of what was cut, the last word of lines before, and the search taken back", async () => {
  await runs(engineer, "echo alpha /var/log");
  await runs(engineer, "echo beta /etc/hosts");
  await engineer.keyboard.type("echo first second");
  await press(engineer, "Control+w", "ArrowLeft", "Control+w", "End", "Control+y");
  await expect.poll(() => typed(engineer)).toBe("echo  first");
  await press(engineer, "Alt+y");
  await expect.poll(() => typed(engineer)).toBe("echo  second");
  await press(engineer, "Control+u");
  await engineer.keyboard.type("ls ");
  await press(engineer, "Alt+.");
  await expect.poll(() => typed(engineer)).toBe("ls /etc/hosts");
  await press(engineer, "Alt+.");
  await expect.poll(() => typed(engineer)).toBe("ls /var/log");
  await press(engineer, "Control+r");
  await engineer.keyboard.type("alph");
  await expect.poll(() => lastLine(engineer)).toContain("echo alpha /var/log");
  await press(engineer, "Control+g");
  await expect.poll(() => typed(engineer)).toBe("ls /var/log");
});

test("wide characters, emoji and marks take the cells that the screen gives them, in the middle of a line", async () => {
  const clusters = ["漢", "字", "👩‍👩‍👧‍👦", "é", "🇫🇷", "👍🏽", "한", "❤️", "1️⃣", "ｶﾞ", "กำ", "क्षि", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👨🏿‍🚀", "…", "☺", "x"];
  const prompt = await place(engineer);
  await engineer.keyboard.type("echo ");
  await expect.poll(async () => (await place(engineer)).x).toBe(prompt.x + "echo ".length);
  const start = await place(engineer);
  for (const cluster of clusters) await engineer.keyboard.insertText(cluster);
  await expect.poll(() => typed(engineer)).toContain("x");
  const drawn = (await cells(engineer, start.y)).filter(({ at, text }) => at >= start.x && text !== "");
  const ends = await place(engineer);
  // To the beginning and one by one to the end: the cursor stands where each cluster begins.
  await press(engineer, "Control+a", "Alt+f", "Control+f");
  await expect.poll(async () => (await place(engineer)).x).toBe(start.x);
  const stood = [];
  for (const cluster of clusters) {
    const { x } = await place(engineer);
    stood.push({ text: cluster, at: x });
    await press(engineer, "ArrowRight");
    await expect.poll(async () => (await place(engineer)).x, { message: cluster }).toBeGreaterThan(x);
  }
  expect(await place(engineer)).toEqual(ends);
  // A conjunct is one to a person and two on the screen.
  const screenful = drawn
    .filter(({ text }) => text !== "षि")
    .map((cell) => (cell.text === "क्" ? { ...cell, text: "क्षि" } : cell));
  expect(stood).toEqual(screenful);
  // Cut out of the middle, and put in.
  await press(engineer, "Control+a", "Alt+f", "Control+f", "ArrowRight", "ArrowRight", "Delete");
  await expect.poll(() => typed(engineer)).toBe(`echo ${clusters.filter((_, i) => i !== 2).join("")}`);
  await shot(engineer, "wide-dark");
});

test("a long line of wide characters is edited while the window changes its size", async () => {
  const text = Array.from({ length: 120 }, (_, i) => (i % 3 === 0 ? "漢" : String(i % 10))).join("");
  await engineer.keyboard.insertText(`echo '${text}'`);
  await expect.poll(() => typed(engineer)).toBe(`echo '${text}'`);
  for (let i = 0; i < 60; i++) await press(engineer, "ArrowLeft");
  for (const width of [900, 620, 1300, 760]) {
    const { columns } = await place(engineer);
    await engineer.setViewportSize({ width, height: 900 });
    await expect.poll(async () => (await place(engineer)).columns).not.toBe(columns);
    await expect.poll(() => typed(engineer)).toBe(`echo '${text}'`);
    // One prompt, wherever the line was wrapped before.
    expect((await screen(engineer)).match(/\$ echo/g)).toHaveLength(1);
  }
  await engineer.keyboard.type("HERE");
  const whole = `echo '${text.slice(0, 61)}HERE${text.slice(61)}'`;
  await expect.poll(() => typed(engineer)).toBe(whole);
  await shot(engineer, "wide-resized-dark");
  await press(engineer, "Enter");
  await expect.poll(() => screen(engineer)).toContain(`\n${whole.slice(6, -1)}\n`);
});

test("a command of several long lines keeps its place while the window changes its size", async () => {
  const [first, second] = ["a1b2c3d4e5".repeat(20), "f6g7h8i9j0".repeat(15)];
  await runs(engineer, "echo above");
  await paste(engineer, `echo '${first}\n${second}'`);
  const whole = [expect.stringMatching(new RegExp(`\\$ echo '${first}$`)), `> ${second}'`];
  await expect.poll(() => tail(2)).toEqual(whole);
  for (let i = 0; i < 40; i++) await press(engineer, "ArrowLeft");
  for (const width of [900, 640, 1400, 760, 1100]) {
    const { columns } = await place(engineer);
    await engineer.setViewportSize({ width, height: 900 });
    await expect.poll(async () => (await place(engineer)).columns).not.toBe(columns);
    await expect.poll(() => tail(2)).toEqual(whole);
    expect(await screen(engineer)).toMatch(/\nabove\n[^\n]*\$ echo 'a1/);
  }
  await engineer.keyboard.type("HERE");
  await expect.poll(() => lastLine(engineer)).toBe(`> ${second.slice(0, -39)}HERE${second.slice(-39)}'`);
});
