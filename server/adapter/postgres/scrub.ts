import type { Span } from "../../core/domain/span.ts";
import { originalSpan, type PreparedSql } from "../../core/guard/sql/index.ts";
import type { SqlFailure, SqlNotice } from "../../gateway/ports.ts";
import type { ServerMessage } from "./driver.ts";

/**
 * What may be told of an error. DETAIL, CONTEXT and INTERNAL QUERY are never told: they hold rows. The message itself
 * can hold values too (`invalid input syntax for type inet: "…"`), so where something is masked or filtered only a text
 * of ours is told, by SQLSTATE, except for errors of the parse, which has seen no data.
 */
export function scrub(error: ServerMessage, prepared: PreparedSql, phase: "parse" | "run"): SqlFailure {
  const code = error.code ?? "XX000";
  const fixed = STATIC.some((prefix) => code.startsWith(prefix)) || namesOnly(code, error.file ?? "");
  const keep = !prepared.sensitive || phase === "parse" || fixed;
  return {
    code,
    message: keep
      ? (error.message ?? "the statement failed")
      : generic(code, CONSTRAINTS.has(error.file ?? "") ? error.constraint : undefined),
    hint: phase === "parse" ? (error.hint ?? null) : null,
    span: spanOf(error, prepared),
  };
}

/** Classes whose messages are fixed texts or name only objects: transactions, resources, operators' intervention. */
const STATIC: readonly string[] = ["25", "40", "53", "55", "57014", "57P", "3B", "54001"];

/**
 * Where the server keeps its definitions. Of the classes "wrong definition" and "something depends on it" their messages
 * name objects and types, never values. A function that raises an error of such a class does so from a file of its own.
 */
const DEFINITIONS: ReadonlySet<string> = new Set([
  "dependency.c",
  "heap.c",
  "index.c",
  "indexcmds.c",
  "namespace.c",
  "parse_utilcmd.c",
  "tablecmds.c",
  "trigger.c",
]);

/** Where the server itself finds that a constraint does not hold. A function may name anything so when it raises an error. */
const CONSTRAINTS: ReadonlySet<string> = new Set([
  "domains.c",
  "execExprInterp.c",
  "execIndexing.c",
  "execMain.c",
  "nbtinsert.c",
  "ri_triggers.c",
]);

function namesOnly(code: string, file: string): boolean {
  return (code.startsWith("42") || code.startsWith("2B")) && DEFINITIONS.has(file);
}

const CLASSES: Readonly<Record<string, string>> = {
  "22": "a value does not fit (number out of range, wrong format, division by zero …)",
  "23": "a constraint does not hold",
  "42": "the statement does not fit the data it met",
  P0: "a function of the database raised an error",
  "21": "a subquery gave more than one row where one was expected",
};

const CODES: Readonly<Record<string, string>> = {
  "22001": "a text is too long for its column",
  "22003": "a number is out of range",
  "22007": "a text is not a date or time",
  "22008": "a date or time is out of range",
  "22012": "division by zero",
  "22023": "a parameter has a value that is not allowed",
  "22P02": "a text does not have the format of its type",
  "23502": "a value is missing where the column needs one",
  "23503": "a foreign key does not hold",
  "23505": "a unique key does not hold",
  "23514": "a check does not hold",
  P0001: "a function of the database raised an error",
};

function generic(code: string, constraint: string | undefined): string {
  const text = CODES[code] ?? CLASSES[code.slice(0, 2)] ?? "the statement failed";
  const where = constraint === undefined ? "" : ` (constraint \`${constraint}\`)`;
  return `${text}${where}; the server's own message is hidden, it can hold masked values`;
}

/** The server counts characters of what was sent from one; people see their own text. */
function spanOf(error: ServerMessage, prepared: PreparedSql): Span | null {
  const position = Number(error.position);
  if (!Number.isInteger(position) || position < 1) return null;
  const offset = [...prepared.sent].slice(0, position - 1).join("").length;
  const [from, to] = originalSpan(prepared, offset);
  const rest = prepared.original.slice(from - prepared.span[0]);
  const length = /^(?:[\p{L}\p{N}_$.]+|"[^"]*")/u.exec(rest)?.[0].length ?? 0;
  return [from, Math.max(to, from + length)];
}

/** Null: not told. Notices are raised by functions and triggers, with whatever they have seen. */
export function scrubNotice(notice: ServerMessage, prepared: PreparedSql | null): SqlNotice | null {
  if (prepared === null || prepared.sensitive) return null;
  return { severity: notice.severity ?? "NOTICE", message: notice.message ?? "" };
}
