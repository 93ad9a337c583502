/** The L2 penalty of the students of a run, if they are linear heads. */
import { z } from 'zod';
import { isPenalized } from '../models/networks/index.ts';
import type { Job } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { readJson, writeJsonOnce } from '../store/once.ts';

const penaltySchema = z.strictObject({
  /** λ of the penalty λ/2 ‖W‖² on the mean loss. */
  strength: z.number().positive(),
  /** Root mean square of the features, less their means. Weights grow with its inverse. */
  scale: z.number().positive(),
});
export type HeadPenalty = z.infer<typeof penaltySchema>;

/** Reads the penalty of the run's students; undefined if they have none. */
export async function readPenalty({ plan, results, run }: Job): Promise<HeadPenalty | undefined> {
  if (!isPenalized(plan.config.student)) return undefined;
  return readJson(results, keys.penalty(run), penaltySchema);
}

/** Chooses the penalty of the run's students and writes it, if they have one. */
export async function writePenalty(job: Job, signal: AbortSignal): Promise<void> {
  const { plan, results, run } = job;
  if (!isPenalized(plan.config.student) || (await results.head(keys.penalty(run)))) return;
  const { choosePenalty } = await import('./choose-penalty.ts');
  await writeJsonOnce(results, keys.penalty(run), await choosePenalty(job, signal));
}
