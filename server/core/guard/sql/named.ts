import type { Span } from "../../domain/span.ts";
import { type Analysis, type Env, note } from "./analysis.ts";
import { TEMPORARY_SCHEMA } from "./catalog.ts";
import { castType, expression } from "./expression.ts";
import { quoteName } from "./names.ts";
import type { ParsedStatement } from "./parsed.ts";
import { refuse } from "./refused.ts";
import { nameSpan, noteRelation, sourceOfUse } from "./relations.ts";
import { query } from "./select.ts";
import { child, children, count, flag, NOTHING, type TreeNode, tagged, word } from "./tree.ts";
import { PLAIN, type Utility } from "./utility.ts";

/**
 * Statements that carry another one: PREPARE, DECLARE and COPY hold a query in their text; EXECUTE and FETCH reach one
 * by name. The query is walked like any other, so it is masked inside of what carries it.
 */

const NOWHERE: Env = { scope: null, ctes: null };

export function prepare(analysis: Analysis, node: TreeNode): Utility {
  const name = ownName(word(node, "name"), analysis.statement.span);
  for (const type of children(node, "argtypes")) castType(analysis, tagged(type)?.node ?? null);
  const output = query(analysis, node.query, NOWHERE, {});
  const { statement } = analysis;
  return { ...PLAIN, kind: "prepare", output, effect: { keeps: "prepared", name, statement } };
}

/** EXECUTE's own part: the arguments. Answers the PREPARE that it names. */
export function execute(analysis: Analysis, node: TreeNode): ParsedStatement {
  const name = word(node, "name");
  const found = analysis.state.prepared?.get(name);
  if (found === undefined) {
    refuse(`prepared statement "${name}" does not exist`, analysis.statement.span, `PREPARE ${name} AS … first, in this tab`);
  }
  expression(analysis, children(node, "params"), NOWHERE);
  const [use] = analysis.uses;
  if (use !== undefined) refuse("cannot use subquery in EXECUTE parameter", use.nameSpan);
  return found;
}

export function deallocate(analysis: Analysis, node: TreeNode): Utility {
  const name = flag(node, "isall") ? null : word(node, "name");
  if (name !== null && analysis.state.prepared?.has(name) !== true) {
    refuse(`prepared statement "${name}" does not exist`, analysis.statement.span);
  }
  return { ...session(analysis), kind: "deallocate", effect: { drops: "prepared", name }, way: "nothing" };
}

const CURSOR_BINARY = 0x0001;
const CURSOR_HOLD = 0x0020;

export function declareCursor(analysis: Analysis, node: TreeNode): Utility {
  const { statement, state, tokens } = analysis;
  const { span } = statement;
  const name = ownName(word(node, "portalname"), span);
  const options = count(node, "options");
  const hold = (options & CURSOR_HOLD) !== 0;
  if ((options & CURSOR_BINARY) !== 0) refuse("binary cursors are not supported: rows are shown as text", span);
  if (!hold && state.transaction === "idle") refuse("DECLARE CURSOR can only be used in transaction blocks", span, "BEGIN first");
  const output = query(analysis, node.query, NOWHERE, {});
  // Such a query runs at COMMIT, where nothing keeps it from writing.
  if (hold && state.transaction === "open" && analysis.called.size > 0) {
    refuse("a cursor WITH HOLD that calls functions of this database needs a statement of its own", span, "COMMIT first");
  }
  const inspect: Span = [tokens.span(tokens.after("for", span[0], 2) + 1)[0], span[1]];
  return { ...PLAIN, kind: "declare", output, inspect, effect: { keeps: "cursor", name, statement, hold } };
}

/** Answers the DECLARE of the cursor that FETCH, MOVE or WHERE CURRENT OF names. */
export function cursorNamed(analysis: Analysis, name: string): ParsedStatement {
  const found = analysis.state.cursors?.get(name);
  if (found === undefined) refuse(`cursor "${name}" does not exist`, analysis.statement.span, "DECLARE it first, in this tab");
  return found;
}

export function closeCursor(analysis: Analysis, node: TreeNode): Utility {
  const name = word(node, "portalname");
  if (name !== "") cursorNamed(analysis, name);
  return { ...session(analysis), kind: "close", effect: { drops: "cursor", name: name === "" ? null : name } };
}

