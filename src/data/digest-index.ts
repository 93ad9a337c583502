import { digestBytes } from './content-digest.ts';

/**
 * Numbers different digests in the order in which they come. Memory: 24 to 48 bytes per digest; a
 * Map of texts takes 100.
 *
 * Digests are random, so their first bytes are the hash: open addressing with linear probing
 * (Knuth, "The Art of Computer Programming", vol. 3, section 6.4), at most half full.
 */
export class DigestIndex {
  #digests = Buffer.alloc(digestBytes * 512);
  #slots = new Int32Array(1024).fill(-1);
  #size = 0;

  /** Number of different digests. */
  get size(): number {
    return this.#size;
  }

  /** Returns the number of a digest, from 0; undefined if it was not added. */
  find(digest: Uint8Array): number | undefined {
    const index = this.#slots[this.#slotOf(digest)]!;
    return index < 0 ? undefined : index;
  }

  /** Adds a digest if it is new. @returns its number. */
  add(digest: Uint8Array): number {
    const present = this.find(digest);
    if (present !== undefined) return present;
    if (2 * this.#size >= this.#slots.length) this.#grow();
    this.#digests.set(digest, this.#size * digestBytes);
    this.#slots[this.#slotOf(digest)] = this.#size;
    return this.#size++;
  }

  /** Returns a digest by its number. The bytes are valid until the next one is added. */
  at(index: number): Uint8Array {
    return this.#digests.subarray(index * digestBytes, (index + 1) * digestBytes);
  }

  /** Returns the slot that has the digest, or the free one for it. */
  #slotOf(digest: Uint8Array): number {
    const mask = this.#slots.length - 1;
    let slot = wordOf(digest) & mask;
    for (;;) {
      const index = this.#slots[slot]!;
      if (
        index < 0 ||
        this.#digests.compare(
          digest,
          0,
          digestBytes,
          index * digestBytes,
          (index + 1) * digestBytes,
        ) === 0
      )
        return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const digests = Buffer.alloc(2 * this.#digests.length);
    digests.set(this.#digests);
    this.#digests = digests;
    this.#slots = new Int32Array(2 * this.#slots.length).fill(-1);
    for (let index = 0; index < this.#size; index++)
      this.#slots[this.#slotOf(this.at(index))] = index;
  }
}

function wordOf(digest: Uint8Array): number {
  return digest[0]! | (digest[1]! << 8) | (digest[2]! << 16) | (digest[3]! << 24);
}
