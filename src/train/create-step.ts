import type { tfTypes } from '../tensorflow.ts';
import { createEagerStep } from './eager-step.ts';
import { createGraphStep } from './graph-step.ts';
import type { OptimizerConfig } from './optimizer-rules.ts';
import type { StepSettings, TrainingStep } from './step.ts';

export interface StepOptions extends StepSettings {
  /** Sizes of the batches. */
  readonly batchSizes: readonly number[];
  /** Called if the step cannot be a graph. */
  warn(message: string): void;
}

/**
 * Creates a training step of a model: a graph or, if that is impossible, a step that runs operation
 * by operation. The latter takes two to four times as long and has the same result up to rounding.
 *
 * @param model outputs logits, [n, outputs]. The caller owns it; `updateModel` changes it.
 */
export function createTrainingStep(
  model: tfTypes.LayersModel,
  config: OptimizerConfig,
  { batchSizes, warn, ...settings }: StepOptions,
): TrainingStep {
  try {
    return createGraphStep(model, config, batchSizes, settings);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warn(`training goes operation by operation, which is slower: ${reason}`);
    return createEagerStep(model, config, settings);
  }
}
