import { below, expression, literal, overRows } from "./expression.ts";
import { list, optional, or, type Piece, sql } from "./piece.ts";
import { query } from "./query.ts";
import { type Column, fresh, type Place, quoted, type Scope, SIMPLE, type Source, type Table, type Type } from "./scope.ts";

/** FROM: tables in every spelling, common tables, subqueries, functions, VALUES, and what joins them. */

interface Item extends Scope {
  readonly text: Piece;
}

export function from(place: Place): Item {
  const { random } = place;
  let all = item(place, []);
  while (place.budget.tables > 0 && random.chance(0.42)) {
    // A join after a comma would see its own side only.
    if (random.chance(0.15)) return beside(place, all);
    all = join(place, all);
  }
  return all;
}

function beside(place: Place, left: Item): Item {
  const right = item(place, left.sources);
  return {
    text: sql`${left.text}, ${right.text}`,
    sources: [...left.sources, ...right.sources],
    star: [...left.star, ...right.star],
  };
}

function item(place: Place, taken: readonly Source[]): Item {
  const { random } = place;
  place.budget.tables -= 1;
  const deep = place.depth > 0 && place.budget.tables > 0;
  return random.choose<Item>([
    [9, () => table(place, taken)],
    [place.ctes.length > 0 ? 5 : 0, () => commonTable(place)],
    [deep ? 2 : 0, () => derived(place, null)],
    [deep && taken.length > 0 ? 1.5 : 0, () => derived(place, taken)],
    [0.6, () => values(place)],
    [0.6, () => series(place)],
    [0.5, () => unnested(place, taken)],
    [0.4, () => eachKey(place, taken)],
  ]);
}

function single(text: Piece, source: Source): Item {
  return { text, sources: [source], star: source.columns };
}

function table(place: Place, taken: readonly Source[]): Item {
  const { random } = place;
  const chosen = random.pick(place.tables);
  const name = quoted(chosen.name);
  const hidden = place.ctes.some((cte) => cte.name === chosen.name);
  const qualified = hidden || chosen.schema !== "public" || random.chance(0.25);
  const full = qualified ? `${chosen.schema}.${name}` : name;
  const stored = chosen.kind === "table" || chosen.kind === "partitioned";
  const spelled: Piece = random.choose<Piece>([
    [10, () => full],
    [stored ? 0.7 : 0, () => or(`ONLY ${full}`, full)],
    [stored ? 0.3 : 0, () => or(`ONLY (${full})`, full)],
    [stored ? 0.4 : 0, () => or(`${full} *`, full)],
  ]);
  const sample =
    chosen.kind !== "view" && random.chance(0.05)
      ? optional(random.pick([" TABLESAMPLE bernoulli (100) REPEATABLE (7)", " TABLESAMPLE system (100)"]))
      : "";
  const ambiguous = [...taken, ...place.outer.flatMap((scope) => scope.sources)].some((source) => source.name === name);
  if (!ambiguous && random.chance(0.3)) {
    return single([spelled, sample], { name, columns: chosen.columns, table: chosen, whole: true });
  }
  const alias = random.chance(0.06) ? `"${fresh(place, "T ")}"` : fresh(place, "t");
  const [names, columns] = columnList(place, chosen.columns, 0.1);
  const as = random.chance(0.5) ? " AS " : " ";
  return single([spelled, as, alias, names, sample], {
    name: alias,
    columns,
    table: names === "" ? { ...chosen, name: "" } : null,
    renamed: names !== "",
    whole: true,
  });
}

/** `(a, b)` after an alias: the first columns under new names. */
function columnList(place: Place, columns: readonly Column[], probability: number): [Piece, readonly Column[]] {
  if (!place.random.chance(probability) || columns.length === 0) return ["", columns];
  const count = place.random.between(1, columns.length);
  const renamed = columns.map((column, index) => (index < count ? { ...column, name: fresh(place, "n") } : column));
  return [
    `(${renamed
      .slice(0, count)
      .map((column) => column.name)
      .join(", ")})`,
    renamed,
  ];
}

