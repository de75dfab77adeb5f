import type { Span } from "../../domain/span.ts";
import { type Analysis, note } from "./analysis.ts";
import { quoteName } from "./names.ts";
import { refuse } from "./refused.ts";
import { isChangeableSetting, isReadableSetting, settingChoices } from "./settings.ts";
import { child, children, count, flag, NOTHING, type TreeNode, tagged, word } from "./tree.ts";
import { PLAIN, type TransactionEffect, type Utility } from "./utility.ts";

/** Transactions and settings. */

const TRANSACTION_EFFECTS: Readonly<Record<string, TransactionEffect>> = {
  TRANS_STMT_BEGIN: "begin",
  TRANS_STMT_START: "begin",
  TRANS_STMT_COMMIT: "commit",
  TRANS_STMT_ROLLBACK: "rollback",
  TRANS_STMT_SAVEPOINT: "savepoint",
  TRANS_STMT_RELEASE: "savepoint",
  TRANS_STMT_ROLLBACK_TO: "savepoint",
};

export function transaction(analysis: Analysis, node: TreeNode): Utility {
  const span = analysis.statement.span;
  const effect = TRANSACTION_EFFECTS[word(node, "kind")];
  if (effect === undefined) refuse("two-phase commit is not supported", span);
  if (word(node, "savepoint_name").startsWith("gatehouse")) refuse("savepoints named `gatehouse…` are the gateway's", span);
  note(analysis, "sql:transaction", { kind: "target" }, span);
  return { ...PLAIN, kind: "transaction", transaction: effect };
}

export function showVariable(analysis: Analysis, node: TreeNode): Utility {
  const span = analysis.statement.span;
  const name = word(node, "name").toLowerCase();
  if (name === "all") refuse("`SHOW ALL` is not available", span, "SHOW one setting by its name");
  if (!isReadableSetting(name)) refuse(`setting \`${name}\` is not shown: only harmless settings are`, span);
  note(analysis, "sql:set", { kind: "setting", name }, span);
  return { ...PLAIN, kind: "show" };
}

export function setVariable(analysis: Analysis, node: TreeNode): Utility {
  const span = analysis.statement.span;
  const name = word(node, "name").toLowerCase();
  if (word(node, "kind") === "VAR_SET_MULTI") {
    if (name !== "transaction") refuse(`\`SET ${name.toUpperCase()}\` is not supported`, span, "BEGIN with the same words");
    note(analysis, "sql:transaction", { kind: "target" }, span);
    return { ...PLAIN, kind: "set" };
  }
  if (name === "search_path") return searchPath(analysis, node);
  if (name === "statement_timeout" || name === "lock_timeout") return timeout(analysis, node, name);
  const choices = settingChoices(name);
  const chosen = given(node)?.[0]?.toLowerCase() ?? "";
  if (choices !== null && !isReset(node) && !choices.includes(chosen)) {
    refuse(`setting \`${name}\` is one of ${choices.map((choice) => `\`${choice}\``).join(", ")} here`, span);
  }
  if (choices === null && !isChangeableSetting(name)) {
    refuse(name === "" ? "settings cannot be reset all at once" : `setting \`${name}\` belongs to the gateway`, span);
  }
  note(analysis, "sql:set", { kind: "setting", name }, span);
  return { ...PLAIN, kind: "set" };
}

/** Strings and numbers that a SET gives; null: something else. */
function given(node: TreeNode): readonly string[] | null {
  const values: string[] = [];
  for (const item of children(node, "args")) {
    const constant = tagged(item);
    if (constant?.tag !== "A_Const") return null;
    const text = child(constant.node, "sval");
    const whole = child(constant.node, "ival");
    if (text !== null) values.push(word(text, "sval"));
    else if (whole !== null) values.push(String(count(whole, "ival")));
    else return null;
  }
  return values;
}

function isReset(node: TreeNode): boolean {
  return word(node, "kind") === "VAR_RESET" || word(node, "kind") === "VAR_SET_DEFAULT";
}

/** Written anew: `pg_catalog` stays first and `pg_temp` last, else a name could stand for something that nobody judged. */
function searchPath(analysis: Analysis, node: TreeNode): Utility {
  const { span } = analysis.statement;
  const { state } = analysis;
  const wanted = isReset(node) ? (state.defaultSearchPath ?? state.searchPath) : given(node);
  if (wanted === null) refuse("a search path is a list of schema names", span);
  const place = wanted.indexOf("pg_catalog");
  if (place > 0) refuse("`pg_catalog` is always looked up first", span, "leave it out of the search path");
  const schemas = wanted.filter((schema) => schema !== "pg_catalog" && !/^pg_temp(_|$)/.test(schema));
  for (const schema of schemas) {
    if (schema === "" || /^pg_toast/.test(schema)) refuse(`\`${schema}\` cannot be in the search path`, span);
  }
  const path = [...schemas, "pg_temp"].map(quoteName).join(", ");
  analysis.edits.push({ span, text: `SET ${flag(node, "is_local") ? "LOCAL" : "SESSION"} search_path = ${path}` });
  note(analysis, "sql:set", { kind: "setting", name: "search_path" }, span);
  return { ...PLAIN, kind: "set", effect: { sets: "search_path" } };
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const MAX_MILLISECONDS = 2_147_483_647;

/** Kept by the gateway, which sets the smaller of this and its own limit for every statement. */
function timeout(analysis: Analysis, node: TreeNode, name: "statement_timeout" | "lock_timeout"): Utility {
  const { span } = analysis.statement;
  note(analysis, "sql:set", { kind: "setting", name }, span);
  const milliseconds = isReset(node) ? null : duration(given(node), name, span);
  return { ...PLAIN, kind: "set", way: "nothing", effect: { sets: name, milliseconds, local: flag(node, "is_local") } };
}

/** Null: no limit of one's own. */
function duration(values: readonly string[] | null, name: string, span: Span): number | null {
  const [value = ""] = values ?? [];
  const found = /^\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/.exec(value);
  const milliseconds = found === null ? Number.NaN : Math.round(Number(found[1]) * (UNITS[found[2] ?? "ms"] ?? 1));
  if (values?.length !== 1 || !(milliseconds <= MAX_MILLISECONDS)) {
    refuse(`invalid value for parameter "${name}": "${value}"`, span, "milliseconds, or a number with us, ms, s, min, h or d");
  }
  return milliseconds === 0 ? null : milliseconds;
}

/** SET CONSTRAINTS names constraints, which hold no rows. */
export function setConstraints(analysis: Analysis, node: TreeNode): Utility {
  for (const item of children(node, "constraints")) analysis.visited.add(tagged(item)?.node ?? NOTHING);
  note(analysis, "sql:transaction", { kind: "target" }, analysis.statement.span);
  return { ...PLAIN, kind: "set" };
}
