import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deriveKeys } from "../adapter/secret/keys.ts";
import type { Detector } from "../core/mask/stream.ts";
import { startEmbeddedPostgres } from "../demo/embedded-postgres.ts";
import { startDemoHost } from "../demo/ssh-host.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import { startGateway } from "../main.ts";
import { openTerminal } from "./open-terminal.ts";
import { round } from "./percentile.ts";

const LINE = "2026-01-05T08:00:13Z level=info msg=order-placed order=40001 email=ann.smith@example.com total=81.33 host=web-1";
const SAMPLE_MS = 1_000;
/** Buffers and the engine have come to their size after so much of a run. */
const WARM = 0.1;
const INTERRUPTS = 5;

/**
 * `npm run bench -- --long`: output of many gigabytes through a recorded terminal with the built-in detectors, text and the
 * zeros of a sparse file, with the gateway's memory watched, and Ctrl-C in the middle of it. Prints JSON.
 */
const gigabytes = Math.max(1, Math.round(Number(process.argv[process.argv.indexOf("--long") + 1]) || 10));
const folder = await mkdtemp(join(tmpdir(), "gatehouse-bench-"));
// The host's account has to get through to its home.
await chmod(folder, 0o755);
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const postgres = await startEmbeddedPostgres({ folder: join(folder, "postgres"), log: say });
const host = await startDemoHost({ folder: join(folder, "host"), log: say });
try {
  await postgres.createDatabase("gatehouse");
  const keys = deriveKeys("a secret for measurements that is long enough to be one");
  const started = await startGateway({ storeUrl: postgres.connectionString("gatehouse"), keys, checkpoints: null, log: say });
  const { host: address, port, user, hostKey, privateKeyFile } = host;
  const ssh = { host: address, port, user, hostKey, privateKey: { file: privateKeyFile } };
  const documents: readonly object[] = [
    { kind: "target", id: "host", type: "ssh", environment: "dev", labels: { "gatehouse.path": host.programs }, ssh },
    { kind: "policy", id: "everything", effect: "permit", principals: { everyone: true }, actions: ["*"] },
  ];
  const { configuration } = started.gateway.context;
  await configuration.apply(documents.map((document) => JSON.stringify(document)).join("\n---\n"), "bench");
  const { detectors } = configuration.set;
  const text = await flood(started.gateway, detectors, `yes '${LINE}' | head -c ${gigabytes}000000000`);
  say("text measured");
  const zeros = await flood(started.gateway, detectors, `truncate -s ${gigabytes}G zeros && cat zeros && rm zeros`);
  say("zeros measured");
  const interrupted = await interrupts(started.gateway, detectors);
  const measured = { [`${gigabytes} GB of text`]: text, [`${gigabytes} GiB of zeros`]: zeros, "Ctrl-C in the text": interrupted };
  process.stdout.write(`${JSON.stringify(measured, null, 2)}\n`);
  await started.stop();
} finally {
  await host.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

async function flood(gateway: Gateway, detectors: readonly Detector[], line: string) {
  const terminal = await openTerminal(gateway, detectors);
  const rss: number[] = [];
  const sample = setInterval(() => rss.push(process.memoryUsage.rss() / 1e6), SAMPLE_MS);
  const seconds = await terminal.run(line);
  clearInterval(sample);
  const { bytes } = terminal.shown();
  await terminal.close();
  const warm = rss.slice(Math.floor(rss.length * WARM));
  return {
    seconds: round(seconds),
    shownMegabytes: round(bytes / 1e6),
    megabytesPerSecond: round((gigabytes * 1e3) / seconds),
    rssMb: { least: round(Math.min(...warm)), most: round(Math.max(...warm)), last: round(warm.at(-1) ?? 0) },
  };
}

/** Milliseconds from Ctrl-C to the next prompt. */
async function interrupts(gateway: Gateway, detectors: readonly Detector[]) {
  const terminal = await openTerminal(gateway, detectors);
  const milliseconds: number[] = [];
  for (let i = 0; i < INTERRUPTS; i++) {
    const over = terminal.run(`yes '${LINE}' | head -c ${gigabytes}000000000`);
    while (terminal.shown().bytes < 100_000_000) await new Promise((resolve) => setTimeout(resolve, 20));
    const began = performance.now();
    terminal.keys("\u0003");
    await over;
    milliseconds.push(round(performance.now() - began));
  }
  await terminal.close();
  return { milliseconds, worstMs: Math.max(...milliseconds) };
}
