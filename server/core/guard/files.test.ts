import fc from "fast-check";
import { expect, test } from "vitest";
import { absolutePath, describeFile, isText } from "./files.ts";

test.each([
  ["/etc//./passwd", "/etc/passwd"],
  ["/etc/../../root/.ssh/", "/root/.ssh"],
  ["/", "/"],
  ["/a/ä b", "/a/ä b"],
  ["etc/passwd", null],
  ["~/x", null],
  ["", null],
  ["/a\u0000b", null],
  ["/a\nb", null],
  ["/a\u202eb", null],
  [`/${"x".repeat(5_000)}`, null],
])("%j is %j", (given, expected) => expect(absolutePath(given)).toBe(expected));

test("what is asked for is judged, and what it leads to", () => {
  const described = describeFile("download /srv/link", "/srv/link", { way: "read", path: "/etc/shadow" });
  expect(described.microActions).toEqual([
    { action: "file:read", resource: { kind: "path", path: "/srv/link" }, span: [9, 18] },
    { action: "file:read", resource: { kind: "path", path: "/etc/shadow" }, span: [9, 18] },
  ]);
  expect(describeFile("upload /a", "/a", { way: "write", path: "/a" }).microActions).toHaveLength(1);
});

test("text is what a strict decoder takes, without NUL; cut anywhere, its beginning may still be text", () => {
  const strict = (bytes: Uint8Array): boolean => {
    try {
      return !new TextDecoder("utf-8", { fatal: true }).decode(bytes).includes("\0");
    } catch {
      return false;
    }
  };
  const near = fc.constantFrom(
    0,
    0x41,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xec,
    0xed,
    0xef,
    0xf0,
    0xf3,
    0xf4,
    0xf5,
    0xff,
  );
  const bytes = fc.array(near, { maxLength: 6 }).map((all) => Uint8Array.from(all));
  fc.assert(
    fc.property(bytes, (all) => {
      expect(isText(all, true), String(all)).toBe(strict(all));
    }),
    { numRuns: 50_000, seed: 1 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 6 }), fc.nat(20), (text, at) => {
      const whole = new TextEncoder().encode(text.replaceAll("\0", ""));
      expect(isText(whole.subarray(0, at), false)).toBe(true);
    }),
    { numRuns: 5_000, seed: 2 },
  );
});
