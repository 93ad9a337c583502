import type { Features } from '../../src/data/features/index.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';

/** The shape of an example, and what it is. */
export const shape = [8, 8, 1];
export const features: Features = {
  ...{ kind: 'image', height: 8, width: 8, channels: 1 },
  ...{ mean: [0.5], std: [0.2] },
};

/** Runs a saved model on n examples, with TensorFlow.js only. */
export async function predictElsewhere(
  files: ReadonlyMap<string, Uint8Array>,
  values: Float32Array,
  n: number,
): Promise<Float32Array> {
  const json = JSON.parse(Buffer.from(files.get('model.json')!).toString());
  const model = await tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest[0].weights,
      weightData: new Uint8Array(files.get('weights.bin')!).buffer,
    }),
  );
  const answers = model.predict(tf.tensor(values, [n, ...shape])) as tfTypes.Tensor;
  return answers.dataSync<'float32'>();
}
