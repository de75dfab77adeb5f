import type { Decision } from "../core/domain/decision.ts";
import type { ShellWhere } from "../core/guard/shell/index.ts";
import { isFree } from "./authorize.ts";
import type { ShellJudge } from "./shell-judge.ts";

/** What the person could do in place of a line that does not run just so. */
export type Instead =
  /** This line opens the file beside the terminal, masked. */
  | { readonly do: "edit"; readonly line: string }
  /** The statement of a client, in a SQL tab of that target, where it is masked and filtered. */
  | { readonly do: "sql"; readonly target: string; readonly statement: string };

/** An editor or viewer on one file whose name is plain. What it suggests is judged for itself. */
const EDITOR =
  /^\s*(?:vi|vim|view|nvim|nano|pico|emacs|editor|sensible-editor)\s+(?:-[A-Za-z]\s+|\+[0-9]+\s+)*(~?[\w./@%+:,][\w./@%+:,-]*)\s*$/;

/** Null: nothing that would be allowed at once. */
export function editInstead(
  judge: Pick<ShellJudge, "judge">,
  { line, decision, where }: { readonly line: string; readonly decision: Decision; readonly where: ShellWhere },
): Instead | null {
  const file = isFree(decision) ? undefined : EDITOR.exec(line)?.[1];
  if (file === undefined) return null;
  const instead = `edit ${file}`;
  return isFree(judge.judge(instead, where).decision) ? { do: "edit", line: instead } : null;
}
