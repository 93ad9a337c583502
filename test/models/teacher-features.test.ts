import { describe, expect, test } from 'vitest';
import type { TeacherConfig } from '../../src/models/config.ts';
import { teacherFeatures } from '../../src/models/teacher-features.ts';
import { colour, grey, teacherConfig, vector } from './teachers/open.ts';

const featuresOf = (fields: Partial<TeacherConfig>, student = colour()) =>
  teacherFeatures(teacherConfig({ onnx: 'model.onnx', ...fields }), student);

const plain = { kind: 'image', channels: 3, mean: [0, 0, 0], std: [1, 1, 1] };

describe('without preprocess', () => {
  test('a teacher reads value / 255 at the size of the student', () => {
    expect(featuresOf({})).toEqual({ ...plain, height: 8, width: 8 });
    expect(featuresOf({ size: [5, 6] })).toEqual({ ...plain, height: 5, width: 6 });
  });

  test('a teacher sees the pixels that task.preprocess gives the student', () => {
    const student = { ...colour(), pixels: settings('pad', 8, 8) };
    expect(featuresOf({}, student)).toMatchObject({ pixels: student.pixels, mean: [0, 0, 0] });
    expect(() => featuresOf({ size: [9, 9] }, student)).toThrow(/teacher.size is 9 x 9/);
  });
});

function settings(fit: 'stretch' | 'pad', height: number, width: number) {
  const resized = { height, width };
  const rest = { colors: 'stored', orientation: 'upright', channelOrder: 'RGB' } as const;
  return { fit, filter: 'bilinear', resized, ...rest } as const;
}

describe('with preprocess', () => {
  test('fields have defaults: stretched, bilinear, value / 255, stored colours', () => {
    expect(featuresOf({ preprocess: {} })).toEqual({
      ...plain,
      height: 8,
      width: 8,
      pixels: settings('stretch', 8, 8),
    });
  });

  test('a preset has its own size, which teacher.size scales', () => {
    const crop = { height: 224, width: 224, pixels: { resized: { height: 256, width: 256 } } };
    expect(featuresOf({ preprocess: 'imagenet' })).toMatchObject(crop);
    expect(featuresOf({ preprocess: 'imagenet', size: [64, 64] })).toMatchObject({
      height: 64,
      width: 64,
      pixels: { resized: { height: 73, width: 73 } },
    });
    expect(
      featuresOf({ preprocess: { preset: 'imagenet', resize: { size: 232 }, mean: [0, 0, 0] } }),
    ).toMatchObject({ ...crop, pixels: { resized: { height: 232 } }, mean: [0, 0, 0] });
  });

  test('scale, mean and std become those of value / 255', () => {
    const of = (preprocess: TeacherConfig['preprocess']) => {
      const features = featuresOf({ preprocess });
      if (features.kind !== 'image') throw new Error(features.kind);
      const value = (pixel: number) => (pixel / 255 - features.mean[1]!) / features.std[1]!;
      return [value(0), value(51), value(255)];
    };
    const close = (values: number[]) => values.map((value) => expect.closeTo(value, 10));
    expect(of({ scale: '0..255' })).toEqual(close([0, 51, 255]));
    expect(of({ scale: '-1..1' })).toEqual(close([-1, -0.6, 1]));
    expect(of({ scale: '-1..1', mean: [0, 0.5, 0], std: [1, 2, 1] })).toEqual(
      close([-0.75, -0.55, 0.25]),
    );
    expect(of({ scale: '0..255', mean: [0, 100, 0], std: [1, 50, 1] })).toEqual(
      close([-2, -0.98, 3.1]),
    );
    // Images of a microscope may be as dark as this.
    expect(of({ scale: '0..255', mean: [1, 1, 1], std: [2, 2, 2] })).toEqual(
      close([-0.5, 25, 127]),
    );
    expect(of('keras-mobilenet')).toEqual(close([-1, -0.6, 1]));
  });
});

describe('is refused', () => {
  test.each<[string, Partial<TeacherConfig>, RegExp]>([
    [
      'a crop that is larger than the image',
      { preprocess: { resize: { size: 8 }, crop: 9 } },
      /crop is \[9, 9\], and the image is resized to \[8, 8\]/,
    ],
    [
      'another teacher.size',
      { size: [8, 8], preprocess: { crop: 9, resize: { size: 9 } } },
      /teacher.size is \[8, 8\], and teacher.preprocess gives images of \[9, 9\]/,
    ],
    [
      'a mean of another number of channels',
      { preprocess: { mean: [0.5] } },
      /teacher.preprocess.mean has 1 numbers/,
    ],
    [
      'a mean of bytes for values of 0..1, which is the default',
      { preprocess: { mean: [124, 116, 104], std: [58, 57, 57] } },
      /teacher.preprocess: mean is \[124, 116, 104\], .* values of 0..1/,
    ],
    ['the same without preprocess', { mean: [124, 116, 104] }, /teacher: mean is \[124/],
    [
      'a std of bytes for values of 0..1',
      { preprocess: { std: [255, 255, 255] } },
      /teacher.preprocess: std is \[255, 255, 255\], and values of 0..1 are divided by it/,
    ],
    [
      'a std of 0..1 for values of 0..255',
      { preprocess: { scale: '0..255', std: [0.2, 0.2, 0.2] } },
      /std is \[0.2, 0.2, 0.2\], and values of 0..255/,
    ],
    [
      'a negative mean of values of 0..255',
      { preprocess: { scale: '0..255', mean: [-1, 0, 0] } },
      /teacher.preprocess: mean is \[-1, 0, 0\]/,
    ],
    [
      'a preset with the scale of another',
      { preprocess: { preset: 'imagenet', scale: '0..255' } },
      /mean is \[0.485, 0.456, 0.406\], .* values of 0..255/,
    ],
  ])('%s', (_, fields, message) => {
    expect(() => featuresOf(fields)).toThrow(message);
  });

  test('a preset of colours or BGR for grey, and any for vectors', () => {
    expect(() => featuresOf({ preprocess: 'clip' }, grey())).toThrow(
      /mean has 3 numbers.*1 channels/,
    );
    expect(() => featuresOf({ preprocess: { channelOrder: 'BGR' } }, grey())).toThrow(/grey/);
    expect(() => featuresOf({ preprocess: 'clip' }, vector(3))).toThrow(
      /teacher.preprocess is for images, and the task has vectors/,
    );
  });
});
