import type { Action, MicroAction } from "../domain/micro-action.ts";
import type { Described } from "../domain/statement.ts";

/** A file that is taken from a target or put there, in the words of the shell guard: the same policies hold. */
export interface FileOrder {
  /** `raw`: read, and given out as it is, since nothing in it can be masked. */
  readonly way: "read" | "raw" | "write";
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

const ACTIONS_OF = {
  read: ["file:read"],
  raw: ["file:read", "file:raw"],
  write: ["file:write"],
} as const satisfies Record<FileOrder["way"], readonly Action[]>;

/**
 * Whether a file that begins with these bytes is text: valid UTF-8 without NUL. `whole`: nothing follows; else a character
 * may be cut at the end. Only what is text can be masked; all else is given out as it is, or not at all.
 */
export function isText(bytes: Uint8Array, whole: boolean): boolean {
  for (let i = 0; i < bytes.length; ) {
    const c = bytes[i] as number;
    if (c === 0) return false;
    if (c < 0x80) {
      i++;
      continue;
    }
    const length = c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (length === 0) return false;
    const second = bytes[i + 1];
    // No shorter form of the same character, no half of a pair, nothing beyond the last one.
    const least = c === 0xe0 ? 0xa0 : c === 0xf0 ? 0x90 : 0x80;
    const most = c === 0xed ? 0x9f : c === 0xf4 ? 0x8f : 0xbf;
    if (second !== undefined && (second < least || second > most)) return false;
    for (let j = 2; j < length; j++) {
      const next = bytes[i + j];
      if (next !== undefined && (next < 0x80 || next > 0xbf)) return false;
    }
    if (i + length > bytes.length) return !whole;
    i += length;
  }
  return true;
}

/** `text` is what is reviewed and recorded: its first line names the path, as it was asked for. */
export function describeFile(text: string, asked: string, order: FileOrder): Described {
  const from = text.indexOf(asked);
  const span = [from, from + asked.length] as const;
  const paths = [...new Set([asked, order.path])];
  const microActions = ACTIONS_OF[order.way].flatMap((action) =>
    paths.map((path): MicroAction => ({ action, resource: { kind: "path", path }, span })),
  );
  return { kind: "shell", text, span: [0, text.length], microActions, facts: { programs: [], interactive: false } };
}
