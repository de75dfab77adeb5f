import type { VerdictLine } from "./lines.ts";

/** Lines that say the same about columns of one table, as one. */
export interface VerdictGroup {
  readonly key: string;
  /** What they have in common; its `resource` is the table where `columns` is not empty. */
  readonly line: VerdictLine;
  readonly columns: readonly { readonly name: string; readonly mask: string | null }[];
}

const PART = '(?:"(?:[^"]|"")*"|[^."]+)';
const COLUMN = new RegExp(`^(${PART}\\.${PART})\\.(${PART})$`);

/** `select *` of a wide table is one thing to read, not forty. */
export function grouped(lines: readonly VerdictLine[]): readonly VerdictGroup[] {
  const groups = new Map<string, VerdictGroup>();
  for (const line of lines) {
    const [, table, name] = (line.action.startsWith("sql:") ? COLUMN.exec(line.resource) : null) ?? [];
    if (table === undefined || name === undefined) {
      groups.set(line.key, { key: line.key, line, columns: [] });
      continue;
    }
    const key = [line.meaning, line.action, line.policy, table, line.span.join(), line.hint].join(" ");
    const columns = [...(groups.get(key)?.columns ?? []), { name, mask: line.mask }];
    groups.set(key, { key, line: { ...line, resource: table }, columns });
  }
  return [...groups.values()];
}
