/** The bytes of a CSV file as UTF-8. Files in UTF-16 are recognized by their byte order mark. */
import { isUtf8 } from 'node:buffer';
import { UserError } from '../../errors.ts';

const encodings = {
  'utf-16le': [0xff, 0xfe],
  'utf-16be': [0xfe, 0xff],
} as const;
export type Encoding = 'utf-8' | keyof typeof encodings;

/** Returns the encoding that the first bytes of a file show. Default: UTF-8. */
export function encodingOf(head: Uint8Array): Encoding {
  if (startsWith(head, encodings['utf-16le'])) return 'utf-16le';
  return startsWith(head, encodings['utf-16be']) ? 'utf-16be' : 'utf-8';
}

/** First bytes of files that are often named .csv by mistake, with the way to make a CSV file. */
const otherFiles: readonly (readonly [number[], string, string])[] = [
  [[0x1f, 0x8b], 'a gzip file', 'Unpack it: gunzip < FILE > NEW'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'a Zstandard file', 'Unpack it: zstd -d FILE -o NEW'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip file or an Excel workbook', 'Unpack it, or save it as CSV.'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an Excel workbook', 'Save it as CSV in UTF-8.'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file', 'Name it .parquet.'],
];

/**
 * @param expected The expected format in words: "a CSV file".
 * @throws UserError if the first bytes of a file are those of another format.
 */
export function requireText(head: Uint8Array, key: string, expected: string): void {
  const other = otherFiles.find(([mark]) => startsWith(head, mark));
  if (other === undefined) return;
  throw new UserError(`'${key}' is not ${expected} but ${other[1]}.`, other[2]);
}

/** Returns whether bytes start with a mark. */
export function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

/**
 * Yields the text of a file as UTF-8, without the byte order mark of UTF-16.
 *
 * @param offset Offset of the first byte in the file `key`, for messages.
 * @throws UserError with file and offset at the first byte that does not fit the encoding, or that
 *   is zero, which no text has.
 */
export async function* asUtf8(
  chunks: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  key: string,
  offset = 0,
): AsyncGenerator<Uint8Array> {
  const text =
    encoding === 'utf-8' ? checkedUtf8(chunks, key, offset) : decoded(chunks, encoding, key);
  let position = offset;
  for await (const chunk of text) {
    const zero = chunk.indexOf(0);
    if (zero >= 0) throw notText(key, position + zero, encoding);
    position += chunk.length;
    yield chunk;
  }
}

async function* checkedUtf8(
  chunks: AsyncIterable<Uint8Array>,
  key: string,
  start: number,
): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  let offset = start;
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - openBytes(bytes);
    const characters = bytes.subarray(0, whole);
    if (!isUtf8(characters)) throw notUtf8(key, bytes, offset);
    yield characters;
    offset += whole;
    rest = bytes.subarray(whole);
  }
  if (rest.length > 0) throw notUtf8(key, rest, offset);
}

/** Returns the number of bytes at the end that start a character and do not end it: 0 to 3. */
function openBytes(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length]!;
    if ((byte & 0xc0) === 0x80) continue;
    const expected = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return expected > length ? length : 0;
  }
  return 0;
}

function notUtf8(key: string, bytes: Uint8Array, offset: number): UserError {
  const index = firstInvalid(bytes);
  const byte = bytes[index]!.toString(16).padStart(2, '0');
  const near = Buffer.from(bytes.subarray(Math.max(index - 20, 0), index + 20)).toString('latin1');
  return new UserError(
    `'${key}' is not in UTF-8: byte ${offset + index} is 0x${byte}, in '${near.replaceAll(/\s+/g, ' ')}'.`,
    'Save the file as UTF-8. If it is in Windows-1252 or Latin-1: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW',
  );
}

/** Returns the index of the first byte that is not part of a whole character. */
function firstInvalid(bytes: Uint8Array): number {
  let [valid, invalid] = [0, bytes.length];
  // Between them, a longer start is valid only if the shorter ones are.
  while (valid < invalid) {
    const middle = Math.ceil((valid + invalid) / 2);
    const start = bytes.subarray(0, middle);
    if (isUtf8(start.subarray(0, middle - openBytes(start)))) valid = middle;
    else invalid = middle - 1;
  }
  const start = bytes.subarray(0, valid);
  return valid - openBytes(start);
}

async function* decoded(
  chunks: AsyncIterable<Uint8Array>,
  encoding: Exclude<Encoding, 'utf-8'>,
  key: string,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let offset = 0;
  const decode = (chunk?: Uint8Array) => {
    try {
      return Buffer.from(decoder.decode(chunk, { stream: chunk !== undefined }));
    } catch {
      throw notText(key, offset, encoding);
    }
  };
  for await (const chunk of chunks) {
    yield decode(chunk);
    offset += chunk.length;
  }
  yield decode();
}

function notText(key: string, offset: number, encoding: Encoding): UserError {
  return encoding === 'utf-8'
    ? new UserError(
        `'${key}' is not text: byte ${offset} is 0x00.`,
        'Save it as UTF-8. UTF-16 is read only with a byte order mark.',
      )
    : new UserError(
        `'${key}' starts with the byte order mark of ${encoding.toUpperCase()}, but is not such text near byte ${offset}.`,
        'Save it as UTF-8.',
      );
}
