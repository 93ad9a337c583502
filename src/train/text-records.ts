/** Texts that are ready for a batch: records whose lengths differ, in memory only. */
import { type Decoded, decodedText } from '../data/features/kind.ts';
import type { Supervised } from './batch-shape.ts';
import type { Supervision } from './records.ts';

/** Size of the pieces of memory that hold the texts, in bytes; a longer text has its own piece. */
const pieceBytes = 2 ** 20;

export class TextRecords {
  readonly #classes: number;
  /** Per record: target, teacher margin, weight. */
  readonly #floats: Float32Array;
  /** Per record: index of its piece, start in the piece, length. */
  readonly #places: Uint32Array;
  readonly #pieces: Uint8Array[] = [];
  /** Bytes used in the last piece. */
  #used = 0;
  /** Bytes left for further pieces. */
  #left: number;

  private constructor(count: number, classes: number, left: number) {
    this.#classes = classes;
    this.#floats = new Float32Array(count * (classes + 2));
    this.#places = new Uint32Array(count * 3);
    this.#left = left;
  }

  /**
   * Reserves room for `count` texts in at most `memoryBytes`.
   * @returns undefined if there is no room, even without the texts.
   */
  static reserve(count: number, classes: number, memoryBytes: number): TextRecords | undefined {
    const left = memoryBytes - count * (4 * (classes + 2) + 12);
    return left < 0 ? undefined : new TextRecords(count, classes, left);
  }

  /** Stores an example. @returns false if there is no room. */
  put(index: number, decoded: Decoded, { target, teacherMargin, weight }: Supervision): boolean {
    const piece = this.#pieceFor(decoded.byteLength);
    if (!piece) return false;
    piece.set(decoded, this.#used);
    this.#places.set([this.#pieces.length - 1, this.#used, decoded.byteLength], index * 3);
    this.#used += decoded.byteLength;
    const start = index * (this.#classes + 2);
    this.#floats.set(target, start);
    this.#floats[start + this.#classes] = teacherMargin;
    this.#floats[start + this.#classes + 1] = weight;
    return true;
  }

  text(index: number): string {
    const [piece, start, length] = this.#places.subarray(index * 3, index * 3 + 3);
    return decodedText(this.#pieces[piece!]!.subarray(start, start! + length!));
  }

  /** Writes the example's target, teacher margin and weight into a row of a batch. */
  supervise(index: number, batch: Supervised, row: number): void {
    const classes = this.#classes;
    const start = index * (classes + 2);
    batch.targets.set(this.#floats.subarray(start, start + classes), row * classes);
    batch.teacherMargins[row] = this.#floats[start + classes]!;
    batch.weights[row] = this.#floats[start + classes + 1]!;
  }

  /** Returns a piece with room for `bytes` from `#used` on. */
  #pieceFor(bytes: number): Uint8Array | undefined {
    const last = this.#pieces.at(-1);
    if (last && this.#used + bytes <= last.length) return last;
    const length = Math.max(bytes, Math.min(pieceBytes, this.#left));
    if (length > this.#left) return undefined;
    this.#left -= length;
    this.#used = 0;
    const piece = new Uint8Array(length);
    this.#pieces.push(piece);
    return piece;
  }
}
