import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandsOf, withLines } from "../../components/recording/cast.ts";
import { startTestGateway } from "../../test/fixtures/gateway.ts";
import { principalOf } from "./principal-of.ts";
import { Recorder } from "./recorder.ts";

const CONFIGURATION = `
kind: policy
id: auditors
effect: permit
principals: { groups: [auditors] }
actions: ["audit:read"]
`;

let guarded: Awaited<ReturnType<typeof startTestGateway>>;
beforeAll(async () => {
  guarded = await startTestGateway({ shop: "SELECT 1", configuration: CONFIGURATION });
});
afterAll(() => guarded?.stop());

const as = (email: string, groups: readonly string[] = []) =>
  principalOf({ email, name: "", groups }, guarded.gateway.context.configuration.set);
const engineer = () => as("engineer@acme.test");
const bytes = (text: string) => new TextEncoder().encode(text);

let counter = 0;
function record(lost: (reason: string) => void = () => undefined) {
  counter += 1;
  const recorded = { principal: "engineer@acme.test", target: "web-1", environment: "prod", columns: 80, rows: 24 };
  return Recorder.open(guarded.gateway.context, { session: `session-${counter}`, ...recorded }, lost);
}

async function castOf(session: string) {
  let cast: ReturnType<typeof withLines> = null;
  for (let part = 0; ; part++) {
    const { text } = await guarded.gateway.verbs.recordingPart(engineer(), session, part);
    if (text === null) return cast;
    cast = withLines(cast, text);
  }
}

const AT_HOME = { cwd: "/home/deploy", home: "/home/deploy", user: "deploy", environment: {} };

test("what was shown is there again, characters cut in two too, in the order in which it came", async () => {
  const recorder = await record();
  const euro = bytes("€");
  recorder.command("echo €", AT_HOME);
  recorder.output(euro.subarray(0, 1));
  recorder.output(euro.subarray(1));
  recorder.resized(100, 30);
  for (let i = 0; i < 2_000; i++) recorder.output(bytes(`${i} ${"x".repeat(300)}\r\n`));
  recorder.exited(3);
  await recorder.close();
  const cast = await castOf(`session-${counter}`);
  const text = cast?.events
    .filter(([, code]) => code === "o")
    .map(([, , data]) => data)
    .join("");
  expect(text).toMatch(/^€0 x{300}\r\n1 x.*\r\n1999 x{300}\r\n$/s);
  expect(commandsOf(cast?.events ?? [])).toMatchObject([{ line: "echo €", end: { exitCode: 3 } }]);
  const item = (await guarded.gateway.verbs.recordings(engineer(), {})).recordings.find(
    ({ session }) => session === `session-${counter}`,
  );
  expect(item).toMatchObject({ commands: 1 });
  expect(item?.endedAt).not.toBeNull();
});

test("where a command was typed is kept, unless that is longer than anything it could show", async () => {
  const recorder = await record();
  recorder.command("echo $A", { ...AT_HOME, environment: { A: "1" } });
  recorder.exited(0);
  recorder.command("echo $B", { ...AT_HOME, environment: { B: "b".repeat(10_000) } });
  recorder.exited(0);
  await recorder.close();
  const cast = await castOf(`session-${counter}`);
  const places = cast?.events.filter(([, code]) => code === "p").map(([, , data]) => JSON.parse(data));
  expect(places).toEqual([{ cwd: "/home/deploy", environment: { A: "1" } }]);
  expect(commandsOf(cast?.events ?? []).map(({ line }) => line)).toEqual(["echo $A", "echo $B"]);
});

test("of one command's endless output the first 32 million characters are kept, and what is missing is said", async () => {
  const recorder = await record();
  const block = bytes("y\n".repeat(500_000));
  recorder.command("yes", AT_HOME);
  for (let i = 0; i < 34; i++) {
    recorder.output(block);
    await recorder.room();
  }
  recorder.exited(130);
  recorder.command("true", AT_HOME);
  recorder.output(bytes("after"));
  await recorder.close();
  const cast = await castOf(`session-${counter}`);
  expect(cast?.events.filter(([, code]) => code === "m").map(([, , data]) => data)).toEqual([
    "yes",
    "2000000 more characters were shown and are not kept",
    "true",
  ]);
  expect(cast?.events.at(-1)).toMatchObject({ 1: "o", 2: "after" });
}, 60_000);

