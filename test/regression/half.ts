import { expect } from "vitest";
import { regressionSuite } from "./fetch.ts";
import { grown, listOf } from "./list.ts";
import { filesOf, replayFiles } from "./run.ts";

/** So many statements at least in each half: a suite that was not read would find nothing. */
const LEAST = { reads: 2_500, more: 4_500 };
export const HALF_LIMIT_MS = 1_800_000;

/** Every second script of the suite; two halves run beside each other. */
export async function replayHalf(half: 0 | 1): Promise<void> {
  const suite = await regressionSuite();
  const files = (await filesOf(suite)).filter((_file, index) => index % 2 === half);
  const results = await replayFiles(suite, files, () => {});
  const list = listOf(suite.version, results);
  process.stdout.write(`${JSON.stringify({ version: suite.version, scripts: files.length, ...list.totals })}\n`);
  expect([...results].flatMap(([file, { defects }]) => defects.map((defect) => `${file}: ${defect}`))).toEqual([]);
  expect(await grown(list)).toEqual([]);
  expect(list.totals.reads).toBeGreaterThan(LEAST.reads);
  expect(list.totals.more).toBeGreaterThan(LEAST.more);
}
