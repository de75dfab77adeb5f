import type { FileAnswer, FileBody } from "../contract/http.ts";
import type { Decision } from "../core/domain/decision.ts";
import type { Described } from "../core/domain/statement.ts";
import { describeFile, type FileOrder } from "../core/guard/files.ts";
import { createStreamMasker, type StreamMasker } from "../core/mask/stream.ts";
import { authorize, type Judgeable, judge, mayGoOn } from "./authorize.ts";
import type { Allowed, Ticket } from "./file-tickets.ts";
import { placesOf } from "./places.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { Reviews } from "./reviews.ts";
import type { OpenShellSession } from "./sessions.ts";
import { VerbError } from "./verb-error.ts";

type Review = Extract<FileAnswer, { state: "review" }>;

/** What of a host's files is judged as, and what is on the record of it. */
export class JudgedFiles {
  readonly #context: Context;
  readonly #reviews: Reviews;

  constructor(context: Context, reviews: Reviews) {
    this.#context = context;
    this.#reviews = reviews;
  }

  /** What is asked for, links followed. Throws `VerbError`. */
  async order(session: OpenShellSession, asked: string, way: FileOrder["way"]): Promise<FileOrder> {
    const [first] = describeFile(asked, asked, { way, path: asked }).microActions;
    const { physical } = await placesOf(first === undefined ? [] : [first], session.connection);
    const path = physical.get(asked);
    if (path === undefined) throw new VerbError("not-found", `there is no folder for \`${asked}\` on ${session.target.id}`);
    return { way, path };
  }

  /** On the record. Where policy asks for a review and none was answered, one is opened. Throws `VerbError` when it is no. */
  async allowed(session: OpenShellSession, described: Described, order: FileOrder, body: FileBody): Promise<Allowed | Review> {
    const { requester } = session;
    const statement = judgeable(described, order);
    const grant = body.review === undefined ? null : await this.#reviews.find(body.review);
    const verdict = await authorize(this.#context, this.#reviews, requester, statement, grant);
    const why = whyOf(verdict.decision);
    switch (verdict.outcome) {
      case "deny":
        throw new VerbError("forbidden", why ?? "it is denied");
      case "unwatched":
        throw new VerbError("conflict", "somebody has to watch this session first");
      case "glass":
        throw new VerbError("conflict", "the glass has to be broken first, with a reason: run a command in the terminal");
      case "allow":
        return { order: verdict.authorized, statement, granted: verdict.granted };
      case "review": {
        // INVARIANT (P5): nobody says yes to bytes that they have not seen.
        if (body.act.way === "upload")
          throw new VerbError(
            "forbidden",
            `${why ?? "it needs a review"}: change the file in the editor, where a reviewer sees what changes`,
          );
        const review = await this.#reviews.open({
          principal: requester.principal,
          target: requester.target,
          session: requester.session,
          described,
          decision: verdict.decision,
          fingerprint: verdict.fingerprint,
          shape: verdict.shape,
          shapeIsOpen: false,
          asks: null,
          safeRun: "not-possible",
          estimatedRows: null,
          reason: body.reason ?? "",
        });
        return { state: "review", review: review.id, message: why ?? "it needs a review" };
      }
    }
  }

  /** What would be decided; nothing is recorded. */
  judge(session: OpenShellSession, described: Described, order: FileOrder): Decision {
    return judge(this.#context, session.requester, judgeable(described, order));
  }

  /** Throws `VerbError` where policies or grants have changed. */
  stillAllowed({ session, statement, granted }: Ticket): void {
    if (!mayGoOn(this.#context, session.requester, { statement, granted }))
      throw new VerbError("forbidden", "policies or grants changed: this is no longer allowed");
  }

  masker(length?: "same length"): StreamMasker {
    const { detectors } = this.#context.configuration.set;
    return createStreamMasker({ detectors, secrets: [], ...(length === undefined ? {} : { sameLength: true }) });
  }

  /** The text as the person may see it. */
  masked(text: string): string {
    const masker = this.masker();
    const parts = [masker.push(new TextEncoder().encode(text)), masker.end()];
    return new TextDecoder().decode(Buffer.concat(parts));
  }

  /** It is over, and that is on the record. */
  async ended(
    { session, statement, granted }: Pick<Ticket, "session" | "statement" | "granted">,
    bytes: number,
    ended: "done" | "failed" | "cancelled",
  ): Promise<void> {
    const { requester } = session;
    await this.#context.audit.append({
      type: "statement.executed",
      at: this.#context.clock.now(),
      principal: requester.principal.id,
      target: requester.target.id,
      session: requester.session,
      body: {
        kind: "file",
        statementSha256: this.#context.sha256(statement.described.text),
        ended,
        bytes,
        review: granted?.run.review ?? null,
        run: granted?.run.id ?? null,
      },
    });
    if (granted !== null) await this.#reviews.runs.ended(granted.run, ended, null);
  }
}

function judgeable(described: Described, order: FileOrder): Judgeable<FileOrder> {
  return {
    described,
    execution: { ok: true, value: order, sent: `${order.way} ${order.path}` },
    obligations: [],
    place: "",
    shape: { open: false, text: described.text },
    protectedNow: () => true,
  };
}

export function whyOf({ outcome, reasons }: Decision): string | undefined {
  return (reasons.find((reason) => reason.outcome === outcome) ?? reasons[0])?.message;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
