import type { TargetItem } from "../contract/http.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { Review } from "../core/domain/review.ts";
import { permits } from "../core/policy/index.ts";
import { requestAccess } from "./access.ts";
import { mayUse, requireUse } from "./application.ts";
import { blastRadius } from "./blast-radius.ts";
import { FileTransfers } from "./file-transfers.ts";
import type { GatewayVerbs } from "./gateway.ts";
import { LiveConfiguration } from "./live-configuration.ts";
import { maskPreview } from "./mask-preview.ts";
import { NewestFirst } from "./newest-first.ts";
import { Outbox } from "./outbox.ts";
import { changePerson } from "./people.ts";
import type { Context, GatewayPorts } from "./ports-of-gateway.ts";
import { Presence } from "./presence.ts";
import { recordPage, verifyRecord } from "./record.ts";
import { listRecordings, recordingPart, verifyRecording } from "./recordings.ts";
import { Retention } from "./retention.ts";
import { reviewContext } from "./review-context.ts";
import { Reviews } from "./reviews.ts";
import { connectDecision, Sessions } from "./sessions.ts";
import { Standing } from "./standing.ts";
import { targetTree } from "./tree.ts";
import { VerbError } from "./verb-error.ts";
import { Watches } from "./watches.ts";

/** One process's gateway: the verbs for pages and command line, and the live parts for sockets. */
export interface Gateway {
  readonly context: Context;
  readonly verbs: GatewayVerbs;
  readonly reviews: Reviews;
  readonly sessions: Sessions;
  readonly watches: Watches;
  close(): Promise<void>;
}

export async function createGateway(ports: GatewayPorts): Promise<Gateway> {
  const configuration = await LiveConfiguration.load(ports);
  // Spread would lose accessors of class instances held in it, but ports are plain holders of them.
  const standing = await Standing.load(ports);
  const context: Context = { ...ports, configuration, standing };
  const reviews = new Reviews(context);
  const presence = await Presence.start(context);
  const sessions = new Sessions(context, reviews, presence);
  const watches = new Watches(context, presence);
  const outbox = ports.publicUrl === null ? null : new Outbox(context, ports.publicUrl);
  const retention = ports.recordingDays === null ? null : new Retention(context, ports.recordingDays);
  return {
    context,
    reviews,
    sessions,
    watches,
    verbs: verbsOf(context, reviews, watches, new FileTransfers(context, reviews, sessions)),
    close: async () => {
      await sessions.closeAll("Gatehouse is stopping");
      await watches.close();
      await outbox?.close();
      await retention?.close();
      await presence.close();
      reviews.close();
      standing.close();
    },
  };
}

