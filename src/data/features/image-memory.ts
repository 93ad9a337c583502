/**
 * Memory of decoded images. Several images are decoded at once, and an image can take hundreds of
 * MB: an interlaced or progressive file is decoded as a whole. So each reserves the memory that its
 * header states.
 */
import { imageType } from './image-file.ts';
import { hasLongTexts } from './png-texts.ts';

/** Larger images are refused before they are decoded: they would fill the memory. */
export const maxMegapixels = 64;

/**
 * Maximum width and height of an image, in pixels: those of a JPEG. libvips holds many rows at the
 * same time, and rows of much wider images take over 1 GB.
 */
const maxImageSide = 65_535;

/** Memory that images may take at the same time. A larger image is decoded alone. */
const roomBytes = 512 * 2 ** 20;

/** Memory per byte of pixels: libvips holds rows of the source and the result at the same time. */
const bytesPerPixelByte = 1.5;

/** Coefficients of a progressive JPEG take two bytes each, beside the pixels. */
const bytesPerCoefficient = 2;

/**
 * Maximum number of scans of a JPEG. Progressive files have about ten. A scan of a few bytes may
 * take as long as one of all pixels, and the time limit of libvips does not end it.
 */
const maxScans = 200;

let taken = 0;
const waiting: { readonly bytes: number; readonly start: () => void }[] = [];

/**
 * Runs a task on an image when there is room for its pixels, in the order of the calls.
 * @throws Error if decoding the image takes far more memory or time than its size suggests.
 */
export async function withImageRoom<Result>(
  file: Uint8Array,
  task: () => Promise<Result>,
): Promise<Result> {
  if (imageType(file) === 'jpg' && scansOf(file) > maxScans) {
    throw new Error(`it has more than ${maxScans} scans`);
  }
  if (imageType(file) === 'png' && hasLongTexts(file)) {
    throw new Error('it has more than 1 MiB of compressed texts');
  }
  if (sidesOf(file).some((side) => side > maxImageSide)) {
    throw new Error(`it is wider or higher than ${maxImageSide} pixels`);
  }
  return withRoom(Math.ceil(bytesPerPixelByte * pixelBytes(file)), task);
}

/** Runs a task that takes memory when there is room for it. */
export async function withRoom<Result>(
  bytes: number,
  task: () => Promise<Result>,
): Promise<Result> {
  if (waiting.length > 0 || !fits(bytes)) {
    await new Promise<void>((start) => waiting.push({ bytes, start }));
  } else taken += bytes;
  try {
    return await task();
  } finally {
    taken -= bytes;
    for (let next = waiting[0]; next !== undefined && fits(next.bytes); next = waiting[0]) {
      waiting.shift();
      taken += next.bytes;
      next.start();
    }
  }
}

function fits(bytes: number): boolean {
  return taken === 0 || taken + bytes <= roomBytes;
}

/** Returns the bytes that the pixels of a file take, by its header; 0 if the header is damaged. */
export function pixelBytes(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  try {
    switch (imageType(file)) {
      case 'png':
        return bytesOfPng(view);
      case 'jpg':
        return bytesOfJpeg(view);
      case 'webp':
        return bytesOfWebp(view);
      default:
        return 0;
    }
  } catch (error) {
    // The decoder explains what is missing.
    if (error instanceof RangeError) return 0;
    throw error;
  }
}

/** Channels by the colour type of a PNG. A palette can have four. */
const pngChannels: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 4, 4: 2, 6: 4 };

/** Returns the width and height of a PNG or a large WebP. Those of other files have 16 bits. */
function sidesOf(file: Uint8Array): readonly number[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (imageType(file) === 'png' && view.byteLength >= 24) return sidesOfPng(view);
  const isLarge = imageType(file) === 'webp' && view.byteLength >= 30 && isExtended(view);
  return isLarge ? sidesOfExtendedWebp(view) : [];
}

/** PNG specification, section 11.2.1: the header is the first chunk. */
function sidesOfPng(view: DataView): readonly [width: number, height: number] {
  return [view.getUint32(16), view.getUint32(20)];
}

function bytesOfPng(view: DataView): number {
  const [width, height] = sidesOfPng(view);
  const [depth, color] = [view.getUint8(24), view.getUint8(25)];
  return width * height * (pngChannels[color] ?? 4) * (depth === 16 ? 2 : 1);
}

/** ITU-T T.81, section B.2.2: the header of the frame is one of several segments. */
function bytesOfJpeg(view: DataView): number {
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    // Fill bytes 0xff may precede a segment.
    while (view.getUint8(at) === 0xff && view.getUint8(at + 1) === 0xff) at++;
    // Decoders skip other bytes, and may find a frame behind them.
    if (view.getUint8(at) !== 0xff) return roomBytes;
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (!isFrame) continue;
    const pixels = view.getUint16(at + 5) * view.getUint16(at + 7) * view.getUint8(at + 9);
    const isProgressive = marker % 4 === 2;
    return pixels * (isProgressive ? 1 + bytesPerCoefficient : 1);
  }
}

/** Counts the scans up to the end of the image, as decoders find them (ITU-T T.81, section B.1). */
function scansOf(file: Uint8Array): number {
  let scans = 0;
  for (let at = file.indexOf(0xff, 2); at >= 0; at = file.indexOf(0xff, at)) {
    const marker = file[at + 1] ?? 0xd9;
    if (marker === 0xd9) break;
    if (marker === 0xda) scans++;
    // Fill bytes, bytes 0xff of the data, and markers without a segment.
    if (marker === 0xff) at += 1;
    else if (marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else at += 2 + 256 * (file[at + 2] ?? 0) + (file[at + 3] ?? 0);
  }
  return scans;
}

/** RFC 9649, sections 2.5 to 2.7: the first chunk is of one of three kinds. */
function bytesOfWebp(view: DataView): number {
  const channels = 4;
  switch (String.fromCharCode(view.getUint8(15))) {
    case 'X': {
      const [width, height] = sidesOfExtendedWebp(view);
      return width * height * channels;
    }
    case 'L': {
      const size = view.getUint32(21, true);
      return (1 + (size & 0x3fff)) * (1 + ((size >>> 14) & 0x3fff)) * channels;
    }
    default:
      return (view.getUint16(26, true) & 0x3fff) * (view.getUint16(28, true) & 0x3fff) * channels;
  }
}

/** Returns whether the first chunk of a WebP states the size of a canvas. */
function isExtended(view: DataView): boolean {
  return view.getUint8(15) === 'X'.charCodeAt(0);
}

function sidesOfExtendedWebp(view: DataView): readonly [width: number, height: number] {
  return [1 + uint24(view, 24), 1 + uint24(view, 27)];
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + 2 ** 16 * view.getUint8(at + 2);
}
