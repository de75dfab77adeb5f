import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import next from "next";
import type { Installed } from "./gateway/gateway.ts";
import { principalOf } from "./gateway/principal-of.ts";
import { createIdentify } from "./identity/identify.ts";
import { tellLength } from "./known-length.ts";
import { packageFolder, type Started } from "./main.ts";
import { SocketDoor } from "./socket/door.ts";

export interface ServeOptions {
  readonly started: Started;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string;
  readonly secret: string;
  readonly signInMs: number;
  readonly provider: Installed["identity"]["provider"];
  readonly development: boolean;
  readonly log: (line: string) => void;
}

export interface Serving {
  readonly url: string;
  stop(): Promise<void>;
}

/** Pages, HTTP and WebSocket on one port. Installs the gateway for `app` before Next starts. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { started, publicUrl, log } = options;
  const { context, verbs } = started.gateway;
  const root = packageFolder();
  if (!options.development && !existsSync(join(root, ".next", "BUILD_ID")))
    throw new ServeError("the pages are not built; run `npm run build` first");
  const server = createServer();
  // The port is taken before the pages are ready, so that a taken one is told at once. Whoever asks meanwhile gets an
  // answer: a request without a listener would hang for ever.
  let open: { readonly page: RequestListener; readonly upgrade: Upgrade } = STARTING;
  server.on("request", (request, response) => open.page(request, response));
  server.on("upgrade", (request, socket, head) => open.upgrade(request, socket, head));
  await listen(server, options.host, options.port);
  const identify = createIdentify(context.signIns, options.secret, publicUrl);
  const installed: Installed = {
    verbs,
    publicUrl,
    identify: async (cookies) => {
      const signIn = await identify(cookies);
      return signIn === null ? null : principalOf(signIn, context.configuration.set);
    },
    identity: {
      provider: options.provider,
      secret: options.secret,
      signIn: async (profile) => {
        await context.audit.append({
          type: "identity.signed-in",
          at: context.clock.now(),
          principal: profile.email.toLowerCase(),
          target: "",
          session: "",
          body: { groups: profile.groups, attributes: profile.attributes },
        });
        const created = await context.signIns.create({ ...profile, email: profile.email.toLowerCase() }, options.signInMs);
        return created.sid;
      },
      signOut: async (sid) => {
        const signIn = await context.signIns.find(sid);
        await context.signIns.revoke(sid);
        if (signIn !== null)
          await context.audit.append({
            type: "identity.signed-out",
            at: context.clock.now(),
            principal: signIn.email,
            target: "",
            session: "",
            body: {},
          });
      },
    },
  };
  (globalThis as { [key: symbol]: unknown })[Symbol.for("gatehouse.installed")] = installed;
  process.env.NEXTAUTH_URL = publicUrl;
  process.env.NEXT_TELEMETRY_DISABLED = "1";

  // A server that never listens: with the real one Next would take every upgrade for its own.
  const inert = createServer();
  const application = next({
    dev: options.development,
    dir: root,
    httpServer: inert,
    hostname: options.host,
    port: options.port,
  });
  await application.prepare();
  const handle = application.getRequestHandler();
  const nextUpgrade = options.development ? application.getUpgradeHandler() : null;
  const door = new SocketDoor(started.gateway, publicUrl, identify);
  const page: RequestListener = (request, response) => {
    tellLength(response);
    handle(request, response).catch((error: unknown) => {
      log(`page: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  };
  const upgrade: Upgrade = (request, socket, head) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path === "/socket") void door.upgrade(request, socket, head);
    else if (nextUpgrade !== null && path.startsWith("/_next/")) void nextUpgrade(request, socket, head);
    else socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
  };
  open = { page, upgrade };
  return {
    url: publicUrl,
    stop: async () => {
      door.close();
      server.closeAllConnections();
      server.close();
      await application.close();
    },
  };
}

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

const STARTING: { readonly page: RequestListener; readonly upgrade: Upgrade } = {
  page: (_request, response) => {
    response.writeHead(503, { "content-type": "text/plain; charset=utf-8", "retry-after": "1" });
    response.end("Gatehouse is starting; try again in a moment.");
  },
  upgrade: (_request, socket) => socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\r\n"),
};

/** Something that the operator has to mend; shown without a stack. */
export class ServeError extends Error {}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
      throw new ServeError(
        `port ${port} on ${host} is taken by another program; stop it, or choose another port (PORT, or --port of the demo)`,
      );
    }
    throw error;
  }
}
