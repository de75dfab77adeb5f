import { list, or, type Piece, sql } from "./piece.ts";
import { query } from "./query.ts";
import { type Column, type Place, quoted, type Scope, SIMPLE, type Source, type Type, written } from "./scope.ts";

/** Where an expression may stand, and what it is made of. */
export interface Within {
  readonly place: Place;
  readonly scope: Scope;
  /** Values that can stand as they are: columns, group keys, aggregates. Null: none of that type. */
  readonly atom: (type: Type) => Piece | null;
}

export const SQL_TYPES: Readonly<Record<Type, string>> = {
  int: "int",
  big: "bigint",
  num: "numeric",
  text: "text",
  bool: "boolean",
  date: "date",
  jsonb: "jsonb",
  texts: "text[]",
  mood: "mood",
  record: "record",
};

const WORDS = ["Oslo", "Rome", "EU", "open", "gold", "Alice", "Bob", "ops", "a", "", "x@y", "***", "1"];

export function literal({ random }: Place, type: Type): Piece {
  if (type !== "record" && random.chance(0.08)) return `NULL::${SQL_TYPES[type]}`;
  switch (type) {
    case "int":
      return String(random.between(0, 12));
    case "big":
      return `${random.between(0, 40)}::bigint`;
    case "num":
      return `${random.between(0, 90)}.${random.between(1, 9)}`;
    case "text":
      return `'${random.pick(WORDS)}'::text`;
    case "bool":
      return random.pick(["true", "false"]);
    case "date":
      return `DATE '202${random.between(3, 5)}-0${random.between(1, 9)}-1${random.between(0, 9)}'`;
    case "jsonb":
      return random.pick([`'{}'::jsonb`, `'{"tier": "gold"}'::jsonb`, "'[1, 2]'::jsonb", "'null'::jsonb"]);
    case "texts":
      return random.pick(["'{}'::text[]", "ARRAY['a', 'b']", "'{red,blue}'::text[]"]);
    case "mood":
      return random.pick(["'sad'::mood", "'ok'::public.mood", "CAST('glad' AS mood)"]);
    case "record":
      return "ROW(1, 'a'::text)";
  }
}

/** Columns of one type that can be named here, and how. */
export function columnsOf(place: Place, scope: Scope, type: Type | null): readonly { text: Piece; type: Type }[] {
  const { random } = place;
  const found: { text: Piece; type: Type }[] = [];
  const uses = (columns: readonly Column[], name: string) => columns.filter((column) => column.name === name).length;
  for (const column of scope.star) {
    const once = uses(scope.star, column.name) === 1 && !scope.sources.some((source) => source.name === column.name);
    if (once && (type === null || column.type === type)) found.push({ text: written(random, column.name), type: column.type });
  }
  for (const [level, where] of [scope, ...place.outer].entries()) {
    const names = new Map<string, number>();
    for (const source of where.sources) names.set(source.name, (names.get(source.name) ?? 0) + 1);
    for (const source of where.sources) {
      if (!source.whole || (names.get(source.name) ?? 0) > 1) continue;
      if (level > 0 && scope.sources.some((other) => other.name === source.name)) continue;
      for (const column of source.columns) {
        if ((type !== null && column.type !== type) || uses(source.columns, column.name) > 1) continue;
        found.push({ text: qualified(place, source, column), type: column.type });
      }
    }
  }
  return found;
}

export function qualified(place: Place, source: Source, column: Column): Piece {
  const { random } = place;
  const name = written(random, column.name);
  const plain = `${source.name}.${name}`;
  if (random.chance(0.06) && source.renamed !== true) return or(`(${source.name}).${name}`, plain);
  const own = source.table;
  if (own !== null && source.name === quoted(own.name) && random.chance(0.15)) return or(`${own.schema}.${plain}`, plain);
  return plain;
}

/** Expressions over the rows of FROM. */
export function overRows(place: Place, scope: Scope): Within {
  return {
    place,
    scope,
    atom: (type) => {
      const { random } = place;
      if (type === "record") {
        const rows = scope.sources.filter((source) => source.whole && source.renamed !== true && source.columns.length > 0);
        const known = rows.filter((row) => !scope.star.some((column) => quoted(column.name) === row.name));
        const free = known.filter((row) => !place.budget.system.has(row.name));
        if (free.length === 0) return null;
        const { name } = random.pick(free);
        place.budget.rows.add(name);
        return name;
      }
      const columns = columnsOf(place, scope, type);
      return columns.length === 0 ? null : random.pick(columns).text;
    },
  };
}

