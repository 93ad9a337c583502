/** Features around 0, and on one scale, so that one penalty suits all of their weights. */
import type { LabeledRows, LinearModel } from './labeled-rows.ts';

/** Features' means, and the numbers by which their differences are divided. */
export interface Scaling {
  /** [length] */
  readonly mean: Float64Array;
  /** [length]; 0 for a feature that is constant. */
  readonly scale: Float64Array;
}

/**
 * Subtracts the mean of every feature in place, which only moves the intercepts. A constant feature
 * becomes 0.
 *
 * @param standardize Whether features are divided by their standard deviation.
 */
export function scaleColumns(
  { values, length }: Pick<LabeledRows, 'values' | 'length'>,
  standardize: boolean,
): Scaling {
  const n = values.length / length;
  const mean = new Float64Array(length);
  const scale = new Float64Array(length);
  for (let start = 0; start < values.length; start += length) {
    for (let j = 0; j < length; j++) mean[j]! += values[start + j]!;
  }
  for (let j = 0; j < length; j++) mean[j]! /= n;
  for (let start = 0; start < values.length; start += length) {
    for (let j = 0; j < length; j++) {
      const difference = values[start + j]! - mean[j]!;
      scale[j]! += difference * difference;
    }
  }
  for (let j = 0; j < length; j++) {
    const std = Math.sqrt(scale[j]! / n);
    scale[j] = standardize || std === 0 ? std : 1;
  }
  for (let start = 0; start < values.length; start += length) {
    for (let j = 0; j < length; j++) {
      values[start + j] = scale[j]! > 0 ? (values[start + j]! - mean[j]!) / scale[j]! : 0;
    }
  }
  return { mean, scale };
}

/** Returns the model for features that are not scaled. */
export function unscaled({ kernel, bias }: LinearModel, { mean, scale }: Scaling): LinearModel {
  const classes = bias.length;
  const shifted = bias.slice();
  const weights = kernel.map((weight, index) => {
    const j = Math.floor(index / classes);
    const scaled = scale[j]! > 0 ? weight / scale[j]! : 0;
    shifted[index % classes]! -= scaled * mean[j]!;
    return scaled;
  });
  return { kernel: weights, bias: shifted };
}
