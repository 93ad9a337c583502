import { problemsOf } from '../debias/decisions.ts';
import { type ValidationOutputs, validationPoints } from '../debias/validation.ts';
import { diagnose } from '../debias/warnings.ts';
import { readPenalty, writePenalty } from '../distill/head-penalty.ts';
import { trueLabelSet } from '../distill/sets.ts';
import { trainNetwork } from '../distill/training.ts';
import { openValidationSet } from '../distill/validation-set.ts';
import { counted } from '../format.ts';
import { isModelSaved, readModelFiles } from '../models/model-files.ts';
import { loadModel } from '../models/student.ts';
import type { Context } from '../run/context.ts';
import type { JobEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import { needs, planDecisions } from '../run/plan-file.ts';
import { toFile } from '../run/validation-file.ts';
import { writeJsonOnce } from '../store/once.ts';

/**
 * Warm up: trains the student briefly on the true labels. The result is f₀, for which the first
 * weights are computed, because an untrained student loses equally on every label. Every variant
 * starts from f₀. First chooses the penalty of a student that is a linear head. Also measures
 * teacher and f₀ on the validation set, for the Weigh tasks.
 */
export async function warmUpStudent(
  event: JobEvent,
  context: Context,
): Promise<{ folder: string }> {
  const job = await openJob(event, context);
  const folder = keys.warmup(job.run);
  await writePenalty(job, context);
  if (!(await isModelSaved(job.results, folder))) {
    const { config } = job.plan;
    const network = { ...config.student, epochs: config.warmup.epochs };
    const labeled = await trueLabelSet(job);
    const penalty = await readPenalty(job);
    const task = { stage: 'Warm up', folder, network, seed: config.seed, labeled, penalty };
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
    const problems = problemsOf(outputs, planDecisions(job.plan));
    const smoothing = config.student.labelSmoothing;
    const points = problems.map((problem) =>
      validationPoints({ ...problem, targets: config.labels, smoothing }),
    );
    // Without a correction, poor estimates do no harm.
    const warnings = needs(job.plan, 'validation') ? warningsOf(job, problems) : [];
    await writeJsonOnce(job.results, keys.validation(job.run), toFile(points, warnings));
  } finally {
    student.dispose();
  }
}

/** Describes what makes the estimates doubtful; the same finding on several labels once. */
function warningsOf({ plan }: Job, problems: readonly ValidationOutputs[]): string[] {
  const byCode = new Map<string, { readonly text: string; readonly labels: string[] }>();
  for (const [index, problem] of problems.entries()) {
    for (const { code, message, hint } of diagnose(problem, plan.config.weights.neighbors)) {
      const found = byCode.get(code) ?? { text: `${message} ${hint}`, labels: [] };
      found.labels.push(plan.classes[index]!);
      byCode.set(code, found);
    }
  }
  const { isMultiLabel } = planDecisions(plan);
  return Array.from(byCode.values(), ({ text, labels }) =>
    isMultiLabel
      ? `${counted(labels.length, 'label')} of ${problems.length}, such as '${labels[0]}': ${text}`
      : text,
  );
}