function commonTable(place: Place): Item {
  const { random } = place;
  const chosen = random.pick(place.ctes);
  const name = quoted(chosen.name);
  const alias = fresh(place, "w");
  const [names, columns] = columnList(place, chosen.columns, 0.15);
  return single([name, " AS ", alias, names], { name: alias, columns, table: null, whole: true });
}

function derived(place: Place, lateral: readonly Source[] | null): Item {
  const alias = fresh(place, "s");
  const scope: Scope = { sources: lateral ?? [], star: [] };
  const inner = query(lateral === null ? { ...place, depth: place.depth - 1 } : below(place, scope), {});
  const [names, columns] = columnList(place, inner.columns, 0.2);
  return single([lateral === null ? "" : "LATERAL ", "(", inner.text, ") AS ", alias, names], {
    name: alias,
    columns,
    table: null,
    whole: true,
  });
}

function values(place: Place): Item {
  const { random } = place;
  const types = random.some<Type>(["int", "text", "bool", "num"], 1, 3);
  const rows = Array.from({ length: random.between(1, 3) }, () => sql`(${list(types.map((type) => literal(place, type)))})`);
  const alias = fresh(place, "v");
  const named = random.chance(0.7);
  const columns = types.map((type, index) => ({ type, name: named ? fresh(place, "n") : `column${index + 1}` }));
  const names = named ? `(${columns.map((column) => column.name).join(", ")})` : "";
  return single(sql`(VALUES ${list(rows)}) AS ${alias}${names}`, { name: alias, columns, table: null, whole: true });
}

function series(place: Place): Item {
  const { random } = place;
  const alias = fresh(place, "g");
  const name = fresh(place, "n");
  const columns: Column[] = [{ name, type: "int" }];
  const ordinal = random.chance(0.4);
  if (ordinal) columns.push({ name: fresh(place, "n"), type: "big" });
  const call = `generate_series(1, ${random.between(1, 4)})`;
  const text = random.chance(0.3)
    ? `ROWS FROM (${call})${ordinal ? " WITH ORDINALITY" : ""}`
    : `${call}${ordinal ? " WITH ORDINALITY" : ""}`;
  return single(`${text} AS ${alias}(${columns.map((column) => column.name).join(", ")})`, {
    name: alias,
    columns,
    table: null,
    whole: columns.length > 1,
  });
}

function unnested(place: Place, taken: readonly Source[]): Item {
  const alias = fresh(place, "u");
  const scope: Scope = { sources: taken, star: [] };
  const array = expression(overRows({ ...place, depth: 0 }, scope), "texts", 1);
  const columns: Column[] = [
    { name: fresh(place, "n"), type: "text" },
    { name: fresh(place, "n"), type: "big" },
  ];
  const names = columns.map((column) => column.name).join(", ");
  return single(sql`unnest(${array}) WITH ORDINALITY AS ${alias}(${names})`, { name: alias, columns, table: null, whole: true });
}

function eachKey(place: Place, taken: readonly Source[]): Item {
  const alias = fresh(place, "j");
  const document = expression(overRows({ ...place, depth: 0 }, { sources: taken, star: [] }), "jsonb", 0);
  const safe = sql`CASE jsonb_typeof(${document}) WHEN 'object' THEN ${document} END`;
  const columns: Column[] = [
    { name: "key", type: "text" },
    { name: "value", type: "text" },
  ];
  return single(sql`jsonb_each_text(${safe}) AS ${alias}`, { name: alias, columns, table: null, whole: true });
}

/** Columns that both sides have exactly once, and of one type. */
function shared(left: Item, right: Item): readonly Column[] {
  const once = (columns: readonly Column[], name: string) => columns.filter((column) => column.name === name).length === 1;
  return left.star.filter(
    (column) =>
      once(left.star, column.name) &&
      once(right.star, column.name) &&
      right.star.some((other) => other.name === column.name && other.type === column.type) &&
      column.type !== "record",
  );
}

