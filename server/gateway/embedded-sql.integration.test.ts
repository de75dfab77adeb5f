import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway } from "../../test/fixtures/gateway.ts";
import { type Target, Target as TargetSchema } from "../core/domain/configuration.ts";
import { describeShell } from "../core/guard/shell/index.ts";
import { refuseEmbedded } from "./embedded-sql.ts";
import { principalOf } from "./principal-of.ts";

let started: Awaited<ReturnType<typeof startTestGateway>>;

const host: Target = TargetSchema.parse({
  kind: "target",
  id: "web-1",
  type: "ssh",
  environment: "prod",
  ssh: { host: "127.0.0.1", user: "deploy" },
});
const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "sql:select", "sql:transaction", "sql:delete"]
---
kind: policy
id: deletes
effect: review
principals: { everyone: true }
actions: ["sql:delete"]
---
kind: policy
id: no-keys
effect: forbid
principals: { everyone: true }
actions: ["sql:*"]
resources: { tables: [public.keys] }
---
kind: mask
id: email
target: shop
columns: [public.customers.email]
mask: { type: redact }
---
kind: row-filter
id: own
target: shop
table: public.regions
where: "name = 'EU'"
principals: { groups: [engineers] }
`;

const SHOP =
  "CREATE TABLE orders (id int); CREATE TABLE keys (id int); CREATE TABLE customers (id int, email text); CREATE TABLE regions (name text)";

beforeAll(async () => {
  started = await startTestGateway({ shop: SHOP, configuration: CONFIGURATION });
});

afterAll(() => started?.stop());

async function refusal(line: string, groups: readonly string[] = ["engineers"]) {
  const { context } = started.gateway;
  const where = { cwd: "/srv/app", home: "/home/deploy", user: "deploy", environment: {} };
  const { host: at, port } = started.shop;
  const described = describeShell(line.replaceAll("SHOP", `-h ${at} -p ${port} -U x -d shop`), where);
  if ("refusal" in described) throw new Error(described.refusal.message);
  const principal = principalOf(
    { email: "engineer@acme.test", name: "Engineer", groups: [...groups] },
    context.configuration.set,
  );
  return refuseEmbedded(context, { principal, target: host, session: "s" }, described.embedded);
}

describe("SG-22 SQL that a client on a host would send to a target", () => {
  test.each([
    ["psql SHOP -c 'select * from orders'", null],
    // What reads no masked column shows the same raw.
    ["psql SHOP -c 'select id from customers'", null],
    ["psql SHOP -c 'select count(*) from customers where id > 3'", null],
    ["psql SHOP -c 'select * from customers'", "masked"],
    ["psql SHOP -c 'select c from customers c'", "masked"],
    ["psql SHOP -c 'select c.ctid from customers c order by c'", "masked"],
    ["psql SHOP -c 'select id from customers order by email'", "masked"],
    ["psql SHOP -c 'select id from customers where email > chr(97)'", "masked"],
    ["psql SHOP -c 'select id from customers natural join (values (1, chr(97))) v(id, email)'", "masked"],
    ["psql SHOP -c 'table customers'", "masked"],
    ["psql SHOP -c 'select to_json(c) from customers c'", "masked"],
    ["psql SHOP -c 'select id from customers for update'", "sql:update"],
    ["psql SHOP -c 'explain analyze select email from customers'", "`"],
    ["psql SHOP -c 'copy customers to stdout'", "`"],
    ["psql SHOP -c 'copy (select id from customers) to stdout'", "`"],
    ["psql SHOP -c 'select email from customers'", "masked"],
    ["psql SHOP -c 'select id from customers where email = 1::text'", "`"],
    ["psql SHOP <<< 'select * from regions'", "filtered"],
    ["echo 'select * from keys' | psql SHOP", "no-keys"],
    ["psql SHOP <<'E'\nselect 1;\nselect * from keys;\nE", "no-keys"],
    // Decision 020: of a closed table's columns nothing is told.
    ["psql SHOP -c 'select * from keys'", "on `public.keys`"],
    ["psql SHOP -c 'select missing from keys'", "on `public.keys`"],
    ["psql SHOP -c 'delete from orders'", "deletes"],
    ["psql SHOP -c 'insert into orders values (1)'", "no policy"],
    ["psql SHOP -c 'selec'", "but"],
    ["psql SHOP -c 'select * from nowhere'", "nowhere"],
    // Not this database, or not known: opaque, and nothing is asked.
    ["psql -h elsewhere.test -d shop -c 'select * from keys'", null],
    ["psql SHOP -c 'select * from keys' -h $HOSTNAME", null],
    ["psql -d other -c 'select * from keys'", null],
  ])("%s", async (line, message) => {
    const found = await refusal(line);
    if (message === null) expect(found).toBeNull();
    else {
      expect(found?.message).toContain("target `shop`");
      expect(found?.message).toContain(message);
      expect(found?.hint).toBe("run it in a SQL tab of target `shop`");
      expect(found?.sql?.target).toBe("shop");
      expect(line).toContain(found?.sql?.statement.trim());
    }
  });

  test("who may not connect there is refused before anything is asked", async () => {
    const found = await refusal("psql SHOP -c 'select 1'", ["others"]);
    expect(found?.message).toContain("target `shop`");
  });
});
