import { validationPoints } from '../debias/validation.ts';
import { diagnose } from '../debias/warnings.ts';
import { loadModel } from '../models/student.ts';
import { writeJsonOnce } from '../store/once.ts';
import type { Context } from './context.ts';
import type { JobEvent } from './events.ts';
import { type Job, openJob } from './job.ts';
import { keys } from './keys.ts';
import { isModelSaved, readModelFiles } from './model-files.ts';
import { isCorrected } from './plan-file.ts';
import { trueLabelSet } from './sets.ts';
import { trainNetwork } from './training.ts';
import { toFile } from './validation-file.ts';
import { openValidationSet } from './validation-set.ts';

/**
 * Warm up: trains the student briefly on the true labels. The result, f₀, is what the first weights
 * are for (to a student that knows nothing, every label is equally wrong) and where every variant
 * starts. Also measures teacher and f₀ on the validation set, for the Weigh tasks.
 */
export async function warmUp(event: JobEvent, context: Context): Promise<{ folder: string }> {
  const job = await openJob(event);
  const folder = keys.warmup(job.run);
  if (!(await isModelSaved(job.results, folder))) {
    const { config } = job.plan;
    const network = { ...config.student, epochs: config.warmup.epochs };
    const labeled = await trueLabelSet(job);
    const task = { stage: 'Warm up', folder, network, seed: config.seed, labeled };
    await trainNetwork(job, task, context);
  }
  if (!(await job.results.head(keys.validation(job.run)))) await measureValidation(job, folder);
  return { folder };
}

async function measureValidation(job: Job, folder: string): Promise<void> {
  const { config } = job.plan;
  const student = await loadModel(await readModelFiles(job.results, folder));
  try {
    const validation = await openValidationSet(job);
    const outputs = await validation.outputs(student.predict);
    const points = validationPoints({ ...outputs, targets: config.labels });
    // Where nothing is corrected, it does not matter what cannot be estimated.
    const warnings = isCorrected(job.plan) ? diagnose(outputs, config.weights.neighbors) : [];
    const sentences = warnings.map(({ message, hint }) => `${message} ${hint}`);
    await writeJsonOnce(job.results, keys.validation(job.run), toFile(points, sentences));
  } finally {
    student.dispose();
  }
}
