import { cover, type Span } from "../../domain/span.ts";
import { type Analysis, type CteFrame, type CteOutput, type Env, inScope } from "./analysis.ts";
import { castType, expression } from "./expression.ts";
import { functionColumns, functionNames, isSafeFunction, judgeOperator } from "./functions.ts";
import { CONSTANT, computedFrom, either, type Lineage } from "./lineage.ts";
import { outputName } from "./output-name.ts";
import { refuse } from "./refused.ts";
import { nameSpan, noteRelation, sourceOfUse } from "./relations.ts";
import { renamed, type Source, type SourceColumn, sourceOf } from "./scope.ts";
import { query } from "./select.ts";
import { refuseShownInFrom } from "./shown-definitions.ts";
import { child, children, flag, NOTHING, place, type Tagged, type TreeNode, tagged, word, words } from "./tree.ts";
import { spend } from "./work.ts";

/** What FROM offers to the rest of the query. */
export interface FromItems {
  readonly sources: readonly Source[];
  /** What `*` stands for, in order: columns of USING come once. */
  readonly star: readonly SourceColumn[];
  readonly reads: Lineage;
}

const EMPTY: FromItems = { sources: [], star: [], reads: CONSTANT };

export function fromClause(analysis: Analysis, items: readonly unknown[], env: Env): FromItems {
  const sources: Source[] = [];
  const found: FromItems[] = [];
  for (const item of items) {
    const one = fromItem(analysis, item, env, [...sources]);
    sources.push(...one.sources);
    found.push(one);
  }
  return { sources, star: found.flatMap(({ star }) => star), reads: computedFrom(found.map(({ reads }) => reads)) };
}

function joined(a: FromItems, b: FromItems): FromItems {
  return { sources: [...a.sources, ...b.sources], star: [...a.star, ...b.star], reads: computedFrom([a.reads, b.reads]) };
}

function single(source: Source, reads: Lineage = CONSTANT): FromItems {
  return { sources: [source], star: source.columns, reads };
}

/** `beside`: what LATERAL can see. */
export function fromItem(analysis: Analysis, item: unknown, env: Env, beside: readonly Source[]): FromItems {
  const found = tagged(item);
  if (found === null) return EMPTY;
  const { tag, node } = found;
  const lateral = inScope(env, beside);
  switch (tag) {
    case "RangeVar":
      return single(relation(analysis, node, env));
    case "RangeSubselect": {
      const output = query(analysis, node.subquery, flag(node, "lateral") ? lateral : env, {});
      return single(aliased(derived(analysis, output), child(node, "alias")), output.reads);
    }
    case "JoinExpr":
      return join(analysis, node, env, beside);
    case "RangeFunction":
      return rangeFunction(analysis, node, lateral);
    case "RangeTableSample":
      return sample(analysis, node, env, lateral);
    case "RangeTableFunc": {
      const reads = [node.docexpr, node.rexpr, node.rowexpr, children(node, "namespaces")].map((part) =>
        expression(analysis, part, lateral),
      );
      const columns = children(node, "columns").map((column) => {
        const definition = tagged(column)?.node ?? NOTHING;
        castType(analysis, child(definition, "typeName"));
        reads.push(expression(analysis, definition.colexpr, lateral), expression(analysis, definition.coldefexpr, lateral));
        return word(definition, "colname");
      });
      return computed("xmltable", columns, computedFrom(reads), child(node, "alias"));
    }
    case "JsonTable": {
      const parts = [node.context_item, node.pathspec, node.passing, node.on_error].map((part) =>
        expression(analysis, part, lateral),
      );
      const columns = jsonColumns(analysis, children(node, "columns"), lateral);
      return computed("json_table", columns, computedFrom(parts), child(node, "alias"));
    }
    default:
      return refuse(`no rule for \`${tag}\` in FROM`, analysis.tokens.token(place(node)));
  }
}

function derived(analysis: Analysis, output: CteOutput): Source {
  spend(analysis, "made", output.columns.length);
  const columns = output.columns.map(({ name, lineage }) => ({ name, lineage, touch: () => {} }));
  return sourceOf(null, columns, { open: output.open });
}

function aliased(source: Source, alias: TreeNode | null): Source {
  if (alias === null) return source;
  return renamed(source, word(alias, "aliasname"), words(children(alias, "colnames")));
}

