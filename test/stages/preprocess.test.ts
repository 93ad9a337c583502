import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import type { Features } from '../../src/data/features/index.ts';
import type { TeacherConfig } from '../../src/models/config.ts';
import { pinInputs } from '../../src/stages/plan/pin-inputs.ts';
import { imageWarnings, withStoredPreprocess } from '../../src/stages/plan/preprocess.ts';
import { openStore } from '../../src/store/open.ts';
import { put } from '../support/put.ts';

const features: Features = {
  kind: 'image',
  height: 8,
  width: 8,
  channels: 3,
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

/** A run to plan, with these images and this teacher. */
async function runWith(
  files: Record<string, string | Uint8Array>,
  teacher: Partial<TeacherConfig> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const dataset = join(folder, 'data');
  const all = {
    'teacher/model.onnx': 'x',
    'unlabeled/1.png': await picture(8, 8).png().toBuffer(),
  };
  for (const [key, body] of Object.entries({ ...all, ...files })) await put(dataset, key, body);
  const data = await openStore(dataset);
  const results = await openStore(join(folder, 'results'));
  const config = configSchema.parse({
    task: { type: 'image-classification', classes: ['a', 'b'], size: [8, 8] },
    data: { format: 'images', validationShare: 0 },
    teacher: { onnx: 'teacher/model.onnx', ...teacher },
    student: { architecture: 'mlp' },
  });
  return { run: 'r', config, data, results };
}

function picture(height: number, width: number) {
  return sharp({ create: { height, width, channels: 3, background: '#b00040' } });
}

/** Returns a file whose upper left quarter has the second colour. */
function inkOn(background: string, ink: string) {
  const side = { height: 4, width: 4, channels: 4 } as const;
  return sharp({ create: { height: 8, width: 8, channels: 4, background } })
    .composite([{ input: { create: { ...side, background: ink } }, left: 0, top: 0 }])
    .png()
    .toBuffer();
}

async function warningsOf(...given: Parameters<typeof runWith>) {
  const run = await runWith(...given);
  const { items } = await pinInputs(run);
  return imageWarnings(
    run,
    features,
    items.filter(({ set }) => set === 'labeled'),
  );
}

test('images that decoding changes are counted, with the setting against it', async () => {
  const files = {
    'labeled/a/1.png': await picture(72, 96).png().toBuffer(),
    'labeled/a/2.png': await picture(8, 8).png().toBuffer(),
    'labeled/b/p3.png': await picture(8, 8).withIccProfile('p3').png().toBuffer(),
    'labeled/b/srgb.png': await picture(8, 8).withIccProfile('srgb').png().toBuffer(),
    'labeled/b/clear.png': await inkOn('#0000', '#f008'),
    'labeled/b/opaque.png': await picture(8, 8).ensureAlpha().png().toBuffer(),
    'labeled/b/turned.jpg': await picture(8, 8).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  };
  const warnings = await warningsOf(files);
  expect(warnings).toEqual([
    expect.stringMatching(
      /^1 of the first 7 .* aspect .* such as 72 x 96 for 8 x 8, .*teacher.preprocess: imagenet/,
    ),
    expect.stringMatching(/^1 of the first 7 .* a colour profile: .* sRGB.* colors: stored$/),
    expect.stringMatching(/^1 of the first 7 .* transparent pixels: .* colors: stored$/),
    expect.stringMatching(/^1 of the first 7 .* EXIF orientation: .* orientation: stored$/),
  ]);
  expect(await warningsOf(files, { preprocess: { scale: '-1..1' } })).toEqual([warnings[0]]);
  expect(await warningsOf(files, { preprocess: { resize: { fit: 'stretch' } } })).toEqual([]);
});

test('images of 16 bits are counted, also for a teacher that is trained', async () => {
  const image = await picture(8, 8).toColourspace('rgb16').png().toBuffer();
  const files = {
    'labeled/a/1.png': await picture(8, 8).png().toBuffer(),
    'labeled/b/1.png': image,
  };
  const run = await runWith(files);
  const { items } = await pinInputs(run);
  const labeled = items.filter(({ set }) => set === 'labeled');
  const train = { architecture: 'mlp' } as const;
  const config = configSchema.parse({ ...run.config, teacher: { train } });
  for (const planned of [run, { ...run, config }]) {
    expect(await imageWarnings(planned, features, labeled)).toEqual([
      expect.stringMatching(/^1 of the first 2 labeled images have 16 bits per channel/),
    ]);
  }
});

test('images that only their transparency shows are counted, as the student reads them', async () => {
  const files = {
    'labeled/a/1.png': await picture(8, 8).png().toBuffer(),
    'labeled/a/black-on-nothing.png': await inkOn('#0000', '#000f'),
    'labeled/b/red-on-nothing.png': await inkOn('#0000', '#f00f'),
  };
  const run = await runWith(files, { preprocess: 'imagenet' });
  const { items } = await pinInputs(run);
  const labeled = items.filter(({ set }) => set === 'labeled');
  const pixels = (colors: 'srgb' | 'stored'): Features => ({
    ...features,
    pixels: {
      fit: 'stretch',
      filter: 'nearest',
      resized: { height: 8, width: 8 },
      colors,
      orientation: 'upright',
      channelOrder: 'RGB',
    },
  });
  const expected = [
    expect.stringMatching(
      /^1 of the first 3 labeled images have one colour in all pixels .*'a\/black-on-nothing\.png'.* put on black/,
    ),
  ];
  expect(await imageWarnings(run, features, labeled)).toEqual(expected);
  expect(await imageWarnings(run, pixels('srgb'), labeled)).toEqual(expected);
  expect(await imageWarnings(run, pixels('stored'), labeled)).toEqual([
    expect.stringMatching(/'a\/black-on-nothing\.png'.* transparency is not read/),
  ]);
});

test('a teacher that rescales pixels inside is fed 0 to 255', async () => {
  const files = {
    'labeled/a/1.png': await picture(8, 8).png().toBuffer(),
    'teacher/model.onnx': 'functional/rescaling_1/Mul',
  };
  const [warning, ...others] = await warningsOf(files);
  expect(others).toEqual([]);
  expect(warning).toMatch(/rescales pixels, and is fed values up to 1: .*scale: 0..255/);
  expect(await warningsOf(files, { preprocess: { scale: '0..255' } })).toEqual([]);
  const std: [number, number, number] = [1 / 255, 1 / 255, 1 / 255];
  expect(await warningsOf(files, { std })).toEqual([]);
});

test('preprocessing is read from a file beside the teacher, unless the config has some', async () => {
  const vit = { resample: 3, size: { height: 9, width: 8 }, do_normalize: false };
  const files = { 'teacher/preprocessor_config.json': JSON.stringify(vit) };
  const preprocess = { resize: { fit: 'stretch', size: [9, 8], filter: 'bicubic' }, scale: '0..1' };
  const found = await withStoredPreprocess(await runWith(files));
  expect(found.run.config.teacher.preprocess).toEqual(preprocess);
  expect(found.warnings).toEqual([
    `teacher.preprocess is taken from teacher/preprocessor_config.json: ${JSON.stringify(preprocess)}`,
  ]);
  const own = await withStoredPreprocess(await runWith(files, { preprocess: 'clip' }));
  expect(own).toMatchObject({ run: { config: { teacher: { preprocess: 'clip' } } }, warnings: [] });
  const sized = await withStoredPreprocess(await runWith(files, { size: [8, 8] }));
  expect(sized.run.config.teacher.preprocess).toBeUndefined();
  expect(sized.warnings).toEqual([expect.stringMatching(/is not read, .* teacher.size/)]);
  const none = await withStoredPreprocess(await runWith({}));
  expect(none).toMatchObject({ warnings: [] });
});
