import { regressionSuite } from "./fetch.ts";
import { grown, listOf, writeList } from "./list.ts";
import { filesOf, replayFiles } from "./run.ts";

/**
 * `npm run regression:sql -- [--write] [script …]`: replays the scripts, all when none is named, and tells what is
 * refused, with one statement for each reason. `--write`, for all scripts: the list is what was found.
 */
const named = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const suite = await regressionSuite();
const results = await replayFiles(suite, named.length > 0 ? named : await filesOf(suite), (file, { counts, defects }, took) => {
  process.stderr.write(`${file} ${Math.round(took)} ms ${JSON.stringify(counts)}${defects.length > 0 ? " DEFECTS" : ""}\n`);
});
const list = listOf(suite.version, results);
const examples = new Map([...results.values()].flatMap((replayed) => Object.entries(replayed.examples)));
const reasons = Object.entries(list.reasons)
  .map(([reason, files]) => ({ reason, count: Object.values(files).reduce((sum, count) => sum + count, 0) }))
  .sort((a, b) => b.count - a.count);
for (const { reason, count } of reasons) {
  process.stdout.write(`${count} ${reason}\n    ${examples.get(reason)?.replaceAll(/\s+/g, " ").slice(0, 160)}\n`);
}
const defects = [...results].flatMap(([file, replayed]) => replayed.defects.map((defect) => `${file}: ${defect}`));
for (const defect of defects) process.stdout.write(`DEFECT ${defect}\n`);
process.stdout.write(`${JSON.stringify(list.totals)}\n`);
if (process.argv.includes("--write") && named.length === 0) await writeList(list);
process.exitCode = defects.length === 0 && (named.length > 0 || (await grown(list)).length === 0) ? 0 : 1;
