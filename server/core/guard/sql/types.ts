import type { Span } from "../../domain/span.ts";
import { type Analysis, note, noteOpaque } from "./analysis.ts";
import { TEMPORARY_SCHEMA } from "./catalog.ts";
import { isCatalogueSchema } from "./catalogues.ts";
import { definition } from "./ddl.ts";
import { quoteName } from "./names.ts";
import { refuse } from "./refused.ts";
import { nameSpan } from "./relations.ts";
import { child, children, flag, NOTHING, place, type TreeNode, tagged, word, words } from "./tree.ts";
import { PLAIN, type Utility } from "./utility.ts";

/**
 * Types of the database: enums, composite types, domains. They share the names of relations, so policy speaks of them as
 * of tables. Here are the changes that look at no stored value and run nothing but what a domain's check calls.
 */

/** CREATE TYPE … AS ENUM, AS (…), CREATE DOMAIN. Names without a place follow the two words. */
export function createdType(analysis: Analysis, node: TreeNode): Utility {
  const row = child(node, "typevar");
  if (row !== null) analysis.visited.add(row);
  const names =
    row === null
      ? words(children(node, node.domainname === undefined ? "typeName" : "domainname"))
      : [word(row, "schemaname"), word(row, "relname")].filter((name) => name !== "");
  const span = row === null ? thirdWord(analysis) : nameSpan(analysis, row);
  const schema = names.length > 1 ? names.at(-2) : analysis.state.searchPath[0];
  if (schema === undefined) refuse("no schema has been selected to create in", span);
  if (schema === TEMPORARY_SCHEMA || isCatalogueSchema(schema)) refuse(`a type cannot be made in \`${schema}\``, span);
  named(analysis, schema, names.at(-1) ?? "", span);
  return { ...definition(analysis, node), stores: false };
}

/** ALTER TYPE … ADD VALUE, RENAME VALUE. */
export function changedLabels(analysis: Analysis, node: TreeNode): Utility {
  existing(analysis, words(children(node, "typeName")), thirdWord(analysis), false);
  analysis.writes = true;
  return { ...PLAIN, kind: "ddl", definitions: true };
}

export function droppedTypes(analysis: Analysis, node: TreeNode): Utility {
  if (word(node, "behavior") === "DROP_CASCADE") noteOpaque(analysis, "DROP … CASCADE", analysis.statement.span);
  for (const item of children(node, "objects")) {
    const type = tagged(item)?.node ?? NOTHING;
    const span = dottedSpan(analysis, place(type));
    if (type.arrayBounds !== undefined) refuse("an array's type goes with its element's", span);
    existing(analysis, words(children(type, "names")), span, flag(node, "missing_ok"));
  }
  analysis.writes = true;
  return { ...PLAIN, kind: "ddl", definitions: true };
}

function thirdWord({ tokens, statement }: Analysis): Span {
  const start = tokens.at(statement.span[0]) ?? 0;
  const parts = tokens.dotted(tokens.span(start + 2)[0]);
  return [parts[0]?.[0] ?? statement.span[0], parts.at(-1)?.[1] ?? statement.span[1]];
}

function dottedSpan({ tokens }: Analysis, at: number): Span {
  const parts = tokens.dotted(at);
  return [at, parts.at(-1)?.[1] ?? at];
}

function existing(analysis: Analysis, names: readonly string[], span: Span, perhapsMissing: boolean): void {
  const [first = "", second] = names;
  const { catalog, state } = analysis;
  const name = second ?? first;
  const path = second === undefined ? state.searchPath : [first];
  const types = catalog.typesNamed(name);
  const schema = path.find((place) => types.some((type) => type.schema === place)) ?? (perhapsMissing ? path[0] : undefined);
  if (names.length > 2 || schema === undefined) refuse(`type "${names.join(".")}" does not exist`, span);
  named(analysis, schema, name, span);
}

function named(analysis: Analysis, schema: string, name: string, span: Span): void {
  analysis.edits.push({ span, text: `${quoteName(schema)}.${quoteName(name)}` });
  note(analysis, "sql:ddl", { kind: "table", schema, table: name }, span);
}
