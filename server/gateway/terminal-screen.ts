import type { TerminalRecording } from "./terminal-options.ts";

/** Output that the browser may have waiting unparsed before the program is made to wait. */
const AHEAD_BYTES = 1_000_000;

interface Viewers {
  /** Those who watch. */
  readonly show: { output(bytes: Uint8Array): void };
  readonly recording: Pick<TerminalRecording, "output" | "room">;
  /** The person's browser. */
  readonly output: (bytes: Uint8Array) => void;
}

/** What a terminal shows goes to its browser, to those who watch and to the recording, and is not far ahead of the slowest. */
export class TerminalScreen {
  readonly #viewers: Viewers;
  readonly #encoder = new TextEncoder();
  #unparsed = 0;
  #wake: (() => void)[] = [];

  constructor(viewers: Viewers) {
    this.#viewers = viewers;
  }

  write(text: string): void {
    if (text !== "") this.show(this.#encoder.encode(text));
  }

  show(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#unparsed += bytes.length;
    this.#viewers.show.output(bytes);
    this.#viewers.recording.output(bytes);
    this.#viewers.output(bytes);
  }

  /** The browser has parsed so many bytes more. */
  acknowledge(bytes: number): void {
    this.#unparsed = Math.max(0, this.#unparsed - bytes);
    if (this.#unparsed <= AHEAD_BYTES) this.release();
  }

  /** Another browser begins with the last so many bytes of what was shown; what the one before had waiting is gone. */
  shownAgain(bytes: number): void {
    this.#unparsed = bytes;
    this.acknowledge(0);
  }

  /** Undefined: there is room for more. Else resolves when there is. */
  room(): Promise<void> | undefined {
    if (this.#unparsed <= AHEAD_BYTES) return this.#viewers.recording.room() ?? undefined;
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  /** What waits for room goes on. */
  release(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
