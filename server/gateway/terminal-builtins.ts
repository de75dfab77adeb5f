import type { Decision } from "../core/domain/decision.ts";
import type { GatewayBuiltin } from "../core/guard/shell/index.ts";
import { printable } from "../core/terminal/prompt.ts";
import type { ShellJudge, ShellSubmission } from "./shell-judge.ts";
import type { BuiltinEnd, TerminalPlace } from "./terminal-place.ts";
import { explained, HELP } from "./terminal-text.ts";

/** What the built-ins know of the terminal that they are typed in. */
export interface BuiltinTerminal {
  readonly place: TerminalPlace;
  readonly judge: Pick<ShellJudge, "judge">;
  /** The oldest first. */
  readonly history: readonly string[];
  /** The last line that was decided. */
  readonly last: { readonly text: string; readonly decision: Decision } | null;
  readonly write: (text: string) => void;
  /** Opens a file in the browser. */
  readonly edit: (path: string) => void;
  /** Judges a line on the record. */
  readonly judged: (line: string) => Promise<ShellSubmission>;
}

const DONE = { exitCode: 0 };
const OWN_TEXTS: ReadonlySet<string> = new Set(["clear", "dirs", "help", "history", "why", "can"]);

/** Whether it only writes something of the gateway's own, which is not judged. */
export function isOwnText({ name }: GatewayBuiltin): boolean {
  return OWN_TEXTS.has(name);
}

/** Does what the gateway does by itself. What would change the tab's place is judged like any line: `not allowed` was said then. */
export async function runBuiltin(
  { builtin, line }: { readonly builtin: GatewayBuiltin; readonly line: string },
  terminal: BuiltinTerminal,
): Promise<{ readonly exitCode: number } | "exit" | "not allowed" | "a program"> {
  const { place, judge, write } = terminal;
  switch (builtin.name) {
    case "clear":
      write("\x1b[H\x1b[2J\x1b[3J");
      return DONE;
    case "exit":
    case "logout":
      return "exit";
    case "help":
      write(HELP);
      return DONE;
    case "history":
      write(terminal.history.map((entry, i) => `${String(i + 1).padStart(5)}  ${oneLine(entry)}\r\n`).join(""));
      return DONE;
    case "why":
      write(terminal.last === null ? "nothing was decided yet\r\n" : explained(terminal.last.text, terminal.last.decision));
      return DONE;
    case "can": {
      const asked = line.trimStart().slice("can".length).trim();
      if (asked === "") write("usage: can COMMAND…\r\n");
      else write(explained(asked, judge.judge(asked, place.where).decision));
      return DONE;
    }
    case "cd":
      return within(line, terminal, () => place.changeDirectory(builtin.arguments));
    case "pushd":
    case "popd":
      return within(line, terminal, () => place.stacked(builtin));
    case "dirs":
      write(place.directories);
      return DONE;
    case "export":
    case "unset":
      return within(line, terminal, () => place.variables(builtin));
    case "edit":
      return edit(builtin, line, terminal);
    default:
      return "a program";
  }
}

/** A denial is said here; all else the browser asks for the file, and it is judged there, on the record. */
async function edit(
  { arguments: [path = ""] }: GatewayBuiltin,
  line: string,
  { judge, place, judged, write, edit: open }: BuiltinTerminal,
): Promise<{ readonly exitCode: number } | "not allowed"> {
  if (judge.judge(line, place.where).decision.outcome === "deny" && !(await judged(line)).allowed) return "not allowed";
  open(path);
  write(`\x1b[2m${printable(path)} is opened beside the terminal\x1b[0m\r\n`);
  return DONE;
}

/** What the gateway does by itself goes on the record like any line. */
async function within(
  line: string,
  { judged, write }: BuiltinTerminal,
  act: () => BuiltinEnd | Promise<BuiltinEnd>,
): Promise<{ readonly exitCode: number } | "not allowed"> {
  const submitted = await judged(line);
  if (!submitted.allowed) return "not allowed";
  const { exitCode, text } = await act();
  write(text);
  await submitted.executed({ exitCode, durationMs: 0, bytes: 0 });
  return { exitCode };
}

function oneLine(entry: string): string {
  return printable(entry).replaceAll("\\u{a}", "↵ ");
}
