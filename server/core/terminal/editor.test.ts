import { expect, test } from "vitest";
import { LineEditor } from "./editor.ts";

const drawn = (editor: LineEditor, keys: string) =>
  editor
    .feed(keys)
    .flatMap((effect) => (effect.effect === "output" ? [effect.text] : []))
    .join("");

test("neither a paste nor the history can speak to the terminal", () => {
  const editor = new LineEditor(80, { incomplete: () => false, history: ["uptime", "x\u001b]133;D;1\u0007y", "z\u009b5n"] });
  editor.prompt("$ ", 2);
  const pasted = drawn(editor, "\u001b[200~a\u001b]133;D;1\u0007b\u009dc\u001b[201~");
  expect(pasted).not.toContain("\u001b]");
  expect(pasted).not.toMatch(/[\u0007\u009d]/);
  expect(drawn(editor, "t\u009d133;A\u009cu")).not.toMatch(/[\u0080-\u009f]/);
  editor.feed("\u0003");
  expect(drawn(editor, "\u001b[A")).toContain("uptime");
  editor.feed("\u0003");
  editor.remember("q\u001b]52;c;eA==\u0007");
  expect(drawn(editor, "\u001b[A")).toContain("uptime");
});

test("a paste that is too long is left out whole, however it is cut, and none of it is taken for typed", () => {
  const text = `\u001b[200~${"rm -rf /\r\n".repeat(200_000)}\u001b[201~`;
  for (const size of [1_000, 7_777, 65_536, text.length]) {
    const editor = new LineEditor(80, { incomplete: () => false, history: [] });
    editor.prompt("$ ", 2);
    editor.feed("echo ");
    const effects = [];
    for (let at = 0; at < text.length; at += size) effects.push(...editor.feed(text.slice(at, at + size)));
    expect(effects.filter(({ effect }) => effect === "accept")).toEqual([]);
    expect(JSON.stringify(effects)).toContain("this was left out");
    expect(editor.line).toBe("echo ");
    expect(editor.feed("hi\r").at(-1)).toMatchObject({ effect: "changed" });
    expect(editor.line).toBe("");
  }
});

test("a long line stays quick to edit", () => {
  const editor = new LineEditor(80, { incomplete: () => false, history: [] });
  editor.prompt("$ ", 2);
  editor.feed("x".repeat(32_000));
  editor.feed("x".repeat(1_000));
  expect(editor.line).toHaveLength(32_000);
  for (let i = 0; i < 5; i++) editor.feed("\u0015\u0019\u0019\u0019");
  expect(editor.line.length).toBeLessThanOrEqual(32_768);
});

test("one Enter at a time is fed, wherever a paste around it is cut", () => {
  const whole = "a\u001b[200~b\r\nc\rd\u001b[201~\re\r\nf\u001b[200~\n\u001b[201~\ng";
  for (let size = 1; size <= whole.length; size++) {
    const editor = new LineEditor(80, { incomplete: () => false, history: [] });
    editor.prompt("$ ", 2);
    const lines: string[] = [];
    for (let at = 0; at < whole.length; at += size) {
      let rest = whole.slice(at, at + size);
      while (rest !== "") {
        const end = editor.upToEnter(rest);
        const accepted = editor.feed(rest.slice(0, end)).flatMap((effect) => (effect.effect === "accept" ? [effect.line] : []));
        expect(accepted.length).toBeLessThan(2);
        lines.push(...accepted);
        rest = rest.slice(end);
      }
    }
    // Cut between CR and LF, the LF is an Enter of its own.
    expect(lines.filter((line) => line !== "")).toEqual(["ab\nc\nd", "e", "f"]);
    expect(editor.line).toBe("g");
  }
});

test("after an accepted line nothing more is drawn, also where what led to it came with it", () => {
  for (const keys of ["lss\u007f\r", "écho\r", "ls\u0001x\r", "\u001b[200~a\nb\u001b[201~\r"]) {
    const editor = new LineEditor(80, { incomplete: () => false, history: [] });
    editor.prompt("$ ", 2);
    const effects = editor.feed(keys);
    const accepted = effects.findIndex(({ effect }) => effect === "accept");
    expect(accepted).toBeGreaterThan(0);
    expect(effects.slice(accepted).filter(({ effect }) => effect === "output")).toEqual([]);
  }
});

test.each([
  ["Ctrl-X Ctrl-U takes back as Ctrl-_ does", "one two\u0017\u0018\u0015", "one two"],
  ["Ctrl-X and a key without a meaning there does nothing, and is not typed", "ab\u0018q\u0018\rc", "abc"],
  ["Ctrl-X before a paste or an arrow cuts neither", "ab\u0018\u001b[200~x\ny\u001b[201~\u0018\u001b[Dz", "abx\nzy"],
  ["Alt-. takes the last word of the line before, and of older ones", "cat \u001b.", "cat 'b c'"],
  ["Alt-. again", "cat \u001b.\u001b.", "cat /var/log/a"],
  ["Alt-. goes no further than the oldest", "cat \u001b.\u001b.\u001b.\u001b. x", "cat /var/log/a x"],
  ["Alt-r takes all back", "one two\u0017\u0017x\u001br", ""],
  ["Alt-\\ takes the blanks around the cursor", "one   two\u001b[D\u001b[D\u001b[D\u001b[D\u001b\\", "onetwo"],
  ["Alt and a capital letter swallows nothing of what follows", "a\u001bXb\u001b_c\u001b^d", "abuptimecd"],
])("%s", (_, keys, line) => {
  const editor = new LineEditor(80, {
    incomplete: () => false,
    history: ["tail -f /var/log/a", "echo 'b c'", "uptime"].slice(0, keys.includes("_c") ? 3 : 2),
  });
  editor.prompt("$ ", 2);
  for (const key of keys.match(/\u001b\[20[01]~[^\u001b]*(?:\u001b\[201~)?|\u001b\[[A-Z]|\u001b.|[\s\S]/g) ?? [])
    editor.feed(key);
  expect(editor.line).toBe(line);
});
