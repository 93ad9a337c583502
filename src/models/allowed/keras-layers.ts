/** Layers of Keras that TensorFlow.js computes otherwise, because of a field. */
import { UserError } from '../../errors.ts';
import { hasFields } from '../../json.ts';

/** Values for which both do the same, by class and field. Keras writes them into every file. */
const neutral: Readonly<Record<string, Readonly<Record<string, number | string>>>> = {
  ReLU: { negative_slope: 0, threshold: 0 },
  DepthwiseConv2D: { dilation_rate: 1 },
  Conv2DTranspose: { dilation_rate: 1, output_padding: 0 },
  Conv3DTranspose: { dilation_rate: 1, output_padding: 0 },
  UpSampling2D: { interpolation: 'nearest' },
};

/**
 * Returns whether TensorFlow.js saved the model. Its layers then do what they did in training.
 * @param topology The topology, or the file that contains it.
 */
export function isSavedByTfjs(topology: unknown): boolean {
  if (!hasFields(topology)) return false;
  const { keras_version: version, modelTopology } = topology;
  return String(version).startsWith('tfjs-layers') || isSavedByTfjs(modelTopology);
}

/**
 * Checks that TensorFlow.js computes a layer as Keras does.
 *
 * @param kind Class of the layer.
 * @param file Name of the model in errors: a file, quoted.
 * @throws UserError with the class and the field.
 */
export function requireSameAsKeras(kind: string, config: unknown, file: string): void {
  if (!Object.hasOwn(neutral, kind) || !hasFields(config)) return;
  for (const [field, value] of Object.entries(neutral[kind]!)) {
    const given = [config[field] ?? value].flat();
    if (given.every((one) => one === value)) continue;
    throw new UserError(
      `${file} has the layer ${kind} with ${field}: ${JSON.stringify(config[field])}, which TensorFlow.js computes otherwise than Keras`,
      'Use the model in another format, such as a SavedModel: model.export(FOLDER) in Keras. Or replace the layer.',
    );
  }
}
