import { z } from "zod";
import type { Target } from "../core/domain/configuration.ts";
import type { Decision, Outcome } from "../core/domain/decision.ts";
import { type MicroAction, resourceName } from "../core/domain/micro-action.ts";
import { describeShell } from "../core/guard/shell/index.ts";
import type { Catalog } from "../core/guard/sql/index.ts";
import { judge, type Requester, refusedText } from "../gateway/authorize.ts";
import type { Gateway } from "../gateway/create-gateway.ts";
import { prepareSql, undescribed } from "../gateway/judge-sql.ts";
import { principalOf } from "../gateway/principal-of.ts";
import { connectDecision } from "../gateway/sessions.ts";
import { jsonLines, writeLine } from "./lines.ts";

const Id = z.union([z.string(), z.number()]);
export const Request = {
  id: Id.optional(),
  principal: z.string().min(1),
  groups: z.array(z.string()).optional(),
  target: z.string().min(1),
  sql: z.string().optional(),
  shell: z.string().optional(),
  cwd: z.string().startsWith("/").optional(),
};
const CheckRequest = z.looseObject(Request).refine((request) => (request.sql === undefined) !== (request.shell === undefined), {
  message: "give either `sql` or `shell`",
});

export interface ReasonLine {
  readonly outcome: Outcome;
  readonly policy: string | null;
  readonly action: string;
  readonly resource: string;
  readonly span: readonly [number, number];
  readonly message: string;
}

interface Judged {
  readonly decision: Decision;
  readonly microActions: readonly MicroAction[];
  readonly sent: string;
}

/** `gatehouse check`: what would be decided for each line. Nothing runs; a database's catalog is read once. */
export async function check(gateway: Gateway, input: NodeJS.ReadableStream): Promise<void> {
  const catalogs = new Map<string, Catalog>();
  for await (const line of jsonLines(CheckRequest, input)) {
    if (!line.ok) {
      await writeLine({ id: line.id, ...refusal(line.message) });
      continue;
    }
    const request = line.value;
    const { set } = gateway.context.configuration;
    const principal = principalOf({ email: request.principal, name: request.principal, groups: request.groups ?? [] }, set);
    const target = set.targets.get(request.target);
    if (target === undefined) {
      await writeLine({ id: request.id ?? null, ...refusal(`there is no target \`${request.target}\``) });
      continue;
    }
    const requester: Requester = { principal, target, session: "" };
    try {
      const judged = await judgeLine(gateway, requester, target, request, catalogs);
      await writeLine({ id: request.id ?? null, ...merged(judged, connectDecision(gateway.context, principal, target)) });
    } catch (error) {
      await writeLine({ id: request.id ?? null, ...refusal(error instanceof Error ? error.message : String(error)) });
    }
  }
}

async function judgeLine(
  gateway: Gateway,
  requester: Requester,
  target: Target,
  request: z.infer<typeof CheckRequest>,
  catalogs: Map<string, Catalog>,
): Promise<readonly Judged[]> {
  const { context } = gateway;
  const text = request.sql ?? request.shell ?? "";
  const whole = undescribed(text, [0, text.length], request.sql === undefined ? "shell" : "sql");
  const wrong = (message: string): readonly Judged[] => [
    { decision: refusedText(context, whole, { message, span: whole.span }), microActions: [], sent: "" },
  ];
  if (request.shell !== undefined) {
    if (target.type !== "ssh") return wrong(`target \`${target.id}\` is a database; give \`sql\``);
    const home = target.ssh.user === "root" ? "/root" : `/home/${target.ssh.user}`;
    const described = describeShell(text, { cwd: request.cwd ?? home, home, user: target.ssh.user, environment: {} });
    if ("refusal" in described) return [{ decision: refusedText(context, whole, described.refusal), microActions: [], sent: "" }];
    const execution = { ok: true, value: described.prepared, sent: described.prepared.sent } as const;
    return [
      {
        decision: judge(context, requester, {
          described,
          execution,
          obligations: [],
          place: "",
          shape: { open: false, text },
          protectedNow: () => true,
        }),
        microActions: described.microActions,
        sent: described.prepared.sent,
      },
    ];
  }
  if (target.type !== "postgres") return wrong(`target \`${target.id}\` is a host; give \`shell\``);
  const parsed = await context.parser.parse(text);
  if (!parsed.ok) return [{ decision: refusedText(context, whole, parsed.refusal), microActions: [], sent: "" }];
  let catalog = catalogs.get(target.id);
  if (catalog === undefined) {
    const password = target.postgres.password === undefined ? null : await context.secrets.resolve(target.postgres.password);
    catalog = await context.sql.catalog(target, { password });
    catalogs.set(target.id, catalog);
  }
  const judged: Judged[] = [];
  for (const statement of parsed.statements) {
    const prepared = await prepareSql(
      context,
      requester,
      statement,
      catalog,
      { searchPath: DEFAULT_SEARCH_PATH, transaction: "idle" },
      null,
    );
    if (!prepared.ok)
      judged.push({ decision: refusedText(context, prepared.described, prepared.refusal), microActions: [], sent: "" });
    else {
      const { described, execution } = prepared.judgeable;
      judged.push({
        decision: judge(context, requester, prepared.judgeable),
        microActions: described.microActions,
        sent: execution.ok ? execution.sent : "",
      });
    }
  }
  return judged;
}

/** Of a fresh session whose role and database set none. */
const DEFAULT_SEARCH_PATH = ["public"];

const SEVERITY = { allow: 0, review: 1, deny: 2 } as const;

function merged(judged: readonly Judged[], connect: Decision) {
  const all = connect.outcome === "allow" ? judged : [{ decision: connect, microActions: [], sent: "" }, ...judged];
  const outcome = all.reduce<Outcome>(
    (worst, { decision }) => (SEVERITY[decision.outcome] > SEVERITY[worst] ? decision.outcome : worst),
    "allow",
  );
  return {
    outcome,
    reasons: all.flatMap(({ decision }) => decision.reasons.map(reasonLine)),
    microActions: judged.flatMap(({ microActions }) =>
      microActions.map(({ action, resource, span, context }) => ({
        action,
        resource: resourceName(resource),
        span,
        ...(context === undefined ? {} : { context }),
      })),
    ),
    sent: outcome === "deny" ? "" : judged.map(({ sent }) => sent).join(";\n"),
    obligations: outcome === "deny" ? [] : all.flatMap(({ decision }) => decision.obligations),
  };
}

export function reasonLine(reason: Decision["reasons"][number]): ReasonLine & { readonly hint?: string } {
  const { outcome, policy, action, resource, span, message, hint } = reason;
  return { outcome, policy, action, resource, span, message, ...(hint === undefined ? {} : { hint }) };
}

function refusal(message: string) {
  return {
    outcome: "deny",
    reasons: [{ outcome: "deny", policy: null, action: "", resource: "", span: [0, 0], message }],
    microActions: [],
    sent: "",
    obligations: [],
  };
}
