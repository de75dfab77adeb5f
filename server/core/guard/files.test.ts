import { expect, test } from "vitest";
import { absolutePath, describeFile } from "./files.ts";

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
