import { UserError } from '../errors.ts';

/**
 * Refuses the `model.json` of a Keras 3 model: its layers have fields that tfjs 4 cannot read, such
 * as batch_shape, and other names of weights.
 *
 * @param json The parsed file.
 * @param name How the error names the file.
 * @param use What to do instead.
 * @throws UserError if the file was converted from Keras 3.
 */
export function refuseKeras3(json: unknown, name: string, use: string): void {
  if (!isFromKeras3(json)) return;
  throw new UserError(
    `${name} was converted from a Keras 3 model, whose layers tfjs cannot read`,
    `${use} Or convert it with Keras 2: pip install tf_keras, and set TF_USE_LEGACY_KERAS=1.`,
  );
}

function isFromKeras3(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if ('keras_version' in node && String(node.keras_version).startsWith('3')) return true;
  if ('batch_shape' in node) return true;
  return Object.values(node).some(isFromKeras3);
}
