import { createStreamMasker, type Detector, IDLE_MS, type StreamMasker } from "../core/mask/stream.ts";
import { createSanitiser, type Sanitiser } from "../core/terminal/sanitise.ts";

/** Echoes of a person's own keys are no longer. */
const ECHO_BYTES = 8;

/**
 * A program's output on its way to the screen: masked, then cleaned of sequences that would do harm. `interactive`: keys
 * reach the program, so full-screen modes pass and echoes are not held.
 */
export class MaskedOutput {
  readonly #masker: StreamMasker;
  readonly #sanitiser: Sanitiser;
  readonly #interactive: boolean;
  readonly #show: (bytes: Uint8Array) => void;
  #timer: NodeJS.Timeout | null = null;
  #waited = 0;

  constructor(detectors: readonly Detector[], interactive: boolean, show: (bytes: Uint8Array) => void) {
    this.#masker = createStreamMasker({ detectors, secrets: [] });
    this.#sanitiser = createSanitiser({ fullScreen: interactive });
    this.#interactive = interactive;
    this.#show = show;
  }

  push(chunk: Uint8Array): void {
    this.#waited = 0;
    this.#give(this.#interactive && chunk.length <= ECHO_BYTES ? this.#masker.echo(chunk) : this.#masker.push(chunk));
    this.#wait();
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#give(this.#masker.end());
    const back = this.#sanitiser.end();
    if (back.length > 0) this.#show(back);
  }

  #wait(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#masker.holds) return;
    this.#timer = setTimeout(() => {
      this.#waited += IDLE_MS;
      this.#give(this.#masker.idle(this.#waited));
      this.#wait();
    }, IDLE_MS);
  }

  #give(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const clean = this.#sanitiser.push(bytes);
    if (clean.length > 0) this.#show(clean);
  }
}
