import type { WireRun } from "../../server/contract/socket.ts";
import { counted } from "../theme/time.ts";

export function rowsInWords(rows: number | null): string {
  return rows === null ? "Rows" : counted(rows, "row");
}

/** What is known of the end of a run, in a sentence. */
export function endInWords(run: WireRun): string {
  const { verdict } = run;
  const by = verdict === null ? "" : ` by ${verdict.by === "system" ? "Gatehouse" : verdict.by}`;
  const because = verdict === null || verdict.because === "" ? "" : `: ${verdict.because}`;
  const rows = run.rows === null ? "" : ` ${counted(run.rows, "row")}.`;
  switch (run.state) {
    case "started":
      return "Running.";
    case "held":
      return "Waits for a commit.";
    case "closing":
      return verdict?.verdict === "commit" ? `Being committed${by}.` : `Being rolled back${by}.`;
    case "unknown":
      return "Not known whether it ran.";
    case "ended":
      return `${ENDS[run.ended ?? "done"]}${verdict === null ? "" : `${by}${because}`}.${rows}`;
  }
}

const ENDS: Readonly<Record<NonNullable<WireRun["ended"]>, string>> = {
  done: "Done",
  kept: "Kept in the requester's own open transaction",
  "rolled-back": "Rolled back",
  failed: "Failed",
  cancelled: "Cancelled",
  alarm: "Stopped: a masked column arrived raw",
  "not-run": "The yes was used, and nothing was run",
};

/** A run that waits for a decision, or of which nobody has said what became of it. */
export function isUnsettled(run: WireRun): boolean {
  return run.state === "held" || run.state === "closing" || (run.state === "unknown" && run.found === null);
}
