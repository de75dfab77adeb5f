import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer } from "../../../test/servers/start.ts";
import type { Formats } from "../../core/domain/row-batch.ts";
import { valueFormat } from "../../core/domain/value-format.ts";
import type { EmbeddedPostgres } from "../../demo/embedded-postgres.ts";
import { rowsAsText } from "../../gateway/row-text.ts";
import { connectClient } from "./driver.ts";
import { Preparing, Running } from "./reading.ts";

/** Values that come as bytes read just as the server writes them. */

const VALUES: Readonly<Record<string, string>> = {
  bool: "unnest(ARRAY[true, false, NULL])",
  int2: "unnest(ARRAY[0, 1, -1, 32767, -32768])::int2",
  int4: "unnest(ARRAY[0, 1, -1, 2147483647, -2147483648])",
  int8: "unnest(ARRAY[0, 1, -1, 9223372036854775807, -9223372036854775808])",
  oid: "unnest(ARRAY['0', '4294967295'])::oid",
  uuid: "unnest(ARRAY['00000000-0000-0000-0000-000000000000', '01234567-89ab-cdef-0123-456789abcdef', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])::uuid",
  "every day of the years about a leap": "generate_series('1895-12-01'::timestamp, '1904-03-05', '1 day')::date",
  "days from the first to the last": "('4714-11-24 BC'::date + g * 59999)::date FROM generate_series(0, 35700) AS g",
  "days of note":
    "unnest(ARRAY['infinity', '-infinity', '4714-11-24 BC', '5874897-12-31', '0001-12-31 BC', '0001-01-01', '2000-02-29', '1999-12-31', '12345-06-07'])::date",
  "stamps of note":
    "unnest(ARRAY['infinity', '-infinity', '4714-11-24 00:00:00 BC', '294276-12-31 23:59:59.999999', '0044-03-15 12:00:00.5 BC', '1999-12-31 23:59:59.999999', '2000-01-01', '1969-12-31 23:59:59.000001', '2026-02-03 04:05:06.100'])::timestamp",
  "stamps all over": "('2000-01-01'::timestamp + g * interval '7919 hours 13.000017 s') FROM generate_series(-2500, 9000) AS g",
  "instants all over":
    "('2000-01-01 00:00+00'::timestamptz + g * interval '7919 hours 13.0017 s') FROM generate_series(-2500, 9000) AS g",
  "instants of note":
    "unnest(ARRAY['infinity', '-infinity', '0044-03-15 12:00:00+00 BC', '2026-02-03 04:05:06.7+02'])::timestamptz",
  "stamps of less precision": "unnest(ARRAY['2026-02-03 04:05:06.789', '1999-12-31 23:59:59.96'])::timestamp(1)",
};

let postgres: EmbeddedPostgres;
let folder: string;
let client: Awaited<ReturnType<typeof connectClient>>;
let direct: pg.Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-formats-"));
  postgres = await startServer({ folder: join(folder, "postgres") });
  direct = new pg.Client({ connectionString: postgres.connectionString("postgres") });
  await direct.connect();
  await direct.query("SET TimeZone = 'UTC'");
  const { host, port, user, password } = postgres;
  const target = {
    kind: "target",
    id: "t",
    type: "postgres",
    environment: "dev",
    postgres: { host, port, database: "postgres", user, tls: "disable" },
  };
  client = await connectClient({ target: target as never, password, applicationName: "test" });
  await client.query("SET TimeZone = 'UTC'");
}, 120_000);

afterAll(async () => {
  await client?.end();
  await direct?.end();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The values of a column, and the format that they came in. */
async function read(text: string): Promise<{ readonly values: readonly (string | null)[]; readonly formats: Formats }> {
  const described = await new Promise<Parameters<ConstructorParameters<typeof Preparing>[1]>[0]>((settle) =>
    client.query(new Preparing(text, settle)),
  );
  if (!described.ok) throw new Error(described.error.message);
  const settings = { DateStyle: client.reported.get("DateStyle"), TimeZone: client.reported.get("TimeZone") };
  const formats = described.value.map(({ dataTypeID }) => valueFormat(dataTypeID, settings));
  const values: (string | null)[] = [];
  const sink = {
    columns: () => undefined,
    rows: (batch: Parameters<typeof rowsAsText>[0]) =>
      void values.push(...rowsAsText(batch, formats).map(([value]) => value ?? null)),
    notice: () => undefined,
  };
  const options = {
    values: [],
    formats,
    limit: null,
    atLimit: "ask",
    copies: false,
    sink,
    stop: () => Promise.resolve(),
  } as const;
  const ran = await new Promise<Parameters<ConstructorParameters<typeof Running>[1]>[0]>((settle) =>
    client.query(new Running(options, settle)),
  );
  if (!ran.ok) throw new Error(ran.error.message);
  return { values, formats };
}

async function written(text: string): Promise<readonly (string | null)[]> {
  const types = { getTypeParser: () => (value: string) => value };
  const { rows } = await direct.query({ text, rowMode: "array", types: types as never });
  return rows.map(([value]) => value);
}

describe("values that come as bytes", () => {
  test.each(Object.entries(VALUES))("%s", async (_name, expression) => {
    const { values, formats } = await read(`SELECT ${expression}`);
    expect(formats[0]).not.toBeNull();
    expect(values).toEqual(await written(`SELECT ${expression}`));
  });

  test("of a domain", async () => {
    await direct.query("CREATE DOMAIN born AS date");
    const { values, formats } = await read("SELECT '1987-06-05'::born");
    expect([values, formats]).toEqual([["1987-06-05"], ["date"]]);
  });

  test("of a cursor and of a prepared statement", async () => {
    await client.query("BEGIN; DECLARE c CURSOR FOR SELECT g, g * 2::int8 FROM generate_series(1, 3) g");
    expect((await read("FETCH 2 FROM c")).values).toEqual(["1", "2"]);
    await client.query("ROLLBACK; PREPARE p AS SELECT '2026-02-03'::date");
    expect((await read("EXECUTE p")).values).toEqual(["2026-02-03"]);
  });

  test("follow the session's settings", async () => {
    await client.query("SET TimeZone = 'Asia/Kolkata'");
    expect(await read("SELECT '2026-02-03 04:05+00'::timestamptz")).toEqual({
      values: ["2026-02-03 09:35:00+05:30"],
      formats: [null],
    });
    await client.query("SET DateStyle = 'German'");
    expect((await read("SELECT '2026-02-03'::date")).values).toEqual(["03.02.2026"]);
    await client.query("RESET DateStyle");
    await client.query("BEGIN; SET LOCAL TimeZone = 'UTC'");
    expect((await read("SELECT '2026-02-03 04:05+00'::timestamptz")).formats).toEqual(["timestamptz"]);
    await client.query("ROLLBACK");
    expect((await read("SELECT '2026-02-03 04:05+00'::timestamptz")).values).toEqual(["2026-02-03 09:35:00+05:30"]);
    await client.query("SET TimeZone = 'UTC'");
  });
});
