import { sum } from '../../arrays.ts';
import { foldOf } from '../../data/folds.ts';
import {
  auto,
  baseline,
  type Choice,
  candidateFolder,
  candidateName,
  candidates,
  choiceSchema,
  chooseBest,
  fallbackMethod,
  type MethodCandidate,
  sampleExamples,
} from '../../debias/auto.ts';
import { logLoss } from '../../debias/cross-entropy.ts';
import { predictions } from '../../debias/margin.ts';
import type { MethodName } from '../../debias/methods.ts';
import { fewestJudged } from '../../debias/validation.ts';
import { signedPoints } from '../../format.ts';
import { predictorOf } from '../../models/student.ts';
import { openTrained } from '../../models/teachers/trained.ts';
import type { Context } from '../../run/context.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { foldsOf, type Variant } from '../../run/plan-file.ts';
import { reconcileSchema } from '../../run/reconcile-file.ts';
import { readJson, writeJsonOnce } from '../../store/once.ts';
import { openLossCorrection, pseudoLabeledSet } from '../correction.ts';
import { readPenalty } from '../head-penalty.ts';
import { type Preparation, prepareVariant } from '../preparation.ts';
import {
  countedShards,
  countIncluded,
  filterSource,
  sampleUnlabeled,
  teacherLabels,
  trueClass,
  trueLabelSetWithout,
} from '../sets.ts';
import { studentInputs } from '../student-inputs.ts';
import { networkOf, type TrainingTask, trainFolds, trainNetwork } from '../training.ts';
import { studentSteps } from '../training-steps.ts';
import { openValidationSet } from '../validation-set.ts';

/**
 * Chooses the method by cross-validation, then runs that method's preparation. Per candidate, one
 * student per fold of the labels is trained on a sample of the unlabeled set and evaluated on its
 * fold. A candidate is chosen if it beats plain distillation by more than chance, in the metric
 * that decides about publication. Otherwise the choice is `relabel`, which accepts a round only if
 * it wins a comparison.
 *
 * All candidates learn pseudo-labels of the ensemble, whose teachers together were trained on every
 * fold. This favours all candidates equally, so their differences remain valid.
 */
export const prepare: Preparation = async (job, variant, folder, context) => {
  const { sets } = await readJson(job.results, keys.reconcile(job.run), reconcileSchema);
  const steps = (method: MethodName) => studentSteps(job.plan, method, sets);
  const about = { stage: 'Train', part: `${variant.name}, choice` };
  const isChosen = await job.results.head(`${folder}${auto.record.file}`);
  context.report({ ...about, optional: steps(fallbackMethod) - steps(baseline.method) });
  const { method, labels, candidates: compared } = await choose(job, variant, folder, context);
  const comparison = steps(auto.name) - steps(fallbackMethod);
  const taken = isChosen || compared.length === 0 ? 0 : comparison;
  context.report({ ...about, optional: 0, skipped: steps(auto.name) - taken - steps(method) });
  return prepareVariant(job, { ...variant, method, labels }, folder, context);
};

/** Makes the choice, or reads it if it was made before. */
export async function choose(
  job: Job,
  variant: Variant,
  folder: string,
  context: Context,
): Promise<Choice> {
  const key = `${folder}${auto.record.file}`;
  if (!(await job.results.head(key))) {
    await writeJsonOnce(job.results, key, await decide(job, variant, folder, context));
  }
  return readJson(job.results, key, choiceSchema);
}

async function decide(
  job: Job,
  variant: Variant,
  folder: string,
  context: Context,
): Promise<Choice> {
  const { config, validatedOn } = job.plan;
  const labels = sum((await countedShards(job, ...validatedOn)).map(({ count }) => count));
  const unsure = { method: fallbackMethod, labels: config.labels } as const;
  if (labels < fewestJudged) {
    const explanation = `${labels} labels are too few to choose by; ${fallbackMethod} was taken, which proves itself.`;
    return { ...unsure, explanation, candidates: [] };
  }
  const sample = await takeSample(job);
  const losses: Float64Array[] = [];
  for (const candidate of [baseline, ...candidates]) {
    const students = folder + candidateFolder(candidate);
    await trainStudents(job, variant, candidate, sample, students, context);
    losses.push(await lossesOf(job, students, labels));
  }
  const [plain, ...rest] = losses;
  const { chosen, gains, smallest } = chooseBest(plain!, rest);
  const { metric } = config.publish;
  const show = metric === 'logLoss' ? (value: number) => value.toFixed(3) : signedPoints;
  const compared = candidates.map((candidate, index) => ({
    name: candidateName(candidate),
    gain: gains[index]!,
  }));
  if (chosen === undefined) {
    const explanation =
      `By ${labels} labels, no method is clearly better than plain distillation; a difference in ` +
      `${metric} of less than ${show(smallest)} would not show. ${fallbackMethod} was taken, which proves itself.`;
    return { ...unsure, explanation, candidates: compared };
  }
  const { value, low, high } = gains[chosen]!;
  const explanation =
    `By ${labels} labels, ${candidateName(candidates[chosen]!)} is better than plain distillation: ` +
    `${metric} ${show(value)} (${show(low)} to ${show(high)}).`;
  return { ...candidates[chosen]!, explanation, candidates: compared };
}

