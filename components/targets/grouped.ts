import type { TargetItem, TreeTable } from "../../server/contract/http.ts";

/** Production first: it is what people come for, and what must not be mistaken. Then by name. */
export function byEnvironment(
  targets: readonly TargetItem[],
): readonly { environment: string; targets: readonly TargetItem[] }[] {
  const groups = new Map<string, TargetItem[]>();
  for (const target of targets) groups.set(target.environment, [...(groups.get(target.environment) ?? []), target]);
  return [...groups]
    .map(([environment, group]) => ({ environment, targets: group.toSorted((a, b) => a.id.localeCompare(b.id)) }))
    .toSorted((a, b) => rank(a.environment) - rank(b.environment) || a.environment.localeCompare(b.environment));
}

/** Tables whose name or one of whose columns' names holds the text. Empty: all. */
export function matching(tables: readonly TreeTable[], text: string): readonly TreeTable[] {
  if (text === "") return tables;
  return tables.filter(
    (table) =>
      `${table.schema}.${table.name}`.toLowerCase().includes(text) ||
      table.columns.some((column) => column.name.toLowerCase().includes(text)),
  );
}

function rank(environment: string): number {
  const index = ["prod", "stag", "test", "dev"].findIndex((prefix) => environment.startsWith(prefix));
  return index === -1 ? 4 : index;
}
