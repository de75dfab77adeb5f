import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A WebSocket that goes through the balancer. */
interface Carried {
  /** The port of its replica. */
  readonly replica: number;
  /** The request's head, as it was sent. */
  readonly head: string;
}

export interface Balancer {
  readonly port: number;
  /** The WebSockets that are open now, the newest last. */
  sockets(): readonly Carried[];
  stop(): Promise<void>;
}

/**
 * A balancer of connections on loopback, as a company has one in front of its replicas: it reads no request and keeps
 * nobody on one replica. WebSockets and other connections go round in turn, each for itself; a replica that does not
 * answer is passed over.
 */
export async function startBalancer(replicas: readonly number[], port: number): Promise<Balancer> {
  const clients = new Set<Socket>();
  const open = new Set<Carried>();
  const turns = { sockets: 0, others: 0 };
  const server = createServer((client) => {
    clients.add(client);
    client.on("error", () => undefined);
    client.on("close", () => clients.delete(client));
    client.once("data", (first) => {
      client.pause();
      const head = first.toString("latin1");
      const isSocket = head.startsWith("GET /socket");
      const turn = isSocket ? turns.sockets++ : turns.others++;
      const order = replicas.map((_, index) => replicas[(turn + index) % replicas.length] ?? 0);
      reach(order)
        .then(({ upstream, replica }) => {
          const carried = { replica, head };
          if (isSocket) open.add(carried);
          upstream.on("error", () => undefined);
          upstream.on("close", () => {
            open.delete(carried);
            client.destroy();
          });
          client.on("close", () => upstream.destroy());
          upstream.write(first);
          client.pipe(upstream).pipe(client);
        })
        .catch(() => client.destroy());
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sockets: () => [...open],
    stop: async () => {
      for (const client of clients) client.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** The first of them that takes the connection. */
async function reach(order: readonly number[]): Promise<{ readonly upstream: Socket; readonly replica: number }> {
  for (const replica of order) {
    const upstream = connect(replica, "127.0.0.1");
    const reached = await new Promise<boolean>((resolve) => {
      upstream.once("connect", () => resolve(true));
      upstream.once("error", () => resolve(false));
    });
    if (reached) return { upstream, replica };
  }
  throw new Error("no replica answers");
}
