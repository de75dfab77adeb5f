import { expect, test } from "vitest";
import { type Filters, NO_FILTERS, queryOf } from "./filters.ts";

test.each<[string, Partial<Filters>, string | null, string]>([
  ["nothing", {}, null, ""],
  ["space around is no filter", { principal: "  " }, null, ""],
  ["a person and an outcome", { principal: "ada@acme.test", outcome: "deny" }, null, "principal=ada%40acme.test&outcome=deny"],
  ["a time becomes milliseconds", { from: "2026-06-01T00:00Z" }, null, "from=1780272000000"],
  ["half a time is no filter", { until: "2026-" }, null, ""],
  ["a page", { text: "ssn" }, "a:12", "text=ssn&before=a%3A12"],
])("%s", (_name, filters, before, expected) => expect(queryOf({ ...NO_FILTERS, ...filters }, before)).toBe(expected));
