import { describe, expect, test } from 'vitest';
import { readStoredPreprocess } from '../../src/models/preprocess-files.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { refusalOf } from '../support/refusal.ts';

/** Reads a file beside teacher/model.onnx. */
async function stored(name: string, content: unknown) {
  const store = new MemoryStore({ [`teacher/${name}`]: JSON.stringify(content) });
  return (await readStoredPreprocess(store, 'teacher/model.onnx'))?.preprocess;
}
const transformers = (content: object) => stored('preprocessor_config.json', content);

const mean = [0.5, 0.5, 0.5];
const std = [0.5, 0.5, 0.5];
const crop = 'shortest-side-then-center-crop';

describe('preprocessor_config.json of transformers', () => {
  test('CLIP: the short side, then the middle', async () => {
    const clip = {
      crop_size: { height: 224, width: 224 },
      do_center_crop: true,
      do_convert_rgb: true,
      do_normalize: true,
      do_rescale: true,
      do_resize: true,
      image_mean: mean,
      image_processor_type: 'CLIPImageProcessor',
      image_std: std,
      resample: 3,
      rescale_factor: 0.00392156862745098,
      size: { shortest_edge: 256 },
    };
    expect(await transformers(clip)).toEqual({
      resize: { fit: crop, size: 256, filter: 'bicubic' },
      crop: [224, 224],
      scale: '0..1',
      mean,
      std,
    });
  });

  test('ViT: stretched; old files write one number', async () => {
    const vit = { do_normalize: true, do_resize: true, image_mean: mean, image_std: std };
    const stretch = { fit: 'stretch', size: [224, 224], filter: 'bilinear' };
    const types = { feature_extractor_type: 'ViTFeatureExtractor', resample: 2 };
    const expected = { resize: stretch, scale: '0..1', mean, std };
    expect(await transformers({ ...vit, ...types, size: 224 })).toEqual(expected);
    const size = { height: 224, width: 224 };
    expect(await transformers({ ...vit, ...types, size })).toEqual(expected);
    const old = { ...vit, feature_extractor_type: 'CLIPFeatureExtractor', resample: 3 };
    expect(
      await transformers({ ...old, size: 224, do_center_crop: true, crop_size: 200 }),
    ).toMatchObject({ resize: { fit: crop, size: 224, filter: 'bicubic' }, crop: [200, 200] });
  });

  test('ConvNeXT crops small images only', async () => {
    const convnext = { resample: 3, crop_pct: 0.875, do_normalize: false };
    expect(await transformers({ ...convnext, size: { shortest_edge: 224 } })).toMatchObject({
      resize: { fit: crop, size: 256 },
      crop: 224,
    });
    expect(await transformers({ ...convnext, size: { shortest_edge: 384 } })).toMatchObject({
      resize: { fit: 'stretch', size: 384 },
    });
  });

  test('any factor and offset, and BGR', async () => {
    const base = { resample: 2, size: { height: 8, width: 8 } };
    const scaled = (fields: object) => transformers({ ...base, do_normalize: false, ...fields });
    expect(await scaled({ rescale_factor: 1 / 127.5, rescale_offset: true })).toMatchObject({
      scale: '-1..1',
    });
    const raw = await scaled({ do_rescale: false, do_flip_channel_order: true });
    expect(raw).toMatchObject({ scale: '0..255', channelOrder: 'BGR' });
    expect(raw).not.toHaveProperty('std');
    // pixel * 0.5 - 1, as (pixel - 2) / 2.
    expect(await scaled({ rescale_factor: 0.5, rescale_offset: true })).toMatchObject({
      scale: '0..255',
      mean: [2, 2, 2],
      std: [2, 2, 2],
    });
  });

  test('nulls stand for settings that a processor does not have; EfficientNet divides twice', async () => {
    const fast = {
      crop_size: null,
      default_to_square: false,
      device: null,
      do_center_crop: true,
      do_pad: null,
      image_mean: mean,
      image_processor_type: 'SomeImageProcessorFast',
      image_std: std,
      include_top: true,
      resample: 2,
      rescale_factor: null,
      size: 8,
    };
    expect(await transformers(fast)).toEqual({
      resize: { fit: crop, size: 8, filter: 'bilinear' },
      crop: [8, 8],
      scale: '0..1',
      mean,
      std: [0.25, 0.25, 0.25],
    });
  });

  test.each([
    [{ size: { shortest_edge: 8, longest_edge: 9 }, resample: 2 }, /size: /],
    [{ size: { height: 8, width: 8 } }, /resample is missing; expected 0, 1, 2 or 3/],
    [{ size: { height: 8, width: 8 }, resample: 4 }, /resample is 4/],
    [{ size: { height: 8, width: 8 }, resample: 2, do_pad: true }, /do_pad is true/],
    [{ size: { shortest_edge: 8 }, resample: 2 }, /do_center_crop is missing/],
    [{ size: { shortest_edge: 8 }, resample: 2, do_center_crop: false }, /do_center_crop is false/],
    [{ do_resize: false }, /do_resize is false/],
    [{ image_processor_type: 'LevitImageProcessor' }, /LevitImageProcessor does more/],
    [{ feature_extractor_type: 'PerceiverFeatureExtractor' }, /PerceiverFeatureExtractor does/],
    [{ size: 8, resample: 2, do_normalize: true, image_std: std }, /image_mean or image_std is/],
    [{ size: 8, resample: 2, do_center_crop: true, crop_size: 8 }, /image_processor_type/],
    [{ size: { height: 8, width: 8 }, keep_aspect_ratio: true }, /keep_aspect_ratio is true/],
  ])('%o is refused with the field', async (content, message) => {
    const error = await refusalOf(transformers(content));
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringContaining('teacher.preprocess in distill.yaml'),
    });
  });
});

