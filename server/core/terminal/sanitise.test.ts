import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSanitiser } from "./sanitise.ts";

const run = (chunks: readonly string[], fullScreen = false) => {
  const sanitiser = createSanitiser({ fullScreen });
  return chunks.map((chunk) => new TextDecoder().decode(sanitiser.push(new TextEncoder().encode(chunk)))).join("");
};

const ROWS: readonly { name: string; input: string; printed: string; fullScreen: string }[] = [
  { name: "SH-677 title report", input: "a\u001b[21tb", printed: "ab", fullScreen: "ab" },
  { name: "SH-680 ENQ", input: "a\u0005b", printed: "ab", fullScreen: "ab" },
  { name: "SH-681 DECRQSS", input: "a\u001bP$qm\u001b\\b", printed: "ab", fullScreen: "ab" },
  { name: "SH-685 fake full screen", input: "\u001b[?1049h\u001b[2;1Hx", printed: "x", fullScreen: "\u001b[?1049h\u001b[2;1Hx" },
  { name: "SH-686 clears the screen", input: "\u001b[2J\u001b[3J\u001b[H$ ", printed: "$ ", fullScreen: "\u001b[2J\u001b[H$ " },
  { name: "SH-688 working directory", input: "a\u001b]7;file://host/etc\u0007b", printed: "ab", fullScreen: "ab" },
  { name: "SH-692 mouse", input: "\u001b[?1000h\u001b[?1003hx", printed: "x", fullScreen: "\u001b[?1000h\u001b[?1003hx" },
  { name: "SH-693 bracketed paste", input: "\u001b[?2004hx", printed: "x", fullScreen: "\u001b[?2004hx" },
  { name: "SH-695 full reset", input: "a\u001bcb", printed: "ab", fullScreen: "ab" },
  { name: "clipboard write", input: "a\u001b]52;c;cm0K\u001b\\b", printed: "ab", fullScreen: "ab" },
  { name: "title", input: "a\u001b]0;x\u0007b", printed: "ab", fullScreen: "ab" },
  { name: "size", input: "a\u001b[8;10;10tb", printed: "ab", fullScreen: "ab" },
  { name: "C1 in UTF-8", input: "a\u009d0;x\u009cb\u0007c\u009b31mz", printed: "ac\u001b[31mz", fullScreen: "ac\u001b[31mz" },
  {
    name: "colour",
    input: "\u001b[1;31mred\u001b[0m",
    printed: "\u001b[1;31mred\u001b[0m",
    fullScreen: "\u001b[1;31mred\u001b[0m",
  },
  {
    name: "erase to the end of the line",
    input: "50%\r\u001b[K60%",
    printed: "50%\r\u001b[K60%",
    fullScreen: "50%\r\u001b[K60%",
  },
  { name: "keyboard report modes", input: "a\u001b[>4;1mb\u001b[=1ub", printed: "abb", fullScreen: "abb" },
  { name: "a string that an escape ends", input: "a\u001b]0;x\u001b[31mb", printed: "a\u001b[31mb", fullScreen: "a\u001b[31mb" },
  { name: "letters of two bytes", input: "£ § é", printed: "£ § é", fullScreen: "£ § é" },
];

describe("TS-1 what a program prints is made harmless", () => {
  for (const row of ROWS) {
    test(row.name, () => {
      expect(run([row.input])).toBe(row.printed);
      expect(run([row.input], true)).toBe(row.fullScreen);
    });
  }
});

test("TS-2 the outcome does not depend on the chunks", () => {
  const whole = new TextEncoder().encode(ROWS.map((row) => row.input).join("|"));
  const once = createSanitiser({ fullScreen: false }).push(whole);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
      const sanitiser = createSanitiser({ fullScreen: false });
      const out: number[] = [];
      for (let at = 0, i = 0; at < whole.length; i++) {
        const size = sizes[i % sizes.length] as number;
        out.push(...sanitiser.push(whole.slice(at, at + size)));
        at += size;
      }
      expect(Uint8Array.from(out)).toEqual(once);
    }),
  );
});

test("TS-3 what a program left behind is set back", () => {
  const sanitiser = createSanitiser({ fullScreen: true });
  sanitiser.push(new TextEncoder().encode("\u001b[?1049h\u001b[?25l"));
  expect(new TextDecoder().decode(sanitiser.end())).toBe("\u001b[?1049l\u001b[?25h\u001b7\u001b[r\u001b8\u001b(B\u001b>");
});

test("TS-3 what it set back itself is left alone: a screen that is left twice puts the cursor where it was before", () => {
  const sanitiser = createSanitiser({ fullScreen: true });
  sanitiser.push(new TextEncoder().encode("\u001b[?1049;25h\u001b[?1hx\u001b[?7l\u001b[?7h\u001b[?1l\u001b[?1049l"));
  expect(new TextDecoder().decode(sanitiser.end())).toBe("\u001b7\u001b[r\u001b8\u001b(B\u001b>");
});