/** `own`: its name where it is given none. */
function computed(own: string, names: readonly string[], reads: Lineage, alias: TreeNode | null): FromItems {
  const lineage: Lineage = { reads: reads.reads, through: null };
  const source = sourceOf(
    own,
    names.map((name) => ({ name, lineage, touch: () => {} })),
  );
  return single(aliased(source, alias), reads);
}

function relation(analysis: Analysis, node: TreeNode, env: Env): Source {
  const name = word(node, "relname");
  const cte = word(node, "schemaname") === "" ? findCte(env.ctes, name) : null;
  if (cte !== null) {
    analysis.visited.add(node);
    const source = derived(analysis, cte);
    return aliased({ ...source, name }, child(node, "alias"));
  }
  const use = noteRelation(analysis, node, { role: "read", action: "sql:select" });
  return sourceOfUse(analysis, use);
}

function findCte(frame: CteFrame | null, name: string): CteOutput | null {
  for (let level = frame; level !== null; level = level.parent) {
    const found = level.ctes.find((cte) => cte.name === name);
    if (found !== undefined) return found.output();
  }
  return null;
}

function sample(analysis: Analysis, node: TreeNode, env: Env, lateral: Env): FromItems {
  const inner = tagged(node.relation);
  if (inner?.tag !== "RangeVar") refuse("TABLESAMPLE is for tables", analysis.statement.span);
  const source = relation(analysis, inner.node, env);
  const method = words(children(node, "method"));
  const span = sampleSpan(analysis, node);
  if (!["bernoulli", "system"].includes(method.at(-1) ?? "") || (method.length > 1 && method[0] !== "pg_catalog")) {
    refuse(`no rule for the sampling method \`${method.join(".")}\``, span);
  }
  for (const argument of [...children(node, "args"), node.repeatable]) {
    const value = tagged(argument);
    if (value !== null && value.tag !== "A_Const" && value.tag !== "ParamRef") {
      refuse("TABLESAMPLE takes plain numbers here", span);
    }
    expression(analysis, argument, lateral);
  }
  if (source.use === null) refuse("TABLESAMPLE is for tables", span);
  source.use.sample = span;
  return single(source);
}

/** From the word TABLESAMPLE to its last bracket. */
function sampleSpan(analysis: Analysis, node: TreeNode): Span {
  const { tokens } = analysis;
  const method = tokens.at(place(node));
  if (method === null) return analysis.statement.span;
  let last = method;
  while (tokens.text(last) !== "(") last += 1;
  last = tokens.closing(last);
  if (tokens.text(last + 1) === "repeatable") last = tokens.closing(last + 2);
  const first = tokens.text(method) === "tablesample" ? method : method - 1;
  return cover(tokens.span(first), tokens.span(last));
}

function rangeFunction(analysis: Analysis, node: TreeNode, lateral: Env): FromItems {
  const alias = child(node, "alias");
  const columns: SourceColumn[] = [];
  const reads: Lineage[] = [];
  let open = false;
  const functions = children(node, "functions");
  const coldefs = children(node, "coldeflist");
  for (const item of functions) {
    const [call, definitions] = children(tagged(item)?.node ?? NOTHING, "items");
    refuseShownInFrom(analysis, call, analysis.tokens.token(place(tagged(call)?.node ?? NOTHING)));
    const lineage = expression(analysis, call, lateral);
    reads.push(lineage);
    const value = tagged(call);
    const own = [...children(tagged(definitions)?.node ?? NOTHING, "items"), ...(functions.length === 1 ? coldefs : [])];
    const result = functionResult(analysis, value, own, functions.length === 1 ? alias : null);
    open ||= result.open;
    columns.push(...result.names.map((name) => ({ name, lineage: { reads: lineage.reads, through: null }, touch: () => {} })));
  }
  if (flag(node, "ordinality")) columns.push({ name: "ordinality", lineage: CONSTANT, touch: () => {} });
  const first = tagged(children(tagged(functions[0])?.node ?? NOTHING, "items")[0]);
  const source = sourceOf(first === null ? null : outputName({ [first.tag]: first.node }), columns, { open });
  return single(aliased(source, alias), computedFrom(reads));
}

