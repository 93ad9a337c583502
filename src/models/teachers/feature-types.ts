import { image } from '../../data/features/image.ts';
import type { Features } from '../../data/features/index.ts';
import { UserError } from '../../errors.ts';
import { toFloat16 } from '../../float16.ts';
import type { ModelSection } from './layout.ts';
import { type Port, portsText, type TensorValues } from './loaded-model.ts';

/** Conversions of features to the values of a tensor, by the model's name of the type. */
const featureTypes: Readonly<Record<string, (values: Float32Array) => TensorValues>> = {
  float32: (values) => values,
  float64: (values) => Float64Array.from(values),
  float16: toFloat16,
  uint8: (values) => Uint8Array.from(values, Math.round),
};

/** Largest distance of a scaled pixel from an integer. */
const pixelTolerance = 1e-3;

/**
 * Returns the conversion of features to the type of an input.
 * @throws UserError if the features are not numbers of this type, with what to set or to export.
 */
export function featureType(
  port: Port,
  features: Features,
  name: string,
  section: ModelSection = 'teacher',
): (values: Float32Array) => TensorValues {
  const convert = featureTypes[port.dtype];
  if (convert !== undefined && (port.dtype !== 'uint8' || arePixels(features))) return convert;
  throw new UserError(
    `${name} reads ${port.dtype} (${portsText([port])}), and the config gives float32`,
    port.dtype === 'uint8' && features.kind === image.name
      ? `If it reads pixels from 0 to 255, set ${section}.preprocess: { scale: 0..255 }.`
      : 'Export it with a float32 input. Pixels are (value / 255 - mean) / std.',
  );
}

/** Returns whether features are pixels from 0 to 255, as images store them. */
function arePixels(features: Features): boolean {
  if (features.kind !== image.name) return false;
  const { mean, std } = features;
  return (
    mean.every((value) => value === 0) &&
    std.every((value) => Math.abs(1 / value - 255) < pixelTolerance)
  );
}
