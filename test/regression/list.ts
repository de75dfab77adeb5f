import { readFile, writeFile } from "node:fs/promises";
import type { Replayed } from "./replay.ts";

/** What the guard does not let through though the server runs it: statements by reason and script, as last looked at. */

interface RefusedList {
  /** Of the suite. */
  readonly version: string;
  readonly totals: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const FILE = new URL("./refused.json", import.meta.url);
/** Another release of the suite has a few statements more. */
const SLACK = 3;

export function listOf(version: string, results: ReadonlyMap<string, Replayed>): RefusedList {
  const totals: Record<string, number> = {};
  const reasons: Record<string, Record<string, number>> = {};
  for (const [file, { counts, refused }] of results) {
    for (const [outcome, count] of Object.entries(counts)) totals[outcome] = (totals[outcome] ?? 0) + count;
    for (const [reason, count] of Object.entries(refused)) {
      const own = reasons[reason] ?? {};
      reasons[reason] = own;
      own[file] = count;
    }
  }
  const sorted = Object.entries(reasons).sort(([a], [b]) => (a < b ? -1 : 1));
  return { version, totals, reasons: Object.fromEntries(sorted) };
}

export async function writeList(list: RefusedList): Promise<void> {
  await writeFile(FILE, `${JSON.stringify(list, null, 2)}\n`);
}

/** What is refused and was not when the list was written, a line for each reason and script. */
export async function grown(list: RefusedList): Promise<readonly string[]> {
  const known = JSON.parse(await readFile(FILE, "utf8")) as RefusedList;
  const slack = known.version === list.version ? 0 : SLACK;
  return Object.entries(list.reasons).flatMap(([reason, files]) =>
    Object.entries(files).flatMap(([file, count]) => {
      const before = known.reasons[reason]?.[file] ?? 0;
      return count > before + slack ? [`${file}: ${count} instead of ${before}: ${reason}`] : [];
    }),
  );
}
