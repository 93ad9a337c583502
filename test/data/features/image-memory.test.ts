import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { readImageHeader } from '../../../src/data/features/image-header.ts';
import { pixelBytes, withImageRoom, withRoom } from '../../../src/data/features/image-memory.ts';
import { fixture } from '../../support/examples.ts';

const MiB = 2 ** 20;

describe('pixelBytes', () => {
  const image = (channels: 1 | 3) =>
    sharp({ create: { width: 70, height: 50, channels: 3, background: '#123456' } }).toColourspace(
      channels === 1 ? 'b-w' : 'srgb',
    );
  const pixels = 70 * 50;

  test.each([
    ['a PNG', () => image(3).png({ palette: false }), 3],
    ['an interlaced PNG', () => image(3).png({ progressive: true }), 3],
    ['a grey PNG', () => image(1).png(), 1],
    ['a PNG of 16 bits', () => image(3).toColourspace('rgb16').png(), 6],
    ['a PNG of a palette', () => image(3).png({ palette: true }), 4],
    ['a JPEG', () => image(3).jpeg(), 3],
    ['a progressive JPEG', () => image(3).jpeg({ progressive: true }), 9],
    ['a WebP', () => image(3).webp(), 4],
    ['a WebP without loss', () => image(3).webp({ lossless: true }), 4],
  ])('%s', async (_, make, bytesPerPixel) => {
    expect(pixelBytes(await make().toBuffer())).toBe(bytesPerPixel * pixels);
  });

  test('a WebP with alpha, and one with frames', async () => {
    const alpha = sharp({ create: { width: 70, height: 50, channels: 4, background: '#1234' } });
    expect(pixelBytes(await alpha.webp().toBuffer())).toBe(4 * pixels);
    const animated = await fixture('pictures/animated.webp');
    const { width, height } = await sharp(animated).metadata();
    expect(pixelBytes(animated)).toBe(width * height * 4);
  });

  test('a JPEG with other bytes between its segments reserves all of the room', async () => {
    const jpeg = await image(3).jpeg().toBuffer();
    // A frame of one pixel inside bytes that a decoder skips.
    const hidden = Buffer.from([0, 0xff - 1, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1]);
    const second = 4 + jpeg.readUInt16BE(4);
    const file = Buffer.concat([jpeg.subarray(0, second), hidden, jpeg.subarray(second)]);
    expect(pixelBytes(file)).toBe(512 * MiB);
  });

  test('a file that ends in its header, or is not an image, states nothing', async () => {
    const png = await image(3).png().toBuffer();
    expect(pixelBytes(png.subarray(0, 20))).toBe(0);
    expect(pixelBytes(Buffer.from('no image'))).toBe(0);
    const jpeg = await image(3).jpeg().toBuffer();
    expect(pixelBytes(jpeg.subarray(0, 30))).toBe(0);
  });
});

test('a JPEG whose scans do not end is refused before it is decoded', async () => {
  const image = sharp({ create: { width: 70, height: 50, channels: 3, background: '#123456' } });
  const jpeg = await image.jpeg({ progressive: true }).toBuffer();
  const [scan, end] = [jpeg.lastIndexOf(Buffer.from([0xff, 0xda])), jpeg.length - 2];
  const withScans = (more: number) =>
    Buffer.concat([
      jpeg.subarray(0, end),
      ...Array(more).fill(jpeg.subarray(scan, end)),
      jpeg.subarray(end),
    ]);
  const decode = (file: Buffer) => withImageRoom(file, async () => 'decoded');
  expect(await decode(jpeg)).toBe('decoded');
  expect(await decode(withScans(100))).toBe('decoded');
  await expect(decode(withScans(200))).rejects.toThrow('it has more than 200 scans');
  // A thumbnail or a trailer is not part of the image.
  const trailer = Buffer.concat(Array(300).fill(Buffer.from([0xff, 0xda, 0, 2])));
  expect(await decode(Buffer.concat([jpeg, trailer]))).toBe('decoded');
  const metadata = Buffer.concat([Buffer.from([0xff, 0xe2, 0x04, 0xb2]), trailer]);
  expect(await decode(Buffer.concat([jpeg.subarray(0, 2), metadata, jpeg.subarray(2)]))).toBe(
    'decoded',
  );
});

