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
    ["a long chain", `SELECT 1${" + 1".repeat(4_500)}`, "the statement is too deeply nested"],
    ["many conditions", `SELECT 1 WHERE a = 1${" OR a = 1".repeat(9_000)}`, "the statement has too many parts"],
    ["many brackets", `SELECT ${"(".repeat(10_000)}1${")".repeat(10_000)}`, 'memory exhausted at or near "("'],
    [
      "nested comments",
      `SELECT 1 ${"/*".repeat(30_000)}${"*/".repeat(30_000)}`,
      "the statement takes longer than 500 ms to read",
    ],
    ["1 MB", `SELECT '${"x".repeat(1_000_000)}'`, "a statement is at most 256 kB long"],
    ["NUL", "SELECT 1 \0, 2", "a statement cannot hold a NUL character"],
    ["half of a character", "SELECT '\ud800'", "the statement holds half of a character"],
  ])("T3 %s is refused in time, and short texts do not wait for it", async (_name, hostile, message) => {
    await parser.parse("SELECT 1");
    const began = performance.now();
    const refused = parser.parse(hostile).then((parsed) => ({ parsed, after: performance.now() - began }));
    const short = await parser.parse(`SELECT ${began}`);
    const shortAfter = performance.now() - began;
    const { parsed, after } = await refused;
    expect(parsed).toMatchObject({ ok: false, refusal: { message } });
    expect(short.ok).toBe(true);
    // A busy machine is given twice the time.
    expect(after).toBeLessThan(1_200);
    expect(shortAfter).toBeLessThan(400);
    expect((await parser.parse(`SELECT ${began} + 1`)).ok).toBe(true);
  });

  test("T3 brackets in a text are not nesting", async () => {
    const parsed = await parser.parse(`SELECT '${'{"\\'.repeat(20_000)}'`);
    expect(parsed.ok).toBe(true);
  });

  test("T4 what is only looked over has its trees, and no more", async () => {
    const trees = await parser.trees("SELECT 'ü', a FROM t; SELECT 2");
    expect(trees).toMatchObject({ ok: true, statements: [{ tree: { SelectStmt: {} } }, { tree: { SelectStmt: {} } }] });
    const whole = await parser.parse("SELECT 'ü', a FROM t; SELECT 2");
    expect(trees.ok && whole.ok ? trees.statements.map(({ tree }) => tree) : []).toEqual(
      whole.ok ? whole.statements.map(({ tree }) => tree) : [null],
    );
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
