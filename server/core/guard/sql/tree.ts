/**
 * The parser's JSON tree, read through a few accessors. A node is an object; where the grammar allows several kinds it
 * is wrapped as `{ Tag: node }`. Absent means the zero value: 0, false, empty. Positions are UTF-16 offsets once
 * ./parsed.ts has converted them.
 */
export type TreeNode = { readonly [field: string]: unknown };

export interface Tagged {
  readonly tag: string;
  readonly node: TreeNode;
}

export const NOTHING: TreeNode = {};

export function isNode(value: unknown): value is TreeNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Null: not a wrapped node (a list's hole, a bare struct). */
export function tagged(value: unknown): Tagged | null {
  if (!isNode(value)) return null;
  const keys = Object.keys(value);
  const tag = keys[0];
  if (keys.length !== 1 || tag === undefined || !/^[A-Z]/.test(tag)) return null;
  const node = value[tag];
  return isNode(node) ? { tag, node } : null;
}

export function child(node: TreeNode, field: string): TreeNode | null {
  const value = node[field];
  return isNode(value) ? value : null;
}

export function children(node: TreeNode, field: string): readonly unknown[] {
  const value = node[field];
  return Array.isArray(value) ? value : [];
}

export function word(node: TreeNode, field: string): string {
  const value = node[field];
  return typeof value === "string" ? value : "";
}

export function count(node: TreeNode, field: string): number {
  const value = node[field];
  return typeof value === "number" ? value : 0;
}

export function flag(node: TreeNode, field: string): boolean {
  return node[field] === true;
}

/** Where the node starts; zero is left out by the parser, minus one means that it does not know. */
export function place(node: TreeNode): number {
  return count(node, "location");
}

/** The strings of a list such as `[{ String: { sval } }]`; anything else in it becomes an empty string. */
export function words(list: readonly unknown[]): readonly string[] {
  return list.map((item) => {
    const found = tagged(item);
    return found?.tag === "String" ? word(found.node, "sval") : "";
  });
}

/** Every object of the tree, wrapped or bare, in no order that counts. */
export function everyNode(value: unknown): readonly TreeNode[] {
  const found: TreeNode[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (Array.isArray(next)) {
      for (const item of next) if (typeof item === "object") open.push(item);
    } else if (isNode(next)) {
      found.push(next);
      for (const field in next) if (typeof next[field] === "object") open.push(next[field]);
    }
  }
  return found;
}
