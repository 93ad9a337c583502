/**
 * Turns an example into the numbers of `Features`, in two steps, so that augmentation fits between
 * them: `decode` gives pixels or features, `normalize` writes them where a batch wants them.
 */
import sharp from 'sharp';
import type { Content, Example, Rejected } from '../example.ts';
import { type Features, featureShape } from './features.ts';
import { decodePlainJpeg, readPlainJpeg } from './plain-jpeg.ts';

/** Pixels, [height, width, channels], for images; else the features, [length]. */
export type Decoded = Uint8Array | Float32Array;

export interface Encoder {
  /**
   * Decodes the example. Images are turned as their EXIF data say and resized to the size of the
   * features, stretched where the aspect differs; transparent pixels are put on black; only the
   * first frame of an animation is used.
   * @returns pixels or features; or why the example cannot be used.
   */
  decode(example: Example): Promise<Decoded | Rejected>;
  /** Writes what `decode` gave, normalised, into `target` from `offset` on. */
  normalize(decoded: Decoded, target: Float32Array, offset: number): void;
}

// An image is decoded in one thread, and several images at once: for many small images that is
// faster than sharing the work on each. libvips' cache of operations never hits here.
sharp.concurrency(1);
sharp.cache(false);

/** Images with more are refused before they are decoded: they would fill the memory. */
const maxMegapixels = 64;

export function createEncoder(features: Features): Encoder {
  switch (features.kind) {
    case 'image':
      return {
        decode: (example) => decodeImage(example, features),
        normalize: pixelNormalizer(features),
      };
    case 'row': {
      const encodeRow = rowEncoder(features);
      return { decode: async (example) => encodeRow(example), normalize: copy };
    }
    case 'vector':
      return { decode: async (example) => checkVector(example, features.length), normalize: copy };
  }
}

function copy(decoded: Decoded, target: Float32Array, offset: number): void {
  target.set(decoded, offset);
}

/** (value / 255 - mean) / std by channel, from a table, since there are only 256 values. */
function pixelNormalizer({ channels, mean, std }: Features & { kind: 'image' }) {
  const table = Float32Array.from(
    { length: channels * 256 },
    (_, index) => ((index % 256) / 255 - mean[index >> 8]!) / std[index >> 8]!,
  );
  return (decoded: Decoded, target: Float32Array, offset: number): void => {
    for (let start = 0; start < decoded.length; start += channels) {
      for (let channel = 0; channel < channels; channel++) {
        target[offset + start + channel] = table[channel * 256 + decoded[start + channel]!]!;
      }
    }
  };
}

async function decodeImage(
  example: Example,
  { height, width, channels }: Features & { kind: 'image' },
): Promise<Uint8Array | Rejected> {
  const { id, content } = example;
  if (content.kind !== 'image') return wrongKind(id, content, 'an image');
  if (!isKnownImage(content.bytes)) {
    return { id, reason: 'The image is not a JPEG, PNG or WebP file.' };
  }
  const plain = readPlainJpeg(content.bytes);
  // Grey out of colours is a matter of weights, which are libvips' own.
  if (plain?.height === height && plain.width === width && plain.channels <= channels) {
    const pixels = await decodePlainJpeg(content.bytes);
    if (pixels !== undefined) return withChannels(pixels, plain.channels, channels);
  }
  try {
    const { data, info } = await sharp(content.bytes, {
      failOn: 'error',
      limitInputPixels: maxMegapixels * 1e6,
    })
      .autoOrient()
      .flatten()
      .resize(width, height, { fit: 'fill' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return withChannels(data, info.channels, channels);
  } catch (error) {
    return { id, reason: imageReason(error) };
  }
}

function isKnownImage(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12));
  const text = start.toString('latin1');
  const webp = text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP';
  return webp || text.startsWith('\xff\xd8\xff') || text.startsWith('\x89PNG\r\n\x1a\n');
}

/** libvips leaves a grey image with one channel, whatever the colour space asked for. */
function withChannels(pixels: Uint8Array, has: number, wanted: number): Uint8Array {
  if (has === wanted) return pixels;
  const size = pixels.length / has;
  const result = new Uint8Array(size * wanted);
  for (let index = 0; index < result.length; index++) {
    result[index] = pixels[Math.floor(index / wanted) * has + Math.min(index % wanted, has - 1)]!;
  }
  return result;
}

function imageReason(error: unknown): string {
  const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return message?.includes('pixel limit')
    ? `The image has more than ${maxMegapixels} million pixels.`
    : `The image cannot be decoded: ${message}.`;
}

function rowEncoder(features: Features & { kind: 'row' }) {
  const missing = new Set(['', ...features.missing]);
  const length = featureShape(features)[0]!;
  const writers = features.columns.map((column) => {
    const places = column.kind === 'numeric' ? 2 : column.values.length + 1;
    return { name: column.name, places, write: columnWriter(column) };
  });
  return ({ id, content }: Example): Float32Array | Rejected => {
    if (content.kind !== 'row') return wrongKind(id, content, 'a row');
    const values = new Float32Array(length);
    let offset = 0;
    for (const { name, places, write } of writers) {
      const raw = content.columns[name] ?? null;
      const value = typeof raw === 'string' ? raw.trim() : raw;
      const known = typeof value === 'string' && missing.has(value) ? null : value;
      if (!write(known, values, offset)) {
        return { id, reason: `Its column '${name}' is '${raw}'; expected a finite number.` };
      }
      offset += places;
    }
    return values;
  };
}

type RowFeatures = Features & { kind: 'row' };

/** Writes a column's value at an offset; gives false when the value does not fit the column. */
function columnWriter(column: RowFeatures['columns'][number]) {
  type Value = string | number | null;
  if (column.kind === 'numeric') {
    const { mean, std } = column;
    return (value: Value, target: Float32Array, offset: number): boolean => {
      if (value === null) target[offset + 1] = 1;
      else target[offset] = (Number(value) - mean) / std;
      return Number.isFinite(target[offset]);
    };
  }
  const places = new Map(column.values.map((value, place) => [value, place]));
  return (value: Value, target: Float32Array, offset: number): boolean => {
    const place = value === null ? undefined : places.get(String(value));
    target[offset + (place ?? places.size)] = 1;
    return true;
  };
}

function checkVector({ id, content }: Example, length: number): Float32Array | Rejected {
  if (content.kind !== 'vector') return wrongKind(id, content, 'a vector');
  const { values } = content;
  if (values.length !== length) {
    return { id, reason: `Its vector has ${values.length} numbers; expected ${length}.` };
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  return bad < 0 ? values : { id, reason: `Number ${bad} of its vector is ${values[bad]}.` };
}

function wrongKind(id: string, content: Content, expected: string): Rejected {
  return { id, reason: `It is of the kind '${content.kind}'; expected ${expected}.` };
}

/** Tells pixels or features from the reason that there are none. */
export function isDecoded(decoded: Decoded | Rejected): decoded is Decoded {
  return ArrayBuffer.isView(decoded);
}
