// Lists of thousands of constants (a dump's VALUES, a long IN) say nothing that the first of each kind does not say. In a
// long text all but these are left out of the tree and of the tokens, in the parser's own thread, so that nobody who
// walks through them afterwards is held up. What is left out is told: `[from, to, …]` in bytes of the text, and rows are
// counted beside those that stay, as `omittedRows`.
//
// A row is left out only when it is as long as the first and all its items are of kinds that stay somewhere: literals,
// DEFAULT, and casts of a literal to one of the types below, to which no database can give another meaning. The first and
// the last stay: they are where the list begins and ends.

/** With `pg_catalog`, as the grammar writes types that are keywords, or names that every version has among its own. */
const TYPES = new Set(["bytea", "date", "inet", "jsonb", "text", "timestamptz", "uuid"]);

/** @param tokens `[from, to, …]`; null: only the tree is wanted. Changes `tree`. */
export function withoutConstants(tree, tokens, text) {
  const bytes = tokens === null ? null : Buffer.from(text);
  const reader = tokens === null ? null : new TokenReader(tokens, bytes);
  const omitted = [];
  const open = [tree];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (Array.isArray(node.valuesLists)) {
      const rows = fewerRows(node.valuesLists, reader, omitted);
      node.omittedRows = node.valuesLists.length - rows.length;
      node.valuesLists = rows;
    }
    const list = node.kind === "AEXPR_IN" ? node.rexpr?.List : null;
    if (Array.isArray(list?.items)) list.items = fewerItems(list.items, reader, omitted);
    if (Array.isArray(node.A_ArrayExpr?.elements)) {
      node.A_ArrayExpr.elements = fewerItems(node.A_ArrayExpr.elements, reader, omitted);
    }
    for (const field in node) if (typeof node[field] === "object" && node[field] !== null) open.push(node[field]);
  }
  if (tokens === null) return { omitted: [], tokens: [] };
  omitted.sort((a, b) => a.from - b.from);
  return { omitted: omitted.flatMap(({ from, to }) => [from, to]), tokens: outside(tokens, omitted) };
}

/** Rows of VALUES: in the text each is a bracket, the next follows after a comma. */
function fewerRows(rows, reader, omitted) {
  const width = rows[0]?.List?.items?.length;
  if (width === undefined) return rows;
  const kinds = new Set();
  const isMore = rows.map((row, index) => {
    const own = row.List?.items?.map(kindOf) ?? [null];
    const isNew = own.some((kind) => kind === null || !kinds.has(kind));
    for (const kind of own) kinds.add(kind);
    return index > 0 && index < rows.length - 1 && !isNew && own.length === width;
  });
  if (reader === null) return rows.filter((_, index) => !isMore[index]);
  let at = reader.firstRow(rows[0]);
  if (at === null) return rows;
  return rows.filter((_, index) => {
    const start = at;
    const end = reader.closing(start);
    at = end + 2;
    if (!isMore[index] || reader.hasNewNumber(start, end)) return true;
    omit(omitted, reader.end(start - 2), reader.end(end));
    return false;
  });
}

/** Literals of a list: only one that is a token (or a minus and one) between commas goes. The last stays. */
function fewerItems(items, reader, omitted) {
  const kinds = new Set();
  return items.filter((item, index) => {
    const kind = item.A_Const === undefined ? null : kindOf(item);
    if (kind === null || !(kinds.has(kind) || !kinds.add(kind)) || index === items.length - 1) return true;
    if (reader === null) return false;
    const start = reader.at(item.A_Const.location ?? 0);
    if (start === null) return true;
    const end = reader.is(start, "-") ? start + 1 : start;
    if (!reader.is(start - 1, ",") || !reader.is(end + 1, ",") || reader.hasNewNumber(start, end)) return true;
    omit(omitted, reader.end(start - 2), reader.end(end));
    return false;
  });
}

/** Neighbours become one. `from` is the end of what stays before: the comma goes too. */
function omit(omitted, from, to) {
  const last = omitted.at(-1);
  if (last !== undefined && last.to === from) last.to = to;
  else omitted.push({ from, to });
}

/** Null: not a constant. */
function kindOf(item) {
  if (item.SetToDefault !== undefined) return "default";
  if (item.A_Const !== undefined) return constantKind(item.A_Const);
  const { arg, typeName } = item.TypeCast ?? {};
  if (arg?.A_Const === undefined || typeName?.typmods !== undefined || typeName.arrayBounds !== undefined) return null;
  const names = typeName.names?.map((name) => name.String?.sval) ?? [];
  const known = names.length === 2 ? names[0] === "pg_catalog" : names.length === 1 && TYPES.has(names[0]);
  return known ? `${constantKind(arg.A_Const)}::${names.join(".")}` : null;
}

function constantKind({ location: _location, ...value }) {
  const [kind] = Object.keys(value);
  return kind ?? null;
}

/** @param omitted in order. */
function outside(tokens, omitted) {
  const kept = [];
  let next = 0;
  for (let index = 0; index < tokens.length; index += 2) {
    while (next < omitted.length && omitted[next].to <= tokens[index]) next += 1;
    if (next < omitted.length && omitted[next].from <= tokens[index]) continue;
    kept.push(tokens[index], tokens[index + 1]);
  }
  return kept;
}

/** Questions about tokens by number. */
class TokenReader {
  #tokens;
  #bytes;
  #starts = new Map();

  constructor(tokens, bytes) {
    this.#tokens = tokens;
    this.#bytes = bytes;
    for (let index = 0; index < tokens.length / 2; index += 1) this.#starts.set(tokens[2 * index], index);
  }

  at(offset) {
    return this.#starts.get(offset) ?? null;
  }

  end(index) {
    return this.#tokens[2 * index + 1];
  }

  is(index, character) {
    const from = this.#tokens[2 * index];
    return this.end(index) - from === 1 && this.#bytes[from] === character.charCodeAt(0);
  }

  closing(open) {
    let depth = 0;
    for (let index = open; index < this.#tokens.length / 2; index += 1) {
      if (this.is(index, "(")) depth += 1;
      if (this.is(index, ")")) depth -= 1;
      if (depth === 0) return index;
    }
    throw new Error("a bracket without its partner");
  }

  /** The bracket of the first row: right after the word VALUES. Null: not found. */
  firstRow(row) {
    const places = [];
    const open = [row];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const field in node) {
        if (field === "location") places.push(node[field]);
        else if (typeof node[field] === "object" && node[field] !== null) open.push(node[field]);
      }
    }
    let index = this.at(
      places.filter((place) => place >= 0).reduce((least, place) => Math.min(least, place), Number.POSITIVE_INFINITY),
    );
    if (index === null) return null;
    index -= 1;
    while (index > 0 && this.is(index, "(")) index -= 1;
    return /^values$/i.test(this.#text(index)) ? index + 1 : null;
  }

  /** Servers before PostgreSQL 16 read `0x1F` and `1_000` otherwise: the guard has to see them. */
  hasNewNumber(from, to) {
    for (let index = from; index <= to; index += 1) {
      const first = this.#bytes[this.#tokens[2 * index]];
      const isNumber = first === 0x2e || (first >= 0x30 && first <= 0x39);
      if (isNumber && /[_box]/i.test(this.#text(index))) return true;
    }
    return false;
  }

  #text(index) {
    return this.#bytes.toString("utf8", this.#tokens[2 * index], this.#tokens[2 * index + 1]);
  }
}
