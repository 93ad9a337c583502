/**
 * The L2 penalty of a student that is a linear head, chosen by cross-validation. A head on an
 * embedding of a thousand numbers can memorize the mistakes of its pseudo-labels. A student
 * therefore needs another penalty than a model of the true labels.
 */
import { concatenate, mean, sum } from '../arrays.ts';
import { featureShape } from '../data/features/index.ts';
import { foldOf } from '../data/folds.ts';
import { randomFor, shuffledOrder } from '../data/random.ts';
import { isClearGain } from '../debias/cross-fit-calibration.ts';
import { fewestJudged } from '../debias/validation.ts';
import { UserError } from '../errors.ts';
import { count } from '../format.ts';
import type { Context } from '../run/context.ts';
import type { Job } from '../run/job.ts';
import { isJudgedHonestly } from '../run/label-use.ts';
import {
  calibrationFolds,
  isJudgedByFold,
  planDecisions,
  studentFeatures,
} from '../run/plan-file.ts';
import { bestPenalty, crossValidate, weakestPenalty } from '../train/logistic/cross-validation.ts';
import { searchWork } from '../train/logistic/limits.ts';
import { networkPenalty } from '../train/logistic/logistic-regression.ts';
import { toPrincipalAxes } from '../train/logistic/principal-axes.ts';
import { scaleColumns } from '../train/logistic/scaling.ts';
import type { ShardSource } from '../train/stream.ts';
import type { HeadPenalty } from './head-penalty.ts';
import { baselineLimits, inputsOf, readRows } from './label-rows.ts';
import { countedShards, labeledShard, trueLabelSource } from './sets.ts';
import { type TrainingExample, trueSupervision } from './training-example.ts';

/**
 * Chooses the penalty of the run's students.
 *
 * Logistic regression with each penalty learns the true labels without a fold, and pseudo-labels of
 * teachers that have not learned the fold either. The log-loss on the true labels of the fold
 * decides. If every teacher has learned all labels, only true labels are used. In a multi-label
 * task, the penalty is the geometric mean of those of the labels.
 *
 * With few labels, the smallest loss is mostly chance: in draws of 20 labels of spam, it often
 * belonged to a penalty so strong that students predicted the most frequent class. The choice then
 * is the weakest penalty that is not worse than the best one by more than a standard error. Of
 * students that are alike, the student most like its teacher is taken.
 *
 * @throws UserError if the head has too many weights, or no label judges a penalty.
 */
export async function choosePenalty(job: Job, { signal, report }: Context): Promise<HeadPenalty> {
  const { values, length, decided, foldOf, votes, available } = await readSearched(job);
  if (foldOf.every((fold) => fold < 0)) throw new UserError('no label judges it');
  if (foldOf.length < fewShare * available) {
    const message = `The penalty of the student is chosen with ${count(foldOf.length)} of ${count(available)} examples, because of its ${count(job.plan.classes.length)} classes. It may be too strong. student.weightDecay replaces it.`;
    report({ stage: 'Warm up', message, level: 'warning' });
  }
  scaleColumns({ values, length }, false);
  const scale = rootMeanSquare(values);
  const decisions = planDecisions(job.plan);
  const { classes } = decisions;
  const { rows } = toPrincipalAxes({ values, length, labels: decided[0]!, classes });
  const judgeCount = foldOf.filter((fold) => fold >= 0).length;
  const isWorse = judgeCount < fewestJudged ? isClearGain : undefined;
  const penalties: number[] = [];
  for (const labels of decided) {
    const labelsWithout = (fold: number) => labels.map((label, i) => votes[i]?.[fold] ?? label);
    const splits = { foldOf, labelsWithout };
    const measured = await crossValidate({ ...rows, labels }, splits, signal, isWorse);
    penalties.push(isWorse ? weakestPenalty(measured, isWorse) : bestPenalty(measured));
  }
  const c = Math.exp(mean(penalties.map(Math.log)));
  const strength = networkPenalty(c, learnedPerFold(foldOf), decisions);
  return { strength, scale: scale > 0 ? scale : 1 };
}

/** With a smaller share of the examples, the choice is doubtful. */
const fewShare = 0.1;

/** An example of the search. */
interface SearchedExample extends TrainingExample {
  /** Fold that its true label judges; −1 for none. */
  readonly fold: number;
  /** Pseudo-label by the teacher without each fold; absent if it is the same for every fold. */
  readonly votes?: Float32Array | undefined;
}

