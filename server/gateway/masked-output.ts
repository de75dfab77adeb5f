import { createStreamMasker, type Detector, IDLE_MS, type StreamMasker } from "../core/mask/stream.ts";
import { createSanitiser, type Sanitiser } from "../core/terminal/sanitise.ts";

/** Echoes of a person's own keys are no longer. */
const ECHO_BYTES = 8;

/**
 * A program's output on its way to the screen: cleaned of sequences that would do harm, then masked. `interactive`: keys
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
    // Cleaned first: a control that only the sanitiser takes out must not part a secret in two for the masker.
    const clean = this.#sanitiser.push(chunk);
    this.#give(this.#interactive && clean.length <= ECHO_BYTES ? this.#masker.echo(clean) : this.#masker.push(clean));
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
    if (bytes.length > 0) this.#show(bytes);
  }
}
