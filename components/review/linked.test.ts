import { expect, test } from "vitest";
import { pieces } from "./linked.tsx";

test.each<[string, readonly string[]]>([
  ["see https://tickets.acme.test/7.", ["https://tickets.acme.test/7"]],
  ["(http://a.test/x?y=1#z), and https://b.test", ["http://a.test/x?y=1#z", "https://b.test"]],
  ["javascript:alert(1) data:text/html,x file:///etc/passwd //a.test", []],
  ["xhttps://a.test", []],
  ["", []],
])("links in %j", (text, expected) => {
  const found = pieces(text);
  expect(found.filter(({ link }) => link).map(({ piece }) => piece)).toEqual(expected);
  expect(found.map(({ piece }) => piece).join("")).toBe(text);
});
