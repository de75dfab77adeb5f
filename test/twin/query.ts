import { columnsOf, expression, literal, overRows, SQL_TYPES, type Within } from "./expression.ts";
import { from, wholeTable } from "./from.ts";
import { list, optional, or, type Piece, sql } from "./piece.ts";
import {
  type Column,
  type Cte,
  fresh,
  type Place,
  type Query,
  quoted,
  type Scope,
  SIMPLE,
  type Source,
  type Type,
} from "./scope.ts";

/** SELECT and everything round it. All that is written has one meaning: what the server may choose is not written. */

interface Wanted {
  /** Types of the result's columns; absent: any. */
  readonly want?: readonly Type[];
  /** At most one row, of one value. */
  readonly single?: boolean;
  /** In the order of its values. */
  readonly sorted?: boolean;
}

export function query(place: Place, wanted: Wanted): Query {
  const { random } = place;
  const limits = wanted.single ?? false;
  const withs = place.depth > 0 && random.chance(0.22) ? commonTables(place) : { text: "" as Piece, place };
  const inner = withs.place;
  const body = random.choose<Query>([
    [12, () => select(inner, wanted.want ?? null)],
    [inner.depth > 0 ? 2 : 0, () => setOperation(inner, wanted.want ?? null)],
    [wanted.want === undefined ? 0.6 : 0, () => whole(inner)],
    [0.3, () => rows(inner, wanted.want ?? null)],
  ]);
  const sorted = limits || wanted.sorted || random.chance(0.2);
  const ordinals = body.columns.map(
    (_, index) => `${index + 1}${random.pick(["", " DESC", " NULLS FIRST", " DESC NULLS LAST"])}`,
  );
  const order = sorted && ordinals.length > 0 ? ` ORDER BY ${ordinals.join(", ")}` : "";
  const count = limits ? 1 : random.between(1, 6);
  const limit =
    order === ""
      ? ""
      : limits
        ? " LIMIT 1"
        : random.choose<Piece>([
            [3, () => ""],
            [2, () => optional(` LIMIT ${count}`)],
            [1, () => optional(` LIMIT ${count} OFFSET 1`)],
            [1, () => optional(` OFFSET 1 ROW FETCH FIRST ${count} ROWS ONLY`)],
            [1, () => optional(` FETCH NEXT ${count} ROWS WITH TIES`)],
          ]);
  return {
    text: [withs.text, body.text, order === "" || limits || wanted.sorted || limit !== "" ? order : optional(order), limit],
    columns: body.columns,
  };
}

function whole(place: Place): Query {
  const { table, text } = wholeTable(place);
  return { text, columns: table.columns };
}

function rows(place: Place, want: readonly Type[] | null): Query {
  const types = want ?? place.random.some<Type>(["int", "text", "bool"], 1, 2);
  const body = Array.from(
    { length: place.random.between(1, 2) },
    () => sql`(${list(types.map((type) => literal(place, type)))})`,
  );
  return { text: sql`VALUES ${list(body)}`, columns: types.map((type, index) => ({ type, name: `column${index + 1}` })) };
}

