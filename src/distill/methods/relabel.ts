import { readLabels } from '../../data/tables/labels-file.ts';
import { type Comparison, compare, isAccepted } from '../../debias/relabel.ts';
import { InterruptedError } from '../../errors.ts';
import { foldFolder, isModelSaved } from '../../models/model-files.ts';
import { openTrained } from '../../models/teachers/trained.ts';
import type { Context } from '../../run/context.ts';
import type { ShardItem } from '../../run/events.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { foldsOf, type Variant } from '../../run/plan-file.ts';
import { writeJsonOnce, writeOnce } from '../../store/once.ts';
import type { ShardSource } from '../../train/stream.ts';
import { labelExamples } from '../label-examples.ts';
import {
  countedShards,
  type LabelsKey,
  labeledShard,
  teacherLabels,
  trueClass,
  trueLabelsWithout,
} from '../sets.ts';
import { trainNetwork } from '../training.ts';
import { oneHot, type TrainingExample } from '../training-example.ts';

/**
 * The rounds of the method `relabel`. In each, students are trained as the teachers were, one a fold,
 * with the unlabeled set besides; then they label in the teachers' place. What the student of a fold
 * learns of an unlabeled example is what the model of the same fold said in the round before: so it
 * has learned no label of the fold, not even through another's eyes, and can be judged on it. A round
 * that is refused is the last.
 *
 * @param folder where the variant's student will be; everything is kept beside it.
 * @returns where the labels are that the student is to learn; undefined when no round was taken.
 */
export async function relabel(
  job: Job,
  variant: Variant,
  folder: string,
  context: Context,
): Promise<LabelsKey | undefined> {
  const rounds: (Comparison & { accepted: boolean })[] = [];
  let taken: LabelsKey | undefined;
  for (let round = 1; round <= job.plan.config.relabel.rounds; round++) {
    const labels = taken ?? teacherLabels(job);
    const of: Round = { job, variant, number: round, folder: keys.round(folder, round), labels };
    const relabeled: LabelsKey = (shard) => keys.relabeled(of.folder, shard);
    await trainStudents(of, context);
    await writeLabels(of, relabeled, context);
    const comparison = await compareLabels(job, labels, relabeled);
    const accepted = isAccepted(comparison, round);
    rounds.push({ ...comparison, accepted });
    if (!accepted) break;
    taken = relabeled;
  }
  await writeJsonOnce(job.results, keys.relabeling(folder), rounds);
  return taken;
}

interface Round {
  readonly job: Job;
  readonly variant: Variant;
  readonly number: number;
  readonly folder: string;
  /** Of the round before. */
  readonly labels: LabelsKey;
}

async function trainStudents(round: Round, context: Context): Promise<void> {
  const { job, variant, number } = round;
  const { student: network, folds, relabel: rounds } = job.plan.config;
  for (let fold = 0; fold < folds; fold++) {
    const folder = foldFolder(round.folder, fold);
    if (await isModelSaved(job.results, folder)) continue;
    const part = `${variant.name}, round ${number} of ${rounds.rounds}, student ${fold + 1} of ${folds}`;
    const labeled = await trueLabelsWithout(job, fold);
    const unlabeled = await voteOf(round, fold);
    const seed = variant.seed + number * folds + fold;
    await trainNetwork(
      job,
      { stage: 'Train', part, folder, network, seed, labeled, unlabeled },
      context,
    );
  }
}

/** The unlabeled examples with the class that the model of a fold gave them in the round before. */
async function voteOf(
  { job, number, labels }: Round,
  fold: number,
): Promise<ShardSource<TrainingExample>[]> {
  // Teachers that have learned none of the labels that judge need not be told apart.
  const isApart = number > 1 || job.plan.validatedOn === 'labeled';
  const shards = await countedShards(job, 'unlabeled');
  return shards.map(({ item, count }) => ({
    count,
    async *open() {
      for await (const { example, row } of labeledShard(job, item, labels)) {
        const vote = isApart ? row.votes?.[fold] : undefined;
        const target = oneHot(vote ?? row.prediction, job.plan.classes.length);
        yield { example, target, teacherMargin: row.margin, weight: 1 };
      }
    },
  }));
}

/** Labels the unlabeled set, and the one that judges, with the students of a round. */
async function writeLabels(
  { job, variant, folder }: Round,
  relabeled: LabelsKey,
  { signal, report }: Context,
): Promise<void> {
  const { plan, results } = job;
  const { ensemble, outOfFold, features, dispose } = await openTrained(
    results,
    folder,
    foldsOf(plan),
  );
  try {
    for (const set of [plan.validatedOn, 'unlabeled'] as const) {
      const teacher = set === 'unlabeled' ? ensemble : outOfFold;
      for (const item of await shardItems(job, set)) {
        if (await results.head(relabeled(item.id))) continue;
        const labeling = { teacher, features, classes: plan.classes.length };
        const part = `${variant.name}, ${item.id}`;
        const tell = (done: number) => {
          if (signal.aborted) throw new InterruptedError('stopped while the students labeled');
          report({ stage: 'Train', part, done, unit: 'examples' });
        };
        const bytes = await labelExamples(examplesOf(job, item), labeling, tell);
        await writeOnce(results, relabeled(item.id), bytes);
      }
    }
  } finally {
    dispose();
  }
}

/** Those that the teacher has labeled; the others stay out. */
async function* examplesOf(job: Job, item: ShardItem) {
  for await (const { example } of labeledShard(job, item)) yield example;
}

async function compareLabels(job: Job, before: LabelsKey, after: LabelsKey) {
  const { validatedOn } = job.plan;
  const classOf = trueClass(job);
  const [teacher, student, truth]: number[][] = [[], [], []];
  for (const item of await shardItems(job, validatedOn)) {
    for await (const { example, row } of labeledShard(job, item, before)) {
      teacher!.push(row.prediction);
      truth!.push(classOf(example, validatedOn));
    }
    for await (const row of readLabels(job.results, after(item.id))) student!.push(row.prediction);
  }
  return compare(teacher!, student!, truth!);
}
