/** The last of a stream of bytes, from the start of a line on. */
export class Tail {
  readonly #most: number;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #cut = false;

  constructor(most: number) {
    this.#most = most;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    // The caller may use its buffer again.
    this.#chunks.push(chunk.slice());
    this.#size += chunk.length;
    while (this.#size > this.#most && this.#chunks.length > 1) {
      this.#size -= this.#chunks.shift()?.length ?? 0;
      this.#cut = true;
    }
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    if (!this.#cut) return whole;
    const line = whole.indexOf(0x0a);
    return line === -1 ? whole : whole.subarray(line + 1);
  }
}
