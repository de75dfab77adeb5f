import { expect, test } from "vitest";
import { byEnvironment, matching } from "./grouped.ts";

const target = (id: string, environment: string) => ({
  id,
  environment,
  type: "ssh" as const,
  labels: {},
  description: "",
  may: true,
});

test("production comes first, unknown environments last, names in order", () => {
  const groups = byEnvironment([
    target("b", "dev"),
    target("z", "prod"),
    target("q", "attic"),
    target("a", "prod"),
    target("s", "staging"),
  ]);
  expect(groups.map(({ environment, targets }) => `${environment}: ${targets.map(({ id }) => id).join(" ")}`)).toEqual([
    "prod: a z",
    "staging: s",
    "dev: b",
    "attic: q",
  ]);
});

test.each<[string, string, string[]]>([
  ["nothing typed", "", ["orders", "people"]],
  ["a table", "ord", ["orders"]],
  ["a column", "email", ["people"]],
  ["a schema", "public.", ["orders", "people"]],
  ["no match", "zzz", []],
])("matching: %s", (_name, text, expected) => {
  const table = (name: string, column: string) => ({
    schema: "public",
    name,
    kind: "table" as const,
    exposure: "open" as const,
    filtered: false,
    columns: [{ name: column, type: "text", exposure: "open" as const, mask: null }],
  });
  expect(matching([table("orders", "id"), table("people", "email")], text).map(({ name }) => name)).toEqual(expected);
});
