/** Features on one scale, so that one penalty suits all of their weights. */
import type { LabeledRows, LinearModel } from './logistic-regression.ts';

/** Means and standard deviations of the features. */
export interface Scaling {
  /** [length] */
  readonly mean: Float64Array;
  readonly std: Float64Array;
}

/** Standardizes every feature in place. A constant feature becomes 0. */
export function scaleColumns({ values, length }: LabeledRows): Scaling {
  const n = values.length / length;
  const mean = new Float64Array(length);
  const std = new Float64Array(length);
  for (let i = 0; i < values.length; i++) mean[i % length]! += values[i]! / n;
  for (let i = 0; i < values.length; i++) {
    std[i % length]! += (values[i]! - mean[i % length]!) ** 2 / n;
  }
  for (let j = 0; j < length; j++) std[j] = Math.sqrt(std[j]!);
  for (let i = 0; i < values.length; i++) {
    const j = i % length;
    values[i] = std[j]! > 0 ? (values[i]! - mean[j]!) / std[j]! : 0;
  }
  return { mean, std };
}

/** Returns the model for features that are not standardized. */
export function unscaled({ kernel, bias }: LinearModel, { mean, std }: Scaling): LinearModel {
  const classes = bias.length;
  const shifted = bias.slice();
  const weights = kernel.map((weight, index) => {
    const j = Math.floor(index / classes);
    const scaled = std[j]! > 0 ? weight / std[j]! : 0;
    shifted[index % classes]! -= scaled * mean[j]!;
    return scaled;
  });
  return { kernel: weights, bias: shifted };
}
