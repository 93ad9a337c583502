/**
 * Examples that are ready for a batch, as records of equal size in one piece of memory. Records are
 * small, and fast to find, to write to a file and to read back.
 *
 * A record has the decoded example (bytes for pixels, otherwise floats), then, as floats, the
 * target, the teacher margins and the weights.
 */
import { decodedBytes, type Features, kindOf } from '../data/features/index.ts';
import type { Decoded } from '../data/features/kind.ts';
import type { Decisions } from '../debias/decisions.ts';
import type { Supervised } from './batch-shape.ts';
import {
  copySupervision,
  type Supervision,
  supervisionLength,
  writeSupervision,
} from './supervision.ts';

/** Inputs that determine the size of a record. */
export interface RecordShape {
  readonly features: Features;
  readonly decisions: Decisions;
}

/** Returns the size of a record in bytes: a multiple of 4, so that floats are aligned. */
export function recordBytes({ features, decisions }: RecordShape): number {
  return paddedBytes(features) + 4 * supervisionLength(decisions);
}

/** Returns the size of a decoded example in a record, in bytes, rounded up to a multiple of 4. */
function paddedBytes(features: Features): number {
  return Math.ceil(decodedBytes(features) / 4) * 4;
}

export class Records {
  readonly recordBytes: number;
  /** All records, one after another. */
  readonly bytes: Uint8Array;
  /** The same memory, in the type of decoded examples: each starts at `startOf(index)`. */
  readonly decoded: Decoded;
  readonly #floats: Float32Array;
  readonly #decisions: Decisions;
  /** Offset of the target in a record, in floats. */
  readonly #targetStart: number;

  /** Reserves room for `count` records; memory is used only once written. */
  constructor(shape: RecordShape, count: number) {
    const memory = new ArrayBuffer(count * recordBytes(shape));
    this.recordBytes = recordBytes(shape);
    this.bytes = new Uint8Array(memory);
    this.#floats = new Float32Array(memory);
    this.decoded = kindOf(shape.features).bytesPerNumber === 1 ? this.bytes : this.#floats;
    this.#decisions = shape.decisions;
    this.#targetStart = paddedBytes(shape.features) / 4;
  }

  startOf(index: number): number {
    return (index * this.recordBytes) / this.decoded.BYTES_PER_ELEMENT;
  }

  /** Stores an example. @returns true: there is room for all. */
  put(index: number, decoded: Decoded, supervision: Supervision): true {
    this.decoded.set(decoded, this.startOf(index));
    writeSupervision(supervision, this.#floats, this.#targetOf(index));
    return true;
  }

  /** Writes the example's target, teacher margins and weights into a row of a batch. */
  supervise(index: number, batch: Supervised, row: number): void {
    copySupervision(this.#floats, this.#targetOf(index), this.#decisions, batch, row);
  }

  #targetOf(index: number): number {
    return (index * this.recordBytes) / 4 + this.#targetStart;
  }
}