export function discard(analysis: Analysis, node: TreeNode): Utility {
  const what = word(node, "target");
  if (what === "DISCARD_ALL") {
    refuse("`DISCARD ALL` would undo what the gateway has set", analysis.statement.span, "DISCARD TEMP, PLANS or SEQUENCES");
  }
  if (what !== "DISCARD_TEMP") return { ...session(analysis), kind: "discard" };
  return { ...session(analysis), kind: "discard", effect: { drops: "rows" }, temporary: true };
}

/** It touches nothing but the person's own session. */
function session(analysis: Analysis): Utility {
  note(analysis, "sql:set", { kind: "target" }, analysis.statement.span);
  return PLAIN;
}

function ownName(name: string, span: Span): string {
  if (name.startsWith("gatehouse")) refuse("names that begin with `gatehouse` are the gateway's", span);
  return name;
}

const COPY_OPTIONS: ReadonlySet<string> = new Set(["delimiter", "escape", "force_quote", "format", "header", "null", "quote"]);

/** COPY … TO STDOUT. A table becomes a query over it, so that masks and filters have a place. */
export function copyOut(analysis: Analysis, node: TreeNode): Utility {
  const { statement, tokens } = analysis;
  const { span } = statement;
  for (const item of children(node, "options")) {
    const option = tagged(item)?.node ?? NOTHING;
    const name = word(option, "defname");
    if (!COPY_OPTIONS.has(name)) refuse(`COPY option \`${name}\` is not supported`, span);
    if (
      name === "format" &&
      !["csv", "text"].includes(word(child(child(option, "arg") ?? NOTHING, "String") ?? NOTHING, "sval"))
    ) {
      refuse("COPY shows text here: FORMAT is `csv` or `text`", span);
    }
  }
  note(analysis, "sql:copy", { kind: "target" }, span);
  const relation = child(node, "relation");
  if (relation === null) {
    const open = (tokens.at(span[0]) ?? 0) + 1;
    const output = query(analysis, node.query, NOWHERE, {});
    const inspect: Span = [tokens.span(open)[0], tokens.span(tokens.closing(open))[1]];
    return { ...PLAIN, kind: "copy", output, inspect, copies: true };
  }
  const use = noteRelation(analysis, relation, { role: "read", action: "sql:select" });
  if (use.relation.children.length > 0 && use.relation.kind === "table") {
    refuse("COPY of a table with children leaves them out", use.nameSpan, "write COPY (SELECT … FROM ONLY …) TO STDOUT");
  }
  const source = sourceOfUse(analysis, use);
  const listed = children(node, "attlist").map((item) => word(tagged(item)?.node ?? NOTHING, "sval"));
  const names =
    listed.length > 0 ? listed : use.relation.columns.filter((column) => column.generated === null).map((column) => column.name);
  const name = nameSpan(analysis, relation);
  const output = names.map((column) => {
    const found = source.columns.find((candidate) => candidate.name === column);
    if (found === undefined) refuse(`column "${column}" of relation "${use.relation.name}" does not exist`, name);
    found.touch(name);
    return { name: column, lineage: found.lineage };
  });
  analysis.edits.push({ span: [name[0], name[0]], text: `(SELECT ${names.map(quoteName).join(", ")} FROM ` });
  const open = (tokens.at(tokens.dotted(name[0]).at(-1)?.[0] ?? name[0]) ?? 0) + 1;
  const list: Span = listed.length > 0 ? [tokens.span(open)[0], tokens.span(tokens.closing(open))[1]] : [name[1], name[1]];
  analysis.edits.push({ span: list, text: ")" });
  const reads = { reads: new Set(output.flatMap((column) => [...column.lineage.reads])), through: null };
  return { ...PLAIN, kind: "copy", output: { columns: output, open: false, reads }, inspect: [name[0], list[1]], copies: true };
}

/** Whether rows go into a relation of the session's own, whatever else happens. */
export function fillsTemporary(analysis: Analysis): boolean {
  return (
    analysis.created === "temporary" ||
    analysis.uses.some((use) => use.role === "target" && use.relation.schema === TEMPORARY_SCHEMA)
  );
}

/** Whether nothing but the session's own temporary relations changes. */
export function onlyTemporary(analysis: Analysis): boolean {
  const changed = analysis.uses.filter((use) => use.role !== "read");
  return (
    analysis.called.size === 0 &&
    analysis.created !== "stored" &&
    (analysis.created === "temporary" || changed.length > 0) &&
    changed.every((use) => use.relation.schema === TEMPORARY_SCHEMA)
  );
}
