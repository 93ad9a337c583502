import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { createEncoder } from '../../../src/data/features/index.ts';
import { decodePlainJpeg } from '../../../src/data/features/jpeg-worker.ts';
import { readPlainJpeg } from '../../../src/data/features/plain-jpeg.ts';
import { randomFor } from '../../../src/data/random.ts';
import { fixture } from '../../support/examples.ts';

interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly quality: number;
  readonly progressive: boolean;
  readonly chromaSubsampling: string;
  readonly seed: number;
}

const side = fc.integer({ min: 1, max: 256 });
const pictures: fc.Arbitrary<Picture> = fc.record({
  ...{ height: side, width: side, channels: fc.constantFrom(1, 3) },
  quality: fc.integer({ min: 5, max: 100 }),
  progressive: fc.boolean(),
  chromaSubsampling: fc.constantFrom('4:4:4', '4:2:0'),
  seed: fc.nat(),
});

/** A JPEG of blurred noise: all frequencies, and every value up to both ends. */
function jpegOf({ height, width, channels, seed, ...options }: Picture): Promise<Buffer> {
  const random = randomFor(seed);
  const pixels = Uint8Array.from({ length: height * width * channels }, () => random() * 256);
  return sharp(pixels, { raw: { height, width, channels } })
    .blur(0.3 + (seed % 20) / 10)
    .normalise()
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .jpeg(options)
    .toBuffer();
}

function decode(file: Uint8Array): Promise<Uint8Array | undefined> {
  return decodePlainJpeg(file, readPlainJpeg(file)!);
}

function rawBySharp(bytes: Uint8Array, channels: 1 | 3): Promise<Buffer> {
  const space = channels === 1 ? 'b-w' : 'srgb';
  return sharp(bytes, { failOn: 'error' }).toColourspace(space).raw().toBuffer();
}

test('the pixels are the same as those of sharp, bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(pictures, { minLength: 1, maxLength: 20 }), async (several) => {
      const files = await Promise.all(several.map(jpegOf));
      const plain = files.map(readPlainJpeg);
      expect(plain).toEqual(
        several.map(({ height, width, channels }) => ({ height, width, channels })),
      );
      const decoded = await Promise.all(files.map(decode));
      for (const [position, file] of files.entries()) {
        const wanted = await rawBySharp(file, several[position]!.channels);
        expect(Buffer.compare(decoded[position]!, wanted)).toBe(0);
      }
    }),
    { numRuns: 6, seed: 4 },
  );
});

test('hundreds of files at once get their own pixels', async () => {
  const grey = (value: number) => {
    const background = { r: value, g: value, b: value };
    const create = { width: 3, height: 2, channels: 3, background } as const;
    return sharp({ create }).jpeg({ quality: 100 }).toBuffer();
  };
  const files = await Promise.all(Array.from({ length: 256 }, (_, value) => grey(value)));
  const decoded = await Promise.all([...files, ...files].map(decode));
  expect(decoded.map((pixels) => pixels?.[0])).toEqual(
    Array.from({ length: 512 }, (_, position) => position % 256),
  );
});

const create = { width: 8, height: 8, channels: 3, background: '#a53' } as const;
const plain = await sharp({ create }).jpeg().toBuffer();

describe('other files go to sharp', () => {
  const cases = {
    'an orientation': sharp(plain).withMetadata({ orientation: 6 }).jpeg(),
    'a colour profile': sharp(plain).withIccProfile('p3').jpeg(),
    'more pixels': sharp(plain).resize(300, 300).jpeg(),
    CMYK: sharp(plain).toColourspace('cmyk').jpeg(),
    'a PNG': sharp(plain).png(),
  };

  test.each(Object.entries(cases))('%s', async (_, file) => {
    expect(readPlainJpeg(plain)).toBeDefined();
    expect(readPlainJpeg(await file.toBuffer())).toBeUndefined();
  });

  test('a header that is truncated or invalid', () => {
    for (let end = 0; end < plain.indexOf(Buffer.of(0xff, 0xda)) + 4; end++) {
      expect(readPlainJpeg(plain.subarray(0, end))).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.nat(plain.length - 1), fc.nat(255), (position, value) => {
        const damaged = Buffer.from(plain);
        damaged[position] = value;
        const found = readPlainJpeg(damaged);
        if (found !== undefined) expect(found.height * found.width).toBeLessThanOrEqual(256 * 256);
      }),
      { seed: 6 },
    );
  });
});

test('a damaged file has no pixels, and its neighbours have theirs', async () => {
  const picture: Picture = {
    ...{ height: 32, width: 32, channels: 3, quality: 90 },
    ...{ progressive: false, chromaSubsampling: '4:2:0', seed: 1 },
  };
  const good = await jpegOf(picture);
  const cut = good.subarray(0, good.length - 200);
  const wanted = await rawBySharp(good, 3);
  const files = Array.from({ length: 40 }, (_, position) => (position % 2 === 0 ? good : cut));
  const decoded = await Promise.all(files.map(decode));
  for (const [position, pixels] of decoded.entries()) {
    if (position % 2 === 1) expect(pixels).toBeUndefined();
    else expect(Buffer.compare(pixels!, wanted)).toBe(0);
  }
});

test('the encoder rejects a damaged file as sharp does, and makes three channels of grey', async () => {
  const bytes = await fixture('pictures/ramp-grey.jpg');
  expect(readPlainJpeg(bytes)).toEqual({ height: 16, width: 24, channels: 1 });
  const features = (channels: 1 | 3) =>
    createEncoder({
      ...{ kind: 'image', height: 16, width: 24, channels },
      ...{ mean: [0, 0, 0], std: [1, 1, 1] },
    });
  const example = (file: Uint8Array) => {
    return { id: 'x', label: undefined, content: { kind: 'image', bytes: file } } as const;
  };
  const one = (await features(1).decode(example(bytes))) as Uint8Array;
  const three = (await features(3).decode(example(bytes))) as Uint8Array;
  expect([one.length, three.length]).toEqual([16 * 24, 16 * 24 * 3]);
  expect(Array.from(three)).toEqual(Array.from(one).flatMap((value) => [value, value, value]));
  expect(await features(3).decode(example(bytes.subarray(0, bytes.length - 100)))).toEqual({
    id: 'x',
    reason: expect.stringMatching(/cannot be decoded/),
  });
});
