import { Client } from "ssh2";
import type { Gateway } from "../gateway/create-gateway.ts";
import { openTerminal } from "./open-terminal.ts";
import { percentile, round } from "./percentile.ts";

const KEYS = 500;
const MEGABYTES = 200;

interface Host {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The account's folder, which a plain login may not start in. */
  readonly home: string;
  readonly privateKey: string;
}

/** Echo of keys through the line editor, and the output of a large file beside plain ssh2 with a terminal too. */
export async function measureTerminal(gateway: Gateway, host: Host) {
  const file = `${host.home}/big.log`;
  await plainRun(host, `seq 1 40000000 | head -c ${MEGABYTES}000000 > ${file}`);
  const directSeconds = (await plainRun(host, `cat ${file}`)).seconds;
  const terminal = await openTerminal(gateway, []);
  const echoes: number[] = [];
  for (let i = 0; i < KEYS; i++) {
    echoes.push(await terminal.echo("x"));
    if (i % 60 === 59) terminal.keys("\u0015");
  }
  terminal.keys("\u0015");
  const seconds = await terminal.run(`cat ${file}`);
  const { bytes, shown } = terminal.shown();
  await terminal.close();
  if (bytes < MEGABYTES * 1e6) throw new Error(`the terminal showed ${bytes} bytes of ${MEGABYTES} MB: ${shown}`);
  const through = bytes / 1e6 / seconds;
  const direct = MEGABYTES / directSeconds;
  return {
    "keystroke echo, gateway's share": { p50Ms: percentile(echoes, 0.5), p99Ms: percentile(echoes, 0.99) },
    "cat of 200 MB": {
      gatewayMbPerSecond: round(through),
      directMbPerSecond: round(direct),
      ratio: round(through / direct),
      rssMb: Math.round(process.memoryUsage.rss() / 1e6),
    },
  };
}

function plainRun(host: Host, command: string): Promise<{ readonly seconds: number }> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.on("error", reject);
    client.on("ready", () => {
      const began = performance.now();
      client.exec(command, { pty: true }, (error, channel) => {
        if (error) return reject(error);
        channel.on("data", () => undefined);
        channel.on("close", () => {
          client.end();
          resolve({ seconds: (performance.now() - began) / 1_000 });
        });
      });
    });
    client.connect({ host: host.host, port: host.port, username: host.user, privateKey: host.privateKey });
  });
}
