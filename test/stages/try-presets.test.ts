import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { Example } from '../../src/data/example.ts';
import type { Features } from '../../src/data/features/index.ts';
import { numbersOf } from '../../src/data/features/kind.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import type { Teacher } from '../../src/models/teacher.ts';
import { type PresetTrial, tryPresets } from '../../src/stages/plan/try-presets.ts';
import { teacherConfig } from '../models/teachers/open.ts';

const features: Features = {
  ...{ kind: 'image', height: 8, width: 8, channels: 3 },
  ...{ mean: [0, 0, 0], std: [1, 1, 1] },
};

/** Separates light images from dark ones, by pixels in 0 to 255. */
const brightness: Teacher = {
  embeddingSize: undefined,
  batchSize: 16,
  async predict({ ids, rows }) {
    const values = numbersOf(rows);
    const size = values.length / ids.length;
    const probabilities = ids.flatMap((_, index) => {
      const pixels = values.subarray(index * size, (index + 1) * size);
      const isLight = pixels.reduce((sum, value) => sum + value) / size > 127;
      return isLight ? [0, 1] : [1, 0];
    });
    return { probabilities: Float32Array.from(probabilities) };
  },
  dispose() {},
};

async function examples(
  count: number,
  colours = [40, 210].map((value) => ({ r: value, g: value, b: value })),
): Promise<Example[]> {
  const images = await Promise.all(
    colours.map((background) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  return Array.from({ length: count }, (_, index) => ({
    id: String(index),
    label: String(index % 2),
    content: { kind: 'image', bytes: images[index % 2]! },
  }));
}

const trial: PresetTrial = {
  teacher: brightness,
  config: teacherConfig({ onnx: 'teacher/model.onnx' }),
  student: features,
  features,
  decisions: oneClass(2),
  labelOf: ({ label }) => Int32Array.of(Number(label)),
};

test('the order of the channels is tried, too', async () => {
  const redOrBlue: Teacher = {
    ...brightness,
    async predict({ ids, rows }) {
      const values = numbersOf(rows);
      const size = values.length / ids.length;
      const probabilities = ids.flatMap((_, index) =>
        values[index * size]! > values[index * size + 2]! ? [1, 0] : [0, 1],
      );
      return { probabilities: Float32Array.from(probabilities) };
    },
  };
  const blueFirst = { ...trial, teacher: redOrBlue };
  const colours = [
    { r: 20, g: 90, b: 180 },
    { r: 180, g: 90, b: 20 },
  ];
  expect(await tryPresets(blueFirst, await examples(40, colours))).toContain(
    'on 100.0% with teacher.preprocess: { channelOrder: BGR }. Set it',
  );
});

test('a preset that explains the labels much better is named', async () => {
  expect(await tryPresets(trial, await examples(40))).toBe(
    'The teacher is right on 50.0% of 40 labeled examples, and on 100.0% with teacher.preprocess: keras-efficientnet. Set it, or the fields with which the teacher was trained.',
  );
});

test('none is named for a good teacher, or for few labels', async () => {
  const std = [1 / 255, 1 / 255, 1 / 255];
  const good = { ...trial, features: { ...features, std } };
  expect(await tryPresets(good, await examples(40))).toBeUndefined();
  expect(await tryPresets(trial, await examples(4))).toBeUndefined();
});
