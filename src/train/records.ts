/**
 * Examples that are ready for a batch, as records of equal size in one piece of memory. Records are
 * small, and fast to find, to write to a file and to read back.
 *
 * A record has the decoded example (bytes for pixels, otherwise floats), then, as floats, the
 * target, the teacher margin and the weight.
 */
import { decodedBytes, type Features, kindOf } from '../data/features/index.ts';
import type { Decoded } from '../data/features/kind.ts';
import type { Supervised } from './batch-shape.ts';

/** Target and weight of an example. */
export interface Supervision {
  /** Target, [classes]: a soft label or one-hot. */
  readonly target: Float32Array;
  /** NaN for an example with a true label. */
  readonly teacherMargin: number;
  /** Weight of its loss. */
  readonly weight: number;
}

/** Inputs that determine the size of a record. */
export interface RecordShape {
  readonly features: Features;
  readonly classes: number;
}

/** Returns the size of a record in bytes: a multiple of 4, so that floats are aligned. */
export function recordBytes({ features, classes }: RecordShape): number {
  return paddedBytes(features) + 4 * (classes + 2);
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
  readonly #classes: number;
  /** Offset of the target in a record, in floats. */
  readonly #targetStart: number;

  /** Reserves room for `count` records; memory is used only once written. */
  constructor(shape: RecordShape, count: number) {
    const memory = new ArrayBuffer(count * recordBytes(shape));
    this.recordBytes = recordBytes(shape);
    this.bytes = new Uint8Array(memory);
    this.#floats = new Float32Array(memory);
    this.decoded = kindOf(shape.features).bytesPerNumber === 1 ? this.bytes : this.#floats;
    this.#classes = shape.classes;
    this.#targetStart = paddedBytes(shape.features) / 4;
  }

  startOf(index: number): number {
    return (index * this.recordBytes) / this.decoded.BYTES_PER_ELEMENT;
  }

  /** Stores an example. @returns true: there is room for all. */
  put(index: number, decoded: Decoded, { target, teacherMargin, weight }: Supervision): true {
    this.decoded.set(decoded, this.startOf(index));
    const start = this.#targetOf(index);
    this.#floats.set(target, start);
    this.#floats[start + this.#classes] = teacherMargin;
    this.#floats[start + this.#classes + 1] = weight;
    return true;
  }

  /** Writes the example's target, teacher margin and weight into a row of a batch. */
  supervise(index: number, batch: Supervised, row: number): void {
    const start = this.#targetOf(index);
    const classes = this.#classes;
    for (let index = 0; index < classes; index++) {
      batch.targets[row * classes + index] = this.#floats[start + index]!;
    }
    batch.teacherMargins[row] = this.#floats[start + classes]!;
    batch.weights[row] = this.#floats[start + classes + 1]!;
  }

  #targetOf(index: number): number {
    return (index * this.recordBytes) / 4 + this.#targetStart;
  }
}