export function expression(within: Within, type: Type, depth: number): Piece {
  const { place } = within;
  const { random } = place;
  const simple = literal(place, type);
  const atom = random.chance(0.9) ? within.atom(type) : null;
  const leaf = atom === null ? simple : or(atom, simple);
  if (depth <= 0 || random.chance(0.4)) return leaf;
  const inner = (of: Type) => expression(within, of, depth - 1);
  const common: [number, () => Piece][] =
    type === "record"
      ? []
      : [
          [1, () => sql`CASE WHEN ${inner("bool")} THEN ${inner(type)} ELSE ${inner(type)} END`],
          [1, () => sql`CASE ${inner("text")} WHEN ${literal(place, "text")} THEN ${inner(type)} END`],
          [1, () => sql`COALESCE(${inner(type)}, ${inner(type)})`],
          [1, () => sql`NULLIF(${inner(type)}, ${inner(type)})`],
          [1, () => sql`CAST(${inner(type)} AS ${SQL_TYPES[type]})`],
          [place.depth > 0 ? 1.2 : 0, () => scalar(within, type)],
          ...(type === "bool" || type === "jsonb"
            ? []
            : [[0.6, () => sql`GREATEST(${inner(type)}, ${inner(type)})`] as [number, () => Piece]]),
        ];
  const own = OWN[type](within, inner).map(([weight, make]): [number, () => Piece] => [weight * 2, make]);
  return or(random.choose([...own, ...common]), leaf);
}

function scalar(within: Within, type: Type): Piece {
  const { place, scope } = within;
  const inner = query(below(place, scope), { want: [type], single: true });
  return sql`(${inner.text})`;
}

/** A place for a subquery: what stands here is outer there. */
export function below(place: Place, scope: Scope): Place {
  return { ...place, outer: [scope, ...place.outer], depth: place.depth - 1 };
}

type Ways = readonly (readonly [weight: number, make: () => Piece])[];
type Own = (within: Within, inner: (type: Type) => Piece) => Ways;

const OWN: Readonly<Record<Type, Own>> = {
  int: ({ place: { random } }, inner) => [
    [2, () => sql`(${inner("int")} + ${inner("int")})`],
    [1, () => sql`(${inner("int")} % ${random.between(2, 7)})`],
    [1, () => sql`(${inner("int")} - ${random.between(1, 5)})`],
    [1, () => sql`length(${inner("text")})`],
    [1, () => sql`cardinality(${inner("texts")})`],
    [1, () => sql`(${inner("date")} - ${inner("date")})`],
    [1, () => sql`strpos(${inner("text")}, ${inner("text")})`],
    [1, () => sql`extract(month FROM ${inner("date")})::int`],
    [1, () => sql`abs(${inner("int")})`],
  ],
  big: (_within, inner) => [
    [2, () => sql`(${inner("int")} + ${inner("big")})`],
    [1, () => sql`${inner("int")}::bigint`],
  ],
  num: (_within, inner) => [
    [2, () => sql`(${inner("num")} + ${inner("num")})`],
    [1, () => sql`round(${inner("num")}, 1)`],
    [1, () => sql`(${inner("int")} * 1.5)`],
    [1, () => sql`${inner("int")}::numeric`],
    [1, () => sql`(-${inner("num")})`],
  ],
  text: ({ place: { random } }, inner) => [
    [2, () => sql`(${inner("text")} || ${inner("text")})`],
    [1, () => sql`lower(${inner("text")})`],
    [1, () => sql`upper(${inner("text")})`],
    [1, () => sql`substr(${inner("text")}, 1, ${random.between(1, 6)})`],
    [1, () => sql`substring(${inner("text")} FROM ${random.between(1, 3)} FOR 4)`],
    [1, () => sql`replace(${inner("text")}, 'a', 'o')`],
    [1, () => sql`trim(both 'A' FROM ${inner("text")})`],
    [1, () => sql`concat_ws('/', ${inner("text")}, ${inner("int")})`],
    [1, () => sql`format('%s:%s', ${inner("text")}, ${inner("bool")})`],
    [1, () => sql`${inner("int")}::text`],
    [1, () => sql`(${inner("jsonb")} ->> 'tier')`],
    [1, () => sql`(${inner("jsonb")} #>> '{pin}')`],
    [1, () => sql`md5(${inner("text")})`],
    [1, () => sql`to_char(${inner("date")}, 'YYYY-MM')`],
    [1, () => sql`(${inner("texts")})[${random.between(1, 2)}]`],
    [1, () => sql`array_to_string(${inner("texts")}, '+')`],
    [0.7, () => sql`${inner("mood")}::text`],
    [0.7, () => sql`(${inner("text")} COLLATE "C")`],
    [0.5, () => sql`${inner("text")}::varchar(5)::text`],
  ],
  bool: conditions,
  date: ({ place: { random } }, inner) => [
    [1, () => sql`(${inner("date")} + ${random.between(1, 40)})`],
    [1, () => sql`date_trunc('month', ${inner("date")})::date`],
  ],
  jsonb: (within, inner) => [
    [1, () => sql`to_jsonb(${inner("text")})`],
    [1, () => sql`jsonb_build_object('k', ${inner("int")}, 't', ${inner("text")})`],
    [1, () => sql`(${inner("jsonb")} -> 'tier')`],
    [1, () => sql`jsonb_build_array(${inner("text")}, ${inner("bool")})`],
    [1.5, () => row(within, (name) => sql`to_jsonb(${name})`) ?? inner("jsonb")],
    [1, () => row(within, (name) => sql`(row_to_json(${name})::jsonb)`) ?? inner("jsonb")],
    [1, () => sql`JSON_QUERY(${inner("jsonb")}, '$.tier')`],
    [1, () => sql`(JSON_OBJECT('a': ${inner("text")})::jsonb)`],
  ],
  texts: ({ place, scope }, inner) => [
    [1, () => sql`ARRAY[${inner("text")}, ${inner("text")}]`],
    [1, () => sql`array_append(${inner("texts")}, ${inner("text")})`],
    [1, () => sql`(${inner("texts")})[1:2]`],
    [1, () => sql`string_to_array(${inner("text")}, '-')`],
    [place.depth > 0 ? 1 : 0, () => sql`ARRAY(${query(below(place, scope), { want: ["text"], sorted: true }).text})`],
  ],
  mood: () => [],
  record: (within, inner) => [
    [1, () => sql`ROW(${inner("int")}, ${inner("text")})`],
    [2, () => row(within, (name) => name) ?? inner("int")],
  ],
};

