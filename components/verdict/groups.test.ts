import { expect, test } from "vitest";
import { grouped } from "./groups.ts";
import type { VerdictLine } from "./lines.ts";

const line = (resource: string, changes: Partial<VerdictLine> = {}): VerdictLine => ({
  key: resource,
  meaning: "allow",
  action: "sql:select",
  resource,
  span: [0, 1],
  policy: "p",
  policyDescription: null,
  message: null,
  hint: null,
  mask: null,
  ...changes,
});

test.each<[string, VerdictLine[], string[]]>([
  ["columns of one table", [line("public.t.a"), line("public.t.b")], ["public.t (a b)"]],
  ["of two tables", [line("public.t.a"), line("public.u.a")], ["public.t (a)", "public.u (a)"]],
  ["the table itself is another thing", [line("public.t"), line("public.t.a")], ["public.t ()", "public.t (a)"]],
  ["another policy decided", [line("public.t.a"), line("public.t.b", { policy: "q" })], ["public.t (a)", "public.t (b)"]],
  ["another place in the text", [line("public.t.a"), line("public.t.b", { span: [4, 5] })], ["public.t (a)", "public.t (b)"]],
  [
    "masked ones stand apart",
    [line("public.t.a"), line("public.t.b", { meaning: "masked", mask: "m" })],
    ["public.t (a)", "public.t (b)"],
  ],
  ["names with dots in quotes", [line('public."a.b"."c.d"')], ['public."a.b" ("c.d")']],
  ["a path is no column", [line("/etc/a.b.c", { action: "file:read" })], ["/etc/a.b.c ()"]],
])("%s", (_name, lines, expected) => {
  expect(grouped(lines).map((group) => `${group.line.resource} (${group.columns.map(({ name }) => name).join(" ")})`)).toEqual(
    expected,
  );
});
