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
