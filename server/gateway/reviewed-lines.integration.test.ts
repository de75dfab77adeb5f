import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startHost } from "../../test/fixtures/host.ts";
import { PATIENT } from "../../test/fixtures/replicas.ts";
import { ann, as, bo, endsSoon, one, replicas, store, two, withReviewing, yes } from "../../test/fixtures/reviewing.ts";
import type { DemoHost } from "../demo/ssh-host.ts";
import type { OpenShellSession } from "./sessions.ts";

withReviewing();

describe("in a terminal", () => {
  let host: DemoHost;
  const principals = { groups: ["engineers"] };
  const resources = { targets: ["web-1"], programs: ["date"] };
  const review = { kind: "policy", id: "dates", effect: "review", principals, actions: ["shell:exec"], resources };
  beforeAll(async () => {
    const started = await startHost(replicas.folder, "web-1");
    host = started.host;
    const documents = [JSON.parse(started.target), { ...review, obligations: { reviewers: { groups: ["leads"] } } }];
    await one.gateway.context.configuration.apply(documents.map((each) => JSON.stringify(each)).join("\n---\n"), "test");
    await vi.waitFor(() => expect(two.gateway.context.configuration.set.targets.has("web-1")).toBe(true), 5_000);
  });
  afterAll(async () => {
    await one.gateway.context.configuration.remove("target", "web-1", "test");
    await host?.stop();
  });

  const where = (session: OpenShellSession, cwd = "/") => {
    const { home, user } = session.connection;
    return { cwd, home, user, environment: {} };
  };
  async function line(session: OpenShellSession, text: string, cwd?: string, onReview: (id: string) => void = () => undefined) {
    const submitted = await session.judge.submit(text, where(session, cwd), {
      waitForReview: onReview.length > 0,
      onReview: (review) => onReview(review.id),
      signal: new AbortController().signal,
      reason: "",
    });
    return submitted.allowed ? "allowed" : submitted.ended;
  }

  it("RV-10 a yes for minutes is for this exact line in its place", async () => {
    const session = await one.gateway.sessions.openShell(ann, "web-1");
    expect(await line(session, "date -u")).toBe("review");
    let id = "";
    const done = line(session, "date -u", "/", (review) => {
      id = review;
    });
    await expect.poll(() => id, PATIENT).not.toBe("");
    const { grant, shapeIsOpen } = await two.gateway.verbs.answerReview(as(bo, two), id, yes(10));
    expect(shapeIsOpen).toBe(false);
    expect(await done).toBe("allowed");
    expect(await line(session, "date -u")).toBe("allowed");
    expect(await line(session, "date  -u")).toBe("review");
    expect(await line(session, "date -u +%s")).toBe("review");
    expect(await line(session, "date -u", "/tmp")).toBe("review");
    await two.gateway.verbs.endGrant(as(bo, two), grant?.id ?? "");
    expect(await line(session, "date -u")).toBe("review");
    await session.close("done");
  });

  it("RV-22 a line that waited in a lost session goes on with its review: in its place, with the same requirements, once", async () => {
    const session = await one.gateway.sessions.openShell(ann, "web-1");
    const waits = (on: OpenShellSession, text: string, cwd?: string) => {
      const seen = { review: "", ended: "" };
      void line(on, text, cwd, (id) => {
        seen.review = id;
      }).then((ended) => {
        seen.ended = ended;
      });
      return seen;
    };
    const first = waits(session, "date -R");
    await expect.poll(() => first.review, PATIENT).not.toBe("");
    // As if its replica were gone.
    await store.query("UPDATE live_session SET replica = 'gone' WHERE id = $1", [session.id]);
    const other = await two.gateway.sessions.openShell(ann, "web-1");
    const elsewhere = waits(other, "date -R", "/tmp");
    await expect.poll(() => elsewhere.review, PATIENT).not.toBe("");
    expect(elsewhere.review).not.toBe(first.review);
    const again = waits(other, "date -R");
    await expect.poll(() => again.review, PATIENT).toBe(first.review);
    await two.gateway.verbs.answerReview(as(bo, two), first.review, yes());
    await expect.poll(() => [first.ended, again.ended], PATIENT).toEqual(["withdrawn", "allowed"]);
    // Where policy asks for more by now, it is another review.
    const second = waits(other, "date -I");
    await expect.poll(() => second.review, PATIENT).not.toBe("");
    await store.query("UPDATE live_session SET replica = 'gone' WHERE id = $1", [other.id]);
    const changed = async (document: object) => {
      const { version } = await one.gateway.context.configuration.apply(JSON.stringify(document), "test");
      await vi.waitFor(() => expect(two.gateway.context.configuration.set.version).toBeGreaterThanOrEqual(version), PATIENT);
    };
    const by = { reviewers: { groups: ["leads"] } };
    const policy = (approvals: number) => ({ ...review, obligations: { ...by, approvals } });
    await changed(policy(2));
    const third = await two.gateway.sessions.openShell(ann, "web-1");
    const more = waits(third, "date -I");
    await expect.poll(() => more.review, PATIENT).not.toBe("");
    expect(more.review).not.toBe(second.review);
    await changed(policy(1));
    await Promise.all([session, other, third].map((each) => each.close("done")));
    for (const review of [elsewhere.review, second.review, more.review])
      await one.gateway.verbs.withdrawReview(as(ann), review).catch(() => undefined);
  });

  it("RV-12 a program that was granted is interrupted when the grant ends", async () => {
    const session = await one.gateway.sessions.openShell(ann, "web-1");
    expect(await line(session, "sleep 30")).toBe("denied");
    const review = await one.gateway.verbs.requestAccess(as(ann), {
      target: "web-1",
      access: [{ action: "shell:exec", resource: "sleep" }],
      minutes: 5,
      reason: "",
    });
    const { grant } = await two.gateway.verbs.answerReview(as(bo, two), review.id, yes());
    await vi.waitFor(() => expect(one.gateway.context.standing.holds(grant?.id ?? "")).toBe(true), PATIENT);
    expect(await line(session, "sleep 30 | id")).toBe("denied");
    const interrupted = new Promise<string>((resolve) => session.onInterrupt(resolve));
    expect(await line(session, "sleep 30")).toBe("allowed");
    await endsSoon(grant?.id ?? "", "200 milliseconds");
    expect(await interrupted).toContain("no longer allowed");
    await session.close("done");
  });
});
