/** The L2 penalty of the students of a run, if they are linear heads. */
import { z } from 'zod';
import { isAboutContent } from '../errors.ts';
import { isPenalized } from '../models/networks/index.ts';
import type { Context } from '../run/context.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readJson, writeJsonOnce } from '../store/once.ts';

const penaltySchema = z.strictObject({
  /** λ of the penalty λ/2 ‖W‖² on the mean loss; 0 for none. */
  strength: z.number().nonnegative(),
  /** Root mean square of the features, less their means. Weights grow with its inverse. */
  scale: z.number().positive(),
});
export type HeadPenalty = z.infer<typeof penaltySchema>;

/** Reads the penalty of the run's students; undefined if they have none. */
export async function readPenalty({ plan, results, run }: Job): Promise<HeadPenalty | undefined> {
  if (!isPenalized(plan.config.student)) return undefined;
  return readJson(results, keys.penalty(run), penaltySchema);
}

/**
 * Chooses the penalty of the run's students and writes it, if they have one. A head with too many
 * weights for the search has none, with a warning.
 */
export async function writePenalty(job: Job, context: Context): Promise<void> {
  const { plan, results, run } = job;
  if (!isPenalized(plan.config.student) || (await results.head(keys.penalty(run)))) return;
  const { choosePenalty } = await import('./choose-penalty.ts');
  const penalty = await choosePenalty(job, context).catch((error: Error): HeadPenalty => {
    if (!isAboutContent(error)) throw error;
    const message = `The student has no penalty, because it cannot be chosen: ${error.message}. Set student.weightDecay, such as 1.`;
    context.report({ stage: 'Warm up', message, level: 'warning' });
    return { strength: 0, scale: 1 };
  });
  await writeJsonOnce(results, keys.penalty(run), penalty);
}
