/**
 * Examples that are ready for a batch, in records of one size, side by side in one piece of memory:
 * small, and quick to find, to write to a file and to read back.
 *
 * A record is what was decoded (bytes for pixels, else floats), then, as floats, the target, the
 * teacher margin and the weight.
 */
import { decodedBytes, type Features, kindOf } from '../data/features/index.ts';
import type { Decoded } from '../data/features/kind.ts';
import type { Batch } from './batch-shape.ts';

/** What the student is to learn from an example. */
export interface Supervision {
  /** What the student should say, [classes]. */
  readonly target: Float32Array;
  /** NaN for an example with a true label. */
  readonly teacherMargin: number;
  /** Of its loss. */
  readonly weight: number;
}

/** What decides the size of a record. */
export interface RecordShape {
  readonly features: Features;
  readonly classes: number;
}

/** Bytes of a record: a multiple of 4, so that floats may follow each other. */
export function recordBytes({ features, classes }: RecordShape): number {
  return paddedBytes(features) + 4 * (classes + 2);
}

/** Returns the bytes of a decoded example in a record: rounded up to a multiple of 4. */
function paddedBytes(features: Features): number {
  return Math.ceil(decodedBytes(features) / 4) * 4;
}

export class Records {
  readonly recordBytes: number;
  /** All records, one after another. */
  readonly bytes: Uint8Array;
  /** The same memory as `put` takes what was decoded: an example's starts at `startOf(place)`. */
  readonly decoded: Decoded;
  readonly #floats: Float32Array;
  readonly #classes: number;
  /** Where in a record its target starts, in floats. */
  readonly #targetStart: number;

  /** Room for `count` records. Memory that is not written yet costs nothing. */
  constructor(shape: RecordShape, count: number) {
    const memory = new ArrayBuffer(count * recordBytes(shape));
    this.recordBytes = recordBytes(shape);
    this.bytes = new Uint8Array(memory);
    this.#floats = new Float32Array(memory);
    this.decoded = kindOf(shape.features).bytesPerNumber === 1 ? this.bytes : this.#floats;
    this.#classes = shape.classes;
    this.#targetStart = paddedBytes(shape.features) / 4;
  }

  startOf(place: number): number {
    return (place * this.recordBytes) / this.decoded.BYTES_PER_ELEMENT;
  }

  put(place: number, decoded: Decoded, { target, teacherMargin, weight }: Supervision): void {
    this.decoded.set(decoded, this.startOf(place));
    const start = this.#targetOf(place);
    this.#floats.set(target, start);
    this.#floats[start + this.#classes] = teacherMargin;
    this.#floats[start + this.#classes + 1] = weight;
  }

  /** Writes the example's target, teacher margin and weight into a row of a batch. */
  supervise(place: number, batch: Batch, row: number): void {
    const start = this.#targetOf(place);
    const classes = this.#classes;
    for (let index = 0; index < classes; index++) {
      batch.targets[row * classes + index] = this.#floats[start + index]!;
    }
    batch.teacherMargins[row] = this.#floats[start + classes]!;
    batch.weights[row] = this.#floats[start + classes + 1]!;
  }

  #targetOf(place: number): number {
    return (place * this.recordBytes) / 4 + this.#targetStart;
  }
}
