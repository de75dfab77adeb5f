import { afterAll, describe, expect, test } from "vitest";
import { createSqlParser } from "./sql-parser.ts";

const parser = createSqlParser();
afterAll(() => parser.close());

describe("the parser's thread", () => {
  test.each([
    "SELECT 1 ORDER BY 1 NULLS /* ü */ FIRST",
    "SELECT 1 WHERE 1 NOT -- x\n IN (2)",
    "SELECT n FROM unnest(ARRAY[1]) WITH /**/ ORDINALITY AS u(n, m)",
  ])("T1 a comment is white space: %s", async (text) => {
    const parsed = await parser.parse(text);
    expect(parsed).toMatchObject({ ok: true, statements: [{ text }] });
  });

  test.each([
    ["SELECT 1 /* ü */ ORDER 2", "2"],
    ["SELECT /* x */ 'open", "'open"],
    ["SELECT 1 /* open", "/* open"],
  ])("T2 %s is refused at its place", async (text, at) => {
    const parsed = await parser.parse(text);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(text.slice(parsed.refusal.span[0])).toContain(at.slice(0, 1));
  });
});
