import type { Decision } from "../core/domain/decision.ts";
import type { ShellWhere } from "../core/guard/shell/index.ts";
import { isFree } from "./authorize.ts";
import type { ShellJudge } from "./shell-judge.ts";

/** What the person could do in place of a line that does not run just so. */
export type Instead =
  /** This line opens the file beside the terminal, masked. */
  | { readonly do: "edit"; readonly line: string }
  /** This line does the same with less that could be done by keys. */
  | { readonly do: "line"; readonly line: string }
  /** The statement of a client, in a SQL tab of that target, where it is masked and filtered. */
  | { readonly do: "sql"; readonly target: string; readonly statement: string };

/** An editor or viewer on one file whose name is plain. What it suggests is judged for itself. */
const EDITOR =
  /^\s*(?:vi|vim|view|nvim|nano|pico|emacs|editor|sensible-editor)\s+(?:-[A-Za-z]\s+|\+[0-9]+\s+)*(~?[\w./@%+:,][\w./@%+:,-]*)\s*$/;

/** They end processes by keys, unless the option is given. */
const VIEWERS = /^\s*(top|htop)((?:\s+[\w%+.,:=-]+)*)\s*$/;
const WITHOUT_KEYS: Readonly<Record<string, string>> = { top: "-s", htop: "--readonly" };

/** Null: nothing that would be allowed at once. */
export function insteadOf(
  judge: Pick<ShellJudge, "judge">,
  { line, decision, where }: { readonly line: string; readonly decision: Decision; readonly where: ShellWhere },
): Instead | null {
  if (isFree(decision)) return null;
  const found = suggested(line);
  return found !== null && isFree(judge.judge(found.line, where).decision) ? found : null;
}

function suggested(line: string): Extract<Instead, { readonly line: string }> | null {
  const file = EDITOR.exec(line)?.[1];
  if (file !== undefined) return { do: "edit", line: `edit ${file}` };
  const [, viewer, words = ""] = VIEWERS.exec(line) ?? [];
  return viewer === undefined ? null : { do: "line", line: `${viewer} ${WITHOUT_KEYS[viewer]}${words.trimEnd()}` };
}
