import type { RowBatch } from "../../core/domain/row-batch.ts";

const FIRST_BYTES = 4 * 1_024;
const MOST_BYTES = 320 * 1_024;

/** Gathers rows as they arrive, in pieces that end anywhere, and gives them away in batches of whole rows. */
export class RowBuffer {
  #bytes: Buffer = Buffer.alloc(0);
  #used = 0;
  /** Where the last row that is whole ends. */
  #whole = 0;
  #count = 0;

  /** Rows that are whole. */
  get count(): number {
    return this.#count;
  }

  /** Of all that is here. */
  get size(): number {
    return this.#used;
  }

  /** `count` rows end in `piece`; its last `rest` bytes are of a row, of which others may be here already, that has not ended. */
  push(piece: Uint8Array, count: number, rest: number): void {
    this.#makeRoom(this.#used + piece.length);
    this.#bytes.set(piece, this.#used);
    this.#used += piece.length;
    if (count > 0) this.#whole = this.#used - rest;
    this.#count += count;
  }

  /** Keeps the first `count` of the whole rows, and nothing else. */
  cut(count: number): void {
    let end = 0;
    for (let row = 0; row < count; row += 1) end += 1 + this.#bytes.readUInt32BE(end + 1);
    this.#used = end;
    this.#whole = end;
    this.#count = count;
  }

  /** The whole rows, which then are no longer here. Null: there is none. */
  take(): RowBatch | null {
    if (this.#count === 0) return null;
    const batch = { count: this.#count, bytes: this.#bytes.subarray(0, this.#whole) };
    const rest = this.#bytes.subarray(this.#whole, this.#used);
    this.#bytes = Buffer.alloc(0);
    this.#used = 0;
    this.#whole = 0;
    this.#count = 0;
    if (rest.length > 0) this.push(rest, 0, rest.length);
    return batch;
  }

  /** Small for small results; batches that were given away are never written to again. */
  #makeRoom(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const size = Math.max(needed, Math.min(MOST_BYTES, Math.max(FIRST_BYTES, needed * 4)));
    const larger = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}
