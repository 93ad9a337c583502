import { openCorrecting, untrueLabelSet } from '../distill/correction.ts';
import { choose } from '../distill/methods/auto.ts';
import { type StudentTask, withSubclasses } from '../distill/methods/lelp.ts';
import { relabel } from '../distill/methods/relabel.ts';
import { type LabelsKey, teacherLabels, trueLabelSet } from '../distill/sets.ts';
import { trainNetwork } from '../distill/training.ts';
import { openValidationSet } from '../distill/validation-set.ts';
import { isModelSaved, readModelFiles } from '../models/model-files.ts';
import { loadModel } from '../models/student.ts';
import type { Context } from '../run/context.ts';
import type { VariantEvent } from '../run/events.ts';
import { type Job, openJob } from '../run/job.ts';
import { keys } from '../run/keys.ts';
import type { Variant } from '../run/plan-file.ts';

/**
 * Train: one student. Every variant starts from f₀ and sees the same examples in the same order:
 * the unlabeled ones with the teacher's labels, the others with their true ones. In the first epoch
 * the weights are those for f₀; from then on they are made anew every epoch.
 */
export async function trainVariant(event: VariantEvent, context: Context): Promise<string> {
  const job = await openJob(event);
  const variant = job.plan.variants.find(({ name }) => name === event.variant);
  if (!variant) throw new Error(`the plan has no student '${event.variant}'`);
  const folder = keys.student(job.run, variant.name);
  if (!(await isModelSaved(job.results, folder))) await trainStudent(job, variant, folder, context);
  return folder;
}

async function trainStudent(
  job: Job,
  wanted: Variant,
  folder: string,
  context: Context,
): Promise<void> {
  const { variant, labels } = await settle(job, wanted, folder, context);
  const { model, predict } = await loadModel(
    await readModelFiles(job.results, keys.warmup(job.run)),
  );
  const { first, reweighting } = await openCorrecting(
    job,
    variant,
    await openValidationSet(job),
    predict,
  );
  const task: StudentTask = {
    stage: 'Train',
    part: variant.name,
    folder,
    network: job.plan.config.student,
    seed: variant.seed,
    model,
    labeled: await trueLabelSet(job),
    unlabeled: await untrueLabelSet(job, variant, first, labels),
    ...(first.mixing && { loss: { kind: 'slam', mixing: first.mixing } as const }),
    reweighting,
  };
  const ready = variant.method === 'lelp' ? await withSubclasses(job, folder, task) : task;
  await trainNetwork(job, ready, context);
}

interface Settled {
  readonly variant: Variant;
  readonly labels: LabelsKey;
}

/**
 * What a student is trained by, where its method is found out by training others first. Where no
 * students proved better than the teacher, its labels are learned, each as much as it is likely right.
 */
async function settle(
  job: Job,
  wanted: Variant,
  folder: string,
  context: Context,
): Promise<Settled> {
  const variant = wanted.method === 'auto' ? await choose(job, wanted, folder, context) : wanted;
  if (variant.method !== 'relabel') return { variant, labels: teacherLabels(job) };
  const relabeled = await relabel(job, variant, folder, context);
  if (relabeled) return { variant, labels: relabeled };
  return { variant: { ...variant, method: 'correctness' }, labels: teacherLabels(job) };
}
