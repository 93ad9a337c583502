/** Unpacks gzip files within limits: a file of 10 KB can hold ten million lines. */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../errors.ts';
import { bytes as bytesText, count } from '../../format.ts';

/** Limit on the unpacked bytes: `free` for any file, and `perByte` more per byte of the file. */
const textLimits = { free: 256 * 2 ** 20, perByte: 200 };

/** Limit on the lines: `free` for any file, and `perByte` more per byte of the file. */
const lineLimits = { free: 200_000, perByte: 4 };

/** Size of a chunk of unpacked text, in bytes. */
const chunkBytes = 2 ** 17;

const unpackIt = 'Unpack it with gunzip: plain files have no such limit.';

/** Limits on the text of a file, in proportion to the bytes of the file that were read. */
export class GzipBudget {
  readonly #key: string;
  #packed = 0;
  #text = 0;
  #lines = 0;

  constructor(key: string) {
    this.#key = key;
  }

  /** Counts bytes of the file. */
  add(packed: number): void {
    this.#packed += packed;
  }

  /** @throws UserError if the text has more bytes than the file may have. */
  takeText(length: number): void {
    this.#text += length;
    const limit = this.#limit(textLimits);
    if (this.#text > limit) throw this.#refusal(`${bytesText(limit)} of text`);
  }

  /** @throws UserError if there are more lines than the file may have. Blank ones do not count. */
  takeLines(lines: number): void {
    this.#lines += lines;
    const limit = this.#limit(lineLimits);
    if (this.#lines > limit) throw this.#refusal(`${count(limit)} lines`);
  }

  #limit({ free, perByte }: typeof textLimits): number {
    return free + perByte * this.#packed;
  }

  #refusal(what: string): UserError {
    return new UserError(
      `'${this.#key}' has more than ${what} in ${bytesText(this.#packed)} of gzip: far more than real data of this size.`,
      unpackIt,
    );
  }
}

/**
 * Unpacks a file.
 * @throws UserError if the file is damaged, or exceeds the budget.
 */
export async function* unpackGzip(
  packed: AsyncIterable<Uint8Array>,
  key: string,
  budget: GzipBudget,
): AsyncGenerator<Uint8Array> {
  // The callback only keeps the error from ending the process; reading throws it, too.
  const source = Readable.from(counted(packed, budget));
  const unpacked = pipeline(source, createGunzip({ chunkSize: chunkBytes }), () => {});
  try {
    for await (const chunk of unpacked as AsyncIterable<Uint8Array>) {
      budget.takeText(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) {
      throw error;
    }
    throw new UserError(
      `'${key}' is a damaged gzip file: ${error.message}.`,
      'Copy it again from its source, or remove it from the dataset.',
    );
  }
}

async function* counted(
  packed: AsyncIterable<Uint8Array>,
  budget: GzipBudget,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of packed) {
    budget.add(chunk.length);
    yield chunk;
  }
}
