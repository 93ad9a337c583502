/** Teachers that are a linear head on an encoder, trained until they converge. */
import { count } from '../format.ts';
import { networkFeatures } from '../models/encoders/planned.ts';
import type { Context } from '../run/context.ts';
import type { Job } from '../run/job.ts';
import { teacherLimits } from './label-rows.ts';
import { fitLinear, saveLinear } from './linear-model.ts';
import type { TrainingTask } from './training.ts';

/**
 * Trains a linear head on true labels, and saves it. Its result does not depend on the seed or on
 * the fields that define training steps.
 */
export async function trainLinearHead(
  job: Job,
  { stage, part, folder, network, labeled }: TrainingTask,
  context: Context,
): Promise<void> {
  const features = networkFeatures(job.plan, network);
  const about = { stage, ...(part !== undefined && { part }) };
  const fit = await fitLinear(job, features, labeled, teacherLimits, context.signal);
  if (fit.used < fit.available) {
    const message = `The linear head learns ${count(fit.used)} of ${count(fit.available)} labels, because of its memory.`;
    context.report({ ...about, message, level: 'warning' });
  }
  await saveLinear(job, folder, features, fit);
  context.report({ ...about, done: fit.used, total: fit.used, unit: 'examples' });
}
