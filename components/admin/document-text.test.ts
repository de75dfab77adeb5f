import { describe, expect, test } from "vitest";
import { changed, offsetOf, parsed } from "./document-text.ts";

const POLICY = `kind: policy # the kind
id: a
principals: { groups: [engineers] }
obligations:
  approvals: 1
`;

describe("changed", () => {
  test.each<[string, string[], string | number | boolean | string[], string]>([
    ["a value", ["id"], "b", POLICY.replace("id: a", "id: b")],
    ["comments stay", ["obligations", "approvals"], 2, POLICY.replace("approvals: 1", "approvals: 2")],
    ["a list", ["principals", "groups"], ["a", "b"], POLICY.replace("[engineers]", "[ a, b ]")],
    ["a new key", ["effect"], "permit", `${POLICY}effect: permit\n`],
    [
      "an empty value takes its key and the empty map away",
      ["obligations", "approvals"],
      "",
      POLICY.replace("obligations:\n  approvals: 1\n", ""),
    ],
    [
      "an empty list takes its key away",
      ["principals", "groups"],
      [],
      POLICY.replace("principals: { groups: [engineers] }\n", ""),
    ],
  ])("%s", (_name, path, value, expected) => {
    const result = changed(POLICY, path, value);
    expect(parsed(result)).toEqual(parsed(expected));
    expect(result).toContain("# the kind");
  });

  test("a text that is no YAML is left alone", () => expect(changed("a: [", ["id"], "b")).toBe("a: ["));
});

describe("parsed", () => {
  test.each<[string, string, number | null]>([
    ["a document", "kind: policy", null],
    ["a list is none", "- a", 1],
    ["an open bracket has its line", "kind: policy\nactions: [", 2],
    ["a key twice", "id: a\nid: b", 2],
  ])("%s", (_name, text, line) => {
    const result = parsed(text);
    expect(result.ok ? null : result.problems[0]?.line).toBe(line);
  });
});

test.each([
  ["the start", 1, 1, 0],
  ["the second line", 2, 3, 5],
  ["past the end", 9, 9, 5],
])("offsetOf: %s", (_name, line, column, expected) => expect(offsetOf("ab\ncd", line, column)).toBe(expected));
