/** The constants of the optimizers, and the names of their state. */
import type { NetworkConfig } from '../models/networks/index.ts';
import { isKernel, type Parameter } from './parameters.ts';

export type OptimizerConfig = Pick<NetworkConfig, 'optimizer' | 'momentum' | 'weightDecay'>;

/** Slots of each optimizer, each with the shape of its parameter; initially 0. */
export const slotNames = { adam: ['m', 'v'], sgd: ['velocity'] } as const;

/** Returns the name of a parameter's slot in a state, such as "adam/m/conv1/kernel". */
export function slotKey({ optimizer }: OptimizerConfig, slot: string, parameter: string): string {
  return `${optimizer}/${slot}/${parameter}`;
}

/** Adam's constants, as recommended by its authors. */
const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/** Constants of one step of Adam. */
export interface AdamRates {
  readonly beta1: number;
  readonly beta2: number;
  /** Learning rate, corrected for the slots' initial 0. */
  readonly rate: number;
  readonly epsilon: number;
}

/**
 * Computes the constants of a step by Kingma and Ba 2015, "Adam", algorithm 1, in the form at the
 * end of their section 2:
 *   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g²
 *   value -= rate m / (sqrt(v) + epsilon)
 *   rate = learningRate sqrt(1 - beta2^t) / (1 - beta1^t)
 * with the epsilon of the algorithm's last line, which this form divides by sqrt(1 - beta2^t).
 * @param step t, from 1.
 */
export function adamRates(learningRate: number, step: number): AdamRates {
  const correction = Math.sqrt(1 - beta2 ** step);
  const rate = (learningRate * correction) / (1 - beta1 ** step);
  return { beta1, beta2, rate, epsilon: epsilon * correction };
}

/** Returns the decay of a parameter: 0 for biases and the scales of batch norm. */
export function decayOf(
  { name }: Pick<Parameter, 'name'>,
  { weightDecay }: OptimizerConfig,
): number {
  return isKernel(name) ? weightDecay : 0;
}
