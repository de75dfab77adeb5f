import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway } from "../../test/fixtures/gateway.ts";
import { startHost } from "../../test/fixtures/host.ts";
import type { DemoHost } from "../demo/ssh-host.ts";
import { Completion } from "./completion.ts";
import type { OpenShellSession } from "./sessions.ts";
import { TerminalPlace } from "./terminal-place.ts";

/** Tab against a real host through the real choke point. */

const CONFIGURATION = `
kind: policy
id: look
effect: permit
principals: { groups: [engineers, guests] }
actions: ["target:connect", "file:read"]
---
kind: policy
id: units
effect: permit
principals: { groups: [engineers] }
actions: ["shell:exec"]
resources: { programs: [systemctl, ls] }
when: 'command.program == "ls" || command.subcommand == "list-units"'
---
kind: policy
id: programs-are-secret
effect: forbid
principals: { groups: [guests] }
actions: ["file:read"]
resources: { paths: ["/usr/bin", "/usr/sbin", "/bin", "/sbin"] }
`;
let guarded: Awaited<ReturnType<typeof startTestGateway>>;
let host: DemoHost;

beforeAll(async () => {
  guarded = await startTestGateway({ shop: "SELECT 1", configuration: CONFIGURATION });
  const started = await startHost(guarded.folder, "web-1");
  host = started.host;
  await guarded.gateway.context.configuration.apply(started.target, "test");
});
afterAll(async () => {
  await host?.stop();
  await guarded?.stop();
});

const open = (group: string) =>
  guarded.gateway.sessions.openShell({ email: `${group}@acme.test`, name: group, groups: [group] }, "web-1");
const completionIn = ({ connection, judge }: OpenShellSession) =>
  new Completion({
    place: new TerminalPlace(connection),
    connection,
    judge,
    mask: { detectors: [], secrets: [] },
    now: () => performance.now(),
  });
const events = async (session: string) => {
  const page = await guarded.gateway.context.record.page({ text: session, limit: 100 });
  return page.items.flatMap(({ entry }) => {
    const { type, body } = JSON.parse(entry.payload) as { type: string; body: { statement?: string; exitCode?: number } };
    return type.startsWith("statement") ? [[type, body.statement ?? body.exitCode]] : [];
  });
};

describe("Tab through the gateway", () => {
  test("what the host is asked is on the record with its decision and its end, once", async () => {
    const session = await open("engineers");
    const completion = completionIn(session);
    expect(await completion.of("systemctl restart s")).toEqual({ insert: "hop-api.service ", names: [] });
    expect(await completion.of("systemctl stop shop-")).toEqual({ insert: "api.service ", names: [] });
    expect(await events(session.id)).toEqual([
      ["statement.executed", 0],
      ["statement.decided", "systemctl list-units --all --plain --no-legend --no-pager 2>/dev/null # for Tab"],
    ]);
    await session.close("done");
  });

  test("who may not run the question gets no answer, and a key leaves no denial on the record", async () => {
    const session = await open("guests");
    const completion = completionIn(session);
    for (const before of ["systemctl restart s", "git checkout ", "docker logs ", "cat /etc/pass", "journalc"])
      expect(await completion.of(before), before).toEqual({ insert: "", names: [] });
    // The gateway's own words are nobody's secret.
    expect(await completion.of("pus")).toEqual({ insert: "hd ", names: [] });
    expect(await events(session.id)).toEqual([]);
    await session.close("done");
  });

  test("who may not list a folder learns nothing of it from the verdict while typing", async () => {
    const where = { cwd: host.home, home: host.home, user: host.user, environment: {} };
    const guest = await open("guests");
    expect(await guest.judge.judgeInPlace("cat shop-api/*.json", where)).toBeNull();
    await guest.close("done");
    const session = await open("engineers");
    expect(await session.judge.judgeInPlace("cat shop-api/*.json", where)).not.toBeNull();
    expect(await session.judge.judgeInPlace("cat */*.json", where)).toBeNull();
    await session.close("done");
  });

  test("what runs beside does not take the place of what the person runs", async () => {
    const session = await open("engineers");
    const where = { cwd: host.home, home: host.home, user: host.user, environment: {} };
    const submitted = await session.judge.submit("ls", where, {
      waitForReview: false,
      onReview: () => undefined,
      signal: new AbortController().signal,
      reason: "",
    });
    expect(submitted.allowed).toBe(true);
    await session.judge.aside("systemctl list-units", where);
    await guarded.gateway.context.configuration.apply(
      "kind: policy\nid: no-ls\neffect: forbid\nprincipals: { everyone: true }\nactions: ['shell:exec']\nresources: { programs: [ls] }\n",
      "test",
    );
    expect(session.judge.mayGoOn()).toBe(false);
    await guarded.gateway.context.configuration.remove("policy", "no-ls", "test");
    await session.close("done");
  });
});
