import { namesOf } from '../table.ts';
import { digestBytes } from './content-digest.ts';
import { DigestIndex } from './digest-index.ts';

/** Bits of the sets that an example may be in as well. */
const setBits = { labeled: 1, validation: 2, unlabeled: 4 } as const;
export type OtherSet = keyof typeof setBits;
export const otherSets = namesOf(setBits);

/** A digest, and a byte with the bits of its sets. */
const entryBytes = digestBytes + 1;

/** The examples of a set by digest, each with the other sets that have an equal example. */
export class ExampleDigests {
  readonly #index = new DigestIndex();
  /** Examples per digest, and bits of the other sets. */
  readonly #counts: number[] = [];
  readonly #bits: number[] = [];

  /** Adds an example of the set. */
  add(digest: Uint8Array): void {
    this.#add(digest, 0);
  }

  /** Notes that another set has an example. @returns whether this set has an equal one. */
  mark(digest: Uint8Array, set: OtherSet): boolean {
    const index = this.#index.find(digest);
    if (index === undefined) return false;
    this.#bits[index]! |= setBits[set];
    return true;
  }

  /** Returns the other sets that have an equal example. */
  setsOf(digest: Uint8Array): OtherSet[] {
    const index = this.#index.find(digest);
    const bits = index === undefined ? 0 : this.#bits[index]!;
    return otherSets.filter((set) => bits & setBits[set]);
  }

  get isEmpty(): boolean {
    return this.#counts.length === 0;
  }

  /** Number of examples of the set; equal ones count several times. */
  get examples(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Number of examples of the set that are in another one, too. */
  get copies(): number {
    return this.#counts.reduce((sum, count, i) => (this.#bits[i] ? sum + count : sum), 0);
  }

  /** Returns the digests with their sets, for `fromBytes`: 17 bytes per digest. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.#index.size * entryBytes);
    for (let index = 0; index < this.#index.size; index++) {
      bytes.set(this.#index.at(index), index * entryBytes);
      bytes[index * entryBytes + digestBytes] = this.#bits[index]!;
    }
    return bytes;
  }

  /** Reads digests with their sets; equal examples count once. */
  static fromBytes(bytes: Uint8Array): ExampleDigests {
    const digests = new ExampleDigests();
    for (let start = 0; start < bytes.length; start += entryBytes) {
      const end = start + digestBytes;
      digests.#add(bytes.subarray(start, end), bytes[end]!);
    }
    return digests;
  }

  #add(digest: Uint8Array, bits: number): void {
    const index = this.#index.add(digest);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#bits[index] = (this.#bits[index] ?? 0) | bits;
  }
}
