import type { AuditEntry } from "../domain/audit.ts";
import type { Json } from "../domain/json.ts";
import { canonicalJson, GENESIS, link, type Sha256 } from "./chain.ts";

/** A signed statement of how far each chain had come. Exported outside the database, it holds against whoever owns the database. */
export interface Checkpoint {
  readonly n: number;
  /** SHA-256 of the previous checkpoint's canonical text; `GENESIS` for the first. */
  readonly previous: string;
  readonly at: number;
  readonly heads: readonly { readonly chain: string; readonly seq: number; readonly hash: string }[];
  readonly publicKey: string;
  readonly signature: string;
}

export type Finding =
  | { readonly finding: "gap"; readonly chain: string; readonly seq: number }
  | { readonly finding: "altered"; readonly chain: string; readonly seq: number }
  | { readonly finding: "broken-link"; readonly chain: string; readonly seq: number }
  | { readonly finding: "clock-backwards"; readonly chain: string; readonly seq: number }
  | { readonly finding: "head-behind-checkpoint"; readonly chain: string; readonly seq: number; readonly checkpoint: number }
  | {
      readonly finding: "head-differs-from-checkpoint";
      readonly chain: string;
      readonly seq: number;
      readonly checkpoint: number;
    }
  | { readonly finding: "checkpoint-signature"; readonly checkpoint: number }
  | { readonly finding: "checkpoint-order"; readonly checkpoint: number };

/** What is signed. */
export function checkpointText(checkpoint: Omit<Checkpoint, "signature">): string {
  const { n, previous, at, heads, publicKey } = checkpoint;
  return canonicalJson({ n, previous, at, heads: heads.map(({ chain, seq, hash }) => ({ chain, seq, hash })), publicKey });
}

/** A clock may be set back a little by its time service; more than this looks like an edited time. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * Takes the entries of one chain in order and tells what is wrong. Keeps only the last entry and the heads that
 * checkpoints speak of, so that a record of any length can be read through it.
 */
export class ChainVerifier {
  readonly #sha256: Sha256;
  readonly #expected: ReadonlyMap<number, { readonly hash: string; readonly checkpoint: number }>;
  readonly #chain: string;
  readonly findings: Finding[] = [];
  events = 0;
  #seq = 0;
  #hash = GENESIS;
  #at = 0;

  constructor(chain: string, checkpoints: readonly Checkpoint[], sha256: Sha256) {
    this.#chain = chain;
    this.#sha256 = sha256;
    const expected = new Map<number, { hash: string; checkpoint: number }>();
    for (const checkpoint of checkpoints) {
      for (const head of checkpoint.heads)
        if (head.chain === chain) expected.set(head.seq, { hash: head.hash, checkpoint: checkpoint.n });
    }
    this.#expected = expected;
  }

  take(entry: AuditEntry): void {
    const chain = this.#chain;
    this.events++;
    if (entry.seq !== this.#seq + 1) this.findings.push({ finding: "gap", chain, seq: this.#seq + 1 });
    else if (entry.previous !== this.#hash) this.findings.push({ finding: "broken-link", chain, seq: entry.seq });
    if (link(entry.previous, chain, entry.seq, entry.payload, this.#sha256).hash !== entry.hash)
      this.findings.push({ finding: "altered", chain, seq: entry.seq });
    const at = timeOf(entry.payload);
    if (at !== null && at < this.#at - CLOCK_TOLERANCE_MS)
      this.findings.push({ finding: "clock-backwards", chain, seq: entry.seq });
    if (at !== null) this.#at = Math.max(this.#at, at);
    const expected = this.#expected.get(entry.seq);
    if (expected !== undefined && expected.hash !== entry.hash) {
      this.findings.push({ finding: "head-differs-from-checkpoint", chain, seq: entry.seq, checkpoint: expected.checkpoint });
    }
    this.#seq = entry.seq;
    this.#hash = entry.hash;
  }

  end(): readonly Finding[] {
    for (const [seq, { checkpoint }] of this.#expected) {
      if (seq > this.#seq) this.findings.push({ finding: "head-behind-checkpoint", chain: this.#chain, seq, checkpoint });
    }
    return this.findings;
  }
}

function timeOf(payload: string): number | null {
  const parsed: { readonly at?: Json } | null = JSON.parse(payload);
  return typeof parsed?.at === "number" ? parsed.at : null;
}

/** Numbers without a gap, each naming the one before, each signed. */
export function verifyCheckpoints(
  checkpoints: readonly Checkpoint[],
  sha256: Sha256,
  signed: (checkpoint: Checkpoint) => boolean,
): readonly Finding[] {
  const findings: Finding[] = [];
  let previous = GENESIS;
  checkpoints.forEach((checkpoint, i) => {
    if (checkpoint.n !== i + 1 || checkpoint.previous !== previous)
      findings.push({ finding: "checkpoint-order", checkpoint: checkpoint.n });
    if (!signed(checkpoint)) findings.push({ finding: "checkpoint-signature", checkpoint: checkpoint.n });
    previous = sha256(checkpointText(checkpoint));
  });
  return findings;
}

export function describeFinding(finding: Finding): string {
  const place = "chain" in finding ? `event ${finding.seq} of chain ${finding.chain}` : `checkpoint ${finding.checkpoint}`;
  switch (finding.finding) {
    case "gap":
      return `${place} is missing`;
    case "altered":
      return `${place} was changed: its hash is not that of its text`;
    case "broken-link":
      return `${place} does not follow the one before it`;
    case "clock-backwards":
      return `${place} is dated before the one before it`;
    case "head-behind-checkpoint":
      return `${place} is missing, but checkpoint ${finding.checkpoint} saw it`;
    case "head-differs-from-checkpoint":
      return `${place} is not the one that checkpoint ${finding.checkpoint} saw`;
    case "checkpoint-signature":
      return `${place} has no valid signature`;
    case "checkpoint-order":
      return `${place} does not follow the one before it`;
  }
}
