import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { deriveKeys } from "../adapter/secret/keys.ts";
import { seal } from "../adapter/secret/secret-store.ts";
import { startEmbeddedPostgres } from "../demo/embedded-postgres.ts";
import { startDemoHost } from "../demo/ssh-host.ts";
import { packageFolder, startGateway } from "../main.ts";
import { decisionsPerSecond } from "./decisions.ts";
import { guardCost } from "./guard.ts";
import { maskerMbPerSecond } from "./masker.ts";
import { measureSql } from "./sql.ts";
import { measureTerminal } from "./terminal.ts";

/** Starts a store, a database and a host on loopback, measures each against what it stands in front of, prints JSON. */
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
  await direct.query("ANALYZE wide");
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
  ];
  await started.gateway.context.configuration.apply(
    documents.map((document) => JSON.stringify(document)).join("\n---\n"),
    "bench",
  );
  const guarded = started.gateway.context.configuration.set.targets.get("bench");
  if (guarded === undefined) throw new Error("the target is not there");
  const guardMs = await guardCost(started.gateway.context, guarded);
  say("guard measured");
  const sql = await measureSql(started.gateway, direct);
  say("sql measured");
  const terminal = await measureTerminal(started.gateway, { ...host, privateKey: await readFile(host.privateKeyFile, "utf8") });
  say("terminal measured");
  const decisions = decisionsPerSecond();
  const manifest: { readonly version: string } = JSON.parse(await readFile(join(packageFolder(), "package.json"), "utf8"));
  process.stdout.write(
    `${JSON.stringify({ gatehouse: manifest.version, node: process.version, machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`, guardMs, sql, terminal, maskerMbPerSecond: maskerMbPerSecond(), decisions }, null, 2)}\n`,
  );
  await direct.end();
  await started.stop();
} finally {
  await host.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
