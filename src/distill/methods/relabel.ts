import { readLabels } from '../../data/tables/labels-file.ts';
import { correctness } from '../../debias/correctness.ts';
import {
  type Comparison,
  compare,
  isAccepted,
  relabel,
  roundFolder,
  roundLabels,
} from '../../debias/relabel.ts';
import { uniform } from '../../debias/uniform.ts';
import { fewestJudged } from '../../debias/validation.ts';
import { InterruptedError } from '../../errors.ts';
import { openTrained } from '../../models/teachers/trained.ts';
import type { Context } from '../../run/context.ts';
import type { ShardItem } from '../../run/events.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { foldsOf, planDecisions, type Variant } from '../../run/plan-file.ts';
import { reconcileSchema } from '../../run/reconcile-file.ts';
import { readJson, writeJsonOnce, writeOnce } from '../../store/once.ts';
import type { ShardSource } from '../../train/stream.ts';
import { readPenalty } from '../head-penalty.ts';
import { labelExamples } from '../label-examples.ts';
import type { Preparation } from '../preparation.ts';
import {
  countedShards,
  type LabelsKey,
  labeledShard,
  teacherLabels,
  trueClass,
  trueLabelSetWithout,
} from '../sets.ts';
import { type TrainingTask, trainFolds, trainNetwork } from '../training.ts';
import { oneHot, type TrainingExample } from '../training-example.ts';
import { stepsPerTraining } from '../training-steps.ts';

/**
 * Runs the rounds of the method `relabel`. In each round, one student per fold is trained, like the
 * teachers but also on the unlabeled set. Then the students replace the previous models as
 * labelers. The first refused round is the last.
 *
 * The pseudo-labels for a fold's student come from the previous model of the same fold. So the
 * student has never seen the fold's labels, directly or via another model's predictions, and can be
 * compared on them.
 *
 * If no round was accepted, the student learns the teacher's labels, weighted by `correctness`.
 * With few labels, it learns them without weights. A regression on few examples often gives the
 * smallest weights to the class that the teacher predicts too rarely. The student then predicts it
 * even more rarely.
 */
export const prepare: Preparation = async (job, variant, folder, context) => {
  const { accepted, judged } = await runRounds(job, variant, folder, context);
  if (accepted) return { variant, labels: accepted };
  const { name } = judged < fewestJudged ? uniform : correctness;
  return { variant: { ...variant, method: name }, labels: teacherLabels(job) };
};

/** Result of all rounds. */
interface RoundsOutcome {
  /** Labels of the last accepted round, if there is one. */
  readonly accepted: LabelsKey | undefined;
  /** Number of examples on which a round is judged. */
  readonly judged: number;
}

async function runRounds(
  job: Job,
  variant: Variant,
  folder: string,
  context: Context,
): Promise<RoundsOutcome> {
  const { folds, relabel: options } = job.plan.config;
  const { sets } = await readJson(job.results, keys.reconcile(job.run), reconcileSchema);
  const steps = stepsPerTraining(job.plan, sets);
  const part = `${variant.name}, rounds`;
  const rounds: (Comparison & { accepted: boolean })[] = [];
  let taken: LabelsKey | undefined;
  for (let number = 1; number <= options.rounds; number++) {
    const later = (options.rounds - number) * folds * steps;
    context.report({ stage: 'Train', part, optional: later });
    const labels = taken ?? teacherLabels(job);
    const relabeled: LabelsKey = (shard) => folder + roundLabels(number, shard);
    const own = folder + roundFolder(number);
    const round: Round = { job, variant, number, folder: own, labels, steps };
    await trainStudents(round, context);
    await writeLabels(round, relabeled, context);
    const comparison = await compareLabels(job, labels, relabeled);
    const accepted = isAccepted(comparison, number);
    rounds.push({ ...comparison, accepted });
    if (!accepted) {
      context.report({ stage: 'Train', part, optional: 0, skipped: later });
      break;
    }
    taken = relabeled;
  }
  await writeJsonOnce(job.results, `${folder}${relabel.record.file}`, rounds);
  return { accepted: taken, judged: rounds[0]!.examples };
}

