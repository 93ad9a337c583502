import { describe, expect, test } from 'vitest';
import { createEncoder, type Features } from '../../../src/data/features/index.ts';
import { isDecoded, numbersOf, rowsOf } from '../../../src/data/features/kind.ts';
import { teacherFeatures } from '../../../src/models/teacher-features.ts';
import { goldenPreprocess, type PreprocessCase } from '../../golden/preprocess.ts';
import { teacherConfig } from '../../models/teachers/open.ts';

const { files, cases } = goldenPreprocess();

/** Decodes and normalises an image for a teacher, as Label does. */
async function teacherSees({ file, channels, preprocess, size }: PreprocessCase) {
  const student: Features = {
    kind: 'image',
    height: 12,
    width: 12,
    channels,
    mean: Array(channels).fill(0.3),
    std: Array(channels).fill(0.2),
  };
  const features = teacherFeatures(teacherConfig({ onnx: 'a.onnx', preprocess, size }), student);
  const encoder = createEncoder(features);
  const bytes = Buffer.from(files[file]!, 'base64');
  const decoded = await encoder.decode({
    id: file,
    label: undefined,
    content: { kind: 'image', bytes },
  });
  if (!isDecoded(decoded)) throw new Error(decoded.reason);
  return { features, values: numbersOf(rowsOf(encoder, [decoded])) };
}

describe('a teacher sees what Pillow, torchvision or TensorFlow makes of the image', () => {
  test.each(cases)('$name', async (golden) => {
    const { features, values } = await teacherSees(golden);
    const [height, width] = golden.shape;
    expect(features).toMatchObject({ height, width, channels: golden.channels });
    expect(values.length).toBe(golden.values.length);
    const differences = golden.values.map((value, index) =>
      Math.abs((value - values[index]!) / golden.unit[index % golden.channels]!),
    );
    expect(Math.max(...differences)).toBeLessThanOrEqual(limit(golden));
  });
});

/** Largest difference, in pixel values. Floats of TensorFlow are rounded; JPEGs may differ by 1. */
function limit({ file }: PreprocessCase): number {
  return /photo|turned|CMYK/.test(file) ? 1 : 0.51;
}
