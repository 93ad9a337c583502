import type { Network } from '../models/networks/index.ts';

export type ScheduleConfig = Pick<Network, 'learningRate' | 'schedule'>;

/**
 * Returns the learning rate of a step in [0, totalSteps). Cosine (Loshchilov and Hutter 2017,
 * "SGDR", equation 5, without restarts) starts at the full rate and reaches 0 at `totalSteps`.
 */
export function learningRateAt(
  step: number,
  totalSteps: number,
  { learningRate, schedule }: ScheduleConfig,
): number {
  if (schedule === 'constant') return learningRate;
  return (learningRate / 2) * (1 + Math.cos((Math.PI * step) / totalSteps));
}
