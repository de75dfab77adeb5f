import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { type PostgresTarget, Target } from "../../core/domain/configuration.ts";
import { TargetUnreachable } from "../../gateway/ports.ts";
import { connectClient } from "./driver.ts";
import { whyNotServer } from "./server-version.ts";

test.each(["13.23", "14.0", "15.18 (Debian 15.18-0+deb12u1)", "16rc1", "17.10", "18.4", "18beta2"])(
  "P1 %s is a server that is known",
  (reported) => {
    expect(whyNotServer(reported)).toBeNull();
  },
);

test.each([
  ["12.22", "is PostgreSQL 12: what is guarded is PostgreSQL 13 to 18"],
  ["9.6.24", "says that it is `9.6.24`: what is guarded is PostgreSQL 13 to 18"],
  ["19beta1", "is PostgreSQL 19, which this version does not know: what is guarded is PostgreSQL 13 to 18"],
  ["19.1", "is PostgreSQL 19, which this version does not know: what is guarded is PostgreSQL 13 to 18"],
  ["13.0.0", "says that it is `13.0.0`: what is guarded is PostgreSQL 13 to 18"],
  ["15.2-YB-2.25.0.0-b0", "says that it is `15.2-YB-2.25.0.0-b0`: what is guarded is PostgreSQL 13 to 18"],
  ["8.0.2", "says that it is `8.0.2`: what is guarded is PostgreSQL 13 to 18"],
  ["", "says that it is ``: what is guarded is PostgreSQL 13 to 18"],
  [null, "says that it is `nothing`: what is guarded is PostgreSQL 13 to 18"],
])("P1 %s is refused", (reported, expected) => {
  expect(whyNotServer(reported)).toBe(expected);
});

/** Lets everyone in as a server of that version, and answers nothing more. */
async function serverThatSays(version: string) {
  const message = (type: string, body: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    return Buffer.concat([Buffer.from(type), length, body]);
  };
  const welcome = Buffer.concat([
    message("R", Buffer.alloc(4)),
    message("S", Buffer.from(`server_version\0${version}\0`)),
    message("K", Buffer.alloc(8)),
    message("Z", Buffer.from("I")),
  ]);
  const server = createServer((socket) => {
    socket.once("data", () => socket.write(welcome));
    socket.on("error", () => {});
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return { port: (server.address() as AddressInfo).port, stop: () => server.close() };
}

test.each([
  ["19.1", "`shop` (127.0.0.1:PORT) is PostgreSQL 19, which this version does not know: what is guarded is PostgreSQL 13 to 18"],
  ["17.10", null],
])("P1 a connection to %s", async (version, refusal) => {
  const { port, stop } = await serverThatSays(version);
  const postgres = { host: "127.0.0.1", port, database: "shop", user: "gw", tls: "disable" };
  const target = Target.parse({ kind: "target", id: "shop", type: "postgres", environment: "prod", postgres }) as PostgresTarget;
  const login = { target, password: null, applicationName: "test" };
  const ended = await connectClient(login).then(
    async (client) => {
      await client.end();
      return null;
    },
    (error: unknown) => (error instanceof TargetUnreachable ? error.message.replace(String(port), "PORT") : error),
  );
  stop();
  expect(ended).toBe(refusal);
});
