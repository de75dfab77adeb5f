import { expect, test } from "vitest";
import type { Exposure } from "../../server/contract/http.ts";
import { selectFrom } from "./select-from.ts";

const table = (schema: string, name: string, columns: [string, Exposure][]) => ({
  schema,
  name,
  kind: "table" as const,
  exposure: "open" as const,
  filtered: false,
  columns: columns.map(([column, exposure]) => ({ name: column, type: "text", exposure, mask: null })),
});

test.each([
  ["all columns", table("public", "orders", [["id", "open"]]), "select * from orders limit 100;"],
  ["a masked column is read masked", table("public", "t", [["a", "masked"]]), "select * from t limit 100;"],
  [
    "a denied column is left out",
    table("public", "t", [
      ["a", "open"],
      ["b", "denied"],
    ]),
    "select a from t limit 100;",
  ],
  ["another schema", table("audit", "log", [["id", "open"]]), "select * from audit.log limit 100;"],
  [
    "names that need quotes",
    table("public", "Big Table", [
      ["x y", "open"],
      ["b", "denied"],
    ]),
    'select "x y" from "Big Table" limit 100;',
  ],
])("%s", (_name, given, expected) => expect(selectFrom(given)).toBe(expected));