interface Round {
  readonly job: Job;
  readonly variant: Variant;
  readonly number: number;
  readonly folder: string;
  /** The labels of the previous round. */
  readonly labels: LabelsKey;
  /** Steps of the training of one student. */
  readonly steps: number;
}

async function trainStudents(round: Round, context: Context): Promise<void> {
  const { job, variant, number } = round;
  const penalty = await readPenalty(job);
  const { student: network, folds, relabel } = job.plan.config;
  const aboutFold = (fold: number) => ({
    stage: 'Train',
    part: `${variant.name}, round ${number} of ${relabel.rounds}, student ${fold + 1} of ${folds}`,
  });
  const train = async (fold: number, folder: string) => {
    const task: TrainingTask = {
      ...aboutFold(fold),
      folder,
      network,
      penalty,
      seed: variant.seed + number * folds + fold,
      labeled: await trueLabelSetWithout(job, fold),
      unlabeled: await votesOfFold(round, fold),
    };
    await trainNetwork(job, task, context);
  };
  const skip = (fold: number) => context.report({ ...aboutFold(fold), skipped: round.steps });
  await trainFolds(job, round.folder, train, skip);
}

/** Returns the unlabeled set with pseudo-labels by the previous model of the same fold. */
async function votesOfFold(
  { job, number, labels }: Round,
  fold: number,
): Promise<ShardSource<TrainingExample>[]> {
  // If no teacher was trained on the labels that judge, any vote may be used.
  const isVoteOfFold = number > 1 || job.plan.validatedOn.includes('labeled');
  const shards = await countedShards(job, 'unlabeled');
  return shards.map(({ item, count }) => ({
    count,
    async *open() {
      for await (const { example, row } of labeledShard(job, item, { labels })) {
        const vote = isVoteOfFold ? row.votes?.[fold] : undefined;
        const target = oneHot(vote ?? row.predictions[0]!, job.plan.classes.length);
        yield { example, target, teacherMargins: row.margins, weights: Float32Array.of(1) };
      }
    },
  }));
}

/** Labels the unlabeled set and the sets of `validatedOn` with a round's students. */
async function writeLabels(
  { job, variant, folder }: Round,
  relabeled: LabelsKey,
  { signal, report }: Context,
): Promise<void> {
  const { plan, results } = job;
  const { ensemble, outOfFold, features, dispose } = await openTrained(
    results,
    [folder],
    foldsOf(plan),
  );
  try {
    for (const item of await shardItems(job, ...plan.validatedOn, 'unlabeled')) {
      const teacher = item.set === 'unlabeled' ? ensemble : outOfFold;
      const key = relabeled(item.id);
      if (await results.head(key)) continue;
      const labeling = { teacher, features, decisions: planDecisions(plan) };
      const part = `${variant.name}, ${item.id}`;
      const tell = (done: number) => {
        if (signal.aborted) throw new InterruptedError('stopped while the students labeled');
        report({ stage: 'Train', part, done, unit: 'examples' });
      };
      const bytes = await labelExamples(key, examplesOf(job, item), labeling, tell);
      await writeOnce(results, key, bytes);
    }
  } finally {
    dispose();
  }
}

/** Yields the examples that the teacher labeled. */
async function* examplesOf(job: Job, item: ShardItem) {
  for await (const { example } of labeledShard(job, item)) yield example;
}

/** Compares the labels before and after a round on the sets of `validatedOn`. */
async function compareLabels(job: Job, before: LabelsKey, after: LabelsKey): Promise<Comparison> {
  const classOf = trueClass(job);
  const teacher: number[] = [];
  const student: number[] = [];
  const truth: number[] = [];
  for (const item of await shardItems(job, ...job.plan.validatedOn)) {
    for await (const { example, row } of labeledShard(job, item, {
      labels: before,
      encoders: [],
    })) {
      teacher.push(row.predictions[0]!);
      truth.push(classOf(example, item.set));
    }
    for await (const row of readLabels(job.results, after(item.id)))
      student.push(row.predictions[0]!);
  }
  return compare(teacher, student, truth);
}
