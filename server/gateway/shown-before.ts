import { SerializeAddon } from "@xterm/addon-serialize";
import headless from "@xterm/headless";
import { describeShell, type ShellWhere } from "../core/guard/shell/index.ts";
import { printable, promptOf } from "../core/terminal/prompt.ts";
import { MaskedOutput } from "./masked-output.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { OpenShellSession } from "./sessions.ts";
import { type RecordingTail, type ShownCommand, tailOf } from "./tail-of-recording.ts";
import { isOwnText } from "./terminal-builtins.ts";

const MOST_CHARACTERS = 256_000;
const MOST_LINES = 2_000;
/** Room for a program's own screen while it is drawn again. */
const ROWS = 50;
const LEFT_OUT = "\x1b[2m(what it showed is left out: it would not be allowed just so now)\x1b[0m\r\n";
const CURSOR_PUT_BACK = /(?:\x1b\[[0-9;]*[ABCDm])+$/;

/**
 * What a tab's lost sessions had shown last, for the tab's next one: out of their recordings, which hold what was shown,
 * masked as it was then. Not simply the same bytes again:
 *
 * - they have to be this person's, on this target; of anybody else's, nothing;
 * - each line is judged as if it were typed now where it was typed then: where it would not be allowed just so (denied,
 *   reviewed, watched, breaking glass), what it showed is left out;
 * - what is left is drawn on a screen of its own and read off that: of escapes only colours remain, of full-screen programs
 *   nothing; then cleaned and masked as any program's output, with the detectors of now.
 *
 * Empty: nothing is to be shown.
 */
export async function shownBefore(
  context: Pick<Context, "recordings" | "configuration" | "audit" | "clock">,
  open: Pick<OpenShellSession, "id" | "judge" | "connection" | "requester" | "target">,
  sessions: readonly string[],
  columns: number,
): Promise<string> {
  const tails: (RecordingTail & { readonly endedAt: number })[] = [];
  let left = MOST_CHARACTERS;
  for (const session of [...sessions].reverse()) {
    if (left <= 0) break;
    const recording = await context.recordings.find(session);
    const { principal } = open.requester;
    if (recording === null || recording.principal !== principal.id || recording.target !== open.target.id) continue;
    const tail = await tailOf(context.recordings, session, left);
    if (tail.commands.length === 0) continue;
    left -= tail.characters;
    tails.push({ ...tail, endedAt: recording.startedAt + tail.seconds * 1_000 });
    await context.audit.append({
      type: "recording.watched",
      at: context.clock.now(),
      principal: principal.id,
      target: open.target.id,
      session,
      body: { of: recording.principal, shownAgainIn: open.id },
    });
  }
  const [newest] = tails;
  if (newest === undefined) return "";
  const commands = tails.flatMap((tail) => tail.commands).reverse();
  const drawn = await drawnAgain(open, commands, newest.columns ?? columns);
  const shown = maskedNow(context, lastOf(drawn));
  return `${shown}\x1b[0m\r\n\x1b[2m── from before the connection was lost, ${clockOf(newest.endedAt)} ──\x1b[0m\r\n`;
}

async function drawnAgain(
  { judge, connection, target }: Pick<OpenShellSession, "judge" | "connection" | "target">,
  commands: readonly ShownCommand[],
  columns: number,
): Promise<string> {
  const { home, user, language } = connection;
  const { environment } = target;
  const wheres = commands.map(({ where }): ShellWhere => ({ home, user, language, ...where }));
  const may = await Promise.all(commands.map(({ line }, i) => mayBeShown(judge, line, wheres[i])));
  const screen = new headless.Terminal({ cols: columns, rows: ROWS, scrollback: MOST_LINES, allowProposedApi: true });
  const serialize = new SerializeAddon();
  screen.loadAddon(serialize);
  const write = (text: string): Promise<void> => new Promise((resolve) => screen.write(text, resolve));
  try {
    for (const [i, { line, where, output }] of commands.entries()) {
      const { text } = promptOf({ user, target: target.id, environment, cwd: where.cwd, home, exitCode: null });
      await write(`${text}${printable(line).replaceAll("\\u{a}", "\r\n")}\r\n`);
      await write(may[i] === true ? output : LEFT_OUT);
      // What a program may leave behind: half a sequence, its screen, its colours, the part that scrolls.
      const back = screen.buffer.active.type === "alternate" ? "\x1b[?1049l" : "";
      await write(`\x18${back}\x1b[0m\x1b7\x1b[r\x1b8\x1b[?7h`);
      if (screen.buffer.normal.cursorX > 0) await write("\r\n");
    }
    const drawn = serialize.serialize({ scrollback: MOST_LINES, excludeModes: true, excludeAltBuffer: true });
    return drawn.replace(CURSOR_PUT_BACK, "").trimEnd();
  } finally {
    screen.dispose();
  }
}

async function mayBeShown(judge: OpenShellSession["judge"], line: string, where: ShellWhere | undefined): Promise<boolean> {
  if (where === undefined) return false;
  const described = describeShell(line, where);
  if ("refusal" in described) return false;
  const own = described.builtin !== null && isOwnText(described.builtin);
  return own || (await judge.isFreeNow(line, where));
}

/** From the start of a line on. */
function lastOf(text: string): string {
  const from = text.length <= MOST_CHARACTERS ? 0 : text.indexOf("\n", text.length - MOST_CHARACTERS) + 1;
  return text.slice(from);
}

function maskedNow({ configuration }: Pick<Context, "configuration">, text: string): string {
  const shown: Uint8Array[] = [];
  const output = new MaskedOutput(configuration.set.detectors, false, (bytes) => void shown.push(bytes.slice()));
  output.push(new TextEncoder().encode(text));
  output.end();
  return new TextDecoder().decode(Buffer.concat(shown));
}

function clockOf(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}
