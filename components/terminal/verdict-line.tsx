"use client";

import type { TerminalState } from "../socket/state.ts";
import { type VerdictLine as Line, meaningOf, strictest, verdictLines } from "../verdict/lines.ts";
import { OutcomeMark } from "../verdict/outcome-mark.tsx";
import { Prose } from "../verdict/prose.tsx";
import { MarkedText } from "../verdict/statement.tsx";
import classes from "./terminal.module.css";

/**
 * One quiet line: what would happen to the command that is being typed, or did to the last one. The words that make it
 * wait or be denied are underlined.
 */
export function VerdictLine({ state }: { state: TerminalState | null }) {
  const verdict = state?.verdict ?? null;
  if (state?.running && verdict === null) return <span className={classes.quiet}>running · Ctrl+C stops it</span>;
  if (verdict === null)
    return <span className={classes.quiet}>Each command is judged before it runs. Everything here is recorded.</span>;
  const { decision } = verdict;
  // As many characters as before: places in the text stay right.
  const text = verdict.text.replaceAll("\n", "↵");
  if (decision === null)
    return (
      <span className={classes.quiet} data-terminal-verdict="none">
        {text}
      </span>
    );
  const meaning = meaningOf(decision);
  const reason = strictest(decision.reasons);
  const why =
    reason === undefined || decision.outcome === "allow"
      ? (reason?.policy ?? "")
      : [reason.policy === null ? null : `policy ${reason.policy}`, reason.message, reason.hint]
          .filter((part) => part != null)
          .join(" · ");
  const offending = verdictLines(decision).filter((line) => line.meaning === decision.outcome && line.meaning !== "allow");
  const shown = fromOffending(text, offending);
  return (
    <span className={classes.verdict} data-terminal-verdict={meaning} aria-live="polite">
      <OutcomeMark meaning={meaning} />
      <code>
        <MarkedText text={shown.text} lines={shown.lines} hovered={null} />
      </code>
      <span className={classes.quiet} title={why}>
        <Prose text={why} />
      </span>
    </span>
  );
}

/** Text before the first offending word that stays in sight with it. */
const BEFORE = 16;

/** What has to be seen of a long line is not its beginning. */
function fromOffending(text: string, lines: readonly Line[]): { text: string; lines: readonly Line[] } {
  const cut = Math.min(text.length, ...lines.map(({ span }) => span[0])) - BEFORE;
  if (lines.length === 0 || cut <= 1) return { text, lines };
  const moved = (at: number): number => Math.max(1, at - cut + 1);
  return {
    text: `…${text.slice(cut)}`,
    lines: lines.map((line) => ({ ...line, span: [moved(line.span[0]), moved(line.span[1])] })),
  };
}