describe("who may watch", () => {
  test("one's own, and others' with `audit:read`, which is on the record", async () => {
    const recorder = await record();
    recorder.output(bytes("hello"));
    await recorder.close();
    const session = `session-${counter}`;
    const other = as("other@acme.test");
    const auditor = as("auditor@acme.test", ["auditors"]);
    const { verbs } = guarded.gateway;
    await expect(verbs.recordingPart(other, session, 0)).rejects.toMatchObject({ code: "not-found" });
    await expect(verbs.verifyRecording(other, session)).rejects.toMatchObject({ code: "not-found" });
    expect((await verbs.recordings(other, { principal: "engineer@acme.test" })).recordings).toEqual([]);
    expect((await verbs.recordingPart(auditor, session, 0)).text).toContain("hello");
    expect((await verbs.recordings(auditor, { principal: "engineer@acme.test" })).recordings.length).toBeGreaterThan(0);
    const watched = await verbs.record(auditor, { type: "recording.watched", text: session, limit: 10 });
    expect(watched.items.map(({ principal }) => principal)).toEqual(["auditor@acme.test"]);
  });
});

describe("a recording that was changed", () => {
  test.each([
    [
      "another text",
      async (session: string) => {
        const other = gzipSync('[0.1, "o", "nothing happened"]\n');
        await guarded.store.query("UPDATE recording_chunk SET data = $2 WHERE session = $1 AND seq = 0", [session, other]);
      },
    ],
    ["a part less", (session: string) => guarded.store.query("DELETE FROM recording_chunk WHERE session = $1", [session])],
    [
      "a part more",
      (session: string) =>
        guarded.store.query("INSERT INTO recording_chunk SELECT session, seq + 1, data FROM recording_chunk WHERE session = $1", [
          session,
        ]),
    ],
    ["another sum", (session: string) => guarded.store.query("UPDATE recording SET digest = 'x' WHERE session = $1", [session])],
  ])("%s is seen", async (_what, change) => {
    const recorder = await record();
    const session = `session-${counter}`;
    recorder.output(bytes("hello"));
    expect((await guarded.gateway.verbs.verifyRecording(engineer(), session)).verdict).toBe("not-closed");
    await recorder.close();
    expect((await guarded.gateway.verbs.verifyRecording(engineer(), session)).verdict).toBe("intact");
    await change(session);
    expect((await guarded.gateway.verbs.verifyRecording(engineer(), session)).verdict).toBe("broken");
  });
});

describe("a store that takes nothing", () => {
  test("for a moment: nothing is lost", async () => {
    const reasons: string[] = [];
    const recorder = await record((reason) => reasons.push(reason));
    await guarded.store.query("ALTER TABLE recording_chunk RENAME TO away");
    recorder.output(bytes("before"));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await guarded.store.query("ALTER TABLE away RENAME TO recording_chunk");
    await recorder.close();
    expect(reasons).toEqual([]);
    expect((await castOf(`session-${counter}`))?.events.map(([, , data]) => data)).toEqual(["before"]);
  });

  test("for longer: the session has to end, and who waits for room is let go", async () => {
    const lost = new Promise<string>((resolve) => {
      void record(resolve).then(async (recorder) => {
        await guarded.store.query("ALTER TABLE recording_chunk RENAME TO away");
        recorder.output(bytes("x".repeat(5_000_000)));
        recorder.output(bytes("x".repeat(5_000_000)));
        await recorder.room();
      });
    });
    expect(await lost).toBe("the recording cannot be written");
    await guarded.store.query("ALTER TABLE away RENAME TO recording_chunk");
  }, 30_000);

  test("at the end: the record does not say that it is whole", async () => {
    const recorder = await record();
    recorder.output(bytes("kept"));
    await expect.poll(async () => (await castOf(`session-${counter}`))?.events.length).toBe(1);
    await guarded.store.query("ALTER TABLE recording_chunk RENAME TO away");
    recorder.output(bytes("not kept"));
    await recorder.close();
    await guarded.store.query("ALTER TABLE away RENAME TO recording_chunk");
    expect((await guarded.gateway.verbs.verifyRecording(engineer(), `session-${counter}`)).verdict).toBe("not-closed");
  }, 30_000);

  test("from the start: there is no recording, so there is no session", async () => {
    await guarded.store.query("ALTER TABLE recording RENAME TO away");
    await expect(record()).rejects.toMatchObject({ code: "unavailable" });
    await guarded.store.query("ALTER TABLE away RENAME TO recording");
  });
});
