/**
 * Values that PostgreSQL sends faster as its own bytes than as text: of a row with a time stamp, writing that stamp is a
 * quarter of what the server does for the row. They become text where someone reads them, just as the server would write
 * it.
 */
export const VALUE_FORMATS = ["bool", "int2", "int4", "int8", "oid", "date", "timestamp", "timestamptz", "uuid"] as const;
export type ValueFormat = (typeof VALUE_FORMATS)[number];

/** OIDs of `pg_type`; a domain is described as its base type. */
const FORMATS: ReadonlyMap<number, ValueFormat> = new Map([
  [16, "bool"],
  [20, "int8"],
  [21, "int2"],
  [23, "int4"],
  [26, "oid"],
  [1082, "date"],
  [1114, "timestamp"],
  [1184, "timestamptz"],
  [2950, "uuid"],
]);

const UTC: ReadonlySet<string> = new Set(["UTC", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Zulu", "Universal"]);

/** What the server says of its session. */
export interface TextSettings {
  readonly DateStyle: string | undefined;
  readonly TimeZone: string | undefined;
}

/** Null: as text. Dates only in the ISO style, and instants only in UTC, for which no rules of a time zone are needed. */
export function valueFormat(type: number, { DateStyle, TimeZone }: TextSettings): ValueFormat | null {
  const format = FORMATS.get(type) ?? null;
  const isDate = format === "date" || format === "timestamp" || format === "timestamptz";
  if (isDate && !DateStyle?.startsWith("ISO")) return null;
  if (format === "timestamptz" && !UTC.has(TimeZone ?? "")) return null;
  return format;
}

/** The server's text of a value. Throws a `RangeError` where the bytes are too few for one. */
export function textOfValue(format: ValueFormat, bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (format) {
    case "bool":
      return view.getUint8(0) === 0 ? "f" : "t";
    case "int2":
      return String(view.getInt16(0));
    case "int4":
      return String(view.getInt32(0));
    case "int8":
      return String(view.getBigInt64(0));
    case "oid":
      return String(view.getUint32(0));
    case "date":
      return dateText(view.getInt32(0));
    case "timestamp":
      return stampText(view.getBigInt64(0), "");
    case "timestamptz":
      return stampText(view.getBigInt64(0), "+00");
    case "uuid":
      return uuidText(view);
  }
}

const LEAST_INT4 = -(2 ** 31);
const MOST_INT4 = 2 ** 31 - 1;
const LEAST_INT8 = -(2n ** 63n);
const MOST_INT8 = 2n ** 63n - 1n;
const DAY_US = 86_400_000_000n;
/** 1 January 2000, from which PostgreSQL counts, in days since 1 March of the year 0. */
const EPOCH = 730_425;
const ERA_DAYS = 146_097;

function dateText(days: number): string {
  if (days === MOST_INT4) return "infinity";
  if (days === LEAST_INT4) return "-infinity";
  const { date, suffix } = calendar(days);
  return date + suffix;
}

/** `microseconds` since 2000. */
function stampText(microseconds: bigint, zone: string): string {
  if (microseconds === MOST_INT8) return "infinity";
  if (microseconds === LEAST_INT8) return "-infinity";
  let days = microseconds / DAY_US;
  let rest = microseconds % DAY_US;
  if (rest < 0n) {
    days -= 1n;
    rest += DAY_US;
  }
  const { date, suffix } = calendar(Number(days));
  const ofDay = Number(rest);
  const seconds = Math.floor(ofDay / 1_000_000);
  const fraction = ofDay % 1_000_000;
  const shown = fraction === 0 ? "" : `.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
  const time = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${date} ${time}${shown}${zone}${suffix}`;
}

/** The proleptic Gregorian calendar, by eras of 400 years that begin in March. */
function calendar(days: number): { readonly date: string; readonly suffix: string } {
  const since = days + EPOCH;
  const era = Math.floor(since / ERA_DAYS);
  const ofEra = since - era * ERA_DAYS;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const shown = year > 0 ? year : 1 - year;
  return { date: `${String(shown).padStart(4, "0")}-${two(month)}-${two(day)}`, suffix: year > 0 ? "" : " BC" };
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

function uuidText(view: DataView): string {
  const hex = (at: number) => view.getUint32(at).toString(16).padStart(8, "0");
  const all = hex(0) + hex(4) + hex(8) + hex(12);
  return `${all.slice(0, 8)}-${all.slice(8, 12)}-${all.slice(12, 16)}-${all.slice(16, 20)}-${all.slice(20)}`;
}
