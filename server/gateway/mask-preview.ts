import type { MaskPreview, MaskPreviewBody } from "../contract/http.ts";
import type { MaskDocument, PostgresTarget } from "../core/domain/configuration.ts";
import { resourceName } from "../core/domain/micro-action.ts";
import type { Principal } from "../core/domain/principal.ts";
import { type ColumnName, type Protection, quoteName } from "../core/guard/sql/index.ts";
import { compilePolicySet, protectionFor } from "../core/policy/index.ts";
import type { Context } from "./ports-of-gateway.ts";
import { connectAs, readAs } from "./read-as.ts";
import type { Reviews } from "./reviews.ts";
import { connectDecision } from "./sessions.ts";

/**
 * A draft of a mask on some real rows. Asked as the admin: only of columns that they may see raw now, by policy or
 * because nothing masks them yet, since a mask that leaves values as they are would show them. On the record as theirs.
 */

const ROWS = 8;
const LIMITS = { rows: ROWS, timeoutMs: 3_000, lockTimeoutMs: 500, review: null, sameAs: null };
const MOST_COLUMNS = 200;

export async function maskPreview(
  context: Context,
  reviews: Reviews,
  principal: Principal,
  draft: MaskDocument,
  chosen: Pick<MaskPreviewBody, "target" | "column">,
): Promise<MaskPreview> {
  const targets = [...context.configuration.set.targets.values()].filter(
    (target): target is PostgresTarget =>
      target.type === "postgres" && connectDecision(context, principal, target).outcome === "allow",
  );
  const found: { readonly target: PostgresTarget; readonly name: ColumnName }[] = [];
  const named = ({ name }: (typeof found)[number]) => resourceName({ kind: "column", ...name });
  const columns = () => found.map((each) => ({ target: each.target.id, column: named(each) }));
  const none = (reason: string): MaskPreview => ({ columns: columns(), shown: null, reason });
  if (targets.length === 0) return none("you may connect to no database, so there are no rows to try it on");
  for (const target of targets) {
    for (const name of await columnsOf(context, principal, draft, target))
      if (found.length < MOST_COLUMNS) found.push({ target, name });
  }
  const column = found.find((each) => each.target.id === chosen.target && named(each) === chosen.column) ?? found[0];
  if (column === undefined) return none("it masks no column of the databases that you may connect to");
  const { target } = column;
  const connection = await connectAs(context, principal, target);
  try {
    const requester = { principal, target, session: "" };
    const ask = (text: string, drafted?: (protection: Protection) => Protection) =>
      readAs({ context, reviews, requester, connection }, text, { ...LIMITS, ...(drafted === undefined ? {} : { drafted }) });
    const { schema, table, column: name } = column.name;
    const keys = (await connection.catalog()).relation(schema, table)?.primaryKey ?? [];
    const text = `SELECT ${quoteName(name)} FROM ${quoteName(schema)}.${quoteName(table)} WHERE ${quoteName(name)} IS NOT NULL`;
    // Both times the same rows.
    const order = keys.length === 0 || keys.includes(name) ? "" : ` ORDER BY ${keys.map(quoteName).join(", ")}`;
    const before = await ask(`${text}${order} LIMIT ${ROWS}`);
    if (!before.ok) return none(before.reason);
    if (before.differs)
      return none(
        `\`${named(column)}\` is masked for you, or rows of its table are hidden: ask for access to it on the page of the target, then try again`,
      );
    const after = await ask(`${text}${order} LIMIT ${ROWS}`, (protection) => ({
      ...protection,
      mask: (each) => (sameColumn(each, column.name) ? { id: draft.id, mask: draft.mask } : protection.mask(each)),
    }));
    if (!after.ok) return none(after.reason);
    return {
      columns: columns(),
      shown: {
        target: target.id,
        column: named(column),
        rows: before.rows.map((row, index) => ({ before: row[0] ?? null, after: after.rows[index]?.[0] ?? null })),
      },
      reason: null,
    };
  } finally {
    await connection.close();
  }
}

/** Columns that the draft itself names or has the tags of, whatever else masks them. */
async function columnsOf(
  context: Context,
  principal: Principal,
  draft: MaskDocument,
  target: PostgresTarget,
): Promise<readonly ColumnName[]> {
  const { masks } = compilePolicySet([draft], 0).set;
  const protection = protectionFor({ ...context.configuration.set, masks, policies: [] }, principal, target, context.clock.now());
  const password = target.postgres.password === undefined ? null : await context.secrets.resolve(target.postgres.password);
  const catalog = await context.sql.catalog(target, { password });
  return catalog.relations
    .flatMap(({ schema, name, columns }) => columns.map((column) => ({ schema, table: name, column: column.name })))
    .filter((column) => protection.mask(column) !== null);
}

function sameColumn(a: ColumnName, b: ColumnName): boolean {
  return a.schema === b.schema && a.table === b.table && a.column === b.column;
}