async function trainStudents(
  job: Job,
  variant: Variant,
  candidate: MethodCandidate,
  sample: Sample,
  folder: string,
  context: Context,
): Promise<void> {
  const folds = foldsOf(job.plan);
  const penalty = await readPenalty(job);
  await trainFolds(job, folder, async (fold, modelFolder) => {
    const network = job.plan.config.student;
    const seed = variant.seed + fold;
    const model = await networkOf(job, network, seed);
    const validation = await openValidationSet(job, (id) => foldOf(id, folds) !== fold);
    const predict = await predictorOf(model);
    const { first, loss, reweighting } = await openLossCorrection(
      job,
      candidate,
      validation,
      predict,
    );
    const unlabeled = await pseudoLabeledSet(job, candidate, first, teacherLabels(job));
    const task: TrainingTask = {
      ...{ stage: 'Train', folder: modelFolder, network, seed, model, reweighting },
      part: `${variant.name}, ${candidateName(candidate)}, student ${fold + 1} of ${folds.count}`,
      labeled: await trueLabelSetWithout(job, fold),
      unlabeled: unlabeled.map((source, index) =>
        filterSource(source, sample.includes, sample.counts[index]!),
      ),
      loss,
      penalty,
    };
    await trainNetwork(job, task, context);
  });
}

/** A sample of the unlabeled set, the same for all candidates. */
interface Sample {
  readonly includes: (id: string) => boolean;
  /** The number of sampled examples per unlabeled shard. */
  readonly counts: readonly number[];
}

async function takeSample(job: Job): Promise<Sample> {
  const includes = await sampleUnlabeled(job, sampleExamples, job.plan.config.seed);
  const counts: number[] = [];
  for (const item of await shardItems(job, 'unlabeled')) {
    counts.push(await countIncluded(job, item, includes));
  }
  return { includes, counts };
}

/**
 * Returns the losses of a candidate's students, each on the labels of its fold: [labels]. Their
 * mean is the log-loss, or 1 less the metric that decides what is published.
 */
async function lossesOf(job: Job, folder: string, labels: number): Promise<Float64Array> {
  const { validatedOn, config, classes } = job.plan;
  const classOf = trueClass(job);
  const students = await openTrained(job.results, [folder], foldsOf(job.plan));
  const losses = new Float64Array(labels);
  const truths = new Int32Array(labels);
  let done = 0;
  try {
    for (const item of await shardItems(job, ...validatedOn)) {
      for await (const { rows, examples } of studentInputs(job, item)) {
        const ids = examples.map(({ example }) => example.id);
        const { probabilities } = await students.outOfFold.predict({ ids, rows });
        const answers = predictions(probabilities, classes.length);
        examples.forEach(({ example }, row) => {
          const truth = classOf(example, item.set);
          truths[done] = truth;
          losses[done++] =
            config.publish.metric === 'logLoss'
              ? logLoss(probabilities[row * classes.length + truth]!)
              : Number(answers[row] !== truth);
        });
      }
    }
  } finally {
    students.dispose();
  }
  return config.publish.metric === 'macroRecall' ? perClass(losses, truths) : losses;
}

/** Rescales mistakes, so that their mean is 1 less the mean recall of the classes. */
function perClass(mistakes: Float64Array, truths: Int32Array): Float64Array {
  const examples = new Map<number, number>();
  for (const truth of truths) examples.set(truth, (examples.get(truth) ?? 0) + 1);
  const average = truths.length / examples.size;
  return mistakes.map((mistake, i) => (mistake * average) / examples.get(truths[i]!)!);
}
