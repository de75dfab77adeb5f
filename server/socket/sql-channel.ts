import { rowFrameHead } from "../contract/rows.ts";
import type { ClientMessage, ServerMessage } from "../contract/socket.ts";
import type { OpenSqlSession } from "../gateway/sessions.ts";
import type { RunObserver } from "../gateway/sql-session.ts";
import type { StatementEnd } from "../gateway/statement-end.ts";
import { toWireRun } from "../gateway/wire.ts";
import type { Say } from "./say.ts";

/** Rows that may be under way to the browser before it has said that it took them. */
const AHEAD = 5_000;

interface Run {
  readonly id: string;
  readonly abort: AbortController;
  sent: number;
  taken: number;
  wake: (() => void) | null;
}

type Ended = Extract<ServerMessage, { type: "sql.statement-ended" }>;

/** One SQL tab on one socket: runs, cancels, and reads no faster than the browser takes. */
export class SqlChannel {
  readonly session: OpenSqlSession;
  readonly #channel: number;
  readonly #say: Say;
  #run: Run | null = null;

  /** `channel`: number of the session's binary frames. */
  constructor(session: OpenSqlSession, channel: number, say: Say) {
    this.session = session;
    this.#channel = channel;
    this.#say = say;
  }

  run({ run: id, text, reason = "", safeRun = true, goesOnWith }: Extract<ClientMessage, { type: "sql.run" }>): void {
    const session = this.session.id;
    if (this.#run !== null) {
      this.#say.send({
        type: "error",
        code: "busy",
        message: "a run is under way in this tab; cancel it first",
        session,
        run: id,
      });
      return;
    }
    const run: Run = { id, abort: new AbortController(), sent: 0, taken: 0, wake: null };
    this.#run = run;
    const known = goesOnWith === undefined ? {} : { goesOnWith };
    const options = { parameters: null, reason, waitForReview: true, safeRun, signal: run.abort.signal, ...known };
    this.session.sql
      .run(text, options, this.#observer(run))
      .catch((error: unknown) => this.#say.fail(error, session, id))
      .finally(() => {
        this.#run = null;
        this.#say.send({ type: "sql.run-ended", session, run: id, transaction: this.session.sql.transaction });
      });
  }

  cancel(id: string): void {
    if (this.#run?.id !== id) return;
    this.#run.abort.abort(new Error("cancelled"));
    this.#run.wake?.();
    void this.session.sql.cancel().catch((error: unknown) => this.#say.fail(error, this.session.id, id));
  }

  taken(id: string, rows: number): void {
    if (this.#run?.id !== id) return;
    this.#run.taken = Math.max(this.#run.taken, rows);
    if (this.#run.sent - this.#run.taken <= AHEAD) this.#run.wake?.();
  }

  judge(request: string, text: string): void {
    const session = this.session.id;
    this.session.sql
      .judge(text)
      .then((judged) =>
        this.#say.send({
          type: "judged",
          session,
          request,
          decisions: judged.map(({ span, decision, microActions }) => ({
            span: [span[0], span[1]],
            decision: this.#say.decision(decision, microActions),
          })),
        }),
      )
      .catch((error: unknown) => this.#say.fail(error, session));
  }

  /** The browser went away: what runs is cancelled, an open transaction rolled back with its connection. */
  async close(reason: string): Promise<void> {
    if (this.#run !== null) this.cancel(this.#run.id);
    await this.session.close(reason);
  }

  #isAhead(run: Run): boolean {
    return run.sent - run.taken > AHEAD && !run.abort.signal.aborted;
  }

  /** Settles when the browser has taken enough and the socket has room. */
  async #room(run: Run): Promise<void> {
    while (this.#isAhead(run)) {
      await new Promise<void>((resolve) => {
        run.wake = resolve;
      });
    }
    await this.#say.drained();
  }

  #observer(run: Run): RunObserver {
    const head = { session: this.session.id, run: run.id };
    const name = new TextEncoder().encode(run.id);
    return {
      takesFormats: true,
      decided: (statement, span, decision, microActions) =>
        this.#say.send({
          type: "sql.decided",
          ...head,
          statement,
          span: [span[0], span[1]],
          decision: this.#say.decision(decision, microActions),
        }),
      waiting: (statement, review) =>
        this.#say.send({ type: "sql.waiting", ...head, statement, review: this.#say.review(review) }),
      held: (statement, review, held) =>
        this.#say.send({ type: "sql.held", ...head, statement, review: this.#say.review(review), held: toWireRun(held) }),
      columns: (statement, columns) =>
        this.#say.send({ type: "sql.columns", ...head, statement, columns: columns.map((column) => ({ ...column })) }),
      rows: (statement, batch) => {
        this.#say.frame(rowFrameHead(this.#channel, statement, name), batch.bytes);
        run.sent += batch.count;
        return this.#isAhead(run) || this.#say.isFull ? this.#room(run) : undefined;
      },
      notice: (statement, { severity, message }) => this.#say.send({ type: "sql.notice", ...head, statement, severity, message }),
      ended: (statement, end) => this.#say.send({ type: "sql.statement-ended", ...head, statement, ...endOnWire(end) }),
    };
  }
}

function endOnWire(end: StatementEnd): Omit<Ended, "type" | "session" | "run" | "statement"> {
  const none = { command: null, rowCount: null, limited: false, durationMs: 0, error: null };
  switch (end.ended) {
    case "done":
      return {
        ...none,
        ended: "done",
        command: end.command,
        rowCount: end.rowCount,
        limited: end.limited,
        durationMs: end.durationMs,
      };
    case "failed":
      return {
        ...none,
        ended: "failed",
        durationMs: end.durationMs,
        error: {
          code: end.error.code,
          message: end.error.message,
          hint: end.error.hint,
          span: end.error.span === null ? null : [end.error.span[0], end.error.span[1]],
        },
      };
    case "cancelled":
      return { ...none, ended: "cancelled", durationMs: end.durationMs };
    case "alarm":
      return {
        ...none,
        ended: "alarm",
        durationMs: end.durationMs,
        error: { code: "alarm", message: end.message, hint: null, span: null },
      };
    case "rolled-back":
      return { ...none, ended: end.ended, command: end.command, rowCount: end.rowCount, durationMs: end.durationMs };
    case "review":
      return { ...none, ended: "denied" };
    default:
      return { ...none, ended: end.ended };
  }
}
