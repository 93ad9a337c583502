import type { tfTypes } from '../tensorflow.ts';
import { createEagerStep } from './eager-step.ts';
import { createGraphStep } from './graph-step.ts';
import type { OptimizerConfig } from './optimizers.ts';
import type { StepSettings, TrainingStep } from './step.ts';

export interface StepOptions extends StepSettings {
  /** The sizes that batches will have. */
  readonly batchSizes: readonly number[];
  /** Told when the step cannot be a graph. */
  warn(message: string): void;
}

/**
 * A training step of a model: as a graph, or where that cannot be, operation by operation, which
 * takes two to four times as long and gives the same up to rounding.
 *
 * @param model gives logits, [n, classes]. It stays the caller's; `updateModel` changes it.
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