/** The n examples of the search. */
interface SearchedRows {
  /** Row-major embeddings, [n, length]. */
  readonly values: Float32Array;
  readonly length: number;
  /** Labels or pseudo-labels of each decision, [n] each. */
  readonly decided: readonly Int32Array[];
  /** [n] */
  readonly foldOf: Int32Array;
  /** [n] */
  readonly votes: readonly (Float32Array | undefined)[];
  /** Number of examples that the student will learn. */
  readonly available: number;
}

/** Reads the true labels, and pseudo-labels, as far as the work of the search allows. */
async function readSearched(job: Job): Promise<SearchedRows> {
  const features = studentFeatures(job.plan);
  const inputs = inputsOf(featureShape(features), job.plan.classes.length);
  const foldOf: number[] = [];
  const votes: SearchedRows['votes'][number][] = [];
  const read = (sources: readonly ShardSource<SearchedExample>[], work: number) =>
    readRows(job, features, sources, inputs, { ...baselineLimits, work }, (one) => {
      foldOf.push(one.fold);
      votes.push(one.votes);
    });
  const labeled = await read(await labeledSources(job), searchWork / 2);
  const done = labeled.rows.labels.length * inputs.weights;
  const room = (searchWork - done) / inputs.weights;
  const sources = isHonest(job) ? await unlabeledSources(job, room) : [];
  const unlabeled = await read(sources, searchWork - done);
  return {
    values: concatenate([labeled.rows.values, unlabeled.rows.values]),
    length: inputs.length,
    decided: labeled.decided.map((labels, index) =>
      Int32Array.from([...labels, ...unlabeled.decided[index]!]),
    ),
    foldOf: Int32Array.from(foldOf),
    votes,
    available: await learnedExamples(job),
  };
}

async function learnedExamples(job: Job): Promise<number> {
  const shards = await countedShards(job, 'labeled', 'validation', 'unlabeled');
  return sum(shards.map((shard) => shard.count));
}

/** Returns whether no teacher has learned the labels that judge its pseudo-labels. */
function isHonest({ plan: { config, sets } }: Job): boolean {
  return isJudgedHonestly(config, sets.validation.shards > 0);
}

async function labeledSources(job: Job): Promise<ShardSource<SearchedExample>[]> {
  const folds = calibrationFolds(job.plan);
  const shards = await countedShards(job, 'labeled', 'validation');
  return shards.map(({ item, count }) => {
    const judges = job.plan.validatedOn.some((set) => set === item.set);
    const source = trueLabelSource(job, item, count);
    return {
      count,
      async *open() {
        for await (const one of source.open()) {
          yield { ...one, fold: judges ? foldOf(one.example.id, folds) : -1 };
        }
      },
    };
  });
}

/** Shards are read until they have this many times the examples that the search has room for. */
const sampledFrom = 16;

/** Returns random unlabeled shards: a run may have more than can be read in a call. */
async function unlabeledSources(job: Job, room: number): Promise<ShardSource<SearchedExample>[]> {
  const shards = await countedShards(job, 'unlabeled');
  const order = shuffledOrder(shards.length, randomFor(job.plan.config.seed, 2));
  const hasVotes = isJudgedByFold(job.plan);
  const decisions = planDecisions(job.plan);
  const sources: ShardSource<SearchedExample>[] = [];
  let available = 0;
  for (const index of order) {
    if (available >= sampledFrom * room) break;
    const { item, count } = shards[index]!;
    sources.push({
      count,
      async *open() {
        for await (const { example, row } of labeledShard(job, item)) {
          const { predictions, votes } = row;
          const learned = trueSupervision(predictions, decisions);
          yield { example, ...learned, fold: -1, ...(hasVotes && { votes }) };
        }
      },
    });
    available += count;
  }
  return sources;
}

/** Returns the mean number of examples that the model without a fold learns. */
function learnedPerFold(foldOf: Int32Array): number {
  const folds = foldOf.reduce((most, fold) => Math.max(most, fold + 1), 1);
  const judged = foldOf.reduce((count, fold) => count + Number(fold >= 0), 0);
  return foldOf.length - judged / folds;
}

function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value ** 2, 0) / values.length);
}
