import type { Span } from "../../domain/span.ts";
import type { PreparedSql } from "./prepared.ts";

export interface Splice {
  readonly span: Span;
  readonly text: string;
  /** A relation that became a subquery, or the name of one that is written to. */
  readonly is?: "generated" | "target";
}

export interface Spliced {
  readonly sent: string;
  readonly map: PreparedSql["map"];
  readonly generated: readonly Span[];
  readonly targets: readonly Span[];
}

/** Writes the splices into `source[within]`. INVARIANT (no overlap): two splices on one place are a bug, and refused. */
export function splice(source: string, within: Span, splices: readonly Splice[]): Spliced | null {
  const unique = new Map(splices.map((item) => [`${item.span[0]}:${item.span[1]}:${item.text}`, item]));
  const ordered = [...unique.values()].sort((a, b) => a.span[0] - b.span[0] || a.span[1] - b.span[1]);
  const map: { from: number; to: number; original: Span; copied: boolean }[] = [];
  const generated: Span[] = [];
  const targets: Span[] = [];
  let sent = "";
  let at = within[0];
  const copy = (to: number) => {
    if (to <= at) return;
    map.push({ from: sent.length, to: sent.length + (to - at), original: [at, to], copied: true });
    sent += source.slice(at, to);
    at = to;
  };
  for (const item of ordered) {
    if (item.span[0] < at || item.span[1] > within[1]) return null;
    copy(item.span[0]);
    const from = sent.length;
    sent += item.text;
    if (item.text !== "") map.push({ from, to: sent.length, original: item.span, copied: false });
    if (item.is === "generated") generated.push([from, sent.length]);
    if (item.is === "target") targets.push([from, sent.length]);
    at = item.span[1];
  }
  copy(within[1]);
  return { sent, map, generated, targets };
}
