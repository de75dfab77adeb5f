import type { MicroAction } from "../domain/micro-action.ts";
import type { Described } from "../domain/statement.ts";

/** A file that is taken from a target or put there, in the words of the shell guard: the same policies hold. */
export interface FileOrder {
  readonly way: "read" | "write";
  /** Absolute, physical: where links lead. */
  readonly path: string;
}

/**
 * An absolute path without `.`, `..` and doubled slashes. Null: it is not absolute, or holds a character that no name
 * can hold or that would not be seen in a review.
 */
export function absolutePath(path: string): string | null {
  if (!path.startsWith("/") || path.length > 4_096 || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(path)) return null;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** `text` is what is reviewed and recorded: its first line names the path, as it was asked for. */
export function describeFile(text: string, asked: string, order: FileOrder): Described {
  const from = text.indexOf(asked);
  const span = [from, from + asked.length] as const;
  const action = order.way === "read" ? "file:read" : "file:write";
  const paths = [...new Set([asked, order.path])];
  const microActions = paths.map((path): MicroAction => ({ action, resource: { kind: "path", path }, span }));
  return { kind: "shell", text, span: [0, text.length], microActions, facts: { programs: [], interactive: false } };
}
