import type { ShellWhere } from "../core/guard/shell/index.ts";
import type { Detector } from "../core/mask/stream.ts";
import { MaskedOutput } from "./masked-output.ts";
import type { ProgramEnd, RunningProgram } from "./ports.ts";
import { ProgramLimits } from "./program-limits.ts";
import type { OpenShellSession } from "./sessions.ts";
import type { AllowedShell } from "./shell-judge.ts";
import type { TerminalScreen } from "./terminal-screen.ts";
import type { TypeAhead } from "./type-ahead.ts";

const SIGNAL_AFTER_MS = 500;
const KILL_AFTER_MS = 2_500;

interface ProgramOptions {
  readonly session: OpenShellSession;
  readonly allowed: Pick<AllowedShell, "command" | "decision">;
  readonly detectors: readonly Detector[];
  readonly where: ShellWhere;
  readonly columns: number;
  readonly rows: number;
  readonly screen: TerminalScreen;
  readonly ahead: TypeAhead;
}

/** One allowed line while it runs: its masked output to the screen, the person's keys to it where policy allows. */
export class TerminalProgram {
  readonly #options: ProgramOptions;
  readonly #encoder = new TextEncoder();
  #program: RunningProgram | null = null;
  #state: "running" | "interrupted" | "ended" = "running";
  /** Output that waits for a watcher. */
  #unshown: (() => void)[] = [];

  readonly #limits: ProgramLimits;

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.#limits = new ProgramLimits(options.allowed.decision, (reason) => this.stop(reason));
  }

  /** `started` is called when it can be given keys; what it answers is whether it is still wanted. Never throws. */
  async run(started: () => boolean): Promise<{ readonly end: ProgramEnd; readonly bytes: number }> {
    const { session, detectors, where, columns, rows, screen } = this.#options;
    const { command } = this.#options.allowed;
    const { interactive } = command;
    const output = new MaskedOutput(detectors, interactive, (shown) => screen.show(shown));
    let bytes = 0;
    let end: ProgramEnd;
    try {
      const program = await session.connection.run(
        command,
        { cwd: where.cwd, environment: where.environment, columns, rows, interactive, pty: true },
        {
          output: (chunk) => {
            bytes += chunk.length;
            return this.#output(this.#limits.within(chunk), output);
          },
        },
      );
      this.#program = program;
      this.#limits.begin();
      if (!started()) program.signal("HUP");
      end = await program.end;
    } catch (error) {
      end = { ended: "lost", message: error instanceof Error ? error.message : String(error) };
    }
    this.#state = "ended";
    this.#limits.end();
    output.end();
    return { end, bytes };
  }

  /** Keys: to it when policy allows, else kept for the next prompt; Ctrl-C always ends it. */
  typed(bytes: Uint8Array, text: string): void {
    const { session, screen, ahead } = this.#options;
    const { command } = this.#options.allowed;
    if (command.interactive && session.judge.paused) {
      // INVARIANT (watched): no key goes to the program while nobody watches; Ctrl-C ends it, as always.
      if (text.includes("\x03")) return this.interrupt();
      return ahead.keep(text);
    }
    if (command.interactive) return this.#program?.write(bytes);
    if (text.includes("\x03")) {
      ahead.take();
      screen.write("^C");
      this.interrupt();
    } else if (text.includes("\x1c")) {
      screen.write("^\\");
      this.#program?.write(new Uint8Array([0x1c]));
    } else if (text.includes("\x1a"))
      screen.write("\r\n\x1b[90mCtrl-Z is off: a stopped program would wait where nobody sees it\x1b[0m\r\n");
    else ahead.keep(text);
  }

  /** Output and keys that waited for a watcher go on. */
  resume(): void {
    const { session, ahead } = this.#options;
    const { command } = this.#options.allowed;
    if (session.judge.paused) return;
    this.#release();
    if (!command.interactive || this.#program === null) return;
    const kept = ahead.take();
    if (kept !== "") this.#program.write(this.#encoder.encode(kept));
  }

  resize(columns: number, rows: number): void {
    this.#program?.resize(columns, rows);
  }

  stop(reason: string): void {
    this.#options.screen.write(`\r\n\x1b[31m✕ ${reason}\x1b[0m\r\n`);
    this.interrupt();
  }

  interrupt(): void {
    this.#state = "interrupted";
    this.#options.screen.release();
    this.#release();
    this.#program?.write(new Uint8Array([0x03]));
    const still = (): boolean => this.#state !== "ended";
    setTimeout(() => still() && this.#program?.signal("INT"), SIGNAL_AFTER_MS).unref();
    setTimeout(() => still() && this.#program?.signal("KILL"), KILL_AFTER_MS).unref();
  }

  /** The terminal is gone. */
  hangUp(): void {
    this.#state = "ended";
    this.#program?.signal("HUP");
    this.#options.screen.release();
    this.#release();
  }

  #output(chunk: Uint8Array, output: MaskedOutput): Promise<void> | undefined {
    // After Ctrl-C what was already under way is not worth waiting for.
    if (this.#state !== "running") return undefined;
    // INVARIANT (watched): nothing is shown while nobody watches; the program waits where it writes more.
    if (this.#options.session.judge.paused) {
      const held = chunk.slice();
      return this.#untilWatched().then(() => {
        if (this.#state === "running") output.push(held);
      });
    }
    output.push(chunk);
    return this.#options.screen.room();
  }

  #untilWatched(): Promise<void> {
    return new Promise((resolve) => {
      this.#unshown.push(resolve);
    });
  }

  #release(): void {
    for (const show of this.#unshown.splice(0)) show();
  }
}
