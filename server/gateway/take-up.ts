import { describeShell } from "../core/guard/shell/index.ts";
import { printable } from "../core/terminal/prompt.ts";
import type { ShellJudge } from "./shell-judge.ts";
import type { SavedPlace } from "./store-ports.ts";
import type { TerminalPlace } from "./terminal-place.ts";

interface NewTerminal {
  readonly place: TerminalPlace;
  readonly judge: Pick<ShellJudge, "aside">;
  /** Given up by the person. */
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/**
 * Leads a new session to where the tab's session before stood, by lines that are judged and recorded as if the person had
 * typed them; what is not permitted just so, or not there any more, is said and left. Answers whether all is as before.
 */
export async function takeUp(saved: SavedPlace, { place, judge, signal, say }: NewTerminal): Promise<boolean> {
  place.takeUp(saved);
  const done: string[] = [];
  const lines = linesTo(saved, place.home);
  for (const { line, what } of lines) {
    if (signal.aborted) return false;
    const described = describeShell(line, place.where);
    const builtin = "refusal" in described ? null : described.builtin;
    const allowed = builtin === null ? null : await judge.aside(line, place.where);
    if (allowed === null || builtin === null) {
      say(`\x1b[33m${printable(what)}: not as before, it is not permitted just so\x1b[0m\r\n`);
      continue;
    }
    const end = builtin.name === "cd" ? await place.changeDirectory(builtin.arguments) : place.variables(builtin);
    await allowed.executed({ exitCode: end.exitCode, durationMs: 0, bytes: 0 });
    if (end.exitCode === 0) done.push(what);
    else say(end.text);
  }
  if (done.length > 0) say(`\x1b[90mas before: ${printable(done.join(", "))}\x1b[0m\r\n`);
  return done.length === lines.length;
}

/** The lines that lead from a new session to that place, and what each of them is for. */
function linesTo(place: SavedPlace, home: string): readonly { readonly line: string; readonly what: string }[] {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const variables = Object.entries(place.environment).map(([name, value]) => ({
    line: `export ${name}=${quoted(value)}`,
    what: `variable ${name}`,
  }));
  const directory = { line: `cd ${quoted(place.cwd)}`, what: `directory ${place.cwd}` };
  return [...(place.cwd === home ? [] : [directory]), ...variables];
}
