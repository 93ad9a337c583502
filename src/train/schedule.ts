import type { NetworkConfig } from '../models/networks/index.ts';

export type ScheduleConfig = Pick<
  NetworkConfig,
  'learningRate' | 'schedule' | 'learningRateWarmup'
>;

/**
 * Returns the learning rate of a step in [0, totalSteps).
 *
 * In the first W = learningRateWarmup · totalSteps steps the rate rises linearly, to (step + 1) /
 * (W + 1) of the full rate (Goyal et al. 2017, section 2.2). The schedule begins after them. Cosine
 * (Loshchilov and Hutter 2017, "SGDR", equation 5, without restarts) starts at the full rate and
 * reaches 0 at `totalSteps`.
 */
export function learningRateAt(
  step: number,
  totalSteps: number,
  { learningRate, schedule, learningRateWarmup = 0 }: ScheduleConfig,
): number {
  const rising = Math.round(learningRateWarmup * totalSteps);
  if (step < rising) return (learningRate * (step + 1)) / (rising + 1);
  if (schedule === 'constant') return learningRate;
  return (learningRate / 2) * (1 + Math.cos((Math.PI * (step - rising)) / (totalSteps - rising)));
}
