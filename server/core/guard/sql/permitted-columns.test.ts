import { scanSync } from "libpg-query";
import { describe, expect, test } from "vitest";
import { CATALOG, one, parse, STATE } from "../../../../test/fixtures/sql-guard.ts";
import { resourceName } from "../../domain/micro-action.ts";
import { describeSql, permittedColumns } from "./index.ts";
import { KEYWORDS, readableName } from "./names.ts";

const DENIED = new Set([
  "public.customers.ssn",
  "public.customers.email",
  "public.people.ssn",
  "hr.staff.salary",
  'public."Weird Name".id',
  "public.areas.id",
  "public.areas.area",
]);

function described(sql: string) {
  const found = describeSql(one(sql), CATALOG, STATE);
  if ("refusal" in found) throw new Error(found.refusal.message);
  return found;
}

/** As the gateway does: what is proposed is described again, and then nothing denied may be in it. */
function offered(sql: string): string | null {
  const proposal = permittedColumns(described(sql), DENIED);
  if (proposal === null) return null;
  const again = describeSql(one(proposal.text), CATALOG, STATE);
  if ("refusal" in again) return `refused: ${again.refusal.message}`;
  const still = again.microActions.filter(({ resource }) => DENIED.has(resourceName(resource)));
  return still.length === 0 ? proposal.text : `denied: ${still.map(({ resource }) => resourceName(resource)).join(", ")}`;
}

const REWRITES: readonly [string, string, string][] = [
  ["a star", "select * from customers where id = 1", "select id, name, city, profile from customers where id = 1"],
  ["the star of an alias keeps it", "select c.* from customers c", "select c.id, c.name, c.city, c.profile from customers c"],
  [
    "a star with its schema",
    "select public.customers.* from public.customers",
    "select public.customers.id, public.customers.name, public.customers.city, public.customers.profile from public.customers",
  ],
  [
    "a star over a join names the sources",
    "select * from people p join orders o on o.customer_id = p.id",
    "select p.id, o.id, o.customer_id, o.total, o.region from people p join orders o on o.customer_id = p.id",
  ],
  [
    "columns of USING come once, without a source",
    "select * from people join hr.staff s using (id)",
    "select id, s.name from people join hr.staff s using (id)",
  ],
  [
    "only the star that holds denied columns",
    "select p.*, o.* from people p, orders o",
    "select p.id, o.* from people p, orders o",
  ],
  ["a list without its first", "select email, id, name from customers", "select id, name from customers"],
  ["its middle", "select id, ssn as x, name from customers", "select id, name from customers"],
  ["its last, over lines", "select\n  id,\n  name, -- who\n  ssn\nfrom customers", "select\n  id,\n  name\nfrom customers"],
  [
    "several at both ends",
    "select ssn, email, id, ssn s, upper(name), email from customers",
    "select id, upper(name) from customers",
  ],
  ["a star that has nothing to show goes", "select o.id, a.* from orders o, areas a", "select o.id from orders o, areas a"],
  ["quoted only where it must be", 'select * from "Weird Name"', 'select "select" from "Weird Name"'],
  ["column names of an alias", "select * from people as p (a, b)", "select a from people as p (a, b)"],
  ["a subquery in FROM", "select * from (select * from people) p", "select * from (select id from people) p"],
  ["WITH", "with p as (select * from people) select id from p", "with p as (select id from people) select id from p"],
  [
    "the arms of UNION name the same",
    "select * from people union all select * from people",
    "select id from people union all select id from people",
  ],
  ["a name in another script", "select '🙂' as mood, * from people", "select '🙂' as mood, id from people"],
  ["sorted by name", "select * from people order by id", "select id from people order by id"],
];

const NOTHING: readonly [string, string][] = [
  ["nothing is denied", "select * from orders"],
  ["nothing would remain", "select ssn, email from customers"],
  ["not only in the select list", "select upper(ssn) from customers"],
  ["a whole row", "select id, p from people p"],
  ["the star of a row", "select (p).* from people p"],
  ["by its place in the list", "select id, ssn, name from customers order by 3"],
  ["grouped by its place", "select ssn, city, count(*) from customers group by 2"],
  ["arms that would differ", "select * from people union all select id, region from orders"],
  ["an arm of another shape", "select id, ssn from people union select 1, 'x'"],
  ["names from outside", "with p (a, b) as (select * from people) select a from p"],
  ["names of a subquery's alias", "select * from (select * from people) p (a, b)"],
  ["a change", "insert into hr.staff (id, name) select * from people"],
  ["what is stored", "select * into temp t from people"],
  ["compared in a subquery", "select id from orders where (id, region) in (select * from people)"],
];

/** Proposals that the second look refuses. */
const CAUGHT: readonly [string, string, string][] = [
  ["a denied column in WHERE", "select * from people where ssn = 'x'", "denied: public.people.ssn"],
  ["in ORDER BY", "select * from people order by ssn", "denied: public.people.ssn"],
  ["in another item", "select ssn, upper(ssn), id from people", "denied: public.people.ssn"],
  ["a name that is asked for outside", "select q.ssn from (select * from people) q", "refused: column q.ssn does not exist"],
];

describe("permitted columns (K)", () => {
  test.each(REWRITES)("K1 %s", (_name, sql, expected) => expect(offered(sql)).toBe(expected));
  test.each(NOTHING)("K2 none: %s", (_name, sql) => expect(permittedColumns(described(sql), DENIED)).toBeNull());
  test.each(CAUGHT)("K3 caught: %s", (_name, sql, expected) => expect(offered(sql)).toBe(expected));

  test("K1 the columns that it names", () => {
    expect(permittedColumns(described("select *, name from customers"), DENIED)?.columns).toEqual([
      "id",
      "name",
      "city",
      "profile",
    ]);
  });

  test("K1 of several statements only the one", () => {
    const parsed = parse("select * from people; select * from customers;");
    const second = parsed.ok ? parsed.statements[1] : undefined;
    const found = second === undefined ? null : describeSql(second, CATALOG, STATE);
    expect(found === null || "refusal" in found ? null : permittedColumns(found, DENIED)?.text).toBe(
      "select id, name, city, profile from customers",
    );
  });
});

test("names are quoted where the grammar reads something else", () => {
  for (const word of KEYWORDS) {
    const [token] = scanSync(word).tokens;
    expect(token?.keywordName, word).toMatch(/^(RESERVED|COL_NAME|TYPE_FUNC_NAME)_KEYWORD$/);
  }
  expect(["id", "user", "Id", 'a"b', "name", "order"].map(readableName)).toEqual([
    "id",
    '"user"',
    '"Id"',
    '"a""b"',
    "name",
    '"order"',
  ]);
});
