import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startHost } from "../../test/fixtures/host.ts";
import { PATIENT, type Replicas, startReplicas } from "../../test/fixtures/replicas.ts";
import { terminalOf } from "../../test/fixtures/terminal.ts";
import type { WatchFrame } from "../contract/watch.ts";
import type { DemoHost } from "../demo/ssh-host.ts";
import type { Person } from "./sessions.ts";
import type { OpenWatch } from "./watches.ts";

/** `policies/break-glass.yaml` as it is shipped, on a real host: a raw shell from the wish to the end. */
let replicas: Replicas;
let host: DemoHost;
const ann: Person = { email: "ann@acme.test", name: "Ann", groups: ["engineers", "break-glass"] };
const bo: Person = { email: "bo@acme.test", name: "Bo", groups: ["sre-leads"] };
const cy: Person = { email: "cy@acme.test", name: "Cy", groups: ["sre-leads"] };
/** Leads who may not answer. */
const onCall: Person = { email: "dee@acme.test", name: "Dee", groups: ["sre-leads", "break-glass"] };
const second: Person = { email: "Ann+lead@acme.test", name: "Ann", groups: ["sre-leads"] };

beforeAll(async () => {
  replicas = await startReplicas({
    configuration: await readFile("policies/break-glass.yaml", "utf8"),
    shop: "CREATE TABLE orders (id int)",
  });
  const started = await startHost(replicas.folder, "web-1");
  host = started.host;
  await replicas.apply(started.target);
});
afterAll(async () => {
  await host?.stop();
  await replicas?.stop();
});

const answer = (person: Person, id: string) =>
  replicas.two.gateway.verbs.answerReview(replicas.as(person, replicas.two), id, {
    verdict: "approve",
    comment: "",
    minutes: null,
    hold: null,
  });
const open = () => replicas.one.gateway.sessions.openShell(ann, "web-1");
async function watch(person: Person, session: string): Promise<OpenWatch & { readonly shown: () => string }> {
  let shown = "";
  const frames = (more: readonly WatchFrame[]): void => {
    for (const frame of more) if (frame.type === "output") shown += Buffer.from(frame.bytes, "base64").toString();
  };
  const opened = await replicas.two.gateway.watches.start(person, session, { frames, ended: () => undefined });
  return { ...opened, shown: () => shown };
}
/** The review that the line in the terminal waits for. */
async function reviewOf(session: string): Promise<string> {
  const found = async () => (await replicas.two.gateway.reviews.list("open")).find((each) => each.session === session)?.id ?? "";
  await expect.poll(found, PATIENT).not.toBe("");
  return found();
}
/** How many processes on the host have that in their command line. */
const processes = (mark: string): number =>
  execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(mark)).length;

describe("a raw shell by the ready-made set", () => {
  it("takes two others and a watcher, says what it is, and is ended by the watcher", async () => {
    const session = await open();
    const { terminal, keys, screen, running } = terminalOf(session);
    const ended = new Promise<string>((resolve) => session.onEnded(resolve));
    keys("raw-shell\r");
    const review = await reviewOf(session.id);
    for (const [person, because] of [
      [ann, "your own"],
      [second, "your own"],
      [onCall, "there is no such review"],
    ] as const)
      await expect(answer(person, review)).rejects.toThrow(because);
    await answer(bo, review);
    await expect(answer(bo, review)).rejects.toThrow("you have answered it already");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(running).not.toContain(true);
    await answer(cy, review);
    // Approved, and nobody watches: the grant is not spent yet.
    await expect.poll(screen, PATIENT).toContain("somebody has to watch");
    expect(await replicas.recorded("grant.used", review)).toEqual([]);
    await expect(watch(second, session.id)).rejects.toMatchObject({ code: "forbidden" });
    const watcher = await watch(bo, session.id);
    await expect.poll(screen, PATIENT).toMatch(/RAW SHELL/);
    await expect.poll(() => running.at(-1), PATIENT).toBe(true);
    expect(await replicas.recorded("grant.used", review)).toMatchObject([{ approvedBy: [bo.email, cy.email] }]);
    keys("echo six$((3*2)); sleep 4711 & sleep 4711\r");
    await expect.poll(screen, PATIENT).toContain("six6");
    await expect.poll(watcher.shown, PATIENT).toContain("six6");
    await expect.poll(() => processes("sleep 4711"), PATIENT).toBe(2);
    await replicas.two.gateway.verbs.terminateSession(replicas.as(bo, replicas.two), session.id, "that is enough");
    expect(await ended).toBe("bo@acme.test ended it: that is enough");
    terminal.close();
    await expect.poll(() => processes("sleep 4711"), PATIENT).toBe(0);
    expect(await replicas.recorded("session.terminated", session.id)).toMatchObject([
      { reason: "that is enough", of: ann.email },
    ]);
    // The yes was for one shell.
    const again = await open();
    const next = terminalOf(again);
    next.keys("raw-shell\r");
    expect(await reviewOf(again.id)).not.toBe(review);
    next.terminal.close();
    await again.close("done");
  });

  it("ends when the last watcher has left, with what runs in it", async () => {
    const session = await open();
    const { terminal, keys, screen, running } = terminalOf(session);
    keys("raw-shell\r");
    const review = await reviewOf(session.id);
    await answer(bo, review);
    await answer(cy, review);
    const watcher = await watch(cy, session.id);
    await expect.poll(() => running.at(-1), PATIENT).toBe(true);
    keys("echo ready$((1+1)); sleep 4712\r");
    await expect.poll(screen, PATIENT).toContain("ready2");
    await expect.poll(() => processes("sleep 4712"), PATIENT).toBe(1);
    await watcher.stop();
    await expect.poll(() => running.at(-1), PATIENT).toBe(false);
    expect(screen()).toContain("somebody has to watch this command, and nobody watched any more");
    await expect.poll(() => processes("sleep 4712"), PATIENT).toBe(0);
    terminal.close();
    await session.close("done");
  });

  it("is not to be had without the group, nor by a yes of one", async () => {
    const plain: Person = { ...ann, groups: ["engineers"] };
    await expect(replicas.one.gateway.sessions.openShell(plain, "web-1")).rejects.toMatchObject({ code: "forbidden" });
    const session = await open();
    const { terminal, keys, screen, running } = terminalOf(session);
    keys("raw-shell\r");
    const review = await reviewOf(session.id);
    await answer(bo, review);
    await replicas.store.query("UPDATE review SET expires_at = now() WHERE id = $1", [review]);
    await expect.poll(screen, PATIENT).toContain("nobody answered in time");
    expect(running).not.toContain(true);
    terminal.close();
    await session.close("done");
  });
});
