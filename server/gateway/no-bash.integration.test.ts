import { afterAll, beforeAll, expect, it } from "vitest";
import { keys, startTestGateway } from "../../test/fixtures/gateway.ts";
import { PATIENT } from "../../test/fixtures/replicas.ts";
import { startSmallHost } from "../../test/fixtures/small-host.ts";
import { terminalOf } from "../../test/fixtures/terminal.ts";
import { seal } from "../adapter/secret/secret-store.ts";

const CONFIGURATION = `
kind: policy
id: engineers
effect: permit
principals: { groups: [engineers] }
actions: ["target:connect", "shell:exec", "file:read"]
`;

let started: Awaited<ReturnType<typeof startTestGateway>>;
let host: Awaited<ReturnType<typeof startSmallHost>>;

beforeAll(async () => {
  host = await startSmallHost({ line: (line) => line.replaceAll("/bin/bash", "/bin/no-bash") });
  started = await startTestGateway({ shop: "SELECT 1", configuration: CONFIGURATION });
  const { ssh, ...rest } = host.target;
  const target = { ...rest, ssh: { ...ssh, password: seal(host.credential.password, keys.seal) } };
  await started.gateway.context.configuration.apply(JSON.stringify(target), "test");
});

afterAll(async () => {
  await started?.stop();
  await host?.stop();
});

it("a terminal on a host without bash says so, runs what every sh reads, and refuses the rest", async () => {
  const person = { email: "ann@acme.test", name: "Ann", groups: ["engineers"] };
  const session = await started.gateway.sessions.openShell(person, "small");
  const { keys: type, screen, terminal } = terminalOf(session);
  await expect.poll(screen, PATIENT).toContain("This host has no bash.");
  type('for n in 1 2; do echo "<$((n + 40))>"; done\r');
  await expect.poll(screen, PATIENT).toContain("<42>");
  type("[[ -d / ]] && echo ran-it\r");
  await expect.poll(screen, PATIENT).toContain("`[[ … ]]` is bash's, and this host has only `sh`");
  type("f=/etc/hostname; $d declare f=/tmp; echo $f\r");
  await expect.poll(screen, PATIENT).toContain("`declare` in a text for `sh`");
  expect(screen()).not.toMatch(/^(ran-it|\/etc\/hostname)\r$/m);
  terminal.close();
  await session.close("done");
});
