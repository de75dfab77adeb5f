import { z } from "zod";
import type { RecordItem, RecordPage, RecordQuery, RecordVerification } from "../contract/http.ts";
import {
  ChainVerifier,
  type Checkpoint,
  checkpointText,
  describeFinding,
  type Finding,
  verifyCheckpoints,
} from "../core/audit/verify.ts";
import type { Context } from "./ports-of-gateway.ts";

export async function recordPage(context: Pick<Context, "record">, query: RecordQuery): Promise<RecordPage> {
  const page = await context.record.page(query);
  return {
    next: page.next,
    items: page.items.map(({ entry, outcome, statement }): RecordItem => {
      const event: {
        readonly at: number;
        readonly type: string;
        readonly principal: string;
        readonly target: string;
        readonly session: string;
        readonly body: Record<string, unknown>;
      } = JSON.parse(entry.payload);
      return {
        chain: entry.chain,
        seq: entry.seq,
        hash: entry.hash,
        at: event.at,
        type: event.type,
        principal: event.principal,
        target: event.target,
        session: event.session,
        body: event.body,
        outcome,
        statement,
      };
    }),
  };
}

const Exported = z.object({ n: z.number(), signature: z.string() });

/** Every exported checkpoint has to be in the database as it was exported: who owns the database does not own the export. */
function differencesFrom(exported: string, checkpoints: readonly Checkpoint[]): readonly Finding[] {
  return exported
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => Exported.parse(JSON.parse(line)))
    .filter((line) => checkpoints[line.n - 1]?.signature !== line.signature)
    .map((line) => ({ finding: "checkpoint-order", checkpoint: line.n }));
}

const MOST_FINDINGS = 1_000;

/** Reads the whole record and says whether anything was changed, removed or put elsewhere. */
export async function verifyRecord(
  context: Pick<Context, "record" | "sha256" | "verifySignature" | "publicKey">,
  exported: string | null = null,
): Promise<RecordVerification> {
  const checkpoints = await context.record.checkpoints();
  const findings = [
    ...verifyCheckpoints(
      checkpoints,
      context.sha256,
      (checkpoint) =>
        checkpoint.publicKey === context.publicKey &&
        context.verifySignature(checkpointText(checkpoint), checkpoint.signature, checkpoint.publicKey),
    ),
  ];
  if (exported !== null) findings.push(...differencesFrom(exported, checkpoints));
  const chains = await context.record.chains();
  const missing = new Set(checkpoints.flatMap((checkpoint) => checkpoint.heads.map((head) => head.chain)));
  let events = 0;
  for (const chain of chains) {
    missing.delete(chain);
    const verifier = new ChainVerifier(chain, checkpoints, context.sha256);
    for await (const entry of context.record.entries(chain)) verifier.take(entry);
    events += verifier.events;
    findings.push(...verifier.end());
  }
  for (const chain of missing) findings.push(...new ChainVerifier(chain, checkpoints, context.sha256).end());
  return {
    intact: findings.length === 0,
    chains: chains.length,
    events,
    findings: findings.slice(0, MOST_FINDINGS).map(describeFinding),
  };
}
