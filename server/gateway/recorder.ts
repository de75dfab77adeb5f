import type { ShellWhere } from "../core/guard/shell/index.ts";
import { castHeader, castLine } from "../core/terminal/asciicast.ts";
import type { Context } from "./ports-of-gateway.ts";

const FLUSH_MS = 500;
const FLUSH_CHARACTERS = 256_000;
/** The program waits while so much is not yet in the store. */
const AHEAD_CHARACTERS = 4_000_000;
/** Of one command's output; the rest is shown, but not kept. */
const COMMAND_CHARACTERS = 32_000_000;
/** Of where a command was typed; with more variables than that it is not kept, and the command is not shown again. */
const PLACE_CHARACTERS = 8_000;
const GIVE_UP_MS = 5_000;
const RETRY_MS = 250;

export interface Recorded {
  readonly session: string;
  readonly principal: string;
  readonly target: string;
  readonly environment: string;
  readonly columns: number;
  readonly rows: number;
}

/**
 * Writes down what a terminal showed, as it was shown. INVARIANT (P3): what cannot be kept is not shown for long: when
 * the store takes nothing for five seconds, `lost` is called and the session has to end.
 */
export class Recorder {
  readonly #context: Context;
  readonly #recorded: Recorded;
  readonly #lost: (reason: string) => void;
  readonly #began: number;
  readonly #decoder = new TextDecoder();
  #pending = "";
  #inCommand = 0;
  #left = 0;
  #bytes = 0;
  #chunks = 0;
  #commands = 0;
  #digest = "";
  #writing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #room: (() => void)[] = [];
  #state: "open" | "closed" | "lost" = "open";

  /** Throws `StoreError` where it cannot begin: then nothing is shown at all. */
  static async open(context: Context, recorded: Recorded, lost: (reason: string) => void): Promise<Recorder> {
    const startedAt = context.clock.now();
    await context.recordings.open({ ...recorded, startedAt });
    const recorder = new Recorder(context, recorded, lost, startedAt);
    recorder.#pending = castHeader({ ...recorded, startedAt, title: `${recorded.principal} on ${recorded.target}` });
    return recorder;
  }

  private constructor(context: Context, recorded: Recorded, lost: (reason: string) => void, began: number) {
    this.#context = context;
    this.#recorded = recorded;
    this.#lost = lost;
    this.#began = began;
  }

  output(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return;
    this.#inCommand += text.length;
    if (this.#inCommand > COMMAND_CHARACTERS) {
      this.#left += text.length;
      return;
    }
    this.#add("o", text);
  }

  resized(columns: number, rows: number): void {
    this.#add("r", `${columns}x${rows}`);
  }

  command(line: string, where: ShellWhere): void {
    this.#inCommand = 0;
    this.#commands += 1;
    this.#add("m", line);
    const place = JSON.stringify({ cwd: where.cwd, environment: where.environment });
    if (place.length <= PLACE_CHARACTERS) this.#add("p", place);
  }

  exited(exitCode: number | null): void {
    if (this.#left > 0) this.#add("m", `${this.#left} more characters were shown and are not kept`);
    this.#left = 0;
    this.#inCommand = 0;
    this.#add("x", exitCode === null ? "" : String(exitCode));
  }

  /** Null: there is room. Else resolves when there is. */
  room(): Promise<void> | null {
    if (this.#pending.length < AHEAD_CHARACTERS || this.#state !== "open") return null;
    return new Promise((resolve) => {
      this.#room.push(resolve);
    });
  }

  /** Everything is in the store, and its digest on the record. */
  async close(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "closed";
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#release();
    await this.#write();
    // Its end could not be kept: the record must not say that it is whole.
    if (this.#isLost()) return;
    const { session, principal, target } = this.#recorded;
    const sums = { bytes: this.#bytes, chunks: this.#chunks, commands: this.#commands, digest: this.#digest };
    await this.#context.audit.append({
      type: "recording.closed",
      at: this.#context.clock.now(),
      principal,
      target,
      session,
      body: sums,
    });
    await this.#context.recordings.close(session, { ...sums, endedAt: this.#context.clock.now() });
  }

  #isLost(): boolean {
    return this.#state === "lost";
  }

  #add(code: Parameters<typeof castLine>[1], data: string): void {
    if (this.#state !== "open") return;
    this.#pending += castLine(this.#context.clock.now() - this.#began, code, data);
    if (this.#pending.length >= FLUSH_CHARACTERS) void this.#write();
    else this.#timer ??= setTimeout(() => void this.#write(), FLUSH_MS);
  }

  #write(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#pending !== "" && this.#state !== "lost") {
      const text = this.#pending;
      this.#pending = "";
      await this.#append(text);
      this.#release();
    }
  }

  async #append(text: string): Promise<void> {
    const { session } = this.#recorded;
    const began = this.#context.clock.now();
    for (;;) {
      try {
        await this.#context.recordings.append(session, this.#chunks, text);
        this.#chunks += 1;
        this.#bytes += text.length;
        this.#digest = this.#context.sha256(this.#digest + text);
        return;
      } catch (error) {
        if (this.#context.clock.now() - began < GIVE_UP_MS) {
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
          continue;
        }
        this.#context.log(`recording ${session}: ${error instanceof Error ? error.message : String(error)}`);
        this.#state = "lost";
        this.#release();
        this.#lost("the recording cannot be written");
        return;
      }
    }
  }

  #release(): void {
    if (this.#pending.length >= AHEAD_CHARACTERS) return;
    for (const resolve of this.#room.splice(0)) resolve();
  }
}
