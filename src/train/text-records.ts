/** Texts that are ready for a batch: records whose lengths differ, in memory only. */
import { type Decoded, decodedText } from '../data/features/kind.ts';
import type { Decisions } from '../debias/decisions.ts';
import type { Supervised } from './batch-shape.ts';
import {
  copySupervision,
  type Supervision,
  supervisionLength,
  writeSupervision,
} from './supervision.ts';

/** Size of the pieces of memory that hold the texts, in bytes; a longer text has its own piece. */
const pieceBytes = 2 ** 20;

export class TextRecords {
  readonly #decisions: Decisions;
  /** Per record: target, teacher margins, weights. */
  readonly #floats: Float32Array;
  /** Per record: index of its piece, start in the piece, length. */
  readonly #places: Uint32Array;
  readonly #pieces: Uint8Array[] = [];
  /** Bytes used in the last piece. */
  #used = 0;
  /** Bytes left for further pieces. */
  #left: number;

  private constructor(count: number, decisions: Decisions, left: number) {
    this.#decisions = decisions;
    this.#floats = new Float32Array(count * supervisionLength(decisions));
    this.#places = new Uint32Array(count * 3);
    this.#left = left;
  }

  /**
   * Reserves room for `count` texts in at most `memoryBytes`.
   * @returns undefined if there is no room, even without the texts.
   */
  static reserve(
    count: number,
    decisions: Decisions,
    memoryBytes: number,
  ): TextRecords | undefined {
    const left = memoryBytes - count * (4 * supervisionLength(decisions) + 12);
    return left < 0 ? undefined : new TextRecords(count, decisions, left);
  }

  /** Stores an example. @returns false if there is no room. */
  put(index: number, decoded: Decoded, supervision: Supervision): boolean {
    const piece = this.#pieceFor(decoded.byteLength);
    if (!piece) return false;
    piece.set(decoded, this.#used);
    this.#places.set([this.#pieces.length - 1, this.#used, decoded.byteLength], index * 3);
    this.#used += decoded.byteLength;
    writeSupervision(supervision, this.#floats, this.#start(index));
    return true;
  }

  text(index: number): string {
    const [piece, start, length] = this.#places.subarray(index * 3, index * 3 + 3);
    return decodedText(this.#pieces[piece!]!.subarray(start, start! + length!));
  }

  /** Writes the example's target, teacher margins and weights into a row of a batch. */
  supervise(index: number, batch: Supervised, row: number): void {
    copySupervision(this.#floats, this.#start(index), this.#decisions, batch, row);
  }

  /** Returns the index of a record's first float. */
  #start(index: number): number {
    return index * supervisionLength(this.#decisions);
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
