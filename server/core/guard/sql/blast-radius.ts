import type { Span } from "../../domain/span.ts";
import type { ParsedStatement } from "./parsed.ts";
import { child, children, count, everyNode, NOTHING, type TreeNode, tagged, word } from "./tree.ts";

/**
 * Which rows a change would touch, as a query: pieces of the statement's own text, put together anew. The result is a
 * statement like any other, to be parsed, described and judged; nothing is promised of it here but that it asks about
 * the same rows. Triggers, cascades and rules are not looked at.
 */
export type BlastRadius =
  /** `rows` without its select list: `FROM … WHERE …`. `alias`: what the target is called in it. */
  | {
      readonly counted: "query";
      readonly of: "target" | "source";
      readonly before: string;
      readonly rows: string;
      readonly alias: string;
    }
  /** The text itself says it: rows of VALUES. */
  | { readonly counted: "text"; readonly rows: number }
  | { readonly counted: "no"; readonly reason: string };

export function blastRadiusOf(statement: ParsedStatement): BlastRadius {
  const root = tagged(statement.tree);
  if (root === null) return no("the statement is none that changes rows");
  const before = withClause(root.node);
  if (typeof before !== "string" && before !== null) return before;
  const pieces = new Pieces(statement);
  switch (root.tag) {
    case "DeleteStmt":
      return touched(pieces, root.node, { verb: "delete", target: "from", end: "using", others: "usingClause" });
    case "UpdateStmt":
      return touched(pieces, root.node, { verb: "update", target: "update", end: "set", others: "fromClause" });
    case "InsertStmt":
      return inserted(pieces, root.node);
    case "MergeStmt":
      return merged(pieces);
    default:
      return no("only INSERT, UPDATE, DELETE and MERGE are counted");
  }
}

/** Both queries, to be sent through the guard. `keys`: the target's primary key; empty: no sample. */
export function countingQueries(
  radius: Extract<BlastRadius, { counted: "query" }>,
  keys: readonly string[],
  sample: number,
): { readonly count: string; readonly sample: string | null } {
  const { before, rows, alias } = radius;
  const names = keys.map((key) => `${alias}.${quoted(key)}`).join(", ");
  return {
    count: `${before}SELECT count(*) ${rows}`,
    sample: radius.of === "source" || keys.length === 0 ? null : `${before}SELECT ${names} ${rows} LIMIT ${sample}`,
  };
}

function no(reason: string): BlastRadius {
  return { counted: "no", reason };
}

/** Null: none. A change inside of WITH would run when it is only to be counted. */
function withClause(node: TreeNode): BlastRadius | null {
  const clause = child(node, "withClause");
  if (clause === null) return null;
  for (const inner of everyNode(clause)) {
    if (["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"].some((tag) => inner[tag] !== undefined))
      return no("a change inside of WITH is not counted");
    if (VERBS.has(word(inner, "ctename"))) return no(`a WITH query named \`${word(inner, "ctename")}\` is not counted`);
  }
  return null;
}

const VERBS: ReadonlySet<string> = new Set(["insert", "update", "delete", "merge"]);

interface Clauses {
  readonly verb: string;
  /** The word after which the target stands. */
  readonly target: string;
  readonly end: string;
  readonly others: string;
}

function touched(pieces: Pieces, node: TreeNode, clauses: Clauses): BlastRadius {
  const relation = child(node, "relation") ?? NOTHING;
  for (const inner of everyNode(node.whereClause)) {
    if (inner.CurrentOfExpr !== undefined) return no("WHERE CURRENT OF is not counted");
  }
  const verb = pieces.outer(clauses.verb, 0);
  const start = verb === null ? null : pieces.outer(clauses.target, verb);
  // A table may be called `set`: the end is looked for after its name.
  const name = pieces.at(count(relation, "location"));
  if (verb === null || start === null || name === null) return no("the statement was not understood");
  const where = node.whereClause === undefined ? null : pieces.outer("where", name);
  const others = children(node, clauses.others).length === 0 ? null : pieces.others(clauses, name);
  const stop = pieces.outer("returning", name) ?? pieces.length;
  const end = clauses.end === "set" ? pieces.setAfter(name, relation) : (others ?? where ?? stop);
  if (end === null || (node.whereClause !== undefined && where === null)) return no("the statement was not understood");
  const target = pieces.text(start + 1, end);
  const condition = where === null ? "" : `WHERE ${pieces.text(where + 1, stop)}`;
  const from = others === null ? null : pieces.text(others + 1, where ?? stop);
  // A row that matches many others is touched once.
  const rows = from === null ? `FROM ${target} ${condition}` : `FROM ${target} WHERE EXISTS (SELECT 1 FROM ${from} ${condition})`;
  const alias = word(child(relation, "alias") ?? NOTHING, "aliasname") || word(relation, "relname");
  return { counted: "query", of: "target", before: pieces.text(0, verb), rows: rows.trim(), alias: quoted(alias) };
}

