import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, type ClientChannel } from "ssh2";
import { WebSocket } from "ws";
import type { ServerMessage } from "../contract/socket.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import { SocketDoor } from "../socket/door.ts";
import { percentile, round } from "./percentile.ts";

const TERMINALS = 100;
const SOCKETS = 5;
const ROUNDS = 10;
const STARTS = 60;
const INTERRUPTS = 10;

interface Host {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
}

/**
 * What a browser feels: echo of keys with 100 terminals open beside plain ssh, the start of a command beside an exec on a
 * warm connection, and Ctrl-C on a program that floods. Over real sockets on loopback.
 */
export async function measureSockets(gateway: Gateway, host: Host) {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const door = new SocketDoor(gateway, origin, (sid) => gateway.context.signIns.find(sid ?? ""));
  server.on("upgrade", (request, socket, head) => void door.upgrade(request, socket, head));
  const { sid } = await gateway.context.signIns.create(
    { email: "bench@acme.test", name: "Bench", groups: [], attributes: {} },
    3_600_000,
  );
  const browsers = await Promise.all(Array.from({ length: SOCKETS }, () => browser(origin, sid)));
  const plain = await plainShell(host);
  try {
    const terminals: Tab[] = [];
    for (let i = 0; i < TERMINALS; i++) {
      const at = browsers[i % SOCKETS];
      if (at !== undefined) terminals.push(await at.open());
    }
    const through: number[] = [];
    const direct: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      for (const terminal of terminals) {
        through.push(await terminal.echo("x"));
        direct.push(await plain.echo("x"));
      }
    }
    // Everybody at once: what the last one waits for.
    const together: number[] = [];
    for (let i = 0; i < ROUNDS; i++) together.push(...(await Promise.all(terminals.map((terminal) => terminal.echo("y")))));
    const [first] = terminals;
    if (first === undefined) throw new Error("no terminal");
    first.send("\u0015");
    const starts: number[] = [];
    const execs: number[] = [];
    for (let i = 0; i < STARTS; i++) {
      starts.push(await first.run("true"));
      execs.push(await plain.exec("true"));
    }
    const stops: number[] = [];
    for (let i = 0; i < INTERRUPTS; i++) stops.push(await first.interrupted("yes"));
    return {
      "echo with 100 terminals open": {
        p50Ms: percentile(through, 0.5),
        p99Ms: percentile(through, 0.99),
        plainSshP50Ms: percentile(direct, 0.5),
        plainSshP99Ms: percentile(direct, 0.99),
        allAtOnceP99Ms: percentile(together, 0.99),
      },
      "start to end of `true`": {
        p50Ms: percentile(starts, 0.5),
        execP50Ms: percentile(execs, 0.5),
        overheadP50Ms: round(percentile(starts, 0.5) - percentile(execs, 0.5)),
      },
      "Ctrl-C during `yes`": { p50Ms: percentile(stops, 0.5), worstMs: percentile(stops, 1) },
      rssMb: Math.round(process.memoryUsage.rss() / 1e6),
    };
  } finally {
    plain.close();
    for (const { socket } of browsers) socket.close(1000);
    door.close();
    server.close();
  }
}

class Tab {
  readonly #socket: WebSocket;
  readonly #channel: number;
  readonly #session: string;
  readonly #waiting: { readonly for: (text: string) => boolean; readonly done: () => void }[] = [];
  #shown = "";

  constructor(socket: WebSocket, channel: number, session: string) {
    this.#socket = socket;
    this.#channel = channel;
    this.#session = session;
  }

  take(bytes: Buffer): void {
    this.#socket.send(JSON.stringify({ type: "terminal.ack", session: this.#session, bytes: bytes.length }));
    this.#shown = (this.#shown + bytes.toString()).slice(-10_000);
    for (const each of [...this.#waiting]) {
      if (!each.for(this.#shown)) continue;
      this.#waiting.splice(this.#waiting.indexOf(each), 1);
      each.done();
    }
  }

  until(found: (text: string) => boolean): Promise<void> {
    if (found(this.#shown)) return Promise.resolve();
    return new Promise((done) => this.#waiting.push({ for: found, done }));
  }

  send(text: string): void {
    const frame = Buffer.alloc(4 + Buffer.byteLength(text));
    frame.writeUInt32BE(this.#channel, 0);
    frame.write(text, 4);
    this.#shown = "";
    this.#socket.send(frame);
  }

  async echo(key: string): Promise<number> {
    const began = performance.now();
    this.send(key);
    await this.until((text) => text.includes(key));
    return performance.now() - began;
  }

  /** Until the prompt after it. */
  async run(line: string): Promise<number> {
    const began = performance.now();
    this.send(`${line}\r`);
    await this.until((text) => text.includes("\u001b]133;D"));
    return performance.now() - began;
  }

  async interrupted(line: string): Promise<number> {
    this.send(`${line}\r`);
    await this.until((text) => text.includes("y\r\ny\r\ny"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const began = performance.now();
    this.send("\u0003");
    await this.until((text) => text.includes("\u001b]133;D"));
    return performance.now() - began;
  }
}

async function browser(origin: string, sid: string) {
  const socket = new WebSocket(`${origin.replace("http", "ws")}/socket`, { headers: { cookie: sid, origin } });
  const tabs = new Map<number, Tab>();
  const opening: ((message: ServerMessage) => void)[] = [];
  socket.on("message", (data: Buffer, binary) => {
    if (binary) return tabs.get(data.readUInt32BE(0))?.take(data.subarray(4));
    const message: ServerMessage = JSON.parse(data.toString());
    if (message.type === "session.opened" || message.type === "session.refused") opening.shift()?.(message);
  });
  await once(socket, "open");
  return {
    socket,
    open: async (): Promise<Tab> => {
      const answer = await new Promise<Tab>((resolve, reject) => {
        opening.push((message) => {
          if (message.type !== "session.opened") return reject(new Error(JSON.stringify(message)));
          const tab = new Tab(socket, message.channel, message.session);
          tabs.set(message.channel, tab);
          resolve(tab);
        });
        socket.send(
          JSON.stringify({ type: "session.open", request: "r", target: "host", kind: "terminal", columns: 100, rows: 30 }),
        );
      });
      await answer.until((text) => text.includes("$ "));
      return answer;
    },
  };
}

/** `cat` in a terminal of plain ssh: the host's own terminal echoes. */
async function plainShell(host: Host) {
  const client = new Client();
  client.connect({ host: host.host, port: host.port, username: host.user, privateKey: host.privateKey });
  await once(client, "ready");
  client.setNoDelay(true);
  const opened = (command: string, pty: boolean) =>
    new Promise<ClientChannel>((resolve, reject) => {
      client.exec(command, { pty }, (error, channel) => (error === undefined ? resolve(channel) : reject(error)));
    });
  const channel = await opened("cat > /dev/null", true);
  return {
    echo: async (key: string): Promise<number> => {
      const began = performance.now();
      const shown = once(channel, "data");
      channel.write(key);
      await shown;
      return performance.now() - began;
    },
    exec: async (command: string): Promise<number> => {
      const began = performance.now();
      const own = await opened(command, true);
      own.resume();
      await once(own, "close");
      return performance.now() - began;
    },
    close: () => client.end(),
  };
}
