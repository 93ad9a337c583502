import { validationPoints } from '../debias/validation.ts';
import { diagnose } from '../debias/warnings.ts';
import { trueLabelSet } from '../distill/sets.ts';
import { trainNetwork } from '../distill/training.ts';
import { openValidationSet } from '../distill/validation-set.ts';
import { isModelSaved, readModelFiles } from '../models/model-files.ts';
import { loadModel } from '../models/student.ts';
import type { Context } from '../run/context.ts';
import type { JobEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { needs } from '../run/plan-file.ts';
import { toFile } from '../run/validation-file.ts';
import { writeJsonOnce } from '../store/once.ts';

/**
 * Warm up: trains the student briefly on the true labels. The result is f₀, for which the first
 * weights are computed, because an untrained student loses equally on every label. Every variant
 * starts from f₀. Also measures teacher and f₀ on the validation set, for the Weigh tasks.
 */
export async function warmUpStudent(
  event: JobEvent,
  context: Context,
): Promise<{ folder: string }> {
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
    const points = validationPoints({
      ...outputs,
      targets: config.labels,
      smoothing: config.student.labelSmoothing,
    });
    // Without a correction, poor estimates do no harm.
    const warnings = needs(job.plan, 'validation')
      ? diagnose(outputs, config.weights.neighbors)
      : [];
    const sentences = warnings.map(({ message, hint }) => `${message} ${hint}`);
    await writeJsonOnce(job.results, keys.validation(job.run), toFile(points, sentences));
  } finally {
    student.dispose();
  }
}
