import { z } from "zod";
import type { ResultColumn } from "../core/domain/column.ts";
import type { Decision } from "../core/domain/decision.ts";
import { stopProgram } from "../gateway/broadcast.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import { MaskedOutput } from "../gateway/masked-output.ts";
import type { SqlNotice } from "../gateway/ports.ts";
import { rowsAsText } from "../gateway/row-text.ts";
import type { OpenShellSession, OpenSqlSession } from "../gateway/sessions.ts";
import type { StatementEnd } from "../gateway/statement-end.ts";
import { type ReasonLine, Request, reasonLine } from "./check.ts";
import { jsonLines, writeLine } from "./lines.ts";

const RunRequest = z
  .looseObject({
    ...Request,
    session: z.union([z.string(), z.number()]).optional(),
    protocol: z.enum(["simple", "extended"]).default("simple"),
    params: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    reason: z.string().max(2_000).default(""),
  })
  .refine((request) => (request.sql === undefined) !== (request.shell === undefined), {
    message: "give either `sql` or `shell`",
  });
type RunRequest = z.infer<typeof RunRequest>;

interface Answer {
  outcome: "allow" | "review" | "deny";
  reasons: (ReasonLine & { readonly hint?: string })[];
  columns: readonly ResultColumn[];
  rows: (readonly (string | null)[])[];
  rowCount: number | null;
  command: string | null;
  notices: SqlNotice[];
  error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string | null;
    readonly span?: readonly [number, number] | null;
  } | null;
  stdout: string;
  exitCode: number | null;
}

type Kept =
  | { readonly kind: "sql"; readonly open: OpenSqlSession }
  | { readonly kind: "shell"; readonly open: OpenShellSession; cwd: string };

const OUTPUT_LIMIT = 64 * 1024 * 1024;

/** `gatehouse run`: each line through the very verbs that the browser's tabs use, answered as the person would see it. */
export async function run(gateway: Gateway, input: NodeJS.ReadableStream, waitMs: number | null): Promise<void> {
  const sessions = new Map<string, Kept>();
  try {
    for await (const line of jsonLines(RunRequest, input)) {
      if (!line.ok) {
        await writeLine({ id: line.id, ...empty("deny"), error: { code: "invalid", message: line.message } });
        continue;
      }
      await writeLine({ id: line.value.id ?? null, ...(await one(gateway, sessions, line.value, waitMs)) });
    }
  } finally {
    await Promise.all([...sessions.values()].map(({ open }) => open.close("end of input")));
  }
}

async function one(gateway: Gateway, sessions: Map<string, Kept>, request: RunRequest, waitMs: number | null): Promise<Answer> {
  const kind = request.sql === undefined ? "shell" : "sql";
  const key =
    request.session === undefined
      ? null
      : JSON.stringify([request.session, request.principal.toLowerCase(), request.target, kind]);
  let kept = key === null ? undefined : sessions.get(key);
  try {
    if (kept === undefined) {
      kept = await openSession(gateway, request, kind);
      const opened = kept;
      if (key !== null) {
        sessions.set(key, kept);
        kept.open.onEnded(() => sessions.get(key) === opened && sessions.delete(key));
      }
    }
    return kept.kind === "sql" ? await runSql(kept.open, request, waitMs) : await runShell(gateway, kept, request, waitMs);
  } catch (error) {
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "internal";
    const message = error instanceof Error ? error.message : String(error);
    const reasons = [
      { outcome: "deny", policy: null, action: "target:connect", resource: "target", span: [0, 0], message } as const,
    ];
    return { ...empty("deny"), reasons, error: { code, message } };
  } finally {
    if (key === null) await kept?.open.close("done");
  }
}

async function openSession(gateway: Gateway, request: RunRequest, kind: "sql" | "shell"): Promise<Kept> {
  const person = { email: request.principal, name: request.principal, groups: request.groups ?? [] };
  if (kind === "sql") return { kind, open: await gateway.sessions.openSql(person, request.target) };
  const open = await gateway.sessions.openShell(person, request.target);
  return { kind, open, cwd: open.connection.home };
}

