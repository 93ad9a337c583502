import { createHash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

const keyBytes = 16;
const empty = Buffer.alloc(keyBytes);
const slotBytes = (classes: number): number => keyBytes + 4 * classes;

/**
 * A hash table on disk, from ids to rows of `classes` floats, with open addressing. A slot is the
 * first 16 bytes of the id's SHA-256, then the row; a slot of zeros is free. The table takes about
 * 1.5 · (16 + 4 · classes) bytes of disk per row, and no memory that grows with the rows.
 */
export class PredictionTable {
  readonly #file: number;
  readonly #slots: number;
  readonly #classes: number;
  readonly #slot: Buffer;

  private constructor(file: number, slots: number, classes: number) {
    this.#file = file;
    this.#slots = slots;
    this.#classes = classes;
    this.#slot = Buffer.alloc(slotBytes(classes));
  }

  /** Makes a table with room for `rows` rows. */
  static create(path: string, rows: number, classes: number): PredictionTable {
    const file = openSync(path, 'wx+');
    // A third of the slots stays free, so that a search visits few slots.
    const slots = Math.ceil(rows * 1.5) + 1;
    ftruncateSync(file, slots * slotBytes(classes));
    return new PredictionTable(file, slots, classes);
  }

  /** Opens a table for reading; it must have been made with the same `classes`. */
  static open(path: string, classes: number): PredictionTable {
    const file = openSync(path, 'r');
    return new PredictionTable(file, fstatSync(file).size / slotBytes(classes), classes);
  }

  /** Adds a row; returns false, and writes nothing, if the table has the id. */
  add(id: string, row: ArrayLike<number>): boolean {
    const { found, at, key } = this.#find(id);
    if (found) return false;
    const slot = Buffer.alloc(this.#slot.length);
    key.copy(slot);
    for (let c = 0; c < this.#classes; c++) slot.writeFloatLE(row[c]!, keyBytes + 4 * c);
    writeSync(this.#file, slot, 0, slot.length, at);
    return true;
  }

  /** Copies the id's row into `row`; writes NaN if the table does not have the id. */
  read(id: string, row: Float32Array): void {
    const { found } = this.#find(id);
    for (let c = 0; c < this.#classes; c++) {
      row[c] = found ? this.#slot.readFloatLE(keyBytes + 4 * c) : Number.NaN;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Reads the id's slot, or the free slot for it, into `#slot`. */
  #find(id: string): { found: boolean; at: number; key: Buffer } {
    const key = createHash('sha256').update(id).digest().subarray(0, keyBytes);
    for (let slot = key.readUIntBE(0, 6) % this.#slots; ; slot = (slot + 1) % this.#slots) {
      const at = slot * this.#slot.length;
      readSync(this.#file, this.#slot, 0, this.#slot.length, at);
      const found = this.#slot.subarray(0, keyBytes);
      if (found.equals(key)) return { found: true, at, key };
      if (found.equals(empty)) return { found: false, at, key };
    }
  }
}
