import { isNgrams, type TrainableModel } from '../models/trainable.ts';
import type { StepOptions } from './create-step.ts';
import { createNgramsStep } from './ngrams/step.ts';
import type { OptimizerConfig } from './optimizer-rules.ts';
import type { TrainingStep } from './step.ts';

/**
 * Creates the training step of a model. Loads TensorFlow only if the model needs it.
 *
 * @param model The caller owns it; `updateModel` changes it.
 */
export async function openTrainingStep(
  model: TrainableModel,
  config: OptimizerConfig,
  options: StepOptions,
): Promise<TrainingStep> {
  if (isNgrams(model)) return createNgramsStep(model, config, options);
  const { createTrainingStep } = await import('./create-step.ts');
  return createTrainingStep(model, config, options);
}
