import { describe, expect, test } from "vitest";
import { CATALOG, MASKED, one, parse, STATE } from "../../../../test/fixtures/sql-guard.ts";
import { describeSql, protectSql, verifyRewrite } from "./index.ts";

/** D4. `customers` has masked columns, `orders` hidden rows, `staff` a masked salary. */

function outcome(sql: string): string {
  const described = describeSql(one(sql), CATALOG, STATE);
  if ("refusal" in described) return `refused: ${described.refusal.message}`;
  if (described.opaque || described.microActions.some(({ action }) => action === "sql:opaque")) return "opaque";
  const result = protectSql(described, MASKED, CATALOG, STATE);
  if (!result.ok) return `refused: ${result.refusal.message}`;
  expect(verifyRewrite(result.prepared, parse(result.prepared.sent))).toBeNull();
  return "sent";
}

describe("D4 changes of definitions that read no masked value and no hidden row are sent", () => {
  test.each([
    "ALTER TABLE customers ADD COLUMN seen int NOT NULL DEFAULT 0",
    "ALTER TABLE orders ADD seen text",
    "ALTER TABLE customers DROP COLUMN ssn",
    "ALTER TABLE customers ALTER email DROP NOT NULL, ALTER email SET DEFAULT 'x', ALTER ssn SET STATISTICS 10",
    "ALTER TABLE customers ALTER name SET NOT NULL, ALTER city TYPE varchar(20)",
    "ALTER TABLE customers ADD CONSTRAINT known CHECK (city <> name), ADD UNIQUE (city)",
    "ALTER TABLE customers RENAME CONSTRAINT a TO b",
    "CREATE INDEX CONCURRENTLY ON customers (city, lower(name)) INCLUDE (id) WHERE id > 3",
    "CREATE UNIQUE INDEX ON public.customers (city)",
    "CREATE INDEX ON orders (region, total)",
    "CREATE TABLE notes (id int, customer int REFERENCES customers)",
    "CREATE TABLE notes (id int, customer int, FOREIGN KEY (customer) REFERENCES customers (id))",
    "ALTER TABLE hr.staff ADD FOREIGN KEY (id) REFERENCES customers (id)",
    "CREATE TABLE more_people (perk text) INHERITS (people)",
    "DROP TABLE customers",
    "ALTER TABLE customers SET (fillfactor = 70), ALTER ssn SET STORAGE external, ALTER ssn SET (n_distinct = 5)",
    "REINDEX TABLE customers",
    "CLUSTER customers USING customers_pkey",
    'ALTER TABLE "Weird Name" SET UNLOGGED',
    'CREATE STATISTICS s (dependencies) ON id, "select" FROM "Weird Name"',
    "CREATE SEQUENCE tickets START 7",
  ])("%s", (sql) => expect(outcome(sql)).toBe("sent"));
});

describe("D4 those that do, or that take a mask away, are not", () => {
  test.each([
    ["ALTER TABLE customers RENAME TO clients", "customers"],
    ["ALTER TABLE customers RENAME ssn TO number", "customers"],
    ["ALTER TABLE customers ADD COLUMN copy text GENERATED ALWAYS AS (ssn) STORED", "customers"],
    ["ALTER TABLE customers ADD COLUMN copy text CHECK (ssn <> '901')", "customers"],
    ["ALTER TABLE customers ADD CHECK (ssn <> '901-11-1001')", "customers"],
    ["ALTER TABLE customers ADD CHECK (customers IS NOT NULL)", "customers"],
    ["ALTER TABLE customers ADD UNIQUE (email)", "customers"],
    ["ALTER TABLE customers ALTER ssn TYPE int USING ssn::int", "customers"],
    ["ALTER TABLE customers ALTER name TYPE int USING ssn::int", "customers"],
    ["ALTER TABLE customers ALTER email SET NOT NULL", "customers"],
    ["ALTER TABLE customers VALIDATE CONSTRAINT a", "customers"],
    ["ALTER TABLE customers ADD FOREIGN KEY (ssn) REFERENCES hr.staff (name)", "customers"],
    ["ALTER TABLE hr.staff ADD FOREIGN KEY (name) REFERENCES customers (ssn)", "customers"],
    ["CREATE TABLE notes (ssn text REFERENCES customers (ssn))", "customers"],
    ["CREATE TABLE notes (id int REFERENCES orders)", "orders"],
    ["CREATE TABLE copy (LIKE customers)", "customers"],
    ["CREATE INDEX ON customers (length(ssn))", "customers"],
    ["CREATE INDEX ON customers (id) WHERE ssn = '901-11-1001'", "customers"],
    ["CREATE UNIQUE INDEX ON customers (email)", "customers"],
    ["CREATE INDEX ON customers ((customers IS NULL))", "customers"],
    ["CREATE UNIQUE INDEX ON orders (total)", "orders"],
    ["CREATE INDEX ON orders ((1 / total))", "orders"],
    ["ALTER TABLE orders ADD CHECK (total > 3)", "orders"],
    ["ALTER TABLE orders ALTER total SET NOT NULL", "orders"],
    ["ALTER TABLE people NO INHERIT customers", "customers"],
    ["ALTER TABLE vip_people NO INHERIT people", "people"],
    ["ALTER TABLE vip_people INHERIT people", "people"],
    ['ALTER TABLE "Weird Name" ATTACH PARTITION customers DEFAULT', "customers"],
    ["ALTER TABLE people DETACH PARTITION vip_people", "vip_people"],
    ["ALTER TABLE customers ALTER id ADD GENERATED ALWAYS AS IDENTITY", "customers"],
    ["CREATE STATISTICS s (mcv) ON name, ssn FROM customers", "customers"],
  ])("%s", (sql, table) => {
    expect(outcome(sql)).toBe(`refused: \`${table}\` is masked or filtered for you: its definition cannot be changed like this`);
  });
});

test("C4 options of views, owners and row security are opaque", () => {
  expect(outcome("ALTER VIEW contacts SET (security_barrier = false)")).toBe("opaque");
  expect(outcome("ALTER TABLE hr.staff OWNER TO others")).toBe("opaque");
  expect(outcome("ALTER TABLE hr.staff DISABLE ROW LEVEL SECURITY")).toBe("opaque");
  expect(outcome("ALTER TABLE hr.staff DISABLE TRIGGER ALL")).toBe("opaque");
  expect(outcome("CREATE SEQUENCE s OWNED BY customers.id")).toBe("opaque");
});

test("C4 what CASCADE would take along nobody has judged", () => {
  expect(outcome("ALTER TABLE customers DROP COLUMN city CASCADE")).toBe("opaque");
  expect(outcome("ALTER TABLE customers DROP CONSTRAINT a CASCADE")).toBe("opaque");
});