function functionResult(
  analysis: Analysis,
  value: Tagged | null,
  definitions: readonly unknown[],
  alias: TreeNode | null,
): { readonly names: readonly string[]; readonly open: boolean } {
  if (definitions.length > 0) {
    const names = definitions.map((definition) => {
      const column = tagged(definition)?.node ?? NOTHING;
      castType(analysis, child(column, "typeName"));
      return word(column, "colname");
    });
    return { names, open: false };
  }
  const name = value === null ? "" : outputName({ [value.tag]: value.node });
  const scalar = alias === null ? name : word(alias, "aliasname");
  if (value?.tag !== "FuncCall") return { names: [scalar], open: false };
  const known = functionColumns(functionNames(value.node));
  if (known.columns.length > 0) return { names: known.columns, open: false };
  if (isSafeFunction(functionNames(value.node).at(-1) ?? "") && !known.open) return { names: [scalar], open: false };
  const given = words(children(alias ?? NOTHING, "colnames"));
  // A composite result: its columns are not known. A scalar one has the alias's name, which is then the whole row too.
  return { names: given, open: true };
}

function jsonColumns(analysis: Analysis, list: readonly unknown[], env: Env): readonly string[] {
  return list.flatMap((item) => {
    const column = tagged(item)?.node ?? NOTHING;
    castType(analysis, child(column, "typeName"));
    for (const part of [column.pathspec, column.on_empty, column.on_error]) expression(analysis, part, env);
    const nested = children(column, "columns");
    return nested.length > 0 ? jsonColumns(analysis, nested, env) : [word(column, "name")];
  });
}

function join(analysis: Analysis, node: TreeNode, env: Env, beside: readonly Source[]): FromItems {
  const before = analysis.uses.length;
  const left = fromItem(analysis, node.larg, env, beside);
  const between = analysis.uses.length;
  const right = fromItem(analysis, node.rarg, env, [...beside, ...left.sources]);
  if (flag(node, "isNatural")) {
    analysis.naturals.push({ left: analysis.uses.slice(before, between), right: analysis.uses.slice(between) });
  }
  const both = joined(left, right);
  spend(analysis, "copied", both.star.length);
  const common = flag(node, "isNatural") ? shared(left.star, right.star) : words(children(node, "usingClause"));
  const span = joinSpan(analysis, node);
  const merged = common.map((name) => mergedColumn(analysis, name, { left, right, type: word(node, "jointype") }, span));
  const names = new Set(common);
  const star = names.size === 0 ? both.star : [...merged, ...both.star.filter((column) => !names.has(column.name))];
  const quals = expression(analysis, node.quals, inScope(env, both.sources, star));
  const reads = computedFrom([both.reads, quals, ...merged.map((column) => column.lineage)]);
  const usingAlias = child(node, "join_using_alias");
  const extra = usingAlias === null ? [] : [{ ...sourceOf(word(usingAlias, "aliasname"), merged), byNameOnly: true }];
  const alias = child(node, "alias");
  if (alias === null) return { sources: [...both.sources, ...extra], star, reads };
  if (children(alias, "colnames").length > 0) analysis.byPlace = true;
  const open = both.sources.some((source) => source.open);
  return {
    ...single(aliased(sourceOf(null, star, { open }), alias), reads),
    sources: [aliased(sourceOf(null, star, { open }), alias), ...extra],
  };
}

/** Names of the left side that the right one has too, in order. */
function shared(left: readonly SourceColumn[], right: readonly SourceColumn[]): readonly string[] {
  const names = new Set(right.map((column) => column.name));
  return left.map((column) => column.name).filter((name) => names.has(name));
}

/** The right side's name: USING itself has no place in the tree. */
function joinSpan(analysis: Analysis, node: TreeNode): Span {
  const item = tagged(node.rarg);
  const right = item?.tag === "RangeTableSample" ? tagged(item.node.relation) : item;
  return right?.tag === "RangeVar" ? nameSpan(analysis, right.node) : analysis.statement.span;
}

interface Sides {
  readonly left: FromItems;
  readonly right: FromItems;
  readonly type: string;
}

/** One column for both sides; comparing them reads both. */
function mergedColumn(analysis: Analysis, name: string, { left, right, type }: Sides, span: Span): SourceColumn {
  judgeOperator(analysis, ["="], span);
  const sides = [...left.star, ...right.star].filter((column) => column.name === name);
  const open = [...left.sources, ...right.sources].some((source) => source.open);
  if (sides.length < 2 && !open) refuse(`column "${name}" specified in USING clause does not exist on both sides`, span);
  for (const column of sides) column.touch(span);
  const kept = (type === "JOIN_RIGHT" ? right : left).star.find((column) => column.name === name);
  return {
    name,
    lineage: either(sides.map((column) => column.lineage)),
    touch: (at) => {
      for (const column of sides) column.touch(at);
    },
    merges: type === "JOIN_FULL" ? null : (kept ?? null),
  };
}
