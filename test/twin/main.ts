import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startEmbeddedPostgres } from "../../server/demo/embedded-postgres.ts";
import { campaign } from "./campaign.ts";
import { openTwins } from "./twins.ts";

/** The command behind bin/fuzz.mjs: starts a PostgreSQL of its own, prints what was found as JSON, fails when there is something. */
const { values } = parseArgs({
  options: {
    count: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    "privileges-every": { type: "string", default: "1" },
    tell: { type: "string", default: "20" },
  },
});
const folder = await mkdtemp(join(tmpdir(), "gatehouse-twins-"));
const server = await startEmbeddedPostgres({ folder: join(folder, "postgres"), settings: { fsync: "off" } });
try {
  const parserUrl = new URL("../server/adapter/postgres/parser-worker.mjs", import.meta.url);
  const twins = await openTwins(server, parserUrl);
  try {
    const result = await campaign(twins, {
      seed: Number(values.seed),
      count: Number(values.count),
      privilegesEvery: Number(values["privileges-every"]),
      tell: Number(values.tell),
      say: (line) => process.stderr.write(`${line}\n`),
    });
    process.stdout.write(`${JSON.stringify(result, null, 1)}\n`);
    const clean = result.equal === result.generated && result.privilegesMissing === 0;
    process.exitCode = clean ? 0 : 1;
  } finally {
    await twins.close();
  }
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