function empty(outcome: Answer["outcome"]): Answer {
  return {
    outcome,
    reasons: [],
    columns: [],
    rows: [],
    rowCount: null,
    command: null,
    notices: [],
    error: null,
    stdout: "",
    exitCode: null,
  };
}

async function runSql(session: OpenSqlSession, request: RunRequest, waitMs: number | null): Promise<Answer> {
  const answer = empty("allow");
  const decisions: Decision[] = [];
  let last: StatementEnd | null = null;
  const parameters =
    request.params?.map((value) => (value === null ? null : String(value))) ?? (request.protocol === "extended" ? [] : null);
  await session.sql.run(
    request.sql ?? "",
    {
      parameters,
      reason: request.reason,
      waitForReview: waitMs !== null,
      signal: AbortSignal.any(waitMs === null ? [] : [AbortSignal.timeout(waitMs)]),
    },
    {
      decided: (statement, _span, decision) => {
        decisions[statement] = decision;
      },
      waiting: () => undefined,
      columns: (_statement, columns) => {
        answer.columns = columns;
      },
      rows: (_statement, batch) => {
        answer.rows.push(...rowsAsText(batch));
      },
      notice: (_statement, notice) => {
        answer.notices.push(notice);
      },
      ended: (_statement, end) => {
        last = end;
        if (end.ended === "done") {
          answer.command = end.command;
          answer.rowCount = end.rowCount;
        }
        if (end.ended === "failed") answer.error = { ...end.error };
        if (end.ended === "alarm") answer.error = { code: "alarm", message: end.message };
        if (end.ended === "cancelled") answer.error = { code: "57014", message: "cancelled" };
        if (end.ended === "rolled-back")
          answer.error = { code: "rolled-back", message: "it ran and was rolled back: nobody committed it in time" };
      },
    },
  );
  answer.reasons = decisions.flatMap((decision) => decision.reasons.map(reasonLine));
  answer.outcome = outcomeOf(last);
  return answer;
}

function outcomeOf(end: StatementEnd | null): Answer["outcome"] {
  switch (end?.ended) {
    case "denied":
    case "rejected":
      return "deny";
    case "review":
    case "expired":
    case "withdrawn":
      return "review";
    default:
      return "allow";
  }
}

async function runShell(
  gateway: Gateway,
  kept: Extract<Kept, { kind: "shell" }>,
  request: RunRequest,
  waitMs: number | null,
): Promise<Answer> {
  const { judge, connection } = kept.open;
  const cwd = request.cwd ?? kept.cwd;
  const where = { cwd, home: connection.home, user: connection.user, environment: {} };
  const submitted = await judge.submit(request.shell ?? "", where, {
    waitForReview: waitMs !== null,
    onReview: () => undefined,
    signal: AbortSignal.any(waitMs === null ? [] : [AbortSignal.timeout(waitMs)]),
    reason: request.reason,
  });
  const answer = empty("allow");
  answer.reasons = submitted.decision.reasons.map(reasonLine);
  if (!submitted.allowed) {
    answer.outcome = submitted.ended === "denied" || submitted.ended === "rejected" ? "deny" : "review";
    return answer;
  }
  const started = Date.now();
  const shown: Uint8Array[] = [];
  const output = new MaskedOutput(gateway.context.configuration.set.detectors, false, (chunk) => shown.push(chunk));
  let bytes = 0;
  const program = await connection.run(
    submitted.command,
    { cwd, environment: {}, columns: 200, rows: 50, interactive: false, pty: true },
    {
      output: (chunk) => {
        bytes += chunk.length;
        if (bytes <= OUTPUT_LIMIT) output.push(chunk);
      },
    },
  );
  const forget = kept.open.onInterrupt(() => stopProgram(program));
  if (!judge.mayGoOn()) stopProgram(program);
  const end = await program.end;
  forget();
  output.end();
  await submitted.executed({ exitCode: end.ended === "exited" ? end.exitCode : null, durationMs: Date.now() - started, bytes });
  answer.stdout = Buffer.concat(shown).toString("utf8").replaceAll("\r\n", "\n");
  if (end.ended === "exited") {
    answer.exitCode = end.exitCode;
    kept.cwd = end.cwd ?? cwd;
  } else answer.error = { code: "lost", message: end.message };
  return answer;
}
