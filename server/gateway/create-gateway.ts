import type { TargetItem } from "../contract/http.ts";
import type { Principal } from "../core/domain/principal.ts";
import { permits } from "../core/policy/index.ts";
import { mayUse, requireUse } from "./application.ts";
import type { GatewayVerbs } from "./gateway.ts";
import { LiveConfiguration } from "./live-configuration.ts";
import type { Context, GatewayPorts } from "./ports-of-gateway.ts";
import { recordPage, verifyRecord } from "./record.ts";
import { Reviews } from "./reviews.ts";
import { connectDecision, Sessions } from "./sessions.ts";
import { targetTree } from "./tree.ts";
import { VerbError } from "./verb-error.ts";
import { toWireReview } from "./wire.ts";

/** One process's gateway: the verbs for pages and command line, and the live parts for sockets. */
export interface Gateway {
  readonly context: Context;
  readonly verbs: GatewayVerbs;
  readonly reviews: Reviews;
  readonly sessions: Sessions;
  close(): Promise<void>;
}

export async function createGateway(ports: GatewayPorts): Promise<Gateway> {
  const configuration = await LiveConfiguration.load(ports);
  // Spread would lose accessors of class instances held in it, but ports are plain holders of them.
  const context: Context = { ...ports, configuration };
  const reviews = new Reviews(context);
  const sessions = new Sessions(context, reviews);
  return {
    context,
    reviews,
    sessions,
    verbs: verbsOf(context, reviews),
    close: async () => {
      await sessions.closeAll("Gatehouse is stopping");
      reviews.close();
    },
  };
}

function verbsOf(context: Context, reviews: Reviews): GatewayVerbs {
  const { configuration } = context;
  const now = (): number => context.clock.now();
  return {
    me: (principal) => ({
      id: principal.id,
      name: principal.name,
      groups: principal.groups,
      may: {
        resolveReviews: mayResolveSome(context, principal),
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
        reviews: all
          .filter((review) => maySee(reviews, principal, review))
          .map((review) => toWireReview(review, reviews.mayNotAnswerBecause(principal, review), configuration.set)),
      };
    },
    review: async (principal, id) => {
      const review = await reviews.find(id);
      if (!maySee(reviews, principal, review)) throw new VerbError("not-found", "there is no such review");
      return toWireReview(review, reviews.mayNotAnswerBecause(principal, review), configuration.set);
    },
    answerReview: async (principal, id, answer) => {
      const review = await reviews.find(id);
      if (!maySee(reviews, principal, review)) throw new VerbError("not-found", "there is no such review");
      const answered = await reviews.answer(principal, id, answer.verdict, answer.comment);
      return toWireReview(answered, reviews.mayNotAnswerBecause(principal, answered), configuration.set);
    },
    configuration: async (principal) => {
      requireUse(configuration.set, principal, "admin:read", now());
      return configuration.list();
    },
    validateConfiguration: async (principal, body) => {
      requireUse(configuration.set, principal, "admin:read", now());
      return configuration.apply(body.yaml, principal.id, { dryRun: true });
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
    verifyRecord: async (principal) => {
      requireUse(configuration.set, principal, "audit:read", now());
      return verifyRecord(context);
    },
  };
}

/** A review is seen by its requester and by those who could answer it. */
function maySee(reviews: Reviews, principal: Principal, review: Parameters<Reviews["counts"]>[1]): boolean {
  return (
    review.requester === principal.id ||
    review.answers.some((answer) => answer.by === principal.id) ||
    reviews.counts(principal, review).length > 0
  );
}

function mayResolveSome(context: Context, principal: Principal): boolean {
  const { set } = context.configuration;
  const action = { action: "review:resolve", resource: { kind: "target" }, span: [0, 0] } as const;
  const named = set.policies.some(
    ({ obligations: { reviewers } }) =>
      reviewers?.users.includes(principal.id) === true ||
      reviewers?.groups.some((group) => principal.groups.includes(group)) === true,
  );
  return named || [...set.targets.values()].some((target) => permits(set, principal, target, action, context.clock.now()));
}