function inserted(pieces: Pieces, node: TreeNode): BlastRadius {
  const source = tagged(node.selectStmt);
  if (source === null) return { counted: "text", rows: 1 };
  const values = children(source.node, "valuesLists").length;
  if (values > 0) return { counted: "text", rows: values + count(source.node, "omittedRows") };
  if (node.onConflictClause !== undefined && pieces.outer("conflict", 0) === null) return no("the statement was not understood");
  const verb = pieces.outer("insert", 0);
  const from = verb === null ? null : pieces.first(["select", "with", "table", "("], verb, child(node, "relation") ?? NOTHING);
  if (verb === null || from === null) return no("the statement was not understood");
  const conflict = node.onConflictClause === undefined ? null : pieces.outer("conflict", from);
  const stop = conflict === null ? (pieces.outer("returning", from) ?? pieces.length) : conflict - 1;
  const before = pieces.text(0, verb);
  return { counted: "query", of: "source", before, rows: `FROM (${pieces.text(from, stop)}) AS source`, alias: "source" };
}

function merged(pieces: Pieces): BlastRadius {
  const verb = pieces.outer("merge", 0);
  const using = verb === null ? null : pieces.outer("using", verb);
  const when = using === null ? null : pieces.outer("when", using);
  const on = using === null || when === null ? null : pieces.last("on", using, when);
  if (verb === null || using === null || on === null) return no("the statement was not understood");
  return {
    counted: "query",
    of: "source",
    before: pieces.text(0, verb),
    rows: `FROM ${pieces.text(using + 1, on)}`,
    alias: "source",
  };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The statement's tokens by number, and how deep in brackets each stands. */
class Pieces {
  readonly length: number;
  private readonly source: string;
  private readonly spans: readonly Span[];
  private readonly depths: readonly number[];

  constructor(statement: ParsedStatement) {
    this.source = statement.source;
    const semicolon = statement.tokens.at(-1);
    const ends = semicolon !== undefined && statement.source.slice(...semicolon) === ";";
    this.spans = ends ? statement.tokens.slice(0, -1) : statement.tokens;
    this.length = this.spans.length;
    let depth = 0;
    this.depths = this.spans.map((_, index) => {
      const text = this.word(index);
      if (text === ")" || text === "]") depth -= 1;
      const own = depth;
      if (text === "(" || text === "[") depth += 1;
      return own;
    });
  }

  word(index: number): string {
    const span = this.spans[index];
    return span === undefined ? "" : this.source.slice(...span).toLowerCase();
  }

  /** From one token up to before another, with a blank after it where there is something. */
  text(from: number, to: number): string {
    const first = this.spans[from];
    const last = this.spans[to - 1];
    return first === undefined || last === undefined || to <= from ? "" : `${this.source.slice(first[0], last[1])}\n`;
  }

  at(offset: number): number | null {
    const index = this.spans.findIndex((span) => span[0] === offset);
    return index === -1 ? null : index;
  }

  /** The first token outside of brackets that is this word. Only for words that stand nowhere else outside of them. */
  outer(text: string, from: number): number | null {
    for (let index = from; index < this.length; index += 1) {
      if (this.depths[index] === 0 && this.word(index) === text) return index;
    }
    return null;
  }

  last(text: string, from: number, to: number): number | null {
    for (let index = to - 1; index > from; index -= 1) {
      if (this.depths[index] === 0 && this.word(index) === text) return index;
    }
    return null;
  }

  /** FROM of an UPDATE, USING of a DELETE; `IS DISTINCT FROM` is another FROM. */
  others(clauses: Clauses, from: number): number | null {
    const text = clauses.others === "fromClause" ? "from" : "using";
    for (let index = from; index < this.length; index += 1) {
      if (this.depths[index] === 0 && this.word(index) === text && this.word(index - 1) !== "distinct") return index;
    }
    return null;
  }

  /** SET after the target's name, its star and its alias. */
  setAfter(name: number, relation: TreeNode): number | null {
    let index = this.afterName(name);
    if (this.word(index) === "*") index += 1;
    if (child(relation, "alias") !== null) index += this.word(index) === "as" ? 2 : 1;
    return this.word(index) === "set" ? index : null;
  }

  /** Where an INSERT's query begins: after the target, its alias and its columns. */
  first(words: readonly string[], verb: number, relation: TreeNode): number | null {
    const name = this.at(count(relation, "location"));
    if (name === null || name < verb) return null;
    let index = this.afterName(name);
    if (child(relation, "alias") !== null) index += this.word(index) === "as" ? 2 : 1;
    for (; index < this.length; index += 1) {
      if (this.depths[index] !== 0) continue;
      const text = this.word(index);
      if (text === "(" && !QUERY_STARTS.has(this.word(index + 1))) continue;
      if (words.includes(text)) return index;
    }
    return null;
  }

  private afterName(name: number): number {
    let index = name + 1;
    while (this.word(index) === ".") index += 2;
    return index;
  }
}

/** A bracket before one of these holds a query, else columns. A column list may begin with a name like these only in quotes. */
const QUERY_STARTS: ReadonlySet<string> = new Set(["select", "with", "table", "("]);
