import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startTestGateway } from "../../test/fixtures/gateway.ts";
import type { ClientMessage, ServerMessage } from "../contract/socket.ts";
import { type DemoHost, startDemoHost } from "../demo/ssh-host.ts";
import { SocketDoor } from "./door.ts";

/** A browser's connection that breaks, over a real socket to a real host. */

const CONFIGURATION = `
kind: policy
id: all
effect: permit
principals: { everyone: true }
actions: ["target:connect", "shell:exec", "file:read"]
`;
let guarded: Awaited<ReturnType<typeof startTestGateway>>;
let host: DemoHost;
let server: Server;
let door: SocketDoor;
let url = "";

beforeAll(async () => {
  guarded = await startTestGateway({ shop: "SELECT 1", configuration: CONFIGURATION });
  host = await startDemoHost({ folder: guarded.folder, log: () => undefined });
  const ssh = { host: host.host, port: host.port, user: host.user, hostKey: host.hostKey, privateKey: { env: "TEST_HOST_KEY" } };
  process.env.TEST_HOST_KEY = await readFile(host.privateKeyFile, "utf8");
  const target = {
    kind: "target",
    id: "web-1",
    type: "ssh",
    environment: "dev",
    labels: { "gatehouse.path": host.programs },
    ssh,
  };
  await guarded.gateway.context.configuration.apply(JSON.stringify(target), "test");
  server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;
  door = new SocketDoor(guarded.gateway, url, (cookies) => guarded.gateway.context.signIns.find(cookies ?? ""));
  server.on("upgrade", (request, socket, head) => void door.upgrade(request, socket, head));
});
afterAll(async () => {
  delete process.env.TEST_HOST_KEY;
  door?.close();
  server?.close();
  await host?.stop();
  await guarded?.stop();
});

async function signIn(email = "engineer@acme.test"): Promise<string> {
  const person = { email, name: "", groups: [], attributes: {} };
  return (await guarded.gateway.context.signIns.create(person, 600_000)).sid;
}

async function browser(sid: string) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/socket`, { headers: { cookie: sid, origin: url } });
  const messages: ServerMessage[] = [];
  let shown = "";
  let channel = 0;
  socket.on("message", (data: Buffer, binary) => {
    if (!binary) return void messages.push(JSON.parse(data.toString()));
    channel = data.readUInt32BE(0);
    shown += data.subarray(4).toString();
  });
  await once(socket, "open");
  const found = <Type extends ServerMessage["type"]>(type: Type) =>
    messages.findLast((message): message is Extract<ServerMessage, { type: Type }> => message.type === type);
  return {
    socket,
    found,
    shown: () => shown,
    send: (message: ClientMessage) => socket.send(JSON.stringify(message)),
    keys: (text: string) => {
      const frame = Buffer.alloc(4 + Buffer.byteLength(text));
      frame.writeUInt32BE(channel, 0);
      frame.write(text, 4);
      socket.send(frame);
    },
    resume: async (session: string) => {
      messages.length = 0;
      socket.send(JSON.stringify({ type: "session.resume", request: "r", session, target: "web-1", columns: 90, rows: 30 }));
      await expect.poll(() => found("session.opened") ?? found("session.refused"), { timeout: 8_000 }).toBeDefined();
      return found("session.opened");
    },
  };
}

/** A terminal in which a program runs that says `alive` every half second. */
async function running(sid: string) {
  const first = await browser(sid);
  first.send({ type: "session.open", request: "o", target: "web-1", kind: "terminal", columns: 80, rows: 24 });
  await expect.poll(() => first.found("session.opened"), { timeout: 10_000 }).toBeDefined();
  await expect.poll(first.shown).toContain("$ ");
  first.keys("while sleep 0.5; do echo alive; done\r");
  await expect.poll(first.shown, { timeout: 10_000 }).toMatch(/alive\r\n/);
  const session = first.found("session.opened")?.session ?? "";
  return { first, session };
}

const count = (text: string) => text.split("alive\r\n").length - 1;

describe("a terminal whose socket is gone", () => {
  test("goes on in the next one of the same sign-in, with what was shown, and keys reach it", async () => {
    const sid = await signIn();
    const { first, session } = await running(sid);
    first.socket.terminate();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const second = await browser(sid);
    expect(await second.resume(session)).toMatchObject({ session, resumed: true });
    await expect.poll(() => count(second.shown())).toBeGreaterThanOrEqual(3);
    expect(second.shown()).toContain("while sleep 0.5");
    // Who watches is said in the new one, too.
    expect(second.found("session.watched")).toMatchObject({ watchers: [], paused: false });
    expect(second.found("session.glass")).toMatchObject({ asked: null, broken: [] });
    expect(second.found("terminal.state")).toMatchObject({ running: true });
    expect(second.found("terminal.block")?.block).toMatchObject({ line: "while sleep 0.5; do echo alive; done", ended: null });
    second.keys("\u0003");
    await expect.poll(() => second.found("terminal.state")?.running, { timeout: 8_000 }).toBe(false);
    second.send({ type: "session.close", session });
    second.socket.close();
  });

  test("is not another's: not another person's, nor another sign-in's of the same person", async () => {
    const sid = await signIn();
    const { first, session } = await running(sid);
    first.socket.terminate();
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const other of [await signIn("other@acme.test"), await signIn()]) {
      const thief = await browser(other);
      expect(await thief.resume(session)).toBeUndefined();
      expect(thief.shown()).not.toContain("alive");
      thief.socket.close();
    }
    const owner = await browser(sid);
    expect(await owner.resume(session)).toBeDefined();
    owner.socket.close();
  });

  test("is not taken out of a browser that still has it", async () => {
    const sid = await signIn();
    const { first, session } = await running(sid);
    const second = await browser(sid);
    expect(await second.resume(session)).toBeUndefined();
    const before = count(first.shown());
    await expect.poll(() => count(first.shown())).toBeGreaterThan(before);
    second.socket.close();
    first.socket.close();
  }, 20_000);

  test("P6 ends with its sign-in, and when policy no longer lets it connect", async () => {
    for (const end of [
      (sid: string) => guarded.gateway.context.signIns.revoke(sid),
      () =>
        guarded.gateway.context.configuration.apply(
          "kind: policy\nid: no-host\neffect: forbid\nprincipals: { everyone: true }\nactions: [target:connect]\nresources: { targets: [web-1] }\n",
          "test",
        ),
    ]) {
      const sid = await signIn();
      const { first, session } = await running(sid);
      first.socket.terminate();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await end(sid);
      const ended = async () =>
        (await guarded.store.query("SELECT FROM audit_event WHERE type = 'session.closed' AND payload LIKE $1", [`%${session}%`]))
          .rowCount;
      await expect.poll(ended, { timeout: 5_000 }).toBe(1);
      const left = await guarded.store.query("SELECT ended_at FROM recording WHERE session = $1", [session]);
      expect(left.rows[0].ended_at).not.toBeNull();
    }
  }, 30_000);
});