test('an image that is much wider or higher than any photo is refused before it is decoded', async () => {
  const decode = (file: Buffer) => withImageRoom(file, async () => 'decoded');
  const image = sharp({ create: { width: 4, height: 4, channels: 4, background: '#1234' } });
  const png = await image.png().toBuffer();
  const webp = Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBPVP8X'), Buffer.alloc(14)]);
  for (const side of [0, 1]) {
    png.writeUInt32BE(65_535, 16 + 4 * side);
    webp.writeUIntLE(65_534, 24 + 3 * side, 3);
    expect(await decode(png)).toBe('decoded');
    expect(await decode(webp)).toBe('decoded');
    for (const [file, write] of [
      [png, () => png.writeUInt32BE(65_536, 16 + 4 * side)],
      [webp, () => webp.writeUIntLE(65_535, 24 + 3 * side, 3)],
    ] as const) {
      write();
      await expect(decode(file)).rejects.toThrow('it is wider or higher than 65535 pixels');
    }
    png.writeUInt32BE(4, 16 + 4 * side);
    webp.writeUIntLE(3, 24 + 3 * side, 3);
  }
  expect(await decode(png.subarray(0, 20))).toBe('decoded');
});

describe('withRoom', () => {
  /** Starts tasks of these sizes; returns the names of the started ones, and ends them. */
  function tasks(...sizes: readonly number[]) {
    const started: number[] = [];
    const ends: ((error?: Error) => void)[] = [];
    const all = sizes.map((size, index) =>
      withRoom(size * MiB, () => {
        started.push(index);
        return new Promise<void>((resolve, reject) => {
          ends[index] = (error) => (error ? reject(error) : resolve());
        });
      }),
    );
    return { started, end: (index: number, error?: Error) => ends[index]!(error), all };
  }

  test('runs small tasks at once, and large ones one after another, in their order', async () => {
    const { started, end, all } = tasks(200, 300, 400, 1);
    expect(started).toEqual([0, 1]);
    end(0);
    await all[0];
    expect(started).toEqual([0, 1]);
    end(1);
    await all[1];
    await Promise.resolve();
    expect(started).toEqual([0, 1, 2, 3]);
    end(2);
    end(3);
    await Promise.all(all);
  });

  test('runs a task that is larger than the room alone, and gives the room back after errors', async () => {
    const { started, end, all } = tasks(2_000, 1);
    expect(started).toEqual([0]);
    end(0, new Error('damaged'));
    await expect(all[0]).rejects.toThrow('damaged');
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    end(1);
    await all[1];
  });
});

test('a PNG with very long compressed texts is refused before they are inflated', async () => {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const header = png.subarray(0, 33);
  const chunk = (type: string, data: Buffer) => {
    const head = Buffer.concat([Buffer.alloc(4), Buffer.from(type)]);
    head.writeUInt32BE(data.length);
    const end = Buffer.alloc(4);
    end.writeUInt32BE(crc32(Buffer.concat([Buffer.from(type), data])));
    return Buffer.concat([head, data, end]);
  };
  const withTexts = (type: string, start: string, bytes: number) => {
    const text = chunk(type, Buffer.concat([Buffer.from(start), Buffer.alloc(bytes)]));
    return Buffer.concat([header, text, text, png.subarray(33)]);
  };
  const half = 2 ** 19;
  for (const [type, start] of [
    ['zTXt', 'Comment\0\0'],
    ['iTXt', 'XML\0\u0001\0\0\0'],
  ] as const) {
    const file = withTexts(type, start, half);
    await expect(withImageRoom(file, async () => 1)).rejects.toThrow('compressed texts');
    expect(await withImageRoom(withTexts(type, start, half - 100), async () => 1)).toBe(1);
    expect(await readImageHeader(file)).toBeUndefined();
  }
  // Texts that are not compressed, as editors write XMP.
  const plain = withTexts('iTXt', 'XML\0\0\0\0\0', 4 * half);
  expect(await withImageRoom(plain, async () => 1)).toBe(1);
});
