import { createHash } from "node:crypto";
import pg from "pg";
import { COMPANY_DATA, COMPANY_SCHEMA } from "./company-sql.ts";
import type { EmbeddedPostgres } from "./embedded-postgres.ts";

export interface DemoCompany {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** The role that Gatehouse has in the shop: it owns the data and is no superuser, as in a real company. */
const ROLE = "shop_gateway";

/** Makes the shop's database unless it is there: 14 tables, views, a partitioned table, 200,000 orders, made-up people. */
export async function loadDemoCompany(postgres: EmbeddedPostgres, log: (line: string) => void): Promise<DemoCompany> {
  const password = createHash("sha256").update(`shop ${postgres.password}`).digest("base64url");
  const company = { host: postgres.host, port: postgres.port, user: ROLE, password };
  const admin = new pg.Client({ connectionString: postgres.connectionString("postgres") });
  await admin.connect();
  try {
    const role = await admin.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [ROLE]);
    const statement = role.rowCount === 0 ? "CREATE ROLE" : "ALTER ROLE";
    await admin.query(`${statement} ${ROLE} LOGIN PASSWORD ${admin.escapeLiteral(password)}`);
    const present = await admin.query("SELECT 1 FROM pg_database WHERE datname = 'shop'");
    if (present.rowCount === 1) return company;
    log("loading the demo company: 200,000 customers and orders (once)");
    // Under another name until it is whole: an interrupted first start leaves no half a shop.
    await admin.query("DROP DATABASE IF EXISTS shop_loading");
    await admin.query(`CREATE DATABASE shop_loading OWNER ${ROLE}`);
    await fill(new URL(postgres.connectionString("shop_loading")), password);
    await admin.query("ALTER DATABASE shop_loading RENAME TO shop");
    return company;
  } finally {
    await admin.end();
  }
}

async function fill(url: URL, password: string): Promise<void> {
  url.username = ROLE;
  url.password = password;
  const client = new pg.Client({ connectionString: url.toString() });
  await client.connect();
  try {
    await client.query("SET synchronous_commit = off");
    await client.query(COMPANY_SCHEMA);
    for (const statement of COMPANY_DATA) await client.query(statement);
    await client.query("ANALYZE");
  } finally {
    await client.end();
  }
}