function row(within: Within, make: (name: Piece) => Piece): Piece | null {
  const name = within.atom("record");
  return name === null ? null : make(name);
}

const COMPARISONS = ["=", "<>", "<", ">", "<=", ">=", "!="];

function conditions(within: Within, inner: (type: Type) => Piece): Ways {
  const { place, scope } = within;
  const { random } = place;
  const type = random.pick(SIMPLE);
  const under = () => below(place, scope);
  const nested = place.depth > 0 ? 1 : 0;
  return [
    [3, () => sql`(${inner(type)} ${random.pick(COMPARISONS)} ${inner(type)})`],
    [1, () => sql`(${inner("bool")} AND ${inner("bool")})`],
    [1, () => sql`(${inner("bool")} OR ${inner("bool")})`],
    [1, () => sql`(NOT ${inner("bool")})`],
    [1, () => sql`(${inner(type)} IS NOT NULL)`],
    [1, () => sql`(${inner(type)} IS DISTINCT FROM ${inner(type)})`],
    [0.6, () => sql`(${inner("bool")} IS NOT TRUE)`],
    [1, () => sql`(${inner("text")} LIKE '%${random.pick(["a", "o", "@", "0"])}%')`],
    [0.5, () => sql`(${inner("text")} ILIKE 'a%')`],
    [0.5, () => sql`(${inner("text")} ~ '[0-9]')`],
    [0.5, () => sql`(${inner("text")} SIMILAR TO '%(a|e)%')`],
    [1, () => sql`(${inner("int")} BETWEEN ${inner("int")} AND ${inner("int")})`],
    [0.4, () => sql`(${inner("int")} NOT BETWEEN SYMMETRIC ${inner("int")} AND ${inner("int")})`],
    [1, () => sql`(${inner(type)} IN (${list([inner(type), inner(type)])}))`],
    [1, () => sql`(${inner("text")} = ANY (${inner("texts")}))`],
    [0.6, () => sql`((${inner("int")}, ${inner("text")}) ${random.pick(["=", "<", "<>"])} (${inner("int")}, ${inner("text")}))`],
    [0.7, () => sql`(${inner("jsonb")} @> '{"tier": "gold"}')`],
    [0.5, () => sql`(${inner("jsonb")} ? 'pin')`],
    [0.5, () => sql`(${inner("texts")} && ARRAY['red', 'a'])`],
    [0.4, () => sql`starts_with(${inner("text")}, 'A')`],
    [0.4, () => sql`JSON_EXISTS(${inner("jsonb")}, '$.tier')`],
    [0.5, () => row(within, (name) => sql`(${name} IS NOT NULL)`) ?? inner("bool")],
    [
      nested,
      () => sql`(${inner(type)} ${random.pick(["IN", "NOT IN", "= ANY", "<> ALL"])} (${query(under(), { want: [type] }).text}))`,
    ],
    [nested * 1.5, () => sql`${random.pick(["", "NOT "])}EXISTS (${query(under(), {}).text})`],
    [nested * 0.4, () => sql`((${inner("int")}, ${inner("text")}) IN (${query(under(), { want: ["int", "text"] }).text}))`],
  ];
}
