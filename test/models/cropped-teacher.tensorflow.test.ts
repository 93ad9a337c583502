import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { createEncoder } from '../../src/data/features/index.ts';
import { isDecoded, rowsOf } from '../../src/data/features/kind.ts';
import type { TeacherConfig } from '../../src/models/config.ts';
import { colour, open, temporaryFolder } from './teachers/open.ts';

const folder = join(import.meta.dirname, '../fixtures/teachers-cropped');
const expectedSchema = z.strictObject({
  /** Sum of each picture's bytes. */
  checksums: z.array(z.int()),
  /** Outputs of the teacher in its own pipeline in Python, [n, 3]. */
  probabilities: z.array(z.array(z.number())),
});
const classes = 3;
const [height, width] = [72, 96];

let scratch: string;
beforeEach(async () => {
  scratch = await temporaryFolder();
});
afterEach(() => rm(scratch, { recursive: true }));

/** Draws an integer in [0, 2^32) that depends on the name only, as `make-cropped-teacher.py`. */
function draws(...name: number[]): number {
  let value = 2166136261;
  for (const part of name) {
    value = Math.imul(value ^ part, 16777619) >>> 0;
    value = (value ^ (value >>> 13)) >>> 0;
  }
  return value;
}

/** Draws a picture of `make-cropped-teacher.py`: an ellipse that is round, wide or tall. */
function picture(index: number): Uint8Array {
  const radii = [
    [100, 100],
    [120, 90],
    [90, 120],
  ];
  const scale = 16 + (draws(index, 1) % 8);
  const [across, down] = radii[index % 3]!.map((radius) => Math.floor((radius * scale) / 100));
  const left = width / 2 + (draws(index, 2) % 9) - 4;
  const top = height / 2 + (draws(index, 3) % 9) - 4;
  const back = [0, 1, 2].map((channel) => 20 + (draws(index, 4, channel) % 90));
  const front = [0, 1, 2].map((channel) => 150 + (draws(index, 5, channel) % 90));
  return Uint8Array.from({ length: height * width * 3 }, (_, at) => {
    const channel = at % 3;
    const x = Math.floor(at / 3) % width;
    const y = Math.floor(at / 3 / width);
    const reach = ((x - left) * down!) ** 2 + ((y - top) * across!) ** 2;
    const isInside = reach <= (across! * down!) ** 2;
    const texture = (x * 7 + y * 13 + x * y) % 15;
    return texture + (isInside ? front[channel]! : back[channel]! + Math.floor(x / 8));
  });
}

/** Labels the pictures with a teacher, decoded by the config; returns the rows. */
async function answers(fields: Partial<TeacherConfig>): Promise<number[][]> {
  const { checksums } = await expected();
  const files = { onnx: 'model.onnx', outputName: 'classes', embeddingName: 'features' };
  const { teacher, features } = await open(folder, { ...files, ...fields }, colour(40), {
    scratch,
  });
  const encoder = createEncoder(features);
  const rows = await Promise.all(
    checksums.map(async (_, index) => {
      const raw = { width, height, channels: 3 } as const;
      const bytes = await sharp(picture(index), { raw }).png().toBuffer();
      const content = { kind: 'image' as const, bytes };
      const decoded = await encoder.decode({ id: String(index), label: undefined, content });
      if (!isDecoded(decoded)) throw new Error(decoded.reason);
      return decoded;
    }),
  );
  const ids = rows.map((_, index) => String(index));
  const { probabilities } = await teacher.predict({ ids, rows: rowsOf(encoder, rows) });
  teacher.dispose();
  return rows.map((_, row) => [...probabilities.slice(row * classes, (row + 1) * classes)]);
}

async function expected() {
  return expectedSchema.parse(JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')));
}

/** The share of the pictures whose class is the most likely one. */
function accuracy(rows: number[][]): number {
  const right = rows.filter((row, index) => row.indexOf(Math.max(...row)) === index % classes);
  return right.length / rows.length;
}

test('the pictures are those of the script', async () => {
  const { checksums } = await expected();
  const sums = checksums.map((_, index) => picture(index).reduce((sum, value) => sum + value, 0));
  expect(sums).toEqual(checksums);
});

test('a teacher of crops answers as in its own pipeline, and another way of resizing shows', async () => {
  const { probabilities } = await expected();
  const own = await answers({ preprocess: { preset: 'imagenet', resize: { size: 40 }, crop: 40 } });
  const differences = own.flatMap((row, index) =>
    row.map((value, column) => Math.abs(value - probabilities[index]![column]!)),
  );
  expect(Math.max(...differences)).toBeLessThan(1e-4);
  expect(accuracy(own)).toBe(accuracy(probabilities));
  const { mean, std } = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const stretched = accuracy(await answers({ mean, std }));
  expect(stretched).toBeLessThan(accuracy(own) - 0.3);
});
