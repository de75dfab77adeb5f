import { Client } from "ssh2";
import type { Gateway } from "../gateway/create-gateway.ts";
import { Recorder } from "../gateway/recorder.ts";
import { Terminal } from "../gateway/terminal.ts";
import { percentile, round } from "./percentile.ts";

const KEYS = 500;
const MEGABYTES = 200;
const SIZE = { columns: 120, rows: 40 };

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
  const session = await gateway.sessions.openShell({ email: "bench@acme.test", name: "Bench", groups: [] }, "host");
  const { requester, target } = session;
  const recorded = {
    session: session.id,
    principal: requester.principal.id,
    target: target.id,
    environment: target.environment,
    ...SIZE,
  };
  const recording = await Recorder.open(gateway.context, recorded, (reason) => {
    throw new Error(reason);
  });
  let bytes = 0;
  let shown = "";
  let running = false;
  let onOutput: () => void = () => undefined;
  let onState: () => void = () => undefined;
  const terminal: Terminal = new Terminal({
    session,
    detectors: [],
    now: () => performance.now(),
    ...SIZE,
    history: [],
    from: null,
    before: "",
    waiting: null,
    recording,
    events: {
      output: (chunk) => {
        bytes += chunk.length;
        if (bytes < 1_000) shown += new TextDecoder().decode(chunk);
        setImmediate(() => terminal.acknowledge(chunk.length));
        onOutput();
      },
      verdict: () => undefined,
      block: () => undefined,
      remember: () => undefined,
      moved: () => undefined,
      edit: () => undefined,
      state: (state) => {
        running = state.running;
        onState();
      },
      ended: () => undefined,
      failed: (error) => {
        throw error;
      },
    },
  });
  const echoes: number[] = [];
  const key = new TextEncoder().encode("x");
  for (let i = 0; i < KEYS; i++) {
    const began = performance.now();
    await new Promise<void>((resolve) => {
      onOutput = resolve;
      terminal.input(key);
    });
    echoes.push(performance.now() - began);
    if (i % 60 === 59) terminal.input(new Uint8Array([0x15]));
  }
  onOutput = () => undefined;
  terminal.input(new Uint8Array([0x15]));
  bytes = 0;
  shown = "";
  const began = performance.now();
  let ran = false;
  await new Promise<void>((resolve) => {
    onState = () => {
      ran ||= running;
      if (ran && !running) resolve();
    };
    terminal.input(new TextEncoder().encode(`cat ${file}\r`));
  });
  const seconds = (performance.now() - began) / 1_000;
  terminal.close();
  await recording.close();
  await session.close("done");
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
