import { trainingsOf } from '../cost/plan-estimate.ts';
import { allBaselines, isTrained, trainBaseline } from '../distill/baselines/index.ts';
import { openLossCorrection, pseudoLabeledSet } from '../distill/correction.ts';
import { readPenalty } from '../distill/head-penalty.ts';
import { openHeldOutSet } from '../distill/held-out-set.ts';
import { prepareVariant } from '../distill/preparation.ts';
import { trueLabelSet } from '../distill/sets.ts';
import { type StudentTask, trainNetwork } from '../distill/training.ts';
import { baselineSteps, studentSteps, trainingSteps } from '../distill/training-steps.ts';
import { openValidationSet } from '../distill/validation-set.ts';
import { counted } from '../format.ts';
import { plannedEncoder } from '../models/encoders/planned.ts';
import { readEncoder, storeEncoder } from '../models/encoders/stored-encoder.ts';
import { allExporters } from '../models/exporters.ts';
import { encoderFolder, isModelSaved, readModelFiles } from '../models/model-files.ts';
import { loadModel } from '../models/student.ts';
import type { Context } from '../run/context.ts';
import type { VariantEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import type { Variant } from '../run/plan-file.ts';
import { reconcileSchema } from '../run/reconcile-file.ts';
import { readJson } from '../store/once.ts';

/**
 * Train: one student. Every variant starts from f₀ and sees the same examples in the same order:
 * the unlabeled ones with pseudo-labels, the others with their true labels. The first epoch uses
 * the weights for f₀; each later epoch uses weights for the student at its start.
 *
 * Or a baseline, which learns the true labels alone.
 */
export async function trainVariant(event: VariantEvent, context: Context): Promise<string> {
  const job = await openJob(event, context);
  const { sets } = await readJson(job.results, keys.reconcile(job.run), reconcileSchema);
  context.report({ stage: 'Train', total: trainingSteps(job.plan, sets), unit: 'steps' });
  const skip = (skipped: number) =>
    context.report({ stage: 'Train', part: event.variant, skipped });
  const baseline = allBaselines.find(({ name }) => name === event.variant);
  if (baseline) {
    if (await isTrained(job, baseline)) skip(baselineSteps(job.plan, baseline, sets));
    return trainBaseline(job, baseline, context);
  }
  const variant = job.plan.variants.find(({ name }) => name === event.variant);
  if (!variant) throw new Error(`the plan has no student '${event.variant}'`);
  const folder = keys.student(job.run, variant.name);
  if (await isModelSaved(job.results, folder)) skip(studentSteps(job.plan, variant.method, sets));
  else await trainStudent(job, variant, folder, context);
  return folder;
}

/** Copies the files of the student's encoder into its folder, so that the folder is complete. */
async function copyEncoder({ plan, results }: Job, folder: string): Promise<void> {
  const planned = plannedEncoder(plan.encoders, plan.config.student);
  if (!planned) return;
  const from = keys.encoder(planned.files);
  const description = await readEncoder(results, from);
  const stored = { store: results, folder: from.replace(/\/$/, ''), description };
  await storeEncoder(stored, results, `${folder}${encoderFolder}`);
}

/** Explains why a student takes long: its method trains other networks before it. */
function explain({ plan }: Job, { name, method }: Variant, { report }: Context): void {
  const others = trainingsOf(method, plan.config, plan.estimate.sets.unlabeled.examples) - 1;
  if (others === 0) return;
  const message = `${name}: its method trains up to ${counted(others, 'network')} before the student.`;
  report({ stage: 'Train', message, level: 'info' });
}

async function trainStudent(
  job: Job,
  planned: Variant,
  folder: string,
  context: Context,
): Promise<void> {
  await copyEncoder(job, folder);
  explain(job, planned, context);
  const { variant, labels, adapt } = await prepareVariant(job, planned, folder, context);
  const { model, predict } = await loadModel(
    await readModelFiles(job.results, keys.warmup(job.run)),
  );
  const validation = await openValidationSet(job);
  const { first, loss, reweighting } = await openLossCorrection(job, variant, validation, predict);
  const task: StudentTask = {
    stage: 'Train',
    part: variant.name,
    folder,
    network: job.plan.config.student,
    seed: variant.seed,
    model,
    labeled: await trueLabelSet(job),
    unlabeled: await pseudoLabeledSet(job, variant, first, labels),
    loss,
    penalty: await readPenalty(job),
    heldOut: await openHeldOutSet(job),
    reweighting,
    exporters: allExporters,
  };
  await trainNetwork(job, adapt ? await adapt(task) : task, context);
}
