import type { WireDecision, WireReason } from "../../server/contract/socket.ts";
import { strictest } from "../verdict/lines.ts";
import type { Span } from "./boundaries.ts";
import type { EditorMark } from "./editor.tsx";

/** What decided against a statement; undefined: it was not denied. */
export function denialOf(decision: WireDecision): WireReason | undefined {
  return decision.outcome === "deny" ? strictest(decision.reasons) : undefined;
}

/** Squiggles for what is denied or waits for a review. `offset`: where the judged text begins in the editor's. */
export function marksOf(decision: WireDecision, offset: number): readonly EditorMark[] {
  const marks = new Map<string, EditorMark>();
  for (const { outcome, span, message, hint, policy } of decision.reasons) {
    if (outcome === "allow" || (decision.outcome === "deny" && outcome === "review")) continue;
    const text = `${message}${policy === null ? "" : ` (policy \`${policy}\`)`}${hint === undefined ? "" : `\n${hint}`}`;
    marks.set(`${span.join()} ${text}`, { span: moved(span, offset), meaning: outcome, message: text });
  }
  return [...marks.values()];
}

export function moved(span: Span, offset: number): Span {
  return [span[0] + offset, span[1] + offset];
}

/** Part of `span` that is in `within`, counted from its start. */
export function inside(span: Span, within: Span): Span {
  const length = within[1] - within[0];
  const clamp = (at: number) => Math.max(0, Math.min(length, at - within[0]));
  return [clamp(span[0]), clamp(span[1])];
}
