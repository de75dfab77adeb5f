import type { Decision } from "../core/domain/decision.ts";
import type { ShellWhere } from "../core/guard/shell/index.ts";
import type { TerminalBlock, TerminalRecording } from "./terminal-options.ts";
import type { TerminalScreen } from "./terminal-screen.ts";

interface BlocksOptions {
  readonly screen: TerminalScreen;
  readonly recording: Pick<TerminalRecording, "command" | "exited">;
  readonly now: () => number;
  readonly changed: (block: TerminalBlock) => void;
}

/** A terminal's lines one after the other: told to the browser, marked in what is shown and in the recording. */
export class TerminalBlocks {
  readonly #options: BlocksOptions;
  readonly #began: number;
  #block: TerminalBlock | null = null;

  constructor(options: BlocksOptions) {
    this.#options = options;
    this.#began = options.now();
  }

  begin(line: string, where: ShellWhere): void {
    const { recording, now, screen } = this.#options;
    recording.command(line, where);
    const number = (this.#block?.number ?? 0) + 1;
    this.#tell({ number, line, outcome: "builtin", startedAt: now() - this.#began, ended: null });
    screen.write(mark("C", number));
  }

  decided(outcome: Decision["outcome"]): void {
    const block = this.#block;
    if (block !== null && block.ended === null) this.#tell({ ...block, outcome });
  }

  /** The line is done with, if one was under way; a prompt follows. */
  end(exitCode: number | null): void {
    const { recording, now, screen } = this.#options;
    const block = this.#block;
    if (block !== null && block.ended === null) {
      screen.write(mark("D", block.number));
      recording.exited(exitCode);
      this.#tell({ ...block, ended: { exitCode, durationMs: now() - this.#began - block.startedAt } });
    }
  }

  #tell(block: TerminalBlock): void {
    this.#block = block;
    this.#options.changed(block);
  }
}

/** OSC 133: where a prompt, a block's output and its end are, for who shows it. Programs' own are taken out. */
function mark(what: "C" | "D", block: number): string {
  return `\x1b]133;${what};${block}\x07`;
}

export const PROMPT_MARK = "\x1b]133;A\x07";
