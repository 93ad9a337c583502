/** Fields of layers of Keras that TensorFlow.js does not read. */

import { UserError } from '../../errors.ts';
import { hasFields } from '../../json.ts';

/** Values that change nothing, by class and field. Keras writes them into every file. */
const neutral: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ReLU: { negative_slope: 0, threshold: 0 },
  DepthwiseConv2D: { dilation_rate: 1 },
  Conv2DTranspose: { dilation_rate: 1, output_padding: 0 },
};

/**
 * Checks that TensorFlow.js would not silently ignore a field of a layer.
 *
 * @param kind Class of the layer.
 * @param file Name of the model in errors: a file, quoted.
 * @throws UserError with the class and the field.
 */
export function refuseIgnoredFields(kind: string, config: unknown, file: string): void {
  if (!Object.hasOwn(neutral, kind) || !hasFields(config)) return;
  for (const [field, value] of Object.entries(neutral[kind]!)) {
    const given = [config[field] ?? value].flat();
    if (given.every((one) => one === value)) continue;
    throw new UserError(
      `${file} has the layer ${kind} with ${field}: ${JSON.stringify(config[field])}, which TensorFlow.js ignores: its answers would differ from those of Keras`,
      'Use the model in another format, such as a SavedModel: model.export(FOLDER) in Keras. Or replace the layer.',
    );
  }
}