function join(place: Place, left: Item): Item {
  const { random } = place;
  const right = item(place, left.sources);
  const sources = [...left.sources, ...right.sources];
  const star = [...left.star, ...right.star];
  const both: Scope = { sources, star };
  const common = shared(left, right);
  const lateral = looksLeft(right.text);
  const kinds = lateral
    ? ["", "INNER ", "LEFT ", "LEFT OUTER "]
    : ["", "INNER ", "LEFT ", "LEFT OUTER ", "RIGHT ", "FULL ", "FULL OUTER "];
  const kind = random.pick(kinds);
  const all = left.star.filter((column) => right.star.some((other) => other.name === column.name));
  const natural = all.length === common.length && random.chance(0.3);
  const paired: readonly Column[] = natural ? common : random.some(common, 1, 2);
  const merged = (names: readonly Column[]): readonly Column[] => [
    ...names,
    ...left.star.filter((column) => !names.some((name) => name.name === column.name)),
    ...right.star.filter((column) => !names.some((name) => name.name === column.name)),
  ];
  const joined = random.choose<Item>([
    [
      kind.startsWith("FULL") ? 0 : 4,
      () => ({ ...both, text: sql`${left.text} ${kind}JOIN ${right.text} ON ${condition(place, both)}` }),
    ],
    [3, () => ({ ...both, text: sql`${left.text} ${kind}JOIN ${right.text} ON ${equal(place, left, right)}` })],
    [0.8, () => ({ ...both, text: sql`${left.text} CROSS JOIN ${right.text}` })],
    [
      common.length > 0 ? 3 : 0,
      () => {
        const how = natural ? "" : ` USING (${paired.map((column) => quoted(column.name)).join(", ")})`;
        const text = sql`${left.text} ${natural ? "NATURAL " : ""}${kind}JOIN ${right.text}${how}`;
        if (how === "" || random.chance(0.8)) return { sources, star: merged(paired), text };
        const alias = fresh(place, "x");
        const extra: Source = { name: alias, columns: paired, table: null, whole: true };
        return { sources: [...sources, extra], star: merged(paired), text: sql`${text} AS ${alias}` };
      },
    ],
  ]);
  if (!random.chance(0.12)) return joined;
  if (random.chance(0.5)) return { ...joined, text: sql`(${joined.text})` };
  const alias = fresh(place, "q");
  return single(sql`(${joined.text}) AS ${alias}`, { name: alias, columns: joined.star, table: null, whole: true });
}

/** What looks to its left cannot be the left of a RIGHT or FULL join. */
function looksLeft(piece: Piece): boolean {
  if (typeof piece === "string") return /LATERAL|unnest|jsonb_each/.test(piece);
  return "shown" in piece ? looksLeft(piece.shown) : piece.some(looksLeft);
}

function condition(place: Place, scope: Scope): Piece {
  return or(expression(overRows(place, scope), "bool", 1), "true");
}

/** An equality that a FULL join can be made with. */
function equal(place: Place, left: Scope, right: Scope): Piece {
  const { random } = place;
  const shallow = { ...place, outer: [] };
  const type = random.pick(SIMPLE.filter((candidate) => candidate !== "bool"));
  const a = overRows(shallow, { ...left, star: [] }).atom(type);
  const b = overRows(shallow, { ...right, star: [] }).atom(type);
  return a === null || b === null ? "true" : sql`${a} = ${b}`;
}

export function wholeTable(place: Place): { readonly table: Table; readonly text: Piece } {
  const open = place.tables.filter((table) => !place.ctes.some((cte) => cte.name === table.name));
  const table = place.random.pick(open);
  const name = quoted(table.name);
  return { table, text: `TABLE ${table.schema === "public" ? name : `${table.schema}.${name}`}` };
}