function setOperation(place: Place, want: readonly Type[] | null): Query {
  const { random } = place;
  const types = want ?? Array.from({ length: random.between(1, 3) }, () => random.pick(SIMPLE));
  const lower = { ...place, depth: place.depth - 1 };
  const left = select(lower, types);
  const right = random.chance(0.3) ? query(lower, { want: types }) : select(lower, types);
  const how = random.pick(["UNION", "UNION ALL", "UNION DISTINCT", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"]);
  return { text: or(sql`(${left.text}) ${how} (${right.text})`, left.text), columns: left.columns };
}

function commonTables(place: Place): { readonly text: Piece; readonly place: Place } {
  const { random } = place;
  const ctes: Cte[] = [];
  const texts: Piece[] = [];
  const recursive = random.chance(0.3);
  for (let left = random.between(1, 2); left > 0; left -= 1) {
    const visible: Place = { ...place, depth: place.depth - 1, ctes: [...place.ctes, ...ctes] };
    // Sometimes a table's own name: from here on it means the common table. Under RECURSIVE also inside of itself.
    const shadow = !recursive && random.chance(0.15) ? random.pick(place.tables).name : null;
    const name = shadow !== null && ![...place.ctes, ...ctes].some((cte) => cte.name === shadow) ? shadow : fresh(place, "w");
    if (recursive && left === 1) {
      const made = recursion(visible, name);
      texts.push(made.text);
      ctes.push({ name, columns: made.columns });
      continue;
    }
    const inner = query(visible, {});
    const once = inner.columns.filter(
      (column, index) => inner.columns.findIndex((other) => other.name === column.name) === index,
    );
    const rename = once.length < inner.columns.length || random.chance(0.25);
    const columns = rename ? inner.columns.map((column) => ({ ...column, name: fresh(place, "n") })) : inner.columns;
    const names = rename ? `(${columns.map((column) => column.name).join(", ")})` : "";
    const how = random.pick(["", "", "MATERIALIZED ", "NOT MATERIALIZED "]);
    texts.push(sql`${quoted(name)}${names} AS ${how}(${inner.text})`);
    ctes.push({ name, columns });
  }
  return {
    text: sql`WITH ${recursive ? "RECURSIVE " : ""}${list(texts)} `,
    place: { ...place, ctes: [...place.ctes.filter((cte) => !ctes.some((own) => own.name === cte.name)), ...ctes] },
  };
}

function recursion(place: Place, name: string): Query {
  const { random } = place;
  const type = random.pick<Type>(["int", "text", "num", "date"]);
  const start = select({ ...place, depth: 0 }, ["int", type]);
  const step = fresh(place, "n");
  const value = fresh(place, "n");
  const columns: Column[] = [
    { name: step, type: "int" },
    { name: value, type },
  ];
  const scope: Scope = { sources: [{ name, columns, table: null, whole: true }], star: columns };
  const next = expression(overRows({ ...place, depth: 0 }, scope), type, 1);
  const depth = fresh(place, "n");
  const first = start.columns
    .map((column) => `a.${column.name}::${SQL_TYPES[column.type]}${column.type === "text" ? ' COLLATE "default"' : ""}`)
    .join(", ");
  const text = sql`${name}(${step}, ${value}, ${depth}) AS (SELECT ${first}, 1 FROM (${start.text}) AS a UNION ${random.pick(["", "ALL "])}SELECT ${step} + 1, (${next})::${SQL_TYPES[type]}${type === "text" ? ' COLLATE "default"' : ""}, ${depth} + 1 FROM ${name} WHERE ${depth} < 3)`;
  return { text, columns: [...columns, { name: depth, type: "int" }] };
}

function select(place: Place, want: readonly Type[] | null): Query {
  const { random } = place;
  if (random.chance(0.04)) return bare(place, want);
  const items = from(place);
  const where = random.chance(0.5) ? optional(sql` WHERE ${expression(overRows(place, items), "bool", 2)}`) : "";
  const rest: Clauses = { place, want, scope: items, from: sql` FROM ${items.text}${where}` };
  return random.choose<Query>([
    [6, () => plain(rest)],
    [3, () => grouped(rest)],
    [1, () => distinctOn(rest)],
  ]);
}

interface Clauses {
  readonly place: Place;
  readonly want: readonly Type[] | null;
  readonly scope: Scope;
  readonly from: Piece;
}

function bare(place: Place, want: readonly Type[] | null): Query {
  const types = want ?? [place.random.pick(SIMPLE)];
  const targets = named(overRows(place, { sources: [], star: [] }), types, 1);
  return { text: sql`SELECT ${targets.text}`, columns: targets.columns };
}

interface Targets {
  readonly text: Piece;
  readonly columns: readonly Column[];
}

function named(within: Within, types: readonly Type[], depth: number): Targets {
  const { place } = within;
  const columns = types.map((type) => ({ type, name: fresh(place, "c") }));
  const texts = columns.map(({ name, type }) => {
    const as = place.random.choose<string>([
      [5, () => ` AS ${name}`],
      [1, () => ` ${name}`],
      [0.5, () => ` AS "${name}"`],
    ]);
    return sql`${expression(within, type, depth)}${as}`;
  });
  return { text: list(texts), columns };
}

/** Window functions, `*`, `t.*`, `(t).*`, bare columns and system columns stand beside other expressions. */
function plain({ place, want, scope, from: source }: Clauses): Query {
  const { random } = place;
  const within = overRows(place, scope);
  const distinct = random.chance(0.12) ? "DISTINCT " : random.chance(0.03) ? "ALL " : "";
  if (want !== null) {
    const windows = windowed(within, scope, want);
    const targets = windows ?? named(within, want, 2);
    return { text: sql`SELECT ${distinct}${targets.text}${source}${windows?.clause ?? ""}`, columns: targets.columns };
  }
  const parts: Targets[] = [];
  for (let left = random.between(1, 3); left > 0; left -= 1) {
    parts.push(
      random.choose<Targets>([
        [3, () => named(within, [random.pick(SIMPLE)], 2)],
        [3, () => asItIs(place, scope) ?? named(within, ["int"], 1)],
        [1.2, () => star(place, scope)],
        [1, () => sourceStar(place, scope)],
        [0.6, () => wholeRow(place, scope) ?? named(within, ["text"], 1)],
        [0.4, () => systemColumn(place, scope) ?? named(within, ["big"], 1)],
      ]),
    );
  }
  const windows = random.chance(0.2) ? windowed(within, scope, [random.pick(SIMPLE)]) : null;
  if (windows !== null) parts.push(windows);
  const columns = parts.flatMap((part) => part.columns);
  return { text: sql`SELECT ${distinct}${list(parts.map((part) => part.text))}${source}${windows?.clause ?? ""}`, columns };
}

function asItIs(place: Place, scope: Scope): Targets | null {
  const source = place.random.pick(scope.sources);
  const usable = source.columns.filter((column) => source.columns.filter((other) => other.name === column.name).length === 1);
  const repeated = scope.sources.filter((other) => other.name === source.name).length > 1;
  if (!source.whole || usable.length === 0 || repeated) return null;
  const columns = place.random.some(usable, 1, 3);
  return { columns, text: list(columns.map((column) => `${source.name}.${quoted(column.name)}`)) };
}

function star(place: Place, scope: Scope): Targets {
  return {
    text: scope.star.length === 0 ? "1" : "*",
    columns: scope.star.length === 0 ? [{ name: fresh(place, "c"), type: "int" }] : scope.star,
  };
}

function sourceStar(place: Place, scope: Scope): Targets {
  const { random } = place;
  const usable = scope.sources.filter(
    (source) => source.whole && scope.sources.filter((other) => other.name === source.name).length === 1,
  );
  if (usable.length === 0) return star(place, scope);
  const source = random.pick(usable);
  const clash = scope.star.some((column) => quoted(column.name) === source.name);
  return {
    text:
      random.chance(0.15) && !clash && source.renamed !== true && rowIsFree(place, source)
        ? `(${source.name}).*`
        : `${source.name}.*`,
    columns: source.columns,
  };
}

function rowIsFree({ budget }: Place, source: Source): boolean {
  if (budget.system.has(source.name)) return false;
  budget.rows.add(source.name);
  return true;
}

function wholeRow(place: Place, scope: Scope): Targets | null {
  const row = overRows(place, scope).atom("record");
  if (row === null) return null;
  const name = fresh(place, "c");
  return { text: sql`${row} AS ${name}`, columns: [{ name, type: "record" }] };
}

/** Places in storage differ between twins; whether there is one, and in which table, does not. */
function systemColumn(place: Place, scope: Scope): Targets | null {
  const stored = scope.sources.filter(
    (source) => source.table !== null && source.table.kind !== "view" && !place.budget.rows.has(source.name),
  );
  if (stored.length === 0) return null;
  const source = place.random.pick(stored);
  const repeated = scope.sources.filter((other) => other.name === source.name).length > 1;
  if (repeated) return null;
  const name = fresh(place, "c");
  place.budget.system.add(source.name);
  return place.random.choose<Targets>([
    [2, () => ({ text: `${source.name}.tableoid::regclass::text AS ${name}`, columns: [{ name, type: "text" }] })],
    [1, () => ({ text: `(${source.name}.ctid IS NULL) AS ${name}`, columns: [{ name, type: "bool" }] })],
    [1, () => ({ text: `(${source.name}.xmin IS NOT NULL) AS ${name}`, columns: [{ name, type: "bool" }] })],
  ]);
}

/** All that FROM offers, so that rows which are alike in the order are alike in everything. */
function everything(place: Place, scope: Scope): readonly Piece[] {
  return columnsOf({ ...place, outer: [] }, { ...scope, star: [] }, null)
    .filter((column) => column.type !== "record")
    .map((column) => column.text);
}

function windowed(within: Within, scope: Scope, types: readonly Type[]): (Targets & { readonly clause: Piece }) | null {
  const { place } = within;
  const { random } = place;
  if (!random.chance(0.25)) return null;
  const total = everything(place, scope);
  if (total.length === 0) return null;
  const value = (type: Type) => expression(within, type, 0);
  const partition = random.chance(0.6) ? sql`PARTITION BY ${value(random.pick(SIMPLE))} ` : "";
  const order = sql`ORDER BY ${list(total)}`;
  const frame = random.choose<string>([
    [3, () => ""],
    [1, () => " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"],
    [1, () => " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW"],
    [1, () => " RANGE UNBOUNDED PRECEDING"],
    [1, () => " GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING"],
  ]);
  const name = fresh(place, "win");
  const byName = random.chance(0.4);
  const over = byName ? random.pick([name, `(${name}${frame})`]) : sql`(${partition}${order}${frame})`;
  const columns = types.map((type) => ({ type, name: fresh(place, "c") }));
  const texts = columns.map((column) => {
    const { type } = column;
    const own = random.choose<Piece>([
      [1, () => sql`first_value(${value(type)}) OVER ${over}`],
      [1, () => sql`last_value(${value(type)}) OVER ${over}`],
      [1, () => sql`lag(${value(type)}) OVER ${over}`],
      [1, () => sql`lead(${value(type)}, 2) OVER ${over}`],
      [type === "big" ? 4 : 0, () => sql`${random.pick(["row_number()", "rank()", "dense_rank()", "count(*)"])} OVER ${over}`],
      [type === "big" ? 2 : 0, () => sql`sum(${value("int")}) FILTER (WHERE ${value("bool")}) OVER ${over}`],
      [type === "int" ? 2 : 0, () => sql`ntile(2) OVER ${over}`],
      [type === "num" ? 2 : 0, () => sql`sum(${value("num")}) OVER ${over}`],
      [type === "text" ? 2 : 0, () => sql`max(${value("text")}) OVER ${over}`],
    ]);
    return sql`${own} AS ${column.name}`;
  });
  return { columns, text: list(texts), clause: byName ? sql` WINDOW ${name} AS (${partition}${order})` : "" };
}

function distinctOn({ place, want, scope, from: source }: Clauses): Query {
  const within = overRows(place, scope);
  const total = everything(place, scope);
  if (total.length === 0) return plain({ place, want, scope, from: source });
  const keys = place.random.some([...total], 1, 2);
  const targets = named(within, want ?? [place.random.pick(SIMPLE), place.random.pick(SIMPLE)], 1);
  const order = list([...keys, ...total]);
  // In brackets: what follows may order again.
  const name = fresh(place, "d");
  const body = sql`SELECT DISTINCT ON (${list(keys)}) ${targets.text}${source} ORDER BY ${order}`;
  return { text: sql`SELECT * FROM (${body}) AS ${name}`, columns: targets.columns };
}

function aggregate(within: Within, type: Type): Piece | null {
  const { place } = within;
  const { random } = place;
  const value = (of: Type) => expression(within, of, 1);
  const plainValue = (of: Type) => expression(within, of, 0);
  const only = random.chance(0.2) ? optional(sql` FILTER (WHERE ${value("bool")})`) : "";
  const distinct = random.chance(0.2) ? "DISTINCT " : "";
  switch (type) {
    case "big":
      return random.choose<Piece>([
        [2, () => sql`count(*)${only}`],
        [2, () => sql`count(${distinct}${value(random.pick(SIMPLE))})${only}`],
        [1, () => sql`sum(${distinct}${value("int")})${only}`],
        [0.4, () => sql`rank(${literal(place, "int")}) WITHIN GROUP (ORDER BY ${plainValue("int")})`],
      ]);
    case "int":
      return random.choose<Piece>([
        [2, () => sql`${random.pick(["min", "max"])}(${value("int")})${only}`],
        [0.6, () => sql`percentile_disc(0.5) WITHIN GROUP (ORDER BY ${plainValue("int")})${only}`],
        [0.4, () => sql`mode() WITHIN GROUP (ORDER BY ${plainValue("int")})`],
        [0.4, () => sql`count(*)::int`],
      ]);
    case "num":
      return random.choose<Piece>([
        [2, () => sql`sum(${distinct}${value("num")})${only}`],
        [1, () => sql`max(${value("num")})${only}`],
        [1, () => sql`round(avg(${value("int")})${only}, 3)`],
      ]);
    case "text": {
      const sorted = plainValue("text");
      return random.choose<Piece>([
        [2, () => sql`${random.pick(["min", "max"])}(${value("text")})${only}`],
        [2, () => joinedText(distinct, sorted, only)],
      ]);
    }
    case "bool":
      return sql`${random.pick(["bool_and", "bool_or", "every"])}(${value("bool")})${only}`;
    case "date":
      return sql`${random.pick(["min", "max"])}(${value("date")})${only}`;
    case "jsonb": {
      const sorted = plainValue(random.pick(SIMPLE));
      return sql`jsonb_agg(${sorted} ORDER BY ${sorted})${only}`;
    }
    case "texts": {
      const sorted = plainValue("text");
      return sql`array_agg(${sorted} ORDER BY ${sorted})${only}`;
    }
    case "mood":
      return sql`max(${plainValue("mood")})${only}`;
    case "record":
      return null;
  }
}

function joinedText(distinct: string, sorted: Piece, only: Piece): Piece {
  return distinct === ""
    ? sql`string_agg(${sorted}, ',' ORDER BY ${sorted} DESC)${only}`
    : sql`array_to_string(array_agg(DISTINCT ${sorted} ORDER BY ${sorted})${only}, ',')`;
}

interface Key {
  readonly text: Piece;
  readonly type: Type;
}

function grouped({ place, want, scope, from: source }: Clauses): Query {
  const { random } = place;
  const keyed = scope.sources.filter(hasKey);
  const byKey = keyed.length > 0 && random.chance(0.35) ? random.pick(keyed) : null;
  const available = columnsOf({ ...place, outer: [] }, scope, null).filter((column) => column.type !== "record");
  const keys: Key[] = random.some([...available], 0, 2);
  const dependent: Key[] = [];
  if (byKey !== null) {
    const of = (name: string): Key | null => {
      const column = byKey.columns.find((candidate) => candidate.name === name);
      return column === undefined ? null : { text: `${byKey.name}.${quoted(name)}`, type: column.type };
    };
    keys.push(...(byKey.table?.key ?? []).map(of).filter((key) => key !== null));
    dependent.push(...byKey.columns.map((column) => of(column.name)).filter((key) => key !== null));
  } else if (random.chance(0.3)) {
    const type = random.pick(SIMPLE);
    const made = expression(overRows({ ...place, depth: 0, outer: [] }, scope), type, 1);
    // A constant without a cast would be an ordinal.
    keys.push({ text: sql`(${made})::${SQL_TYPES[type]}`, type });
  }
  const usable = [...keys, ...dependent];
  const within: Within = {
    // Subqueries see the groups only: their outer columns would have to be keys.
    place: { ...place, depth: 0, outer: [] },
    scope: { sources: [], star: [] },
    atom: (type) => {
      const fitting = usable.filter((key) => key.type === type);
      const inner = overRows({ ...place, depth: 0, outer: [] }, scope);
      if (fitting.length > 0 && random.chance(0.6)) return random.pick(fitting).text;
      return aggregate(inner, type);
    },
  };
  const free = want === null;
  const ordinal = free && keys.length > 0 && byKey === null && random.chance(0.3);
  const shown = ordinal ? keys : free ? random.some([...keys, ...dependent], 0, 3) : [];
  const own = shown.map((key) => ({ ...key, name: fresh(place, "c") }));
  const made = named(within, want ?? [random.pick(SIMPLE), random.pick(SIMPLE)], 1);
  const targets = list([...own.map((column) => sql`${column.text} AS ${column.name}`), made.text]);
  const columns = [...own.map(({ name, type }) => ({ name, type })), ...made.columns];
  const items = list(
    ordinal
      ? keys.map((_, index) => (random.chance(0.7) ? String(index + 1) : (own[index]?.name ?? "")))
      : keys.map((key) => key.text),
  );
  const clause: Piece =
    keys.length === 0
      ? ""
      : byKey !== null
        ? sql` GROUP BY ${items}${random.chance(0.2) ? sql`, ROLLUP (${random.pick(dependent).text})` : ""}`
        : ordinal
          ? sql` GROUP BY ${items}`
          : random.choose<Piece>([
              [5, () => sql` GROUP BY ${items}`],
              [0.8, () => sql` GROUP BY ROLLUP (${items})`],
              [0.8, () => sql` GROUP BY CUBE (${items})`],
              [0.8, () => sql` GROUP BY GROUPING SETS (${list(keys.map((key) => sql`(${key.text})`))}, ())`],
              [0.5, () => sql` GROUP BY DISTINCT ${items}, ${items}`],
            ]);
  const having = random.chance(0.25) ? optional(sql` HAVING ${expression(within, "bool", 1)}`) : "";
  return { text: sql`SELECT ${targets}${source}${clause}${having}`, columns };
}

function hasKey(candidate: Source): boolean {
  const { table } = candidate;
  if (table === null || !candidate.whole) return false;
  return table.key.length > 0 && table.key.every((name) => candidate.columns.some((column) => column.name === name));
}

/** One statement for this seed. */
export function statement(place: Place): Piece {
  return query(place, {}).text;
}
