import { LineCounter, parseDocument } from "yaml";
import type { ProblemDetail } from "../../server/contract/http.ts";
import { at, type Path } from "./fields.ts";

export type Parsed =
  | { readonly ok: true; readonly document: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problems: readonly ProblemDetail[] };

/** The text as a document, as far as a form can show it. Whether it means something is for the gateway to say. */
export function parsed(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, maxAliasCount: 0 } as never);
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { path: "", line, column: col, message: error.message.split("\n")[0] ?? error.message };
    });
    return { ok: false, problems };
  }
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, problems: [{ path: "", line: 1, column: 1, message: "a document is keys and values" }] };
  }
  return { ok: true, document: Object.fromEntries(Object.entries(value)) };
}

/** The text with one value changed; comments and order stay. An empty value takes its key away, and what is empty then. */
export function changed(text: string, path: Path, value: string | number | boolean | readonly string[]): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  const empty = value === "" || value === false || (Array.isArray(value) && value.length === 0);
  if (!empty) {
    const node = document.createNode(value, { flow: true });
    // A list in the place of a map (or the other way round) is replaced, not written into.
    document.setIn(path, node);
    return document.toString({ lineWidth: 120 });
  }
  document.deleteIn(path);
  for (let length = path.length - 1; length > 0; length -= 1) {
    const parent = at(document.toJS(), path.slice(0, length));
    if (typeof parent === "object" && parent !== null && Object.keys(parent).length === 0)
      document.deleteIn(path.slice(0, length));
  }
  return document.toString({ lineWidth: 120 });
}

/** Where a place of a text begins, counted in UTF-16 code units. Lines and columns from 1. */
export function offsetOf(text: string, line: number, column: number): number {
  let offset = 0;
  for (let number = 1; number < line; number += 1) {
    const end = text.indexOf("\n", offset);
    if (end === -1) return text.length;
    offset = end + 1;
  }
  return Math.min(text.length, offset + column - 1);
}
