import type { Exposure, TargetTree } from "../contract/http.ts";
import type { PostgresTarget } from "../core/domain/configuration.ts";
import type { Principal } from "../core/domain/principal.ts";
import { treeOf } from "../core/guard/sql/index.ts";
import { permits, protectionFor } from "../core/policy/index.ts";
import type { Context } from "./ports-of-gateway.ts";

/** A database's tables as the principal may see them. A table that is denied is shown by name, without columns. */
export async function targetTree(context: Context, principal: Principal, target: PostgresTarget): Promise<TargetTree> {
  const password = target.postgres.password === undefined ? null : await context.secrets.resolve(target.postgres.password);
  const catalog = await context.sql.catalog(target, { password });
  const { set } = context.configuration;
  const now = context.clock.now();
  const grants = context.standing.grantsOf(principal, target);
  const protection = protectionFor(set, principal, target, now, grants);
  return {
    target: target.id,
    tables: treeOf(catalog, protection).map((relation) => {
      const { schema, name, kind } = relation;
      const open = permits(
        set,
        principal,
        target,
        { action: "sql:select", resource: { kind: "table", schema, table: name }, span: [0, 0] },
        now,
        grants,
      );
      return {
        schema,
        name,
        kind,
        exposure: open ? "open" : "denied",
        filtered: protection.rowFilters({ schema, table: name }).length > 0,
        columns: open
          ? relation.columns.map((column) => {
              const resource = { kind: "column", schema, table: name, column: column.name } as const;
              const may = permits(set, principal, target, { action: "sql:select", resource, span: [0, 0] }, now, grants);
              const exposure: Exposure = !may ? "denied" : column.mask === null ? "open" : "masked";
              return { name: column.name, type: column.type, exposure, mask: may ? column.mask : null };
            })
          : [],
      };
    }),
  };
}
