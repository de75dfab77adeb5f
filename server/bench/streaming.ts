import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Gateway } from "../gateway/create-gateway.ts";
import { SocketDoor } from "../socket/door.ts";
import { percentile, round } from "./percentile.ts";

const run = promisify(execFile);
const ROUNDS = 5;
const LOOK_MS = 50;
const SIGN_IN = { sid: "bench", email: "bench@acme.test", name: "Bench", groups: [], attributes: {} };

interface Streamed {
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly firstRowMs: number;
}

interface Through {
  readonly gateway: Gateway;
  readonly connectionString: string;
  readonly target: string;
  /** Of how many rows. */
  readonly rows: number;
}

/**
 * A large result with masked columns through the whole gateway to a WebSocket client in a process of its own, and the same
 * select, unmasked, by `psql -A -t` to nowhere: in turn, the median of each. The client looks at every row's length.
 */
export async function measureStreaming({ gateway, connectionString, target, rows }: Through, statement: string) {
  const server = createServer();
  const origin = "http://127.0.0.1";
  const door = new SocketDoor(gateway, origin, () => Promise.resolve(SIGN_IN));
  server.on("upgrade", (request, socket, head) => void door.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/socket`;
  const client = fileURLToPath(new URL("./bench-client.mjs", import.meta.url));
  const seconds: { readonly gateway: number[]; readonly psql: number[]; readonly cpu: number[] } = {
    gateway: [],
    psql: [],
    cpu: [],
  };
  const memory: number[] = [];
  const firstRow: number[] = [];
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    const began = performance.now();
    await run("psql", ["-X", "-A", "-t", "-o", "/dev/null", "-c", statement, connectionString]);
    seconds.psql.push((performance.now() - began) / 1_000);
    const before = process.cpuUsage();
    const looking = setInterval(() => memory.push(process.memoryUsage.rss() / 1e6), LOOK_MS);
    const { stdout } = await run(process.execPath, [client, address, origin, target, statement]);
    clearInterval(looking);
    const { user, system } = process.cpuUsage(before);
    const streamed: Streamed = JSON.parse(stdout);
    if (streamed.rows !== rows) throw new Error(`${streamed.rows} rows came instead of ${rows}`);
    seconds.cpu.push((user + system) / 1e6);
    seconds.gateway.push(streamed.seconds);
    firstRow.push(streamed.firstRowMs);
  }
  door.close();
  server.close();
  const [through, plain] = [percentile(seconds.gateway, 0.5), percentile(seconds.psql, 0.5)];
  return {
    gatewayRowsPerSecond: Math.round(rows / through),
    psqlRowsPerSecond: Math.round(rows / plain),
    ratio: round(plain / through),
    gatewayCpuSeconds: percentile(seconds.cpu, 0.5),
    firstRowMs: percentile(firstRow, 0.5),
    rssMb: { least: Math.round(percentile(memory, 0)), most: Math.round(percentile(memory, 1)) },
  };
}
