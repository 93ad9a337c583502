import { describe, expect, test } from 'vitest';
import { parseModelJson } from '../../src/models/model-json.ts';
import { customNetwork } from '../../src/models/networks/layers-model.ts';
import { ownNetwork } from '../support/networks.ts';

/** A model.json as tensorflowjs 4.22 writes it from Keras 3. */
function modelJson(config: Record<string, unknown>): string {
  const layers = [
    { class_name: 'InputLayer', config: { name: 'input', ...config } },
    { class_name: 'Dense', config: { name: 'dense', units: 2, activation: 'softmax' } },
  ];
  const model_config = { class_name: 'Sequential', config: { name: 'sequential', layers } };
  const modelTopology = { keras_version: '2.15.0', model_config };
  return JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest: [] });
}

const keras3 = modelJson({ batch_shape: [null, 4], dtype: { class_name: 'DTypePolicy' } });
const keras2 = modelJson({ batch_input_shape: [null, 4], dtype: 'float32' });

describe('a model.json from Keras 3', () => {
  test('is refused as a teacher, with the way to export it', () => {
    expect(() => parseModelJson(keras3, 'teacher/model.json', 'layers-model')).toThrow(
      expect.objectContaining({
        name: 'UserError',
        message:
          'teacher/model.json was converted from a Keras 3 model, whose layers tfjs cannot read',
        hint: expect.stringContaining("model.export('teacher/model')"),
      }),
    );
    expect(parseModelJson(keras2, 'teacher/model.json', 'layers-model').format).toBe(
      'layers-model',
    );
  });

  test('is refused as a topology of the student', async () => {
    const sizeOf = (text: string) =>
      customNetwork.size(ownNetwork('net.json'), {
        inputShape: [4],
        classes: 2,
        readFile: async () => Buffer.from(text),
      });
    await expect(sizeOf(keras3)).rejects.toMatchObject({
      message: expect.stringContaining("'net.json' was converted from a Keras 3 model"),
      hint: expect.stringContaining('TF_USE_LEGACY_KERAS=1'),
    });
    expect((await sizeOf(keras2)).macs).toBe(8);
  });

  test('is known by its version as well', () => {
    const text = keras2.replace('2.15.0', '3.5.0');
    expect(() => parseModelJson(text, 'm.json', 'layers-model')).toThrow('Keras 3');
  });
});
