/**
 * The safetensors format: 8 bytes with the length of a JSON header, the header, then the tensors'
 * little-endian numbers. Weights of networks and checkpoints are in this format.
 *
 * Source: https://github.com/huggingface/safetensors#format
 */
import { z } from 'zod';
import { product } from '../arrays.ts';
import { UserError } from '../errors.ts';
import { fieldsOf } from '../wide-schemas.ts';
import { tensorShape } from './tensor-list.ts';

/** Bytes per number, by type. */
const sizes: Readonly<Record<string, number>> = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1 },
  ...{ U16: 2, I16: 2, F16: 2, BF16: 2 },
  ...{ U32: 4, I32: 4, F32: 4 },
  ...{ U64: 8, I64: 8, F64: 8 },
};

/**
 * Maximum length of a header, in bytes: parsed, it takes thirty times the memory. A tensor takes
 * about 100 bytes, and networks for photos have some hundred.
 */
const maxHeader = 4 * 2 ** 20;

const hint = 'Copy the file again, or write it again with save_file of the library safetensors.';

const tensorSchema = z.object({
  dtype: z.string(),
  shape: tensorShape,
  /** In bytes, from the end of the header. */
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

/** Maximum number of tensors, and of texts in the metadata. */
const maxEntries = 100_000;

const headerSchema = fieldsOf(z.unknown(), maxEntries);
const metadataSchema = fieldsOf(z.string(), maxEntries).optional();
const tensorsSchema = fieldsOf(tensorSchema, maxEntries);

/** A tensor in a file. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** A view of the file. */
  readonly bytes: Uint8Array;
}

/** Content of a file. */
export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Parses a file, without a copy of its numbers.
 *
 * @param name The file's name in errors.
 * @throws UserError with the tensor's name if the file is cut off, or its tensors overlap.
 * @example
 * parseSafetensors(bytes, 'weights.safetensors').tensors.get('conv1.weight')?.shape;
 * // [64, 3, 7, 7]
 */
export function parseSafetensors(file: Uint8Array, name: string): Safetensors {
  const start = endOfHeader(file, name);
  const { metadata, entries } = parseHeader(file.subarray(8, start), name);
  const data = file.subarray(start);
  const tensors = new Map<string, StoredTensor>();
  let end = 0;
  for (const [tensor, entry] of inOrder(entries)) {
    const { dtype, shape } = entry;
    const [from, to] = entry.data_offsets;
    const fail = (what: string) =>
      new UserError(`'${name}': the tensor '${tensor}' ${what}.`, hint);
    const size = sizes[dtype];
    if (size === undefined) throw fail(`has the unknown type ${dtype}`);
    if (to - from !== size * product(shape)) {
      throw fail(
        `has ${to - from} bytes, and [${shape}] of ${dtype} need ${size * product(shape)}`,
      );
    }
    if (to > data.length) throw fail(`is cut off: it ends at ${to} of ${data.length} bytes`);
    if (from < end) throw fail('overlaps the tensor before it');
    if (from > end) throw fail(`starts ${from - end} bytes after the tensor before it`);
    end = to;
    tensors.set(tensor, { dtype, shape, bytes: data.subarray(from, to) });
  }
  if (end < data.length) {
    throw new UserError(`'${name}' has ${data.length - end} bytes after its last tensor.`, hint);
  }
  return { metadata, tensors };
}

interface Header {
  readonly metadata: Safetensors['metadata'];
  readonly entries: z.output<typeof tensorsSchema>;
}

/** Returns where the tensors start. */
function endOfHeader(file: Uint8Array, name: string): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = file.length < 8 ? Number.NaN : Number(view.getBigUint64(0, true));
  if (length <= Math.min(maxHeader, file.length - 8)) return 8 + length;
  throw new UserError(
    `'${name}' is not a safetensors file, or is cut off: it has ${file.length} bytes.`,
    'Expected a file that save_file of the library safetensors wrote. A .pth or .bin file of PyTorch has to be converted.',
  );
}

function parseHeader(bytes: Uint8Array, name: string): Header {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new UserError(`'${name}' is not a safetensors file: its header is not JSON.`, hint);
  }
  const { __metadata__, ...tensors } = parsedAs(headerSchema, json, name);
  return {
    metadata: parsedAs(metadataSchema, __metadata__, name) ?? {},
    entries: parsedAs(tensorsSchema, tensors, name),
  };
}

/** @throws UserError with the field that does not fit the schema. */
function parsedAs<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(
    `'${name}' has a header that cannot be read: ${issue?.path.join('.')}: ${issue?.message}.`,
    hint,
  );
}

/** Sorts tensors by their offsets; empty tensors come first. */
function inOrder<Entry extends { data_offsets: [number, number] }>(
  entries: Record<string, Entry>,
): [string, Entry][] {
  return Object.entries(entries).sort(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
}

/** Types that `floatsOf` converts. */
const conversions: Readonly<Record<string, (bytes: Uint8Array) => Float32Array>> = {
  F32: (bytes) => new Float32Array(bytes.buffer),
  F16: (bytes) => Float32Array.from(new Uint16Array(bytes.buffer), halfToNumber),
  // A bfloat16 is the upper half of a float32.
  BF16: (bytes) =>
    new Float32Array(Uint32Array.from(new Uint16Array(bytes.buffer), (bits) => bits << 16).buffer),
};

/** Types of tensors that can be weights. */
export const floatTypes: readonly string[] = Object.keys(conversions);

/**
 * Copies the numbers of a tensor.
 * @throws RangeError if its type is not one of `floatTypes`.
 */
export function floatsOf({ dtype, bytes }: StoredTensor): Float32Array {
  const convert = conversions[dtype];
  if (!convert) throw new RangeError(`${dtype} is not a type of floats`);
  // Copied, because floats have to start at a multiple of their size.
  return convert(new Uint8Array(bytes));
}

/** Converts a number of IEEE 754's half precision. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** A tensor of float32 to be written. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Encodes tensors; equal tensors in equal order have equal bytes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = [['__metadata__', metadata]];
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    const data_offsets = [offset, offset + values.byteLength];
    entries.push([name, { dtype: 'F32', shape, data_offsets }]);
    offset += values.byteLength;
  }
  const json = JSON.stringify(Object.fromEntries(entries));
  // Spaces at the end, so that the floats start at a multiple of eight bytes.
  const header = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const floats = [...tensors.values()].map(({ values }) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  );
  return Buffer.concat([length, header, ...floats]);
}
