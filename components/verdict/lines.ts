import type { WireDecision, WireReason } from "../../server/contract/socket.ts";

type Span = readonly [from: number, to: number];
export type Meaning = "allow" | "masked" | "review" | "deny";

/** One line of a verdict: a micro-action and what decided it. */
export interface VerdictLine {
  readonly key: string;
  readonly meaning: Meaning;
  readonly action: string;
  readonly resource: string;
  readonly span: Span;
  /** Null: nothing was said about it: no policy matched, or the guard itself spoke (see `message`). */
  readonly policy: string | null;
  readonly policyDescription: string | null;
  readonly message: string | null;
  readonly hint: string | null;
  /** Null: shown as it is. Else the mask's identifier. */
  readonly mask: string | null;
}

const STRICTNESS = { allow: 0, review: 1, deny: 2 } as const;

/** What a statement would do, line by line, the strictest first; what was said about nothing in it comes as a line too. */
export function verdictLines(decision: WireDecision): readonly VerdictLine[] {
  const masks = new Map(decision.masked.map(({ column, mask }) => [column, mask]));
  const spoken = new Set<WireReason>();
  const lines: VerdictLine[] = [];
  for (const { action, resource, span } of decision.microActions) {
    const reasons = decision.reasons.filter(
      (reason) =>
        reason.action === action && reason.resource === resource && reason.span[0] === span[0] && reason.span[1] === span[1],
    );
    for (const reason of reasons) spoken.add(reason);
    lines.push(line(lines.length, { action, resource, span }, strictest(reasons), masks.get(resource) ?? null, decision.outcome));
  }
  for (const reason of decision.reasons) {
    if (spoken.has(reason)) continue;
    lines.push(line(lines.length, reason, reason, masks.get(reason.resource) ?? null, decision.outcome));
  }
  const order: Record<Meaning, number> = { deny: 0, review: 1, masked: 2, allow: 3 };
  return lines.toSorted((a, b) => order[a.meaning] - order[b.meaning] || a.span[0] - b.span[0]);
}

/** The reason that decided: the first of the strictest ones. Undefined: nobody spoke. */
export function strictest(reasons: readonly WireReason[]): WireReason | undefined {
  return reasons.toSorted((a, b) => STRICTNESS[b.outcome] - STRICTNESS[a.outcome])[0];
}

/** A decision in one word: what is allowed with masks is `masked`. */
export function meaningOf(decision: WireDecision): Meaning {
  return decision.outcome === "allow" && decision.masked.length > 0 ? "masked" : decision.outcome;
}

/** Policies that made a decision what it is, each once. */
export function policiesOf(decision: WireDecision): readonly { readonly id: string; readonly description: string }[] {
  const policies = new Map<string, string>();
  for (const { outcome, policy, policyDescription } of decision.reasons) {
    if (outcome === decision.outcome && policy !== null) policies.set(policy, policyDescription ?? "");
  }
  return [...policies].map(([id, description]) => ({ id, description }));
}

function line(
  index: number,
  what: { action: string; resource: string; span: Span },
  reason: WireReason | undefined,
  mask: string | null,
  whole: WireDecision["outcome"],
): VerdictLine {
  const outcome = reason?.outcome ?? whole;
  return {
    key: `${index} ${what.action} ${what.resource}`,
    meaning: outcome === "allow" && mask !== null ? "masked" : outcome,
    action: what.action,
    resource: what.resource,
    span: what.span,
    policy: reason?.policy ?? null,
    policyDescription: reason?.policyDescription ?? null,
    message: reason?.message ?? null,
    hint: reason?.hint ?? null,
    mask,
  };
}