function verbsOf(context: Context, reviews: Reviews, watches: Watches, files: FileTransfers): GatewayVerbs {
  const { configuration } = context;
  const now = (): number => context.clock.now();
  /** People for whom rows are counted now. */
  const counting = new NewestFirst();
  return {
    me: (principal) => ({
      id: principal.id,
      name: principal.name,
      groups: principal.groups,
      may: {
        resolveReviews: mayResolveSome(context, principal),
        watchSessions: maySome(context, principal, "session:watch"),
        readConfiguration: mayUse(configuration.set, principal, "admin:read", now()),
        writeConfiguration: mayUse(configuration.set, principal, "admin:write", now()),
        readRecord: mayUse(configuration.set, principal, "audit:read", now()),
      },
      policyVersion: configuration.set.version,
    }),
    targets: (principal) =>
      [...configuration.set.targets.values()].map(
        (target): TargetItem => ({
          id: target.id,
          type: target.type,
          environment: target.environment,
          labels: target.labels,
          description: target.description ?? "",
          may: connectDecision(context, principal, target).outcome === "allow",
        }),
      ),
    tree: async (principal, id) => {
      const target = configuration.set.targets.get(id);
      if (target === undefined || connectDecision(context, principal, target).outcome !== "allow")
        throw new VerbError("not-found", `there is no target \`${id}\` that you may connect to`);
      if (target.type !== "postgres") return { target: id, tables: [] };
      try {
        return await targetTree(context, principal, target);
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "target-unreachable")
          throw new VerbError("unavailable", error.message);
        throw error;
      }
    },
    reviews: async (principal, state) => {
      const all = await reviews.list(state);
      return {
        reviews: all.filter((review) => maySee(reviews, principal, review)).map((review) => reviews.wire(principal, review)),
      };
    },
    review: async (principal, id) => reviews.wire(principal, await seen(reviews, principal, id)),
    answerReview: async (principal, id, answer) => {
      await seen(reviews, principal, id);
      return reviews.wire(principal, await reviews.answer(principal, id, answer));
    },
    commentReview: async (principal, id, text) => {
      await seen(reviews, principal, id);
      return reviews.wire(principal, await reviews.comment(principal, id, text));
    },
    escalateReview: async (principal, id, group) => {
      await seen(reviews, principal, id);
      return reviews.wire(principal, await reviews.escalate(principal, id, group));
    },
    withdrawReview: async (principal, id) => {
      await seen(reviews, principal, id);
      return reviews.wire(principal, await reviews.withdraw(principal, id));
    },
    reviewContext: async (principal, id) =>
      reviewContext(context, await seen(reviews, principal, id), (review) => maySee(reviews, principal, review)),
    blastRadius: async (principal, id) => {
      const review = await seen(reviews, principal, id);
      // Whoever only waits for the answer has no business with other people's rows.
      if (review.state.state !== "open" || reviews.counts(principal, review).length === 0)
        throw new VerbError("conflict", "rows are counted for those who are to answer");
      try {
        const report = await counting.run(principal.id, () => blastRadius(context, reviews, principal, review));
        if (report === null) throw new VerbError("conflict", "another review was looked at since");
        return report;
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "target-unreachable")
          throw new VerbError("unavailable", error.message);
        throw error;
      }
    },
    settleRun: async (principal, id, { verdict }) => reviews.wire(principal, await reviews.runs.settle(principal, id, verdict)),
    foundRun: async (principal, id, { ran, note }) => reviews.wire(principal, await reviews.runs.found(principal, id, ran, note)),
    sessions: async (principal) => ({ sessions: await watches.list(principal) }),
    commentSession: (principal, id, text) => watches.comment(principal, id, text),
    terminateSession: (principal, id, reason) => watches.terminate(principal, id, reason),
    requestAccess: async (principal, body) => reviews.wire(principal, await requestAccess(context, reviews, principal, body)),
    endGrant: async (principal, id) => reviews.wire(principal, await reviews.endGrant(principal, id)),
    people: async (principal) => {
      requireUse(configuration.set, principal, "admin:read", now(), "people");
      return { people: await context.people.list() };
    },
    changePerson: async (principal, body) => {
      requireUse(configuration.set, principal, "admin:write", now(), "people");
      await changePerson(context, principal, body);
      return { people: await context.people.list() };
    },
    deadNotifications: async (principal) => {
      requireUse(configuration.set, principal, "admin:read", now(), "notifications");
      const dead = await context.notifications.dead();
      return {
        dead: dead.map(({ id, channel, attempts, error, at, body }) => ({
          id,
          channel,
          attempts,
          error,
          at,
          review: typeof body.review === "string" ? body.review : null,
        })),
      };
    },
    retryNotification: async (principal, id) => {
      requireUse(configuration.set, principal, "admin:write", now(), "notifications");
      if (!/^[0-9]{1,18}$/.test(id) || !(await context.notifications.retry(id)))
        throw new VerbError("not-found", "there is no such notification among those that were given up");
    },
    configuration: async (principal) => {
      requireUse(configuration.set, principal, "admin:read", now());
      return configuration.list();
    },
    validateConfiguration: async (principal, body) => {
      requireUse(configuration.set, principal, "admin:read", now());
      return configuration.apply(body.yaml, principal.id, { dryRun: true });
    },
    previewMask: async (principal, body) => {
      requireUse(configuration.set, principal, "admin:write", now());
      const draft = await configuration.draft(body.yaml);
      if (draft.kind !== "mask") throw new VerbError("invalid", "only a mask can be tried on rows");
      try {
        return await maskPreview(context, reviews, principal, draft, body);
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "target-unreachable")
          throw new VerbError("unavailable", error.message);
        throw error;
      }
    },
    saveConfiguration: async (principal, body) => {
      requireUse(configuration.set, principal, "admin:write", now());
      return configuration.apply(body.yaml, principal.id, { expectedVersion: body.expectedVersion });
    },
    deleteConfiguration: async (principal, kind, id) => {
      requireUse(configuration.set, principal, "admin:write", now());
      return configuration.remove(kind, id, principal.id);
    },
    record: async (principal, query) => {
      requireUse(configuration.set, principal, "audit:read", now());
      return recordPage(context, query);
    },
    files: (principal, session, path) => files.list(principal, session, path),
    askFile: (principal, session, body) => files.ask(principal, session, body),
    fileContent: (principal, ticket, rest) => files.content(principal, ticket, rest),
    putFile: (principal, ticket, offset, bytes) => files.put(principal, ticket, offset, bytes),
    recordings: (principal, query) => listRecordings(context, principal, query),
    recordingPart: (principal, session, part) => recordingPart(context, principal, session, part),
    verifyRecording: (principal, session) => verifyRecording(context, principal, session),
    verifyRecord: async (principal) => {
      requireUse(configuration.set, principal, "audit:read", now());
      return verifyRecord(context);
    },
  };
}

async function seen(reviews: Reviews, principal: Principal, id: string): Promise<Review> {
  const review = await reviews.find(id);
  if (!maySee(reviews, principal, review)) throw new VerbError("not-found", "there is no such review");
  return review;
}

/** A review is seen by its requester and by those who could answer it. */
function maySee(reviews: Reviews, principal: Principal, review: Review): boolean {
  return (
    review.requester === principal.id ||
    review.answers.some((answer) => answer.by === principal.id) ||
    reviews.counts(principal, review).length > 0
  );
}

function mayResolveSome(context: Context, principal: Principal): boolean {
  const { set } = context.configuration;
  const named = set.policies.some(
    ({ obligations: { reviewers, escalateTo } }) =>
      escalateTo?.some((group) => principal.groups.includes(group)) === true ||
      reviewers?.users.includes(principal.id) === true ||
      reviewers?.groups.some((group) => principal.groups.includes(group)) === true,
  );
  return named || maySome(context, principal, "review:resolve");
}

function maySome(context: Context, principal: Principal, action: "review:resolve" | "session:watch"): boolean {
  const { set } = context.configuration;
  const asked = { action, resource: { kind: "target" }, span: [0, 0] } as const;
  return [...set.targets.values()].some((target) => permits(set, principal, target, asked, context.clock.now()));
}
