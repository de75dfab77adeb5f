import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { deriveKeys } from "../adapter/secret/keys.ts";
import { seal } from "../adapter/secret/secret-store.ts";
import { startEmbeddedPostgres } from "../demo/embedded-postgres.ts";
import { startDemoHost } from "../demo/ssh-host.ts";
import { packageFolder, startGateway } from "../main.ts";
import { measureCatalog } from "./catalog.ts";
import { decisionsPerSecond } from "./decisions.ts";
import { goalLines, goalsOf } from "./goals.ts";
import { EVERYDAY, guardCost, guardOf } from "./guard.ts";
import { measureHostile } from "./hostile.ts";
import { maskerMbPerSecond } from "./masker.ts";
import { measureMemory } from "./memory.ts";
import { measurePlans, PLANS_SETUP } from "./plans.ts";
import { measureReviews } from "./reviews.ts";
import { shellDecisions, slowestLine } from "./shell-lines.ts";
import { measureSockets } from "./sockets.ts";
import { measureSql } from "./sql.ts";
import { measureStreaming } from "./streaming.ts";
import { measureTerminal } from "./terminal.ts";

const WIDE = "id, email, phone, a, b, c, d, e";

/** Starts a store, a database and a host on loopback, measures each against what it stands in front of, prints JSON, and what was to be reached on standard error. */
const folder = await mkdtemp(join(tmpdir(), "gatehouse-bench-"));
// The host's account has to get through to its home.
await chmod(folder, 0o755);
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const postgres = await startEmbeddedPostgres({ folder: join(folder, "postgres"), log: say });
const host = await startDemoHost({ folder: join(folder, "host"), log: say });
const keys = deriveKeys("a secret for measurements that is long enough to be one");
try {
  await postgres.createDatabase("gatehouse");
  await postgres.createDatabase("bench");
  const direct = new pg.Client({ connectionString: postgres.connectionString("bench") });
  direct.on("error", (error) => say(error.message));
  await direct.connect();
  await direct.query(
    "CREATE TABLE wide AS SELECT g AS id, 'person' || g || '@example.com' AS email, '+49 170 ' || g AS phone, g % 97 AS a, g * 1.5 AS b, md5(g::text) AS c, now() AS d, g % 2 = 0 AS e FROM generate_series(1, 1000000) g",
  );
  await direct.query("ALTER TABLE wide ADD PRIMARY KEY (id)");
  await direct.query("CREATE TABLE wide_redacted AS TABLE wide");
  await direct.query(PLANS_SETUP);
  await direct.query("VACUUM ANALYZE");
  const started = await startGateway({ storeUrl: postgres.connectionString("gatehouse"), keys, checkpoints: null, log: say });
  const documents: readonly object[] = [
    {
      kind: "target",
      id: "bench",
      type: "postgres",
      environment: "dev",
      postgres: {
        host: postgres.host,
        port: postgres.port,
        database: "bench",
        user: "postgres",
        password: seal(postgres.password, keys.seal),
        tls: "disable",
      },
    },
    {
      kind: "target",
      id: "host",
      type: "ssh",
      environment: "dev",
      labels: { "gatehouse.path": host.programs },
      ssh: {
        host: host.host,
        port: host.port,
        user: host.user,
        privateKey: { file: host.privateKeyFile },
        hostKey: host.hostKey,
      },
    },
    { kind: "policy", id: "everything", effect: "permit", principals: { everyone: true }, actions: ["*"] },
    { kind: "mask", id: "email", target: "bench", columns: ["public.wide.email"], mask: { type: "partial-email" } },
    { kind: "mask", id: "emails", target: "bench", columns: ["public.t*.email"], mask: { type: "partial-email" } },
    { kind: "mask", id: "phone", target: "bench", columns: ["public.wide.phone"], mask: { type: "last4" } },
    {
      kind: "mask",
      id: "redacted-email",
      target: "bench",
      columns: ["public.wide_redacted.email"],
      mask: { type: "partial-email" },
    },
    { kind: "mask", id: "redacted-phone", target: "bench", columns: ["public.wide_redacted.phone"], mask: { type: "redact" } },
    { kind: "mask", id: "orders-email", target: "bench", columns: ["public.orders.email"], mask: { type: "partial-email" } },
  ];
  await started.gateway.context.configuration.apply(
    documents.map((document) => JSON.stringify(document)).join("\n---\n"),
    "bench",
  );
  const guarded = started.gateway.context.configuration.set.targets.get("bench");
  if (guarded === undefined) throw new Error("the target is not there");
  const { gateway } = started;
  const guard = guardOf(gateway.context, guarded);
  const guardMs = await guardCost(guard);
  say("guard measured");
  const through = { gateway, connectionString: postgres.connectionString("bench"), target: "bench", rows: 1_000_000 };
  const streaming = {
    "e-mail in part, telephone redacted": await measureStreaming(through, `select ${WIDE} from wide_redacted`),
    "e-mail in part, last four digits": await measureStreaming(through, `select ${WIDE} from wide`),
  };
  say("streaming measured");
  const sql = await measureSql(gateway, direct);
  const session = await gateway.sessions.openSql({ email: "bench@acme.test", name: "Bench", groups: [] }, "bench");
  const plans = await measurePlans(session, direct);
  await session.close("done");
  say("plans measured");
  const catalog = await measureCatalog(postgres, gateway.context.parser);
  say("catalog measured");
  const hostile = await measureHostile(gateway);
  say("hostile texts measured");
  const other = await startGateway({ storeUrl: postgres.connectionString("gatehouse"), keys, checkpoints: null, log: say });
  const reviews = await measureReviews(gateway, other.gateway, direct);
  await other.stop();
  say("reviews measured");
  const memory = await measureMemory(guard, EVERYDAY);
  say("memory measured");
  const account = { ...host, privateKey: await readFile(host.privateKeyFile, "utf8") };
  const terminal = { ...(await measureTerminal(gateway, account)), ...(await measureSockets(gateway, account)) };
  say("terminal measured");
  const decisions = decisionsPerSecond();
  const shell = { ordinary: await shellDecisions(packageFolder()), hostile: await slowestLine(packageFolder()) };
  const manifest: { readonly version: string } = JSON.parse(await readFile(join(packageFolder(), "package.json"), "utf8"));
  const measured = { guardMs, streaming, sql, plans, catalog, hostile, memory, reviews, shell };
  const goals = goalLines(goalsOf(measured));
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`;
  const all = { goals, ...measured, terminal, maskerMbPerSecond: maskerMbPerSecond(), decisions };
  process.stdout.write(
    `${JSON.stringify({ gatehouse: manifest.version, node: process.version, machine, loadAverage: loadavg()[0], ...all }, null, 2)}\n`,
  );
  for (const line of goals) say(line);
  await direct.end();
  await started.stop();
} finally {
  await host.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
