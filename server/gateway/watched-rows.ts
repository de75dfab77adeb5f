import { type Formats, formatsOf } from "../core/domain/row-batch.ts";
import { isFree, type Judgeable, judge, type Requester } from "./authorize.ts";
import type { prepareSql, SqlJudgeable } from "./judge-sql.ts";
import type { Context } from "./ports-of-gateway.ts";
import { rowsAsText } from "./row-text.ts";
import type { Show, Watcher } from "./show.ts";
import type { RunObserver } from "./sql-session.ts";

/** Statements whose rows come from tables, as the statement says; what a session has kept comes from what was seen before. */
const FROM_TABLES: ReadonlySet<string> = new Set(["select", "insert", "update", "delete", "merge"]);

/**
 * Who of the watchers may see the rows of a statement just as its person does: policy would let them run it, and whatever
 * has to be masked or filtered for them is so in what is shown. Anything else is no: rows that a session keeps in temporary
 * tables or cursors are shown to no watcher.
 */
async function whoSeesRows(
  context: Context,
  requester: Requester,
  watchers: readonly Watcher[],
  shown: Pick<Judgeable<unknown>, "described" | "obligations">,
  prepare: (requester: Requester) => ReturnType<typeof prepareSql>,
): Promise<readonly string[]> {
  const { described, obligations } = shown;
  if (watchers.length === 0 || !FROM_TABLES.has(String(described.facts.kind)) || touchesKept(described)) return [];
  const applied = new Set(obligations.map((obligation) => JSON.stringify(obligation)));
  const may = await Promise.all(
    watchers.map(async ({ id, principal }) => {
      const asked: Requester = { principal, target: requester.target, session: requester.session };
      const prepared: SqlJudgeable = await prepare(asked);
      if (!prepared.ok || !isFree(judge(context, asked, prepared.judgeable))) return [];
      return prepared.judgeable.obligations.every((obligation) => applied.has(JSON.stringify(obligation))) ? [id] : [];
    }),
  );
  return may.flat();
}

function touchesKept({ microActions }: Judgeable<unknown>["described"]): boolean {
  return microActions.some(
    ({ resource }) => (resource.kind === "table" || resource.kind === "column") && resource.schema.startsWith("pg_temp"),
  );
}

/** An observer that shows rows also to whoever of those who watch may see the same, as it is when the statement starts. */
export async function forWatchers(
  context: Context,
  show: Show,
  number: number,
  statement: Pick<Judgeable<unknown>, "described" | "obligations">,
  observer: RunObserver,
  prepare: (requester: Requester) => ReturnType<typeof prepareSql>,
): Promise<RunObserver> {
  const seers = await whoSeesRows(context, show.requester, show.watchers, statement, prepare);
  let formats: Formats = [];
  return {
    ...observer,
    columns: (index, columns) => {
      formats = formatsOf(columns);
      show.columns(number, columns, seers);
      observer.columns(index, columns);
    },
    rows: (index, batch) => {
      show.rows(number, batch.count, () => rowsAsText(batch, formats), seers);
      return observer.rows(index, batch);
    },
  };
}