describe('config.json of timm', () => {
  const fields = {
    input_size: [3, 224, 224],
    interpolation: 'bicubic',
    crop_pct: 0.95,
    crop_mode: 'center',
    mean,
    std,
  };
  const expected = {
    resize: { fit: crop, size: [235, 235], filter: 'bicubic' },
    crop: [224, 224],
    scale: '0..1',
    mean,
    std,
  };

  test('the middle of the resized image', async () => {
    const architecture = 'resnet50';
    expect(await stored('config.json', { architecture, pretrained_cfg: fields })).toEqual(expected);
    expect(await stored('config.json', { architecture, ...fields })).toEqual(expected);
    const squash = { pretrained_cfg: { ...fields, crop_mode: 'squash', crop_pct: 1 } };
    expect(await stored('config.json', squash)).toMatchObject({
      resize: { fit: 'stretch', size: [224, 224] },
    });
  });

  test('borders are refused', async () => {
    const border = { pretrained_cfg: { ...fields, crop_mode: 'border' } };
    await expect(stored('config.json', border)).rejects.toThrow(/config.json.*crop_mode/);
  });
});

test('edges that are null are not there', async () => {
  const sized = (size: object) => transformers({ resample: 2, do_normalize: false, size });
  const unused = { shortest_edge: null, longest_edge: null };
  expect(await sized({ height: 8, width: 9, ...unused })).toEqual(
    await sized({ height: 8, width: 9 }),
  );
  await expect(sized({ height: null, width: null, ...unused })).rejects.toThrow(/size/);
  await expect(sized({ shortest_edge: 8, longest_edge: 9 })).rejects.toThrow(/longest_edge/);
});

test('processor_config.json of transformers 5 has the image processor of CLIP inside', async () => {
  const image_processor = {
    image_processor_type: 'CLIPImageProcessor',
    ...{ size: { shortest_edge: 256 }, resample: 3, image_mean: mean, image_std: std },
    ...{ do_center_crop: true, crop_size: { height: 224, width: 224 } },
  };
  expect(await stored('processor_config.json', { image_processor })).toEqual(
    await transformers(image_processor),
  );
  expect(await stored('processor_config.json', { processor_class: 'CLIPProcessor' })).toBe(
    undefined,
  );
  const { resample: _, ...incomplete } = image_processor;
  await expect(stored('processor_config.json', { image_processor: incomplete })).rejects.toThrow(
    'teacher/processor_config.json cannot be used: resample is missing',
  );
});

describe('settings that the config could not have are refused', () => {
  const vit = { size: { height: 8, width: 8 }, resample: 2, image_mean: mean, image_std: std };
  const convNext = { image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 224 } };

  test.each([
    ['resize.size', { ...vit, size: { height: 8, width: 100_000 } }],
    ['crop', { ...vit, do_center_crop: true, crop_size: { height: 5000, width: 5000 } }],
    ['resize.size', { ...vit, ...convNext, crop_pct: 1e-9 }],
    ['std.1', { ...vit, image_std: [0.5, 0, 0.5] }],
    ['std.0', { ...vit, image_std: [-0.5, 0.5, 0.5] }],
  ])('%s', async (field, content) => {
    await expect(transformers(content)).rejects.toThrow(
      `the preprocessing in teacher/preprocessor_config.json cannot be used: ${field}`,
    );
  });

  test.each([
    [
      { image_mean: [124, 116, 104] },
      'mean is [124, 116, 104], and it is subtracted from values of 0..1',
    ],
    [{ do_rescale: false }, 'mean is [0.5, 0.5, 0.5], and it is subtracted from values of 0..255'],
  ])('a mean that %o contradicts', async (fields, message) => {
    await expect(transformers({ ...vit, ...fields })).rejects.toThrow(
      `the preprocessing in teacher/preprocessor_config.json cannot be used: ${message}`,
    );
  });

  test('also of timm', async () => {
    const pretrained_cfg = { input_size: [3, 8, 8], mean, std, crop_pct: 1e-4 };
    await expect(stored('config.json', { pretrained_cfg })).rejects.toThrow(
      'teacher/config.json cannot be used: resize.size',
    );
  });
});

test('a config of another kind counts as none, and so does another folder', async () => {
  expect(await stored('config.json', { model_type: 'vit', image_size: 224 })).toBeUndefined();
  const store = new MemoryStore({ 'preprocessor_config.json': '{' });
  expect(await readStoredPreprocess(store, 'teacher/model.onnx')).toBeUndefined();
  await expect(readStoredPreprocess(store, 'model.onnx')).rejects.toThrow(
    /preprocessor_config.json cannot be used/,
  );
});

test('a file in the folder of a SavedModel comes before one beside it', async () => {
  const vit = (edge: number) =>
    JSON.stringify({ resample: 2, size: { height: edge, width: edge }, do_normalize: false });
  const store = new MemoryStore({
    'teacher/model/preprocessor_config.json': vit(8),
    'teacher/preprocessor_config.json': vit(9),
  });
  expect(await readStoredPreprocess(store, 'teacher/model')).toMatchObject({
    key: 'teacher/model/preprocessor_config.json',
    preprocess: { resize: { size: [8, 8] } },
  });
});
