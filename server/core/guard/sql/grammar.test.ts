import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { CATALOG, STATE } from "../../../../test/fixtures/sql-guard.ts";
import { PLAIN, RULED } from "./expression.ts";
import { describeSql, type ParsedStatement } from "./index.ts";

/** N1: no node of the grammar is passed over. The list of nodes is the parser's own. */

const source = readFileSync(join(dirname(createRequire(import.meta.url).resolve("@pgsql/types")), "types.d.ts"), "utf8");
const union = source.slice(source.indexOf("export type Node ="), source.indexOf("export interface ParseResult"));
const TAGS = [...union.matchAll(/\{\s+(\w+): \w+;/g)].map((match) => match[1] ?? "");

function statement(tree: Record<string, unknown>): ParsedStatement {
  return { text: "x", span: [0, 1], source: "x", tree, tokens: [[0, 1]], omitted: [] } as ParsedStatement;
}

function outcome(tree: Record<string, unknown>): "refused" | "opaque" | "described" {
  const described = describeSql(statement(tree), CATALOG, STATE);
  if ("refusal" in described) return "refused";
  return described.microActions.some((action) => action.action === "sql:opaque") ? "opaque" : "described";
}

const EXPRESSIONS = new Set([...PLAIN, ...RULED]);
/** Not expressions, but read where they can stand. */
const IN_FROM = ["RangeVar", "RangeSubselect", "RangeFunction", "RangeTableSample", "RangeTableFunc", "JoinExpr", "JsonTable"];
const STATEMENTS = [
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "TransactionStmt",
  "VariableSetStmt",
  "VariableShowStmt",
  "ExplainStmt",
  "CallStmt",
  "TruncateStmt",
  "CopyStmt",
  "CreateTableAsStmt",
  "ViewStmt",
  "CreateStmt",
  "AlterTableStmt",
  "IndexStmt",
  "RenameStmt",
  "DropStmt",
  "RefreshMatViewStmt",
  "VacuumStmt",
  "PrepareStmt",
  "ClosePortalStmt",
  "DiscardStmt",
  "LockStmt",
  "ConstraintsSetStmt",
  "CreateSeqStmt",
  "AlterSeqStmt",
  "CreateStatsStmt",
  "CompositeTypeStmt",
  "CreateDomainStmt",
  "CreateEnumStmt",
  "ClusterStmt",
  "ReindexStmt",
];

test("the parser's list of nodes is there", () => {
  expect(TAGS.length).toBeGreaterThan(250);
  expect(TAGS).toContain("MergeStmt");
});

test.each(TAGS)("N1 %s in an expression is known or refused", (tag) => {
  const tree = { SelectStmt: { targetList: [{ ResTarget: { val: { [tag]: {} } } }] } };
  if (EXPRESSIONS.has(tag)) expect(tag).toBeTruthy();
  else expect(outcome(tree)).toBe("refused");
});

test.each(TAGS)("N1 %s in FROM is known or refused", (tag) => {
  if (IN_FROM.includes(tag)) return;
  expect(outcome({ SelectStmt: { targetList: [], fromClause: [{ [tag]: {} }] } })).toBe("refused");
});

test.each(TAGS)("N1 %s as a statement is known, opaque or refused", (tag) => {
  if (STATEMENTS.includes(tag)) return;
  expect(["opaque", "refused"]).toContain(outcome({ [tag]: {} }));
});

test("N1 a node that no grammar has is refused", () => {
  expect(outcome({ SelectStmt: { targetList: [{ ResTarget: { val: { NewExpr: { arg: {} } } } }] } })).toBe("refused");
  expect(outcome({ NewStmt: {} })).toBe("opaque");
});
